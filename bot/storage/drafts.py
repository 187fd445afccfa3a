"""Hotline calls on their way to a case: what recognisers sent (the inbox), the drafts made of it, and what clerks changed.

Everything said is sealed; readable stay only keys, counts and times. A call is known by its content: the same call again, from
whatever file, queue or retry, is the same row. What turns out to be an accusation is sealed under the accusations' key, draft and
transcript alike, and is the discipline role's alone from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.petition.errors import ConflictError, NotFound
from bot.petition.roles import ACCUSATION
from bot.storage.crypto import DecryptionError, Keyring
from bot.storage.draft_fields import as_typed, edits, masked
from bot.storage.models import cases, metadata
from bot.storage.open import transaction
from bot.storage.rows import purpose, utc

_time = DateTime(timezone=True)
hotline_inbox = Table(
    "hotline_inbox", metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("received_at", _time, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("draft_id", String(64)),
    Column("body", LargeBinary, nullable=False),
    Index("ix_hotline_inbox_state_received", "state", "received_at"),
)  # fmt: skip
hotline_drafts = Table(
    "hotline_drafts", metadata,
    Column("id", String(64), primary_key=True),
    Column("status", String(8), nullable=False),
    Column("created_at", _time, nullable=False),
    Column("call_time", String(40), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("category", String(16), nullable=False),
    Column("agency", String(32), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("completeness", Float, nullable=False),
    Column("repeats", Boolean, nullable=False),
    Column("decided_at", _time),
    Column("by", String(64)),
    Column("case_no", String(12)),
    Column("content", LargeBinary, nullable=False),
    Column("final", LargeBinary),
    Index("ix_hotline_drafts_status_urgent", "status", "urgent", "call_time"),
)  # fmt: skip
#: What became of each field of a confirmed draft: kept, changed, added, removed, with the number of characters edited. The measure of quality.
hotline_edits = Table(
    "hotline_edits", metadata,
    Column("draft_id", String(64), primary_key=True),
    Column("field", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("edits", Integer, nullable=False),
    Column("length", Integer, nullable=False),
)  # fmt: skip
WAITING, DONE, DEAD = "waiting", "done", "dead"
OPEN, FILED, DROPPED = "open", "filed", "dropped"
#: After so many failures of ours a call is no longer tried but shown to the staff.
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class DraftView:
    """A draft as the desk lists it."""

    id: str
    status: str
    call_time: str
    channel: str
    category: str
    agency: str
    urgent: bool
    completeness: float
    repeats: bool
    case_no: str
    by: str


@dataclass(frozen=True)
class Arrival:
    """One call of the inbox: file name as it came, call time, city, raw bytes."""

    id: str
    name: str
    call_time: str
    hotline: str
    body: bytes
    state: str
    draft_id: str
    reason: str


class DraftStore:
    """Inbox and drafts of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    # -- inbox ----------------------------------------------------------------------------------------------------------

    def receive(self, name: str, call_time: str, hotline: str, body: bytes, now: datetime) -> str:
        """Keeps what a recogniser sent and gives its id; the same again gives the same id and changes nothing."""
        key = self._keys.mac(f"{call_time}|{hotline}|" + body.decode("latin-1"), "hotline-inbox")
        sealed = self._keys.encrypt(
            {"name": name, "call_time": call_time, "hotline": hotline, "body": body.decode("latin-1")},
            f"hotline_inbox/{key}",
        )
        with transaction(self._engine) as c:
            if c.execute(select(hotline_inbox.c.id).where(hotline_inbox.c.id == key)).first():
                return key
        try:
            with transaction(self._engine) as c:
                c.execute(
                    insert(hotline_inbox).values(
                        id=key, state=WAITING, received_at=now, attempts=0, reason="", body=sealed
                    )
                )
        except IntegrityError:  # the same call came twice at once
            pass
        return key

    def arrival(self, key: str) -> Arrival:
        """One call of the inbox. Raises NotFound."""
        with transaction(self._engine) as c:
            row = c.execute(select(hotline_inbox).where(hotline_inbox.c.id == key)).first()
            if row is None:
                raise NotFound("收件箱里没有这通电话。")
            told = self._keys.decrypt(row.body, f"hotline_inbox/{key}", purpose_of_call(c, row))
        return Arrival(
            key,
            told["name"],
            told["call_time"],
            told["hotline"],
            told["body"].encode("latin-1"),
            row.state,
            row.draft_id or "",
            row.reason,
        )

    def waiting(self, limit: int = 1000) -> list[str]:
        """The ids of calls that nothing was made of yet, oldest first: what a broker that was down did not hear of."""
        query = select(hotline_inbox.c.id).where(hotline_inbox.c.state == WAITING)
        with transaction(self._engine) as c:
            return [r.id for r in c.execute(query.order_by(hotline_inbox.c.received_at).limit(limit)).all()]

    def failed(self, key: str, reason: str, final: bool) -> bool:
        """Writes down a failure; True when the call is given up. `reason` holds nothing that was said."""
        with transaction(self._engine) as c:
            row = c.execute(select(hotline_inbox).where(hotline_inbox.c.id == key).with_for_update()).first()
            if row is None or row.state != WAITING:
                return row is not None and row.state == DEAD
            dead = final or row.attempts + 1 >= MAX_ATTEMPTS
            c.execute(
                update(hotline_inbox)
                .where(hotline_inbox.c.id == key)
                .values(attempts=row.attempts + 1, reason=reason[:200], state=DEAD if dead else WAITING)
            )
        return dead

    def dead(self, limit: int = 100) -> list[dict[str, Any]]:
        """The calls that gave no draft, newest first, with the reason."""
        query = select(hotline_inbox).where(hotline_inbox.c.state == DEAD).order_by(hotline_inbox.c.received_at.desc())
        with transaction(self._engine) as c:
            rows = c.execute(query.limit(limit)).all()
        return [
            {"id": r.id, "received_at": utc(r.received_at), "attempts": r.attempts, "reason": r.reason} for r in rows
        ]

    # -- drafts ---------------------------------------------------------------------------------------------------------

    @property
    def keys(self) -> Keyring:
        """The installation's keys, for what lies beside the database."""
        return self._keys

    def key_of(self, record: Mapping[str, Any], turns: Sequence[tuple[str, str]]) -> str:
        """The id of the draft that is made of this call."""
        told = f"{record.get('call_time')}|" + "\n".join(text for _, text in turns)
        return self._keys.mac(told, "hotline-draft")

    def shows(self, key: str, discipline: bool) -> bool:
        """Whether a draft, or what it has become since, may be spoken of to this role. One that is gone may not."""
        query = select(hotline_drafts.c.category).where(hotline_drafts.c.id == key)
        with transaction(self._engine) as c:
            category = c.execute(query).scalar()
        return category is not None and (discipline or category != ACCUSATION)

    def put(self, record: Mapping[str, Any], turns: Sequence[tuple[str, str]], now: datetime, arrival: str = "") -> str:
        """Keeps a draft with its turns (role, raw text) and gives its id; ticks off `arrival` in the same transaction.

        The same call again changes nothing, whatever a clerk has done with its draft.
        """
        key = self.key_of(record, turns)
        sealed = self._keys.encrypt(
            {"record": dict(record), "turns": [list(t) for t in turns]},
            f"hotline_drafts/{key}",
            purpose(str(record["category"])),
        )
        values = {
            "id": key, "status": OPEN, "created_at": now, "call_time": str(record.get("call_time") or ""), "channel": record["channel"],
            "category": record["category"], "agency": record["agency"], "urgent": bool(record["urgent"]), "completeness": float(record["completeness"]),
            "repeats": record["duplicate_of"] is not None, "content": sealed,
        }  # fmt: skip
        for _ in range(2):
            try:
                with transaction(self._engine) as c:
                    found = c.execute(select(hotline_drafts.c.status).where(hotline_drafts.c.id == key)).first()
                    if found is None:
                        c.execute(insert(hotline_drafts).values(**values))
                    if arrival:
                        self._tick_off(c, arrival, key)
                        if found and found.status != OPEN:
                            self._empty_inbox(c, key)
                break
            except IntegrityError:  # somebody kept the same call at the same moment: now it is there
                continue
        return key

    def _tick_off(self, c: Connection, arrival: str, key: str) -> None:
        """The call `arrival` has become the draft `key`, and is sealed as that is."""
        row = c.execute(select(hotline_inbox).where(hotline_inbox.c.id == arrival).with_for_update()).first()
        if row is not None:
            values = {"state": DONE, "draft_id": key, "reason": ""}
            category = c.execute(select(hotline_drafts.c.category).where(hotline_drafts.c.id == key)).scalar_one()
            body = self._keys.decrypt(row.body, f"hotline_inbox/{arrival}", purpose_of_call(c, row))
            sealed = self._keys.encrypt(body, f"hotline_inbox/{arrival}", purpose(category))
            c.execute(update(hotline_inbox).where(hotline_inbox.c.id == arrival).values(**values, body=sealed))

    def find(self, discipline: bool, status: str = OPEN, limit: int = 50, after: str = "") -> list[DraftView]:
        """Drafts, urgent ones first, then the oldest call. Accusations for the discipline role alone, and nothing else for it.

        `after`: the id of the last one of the page before.
        """
        d = hotline_drafts
        query = select(d).where(d.c.status == status)
        query = query.where(d.c.category == ACCUSATION if discipline else d.c.category != ACCUSATION)
        query = query.order_by(d.c.urgent.desc(), d.c.call_time, d.c.id)
        with transaction(self._engine) as c:
            last = c.execute(select(d).where(d.c.id == after)).first() if after else None
            if last is not None:
                later = (d.c.call_time > last.call_time) | ((d.c.call_time == last.call_time) & (d.c.id > last.id))
                same = (d.c.urgent == last.urgent) & later
                query = query.where(same | (d.c.urgent.is_(False)) if last.urgent else same)
            return [_view(r) for r in c.execute(query.limit(limit)).all()]

    def get(self, key: str, discipline: bool) -> tuple[DraftView, dict[str, Any], list[tuple[str, str]]]:
        """A draft, its record and its turns. Raises NotFound, also for what the role may not see."""
        with transaction(self._engine) as c:
            row = self._row(c, key, discipline)
        told = self._keys.decrypt(row.content, f"hotline_drafts/{key}", purpose(row.category))
        return _view(row), told["record"], [(t[0], t[1]) for t in told["turns"]]

    def decide(
        self, key: str, discipline: bool, by: str, now: datetime, final: Mapping[str, str] | None, case_no: str = ""
    ) -> str:
        """Closes a draft: filed as `case_no` with the `final` fields, or dropped (None); the category that it has from now on.

        A draft whose case is an accusation becomes one with it. Of the transcript only its masked text stays: the case holds what is
        needed (个人信息保护法 19). Raises ConflictError when it is closed otherwise.
        """
        with transaction(self._engine) as c:
            row = self._row(c, key, discipline)
            if row.status != OPEN:
                if final is not None and row.case_no == case_no:
                    return str(row.category)
                raise ConflictError("这份草稿已经处理过了。")
            told = self._keys.decrypt(row.content, f"hotline_drafts/{key}", purpose(row.category))
            sealed = self._keys.encrypt(dict(final or {}), f"hotline_drafts/{key}/final", purpose(row.category))
            told["turns"] = masked(told["record"], told["turns"], final or {})
            content = self._keys.encrypt(told, f"hotline_drafts/{key}", purpose(row.category))
            c.execute(
                update(hotline_drafts)
                .where(hotline_drafts.c.id == key)
                .values(
                    status=FILED if final is not None else DROPPED,
                    decided_at=now,
                    by=by,
                    case_no=case_no or None,
                    content=content,
                    final=sealed,
                )
            )
            self._empty_inbox(c, key)
            if final is not None:
                rows = [{"draft_id": key} | e for e in edits(as_typed(told["record"]), final)]
                if rows:
                    c.execute(insert(hotline_edits), rows)
            if case_no and c.execute(select(cases.c.category).where(cases.c.case_no == case_no)).scalar() == ACCUSATION:
                to_accusations(c, self._keys, case_no)
                return ACCUSATION
            return str(row.category)

    def quality(self) -> list[dict[str, Any]]:
        """Per field over all confirmed drafts: how many were kept, changed, added, removed, and the share of characters edited.

        Accusations are left out: whoever may not see them must not count them either.
        """
        e = hotline_edits
        query = select(
            e.c.field,
            e.c.kind,
            func.count().label("n"),
            func.sum(e.c.edits).label("edits"),
            func.sum(e.c.length).label("length"),
        ).where(e.c.draft_id.notin_(select(hotline_drafts.c.id).where(hotline_drafts.c.category == ACCUSATION)))
        with transaction(self._engine) as c:
            rows = c.execute(query.group_by(e.c.field, e.c.kind)).all()
        out: dict[str, dict[str, Any]] = {}
        for r in rows:
            one = out.setdefault(
                r.field, {"field": r.field, "kept": 0, "changed": 0, "added": 0, "removed": 0, "edits": 0, "length": 0}
            )
            one[r.kind] += r.n
            one["edits"] += int(r.edits or 0)
            one["length"] += int(r.length or 0)
        for one in out.values():
            one["edited"] = round(one["edits"] / max(1, one["length"]), 3)
        return [out[k] for k in sorted(out)]

    def _empty_inbox(self, c: Connection, key: str) -> None:
        """Takes the transcript out of the arrivals of a closed draft; that they came stays, so that they are not made again."""
        for r in c.execute(select(hotline_inbox).where(hotline_inbox.c.draft_id == key)).all():
            sealing = purpose_of_call(c, r)
            told = self._keys.decrypt(r.body, f"hotline_inbox/{r.id}", sealing) | {"body": ""}
            sealed = self._keys.encrypt(told, f"hotline_inbox/{r.id}", sealing)
            c.execute(update(hotline_inbox).where(hotline_inbox.c.id == r.id).values(body=sealed))

    def _row(self, c: Connection, key: str, discipline: bool) -> Row[Any]:
        row = c.execute(select(hotline_drafts).where(hotline_drafts.c.id == key).with_for_update()).first()
        if row is None or (row.category == ACCUSATION) != discipline:
            raise NotFound("没有这份草稿，或者不归您看。")
        return row


def purpose_of_call(c: Connection, row: Row[Any]) -> str:
    """The key that seals a call of the inbox: that of the draft made of it."""
    category = select(hotline_drafts.c.category).where(hotline_drafts.c.id == row.draft_id)
    return purpose(str(c.execute(category).scalar() or "")) if row.draft_id else purpose("")


def to_accusations(c: Connection, keys: Keyring, case_no: str) -> None:
    """Takes the drafts of a case, and the calls they were made of, over to the accusations, in the caller's transaction."""
    d, inbox = hotline_drafts, hotline_inbox
    for row in c.execute(select(d).where(d.c.case_no == case_no, d.c.category != ACCUSATION).with_for_update()).all():
        calls = c.execute(select(inbox).where(inbox.c.draft_id == row.id).with_for_update()).all()
        values: dict[str, Any] = {"category": ACCUSATION, "channel": "accusation", "agency": "纪委监委"}
        values |= {
            column: _resealed(keys, old, place, row.category)
            for column, old, place in (
                ("content", row.content, f"hotline_drafts/{row.id}"),
                ("final", row.final, f"hotline_drafts/{row.id}/final"),
            )
            if old is not None
        }
        c.execute(update(d).where(d.c.id == row.id).values(**values))
        for call in calls:
            body = _resealed(keys, call.body, f"hotline_inbox/{call.id}", row.category)
            c.execute(update(inbox).where(inbox.c.id == call.id).values(body=body))


def adopt(engine: Engine, keys: Keyring) -> None:
    """Takes over to the accusations what earlier versions left outside: drafts of such cases, and calls that such drafts were made of."""
    d, inbox = hotline_drafts, hotline_inbox
    left = select(d.c.case_no).join(cases, cases.c.case_no == d.c.case_no)
    calls = select(inbox).join(d, d.c.id == inbox.c.draft_id).where(d.c.category == ACCUSATION)
    with transaction(engine) as c:
        for number in c.execute(left.where(cases.c.category == ACCUSATION, d.c.category != ACCUSATION)).scalars().all():
            to_accusations(c, keys, number)
        for call in c.execute(calls).all():
            place = f"hotline_inbox/{call.id}"
            try:
                keys.decrypt(call.body, place, purpose(ACCUSATION))
            except DecryptionError:
                body = _resealed(keys, call.body, place, "")
                c.execute(update(inbox).where(inbox.c.id == call.id).values(body=body))


def _resealed(keys: Keyring, old: bytes, place: str, category: str) -> bytes:
    return keys.encrypt(keys.decrypt(old, place, purpose(category)), place, purpose(ACCUSATION))


def _view(row: Row[Any]) -> DraftView:
    return DraftView(
        row.id,
        row.status,
        row.call_time,
        row.channel,
        row.category,
        row.agency,
        row.urgent,
        row.completeness,
        row.repeats,
        row.case_no or "",
        row.by or "",
    )
