"""What conversations need of a database: idempotent turns, history, attachments, and the rows of the tracker store. All sealed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.petition.errors import ConflictError
from bot.petition.origin import ADDRESS
from bot.storage import guessing
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.files import opened
from bot.storage.open import transaction


def request_hash(request: Any) -> str:
    """Tells whether two requests under one id are the same."""
    return hashlib.sha256(repr(request).encode()).hexdigest()


class ChatStore:
    """Turns and attachments of conversations."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def begin(
        self, conversation: str, message_id: str, request: dict[str, Any], now: datetime
    ) -> tuple[bool, list[dict[str, Any]] | None]:
        """(whether the turn is new, the answer given before). A turn that is not new and has no answer was cut off by a crash.

        Raises ConflictError for an id that was used for something else.
        """
        turns = t.chat_turns
        hashed = request_hash(sorted(request.items(), key=str))
        with transaction(self._engine) as c:
            row = c.execute(
                select(turns).where(turns.c.conversation == conversation, turns.c.message_id == message_id)
            ).first()
        if row is not None:
            if row.request_hash != hashed:
                raise ConflictError("这个消息编号已经用过了。")
            return False, self._open(
                row.response, conversation, message_id, "response"
            ) if row.response is not None else None
        sealed = self._keys.encrypt(request, f"turns/{conversation}/{message_id}/request")
        try:
            with transaction(self._engine) as c:
                c.execute(
                    insert(turns).values(
                        conversation=conversation,
                        message_id=message_id,
                        request_hash=hashed,
                        request=sealed,
                        created_at=now,
                    )
                )
        except IntegrityError:
            return False, None  # another process took the same turn a moment ago
        return True, None

    def finish(self, conversation: str, message_id: str, messages: list[dict[str, Any]]) -> None:
        """Keeps the answer, so that the same id is answered the same."""
        sealed = self._keys.encrypt(messages, f"turns/{conversation}/{message_id}/response")
        turns = t.chat_turns
        with transaction(self._engine) as c:
            c.execute(
                update(turns)
                .where(turns.c.conversation == conversation, turns.c.message_id == message_id)
                .values(response=sealed)
            )

    def _open(self, sealed: bytes, conversation: str, message_id: str, what: str) -> Any:
        return self._keys.decrypt(sealed, f"turns/{conversation}/{message_id}/{what}")

    def history(self, conversation: str, after: int = 0, limit: int = 200) -> list[dict[str, Any]]:
        """Turns after the row `after`, oldest first: {n, id, request, response}."""
        turns = t.chat_turns
        query = select(turns).where(
            turns.c.conversation == conversation, turns.c.id > after, turns.c.response.isnot(None)
        )
        with transaction(self._engine) as c:
            rows = c.execute(query.order_by(turns.c.id).limit(limit)).all()
        return [
            {
                "n": r.id,
                "id": r.message_id,
                "request": self._open(r.request, conversation, r.message_id, "request"),
                "response": self._open(r.response, conversation, r.message_id, "response"),
            }
            for r in rows
        ]

    def last_response(self, conversation: str, upto: int | None = None) -> list[dict[str, Any]]:
        """The messages said last (or last up to the row `upto`), with the buttons that are on offer."""
        turns = t.chat_turns
        query = (
            select(turns)
            .where(turns.c.conversation == conversation, turns.c.response.isnot(None))
            .order_by(turns.c.id.desc())
        )
        if upto is not None:
            query = query.where(turns.c.id <= upto)
        with transaction(self._engine) as c:
            r = c.execute(query.limit(1)).first()
        return self._open(r.response, conversation, r.message_id, "response") if r else []

    def add_attachment(
        self, conversation: str, name: str, data: bytes, media_type: str, folder: Path, now: datetime
    ) -> dict[str, Any]:
        """Seals a file into `folder` under a random name and records it."""
        key = secrets.token_hex(16)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / key
        path.write_bytes(self._keys.encrypt(data.hex(), f"files/{key}"))
        path.chmod(0o600)
        digest = hashlib.sha256(data).hexdigest()
        with transaction(self._engine) as c:
            c.execute(
                insert(t.chat_attachments).values(
                    id=key,
                    conversation=conversation,
                    name=self._keys.encrypt(name, f"attachments/{key}"),
                    size=len(data),
                    sha256=digest,
                    media_type=media_type,
                    created_at=now,
                )
            )
        return {"attachment_id": key, "name": name, "size": len(data), "sha256": digest}

    def hold_files(self, now: datetime) -> float:
        """Counts a file that comes from an address on the net; 0 when it may come now, else the seconds until one may. Conversations cost nothing,
        so what each may bring is no limit to what all bring."""
        address = ADDRESS.get()
        if not address:
            return 0.0
        with transaction(self._engine) as c:
            wait = guessing.enter(c, [f"e:{now:%Y%m%d}:{address}"], now)
        return max(0.0, wait.total_seconds())

    def attachment_count(self, conversation: str) -> int:
        """How many files a conversation has brought."""
        query = select(func.count()).select_from(t.chat_attachments)
        with transaction(self._engine) as c:
            return int(c.execute(query.where(t.chat_attachments.c.conversation == conversation)).scalar_one())

    def attachment_names(self, conversation: str, keys: Sequence[str]) -> list[str]:
        """Names of a conversation's own attachments; others do not exist for it."""
        a = t.chat_attachments
        with transaction(self._engine) as c:
            rows = c.execute(select(a).where(a.c.conversation == conversation, a.c.id.in_(list(keys)))).all()
        return [str(opened(self._keys, r.name, f"attachments/{r.id}")) for r in rows]

    def all_attachment_names(self, conversation: str) -> list[str]:
        """Names of everything attached to a conversation, oldest first."""
        a = t.chat_attachments
        with transaction(self._engine) as c:
            rows = c.execute(select(a).where(a.c.conversation == conversation).order_by(a.c.created_at)).all()
        return [str(opened(self._keys, r.name, f"attachments/{r.id}")) for r in rows]

    def purge(self, before: datetime, folder: Path) -> int:
        """Forgets conversations in which nothing was said since `before`: turns, tracker rows, and the files of those that filed
        nothing. Filed cases are elsewhere and stay. Returns how many conversations were forgotten."""
        turns, files, rows, cases = t.chat_turns, t.chat_attachments, t.tracker_events, t.cases
        loose = files.c.id.notin_(select(t.case_files.c.attachment_id))  # what was added to a case belongs to it
        with transaction(self._engine) as c:
            last = (
                select(turns.c.conversation)
                .group_by(turns.c.conversation)
                .having(func.max(turns.c.created_at) < before)
            )
            old = list(c.execute(last).scalars())
            gone: list[str] = []
            for conversation in old:
                mac = self._keys.mac(conversation, "conversation")
                if c.execute(select(cases.c.case_no).where(cases.c.conversation_mac == mac).limit(1)).first() is None:
                    own = files.c.conversation == conversation, loose
                    gone += c.execute(select(files.c.id).where(*own)).scalars()
                    c.execute(delete(files).where(*own))
                c.execute(delete(turns).where(turns.c.conversation == conversation))
                c.execute(delete(rows).where(rows.c.sender_id == conversation))
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        return len(old)


class EventLog:
    """The append-only rows of the dialogue trackers: (conversation, n) → one JSON text."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def append(self, sender: str, first: int, payloads: Sequence[str]) -> None:
        """Writes rows first, first+1, …; raises ConflictError when another writer was there before."""
        rows = [
            {"sender_id": sender, "n": first + i, "payload": self._keys.encrypt(p, f"tracker/{sender}/{first + i}")}
            for i, p in enumerate(payloads)
        ]
        if not rows:
            return
        try:
            with transaction(self._engine) as c:
                c.execute(insert(t.tracker_events), rows)
        except IntegrityError as e:
            raise ConflictError("这段对话正在别处处理，请再发一次。") from e

    def read(self, sender: str) -> list[str]:
        """All rows in order."""
        e = t.tracker_events
        with transaction(self._engine) as c:
            rows = c.execute(select(e.c.n, e.c.payload).where(e.c.sender_id == sender).order_by(e.c.n)).all()
        found: list[str] = []
        for r in rows:
            payload = self._keys.decrypt(r.payload, f"tracker/{sender}/{r.n}")
            # A row holds one event, or the list of a whole turn's.
            found += [payload] if isinstance(payload, str) else [json.dumps(e, ensure_ascii=False) for e in payload]
        return found

    def delete(self, sender: str) -> None:
        """Forgets a conversation."""
        with transaction(self._engine) as c:
            c.execute(delete(t.tracker_events).where(t.tracker_events.c.sender_id == sender))

    def senders(self) -> list[str]:
        """Every conversation that has rows."""
        with transaction(self._engine) as c:
            return list(c.execute(select(t.tracker_events.c.sender_id).distinct()).scalars())

    def count(self) -> int:
        """How many rows there are; answers whether the store answers."""
        with transaction(self._engine) as c:
            return int(c.execute(select(func.count()).select_from(t.tracker_events)).scalar_one())


#: How long an unfiled conversation is kept.
DRAFT_LIFE = timedelta(days=7)
