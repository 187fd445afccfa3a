"""Turns of conversations, written in groups: what was said, what was answered and the dialogue's events of a turn are one commit.

One thread writes. While it waits for the disk or the network, the turns of other conversations gather, and the next commit takes
them all: the cost of a commit is shared, and no turn is answered before its own commit.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.petition.errors import ConflictError, StoreUnavailable
from bot.storage import models as t
from bot.storage.chat import request_hash
from bot.storage.crypto import Keyring
from bot.storage.open import transaction

#: Turns that one commit takes at most.
GROUP = 200
#: No conversation has this id.
PROBE = "readiness"


@dataclass(frozen=True)
class Turn:
    """One message of a person and its answer. message_id: its idempotency key in the conversation."""

    message_id: str
    request: Mapping[str, Any]
    at: datetime
    response: list[dict[str, Any]]

    @property
    def hashed(self) -> str:
        """Tells this request from another one under the same id."""
        return request_hash(sorted(self.request.items(), key=str))


@dataclass(frozen=True)
class Write:
    """What one turn adds to a conversation: events from the `first` on, and the turn, if a channel asked to keep it."""

    sender: str
    first: int
    events: list[dict[str, Any]]
    turn: Turn | None = None


@dataclass
class Past:
    """A conversation as it is stored. turns: message id → hash of its request; last: the answer given last.

    cut: ids of messages that were begun and not answered. Only versions that wrote a turn in two steps left such rows.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[str, str] = field(default_factory=dict)
    last: list[dict[str, Any]] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)


class TurnLog:
    """Reads and writes conversations."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def read(self, sender: str) -> Past:
        """A conversation, empty when there is none. Raises StoreUnavailable."""
        rows, turns = t.tracker_events, t.chat_turns
        with transaction(self._engine) as c:
            sealed = c.execute(
                select(rows.c.n, rows.c.payload).where(rows.c.sender_id == sender).order_by(rows.c.n)
            ).all()
            asked = c.execute(
                select(turns.c.message_id, turns.c.request_hash, turns.c.response)
                .where(turns.c.conversation == sender)
                .order_by(turns.c.id)
            ).all()
        past = Past(turns={r.message_id: r.request_hash for r in asked})
        past.cut = {r.message_id for r in asked if r.response is None}
        asked = [r for r in asked if r.response is not None]
        for row in sealed:
            past.events += events_of(self._keys.decrypt(row.payload, f"tracker/{sender}/{row.n}"))
        if asked:
            past.last = self._keys.decrypt(asked[-1].response, f"turns/{sender}/{asked[-1].message_id}/response")
        return past

    def response(self, sender: str, message_id: str) -> list[dict[str, Any]] | None:
        """The answer that a message got, None when it has none."""
        turns = t.chat_turns
        query = select(turns.c.response).where(turns.c.conversation == sender, turns.c.message_id == message_id)
        with transaction(self._engine) as c:
            sealed = c.execute(query).scalar()
        if sealed is None:
            return None
        value: list[dict[str, Any]] = self._keys.decrypt(sealed, f"turns/{sender}/{message_id}/response")
        return value

    def write(self, writes: Sequence[Write]) -> list[Exception | None]:
        """Commits all in one transaction; when one of them is in conflict, each alone. An error or None for each, in order."""
        rows = [self._rows(w) for w in writes]
        try:
            with transaction(self._engine) as c:
                if any(not w.events and not w.turn for w in writes):
                    self._probe(c)
                self._insert(c, [r[0] for r in rows if r[0]], [r[1] for r in rows if r[1]])
            return [None] * len(writes)
        except IntegrityError:
            return [self._alone(r) for r in rows]
        except StoreUnavailable as e:
            return [e] * len(writes)

    @staticmethod
    def _probe(c: Connection) -> None:
        """A write that leaves nothing behind: a database that only reads (a full disk, a standby) is not ready."""
        rows = t.tracker_events
        c.execute(delete(rows).where(rows.c.sender_id == PROBE))
        c.execute(insert(rows), {"sender_id": PROBE, "n": 0, "payload": b"\0" * 4096})
        c.execute(delete(rows).where(rows.c.sender_id == PROBE))

    def _alone(self, rows: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> Exception | None:
        try:
            with transaction(self._engine) as c:
                self._insert(c, [rows[0]] if rows[0] else [], [rows[1]] if rows[1] else [])
        except IntegrityError:
            return ConflictError("这段对话正在别处处理，请再发一次。")
        except StoreUnavailable as e:
            return e
        return None

    @staticmethod
    def _insert(c: Connection, events: list[dict[str, Any]], turns: list[dict[str, Any]]) -> None:
        if events:
            c.execute(insert(t.tracker_events), events)
        if turns:
            c.execute(insert(t.chat_turns), turns)

    def _rows(self, w: Write) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The row of the events (one a turn, numbered by its first event) and the row of the turn, sealed."""
        events = turn = None
        if w.events:
            sealed = self._keys.encrypt(w.events, f"tracker/{w.sender}/{w.first}")
            events = {"sender_id": w.sender, "n": w.first, "payload": sealed}
        if w.turn:
            place = f"turns/{w.sender}/{w.turn.message_id}"
            turn = {
                "conversation": w.sender,
                "message_id": w.turn.message_id,
                "request_hash": w.turn.hashed,
                "request": self._keys.encrypt(dict(w.turn.request), f"{place}/request"),
                "response": self._keys.encrypt(w.turn.response, f"{place}/response"),
                "created_at": w.turn.at,
            }
        return events, turn


def events_of(payload: Any) -> list[dict[str, Any]]:
    """The events of a stored row: a list of them, or one as JSON text (rows of earlier versions)."""
    return payload if isinstance(payload, list) else [json.loads(payload)]


class GroupWriter:
    """Commits what is put in, many at once, in a thread of its own. `done` is called in that thread with an error or None."""

    def __init__(self, log: TurnLog) -> None:
        self._log = log
        self._queue: SimpleQueue[tuple[Write, Callable[[Exception | None], None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="turn-writer", daemon=True)
        self._thread.start()
        self.commits = self.written = 0

    def put(self, write: Write, done: Callable[[Exception | None], None]) -> None:
        """Queues a write."""
        self._queue.put((write, done))

    def close(self) -> None:
        """Writes what is queued, then ends the thread."""
        self._queue.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        while True:
            group = self._next()
            if not group:
                return
            try:
                results = self._log.write([w for w, _ in group])
            except Exception as e:  # a defect must not end the thread: nobody would ever be answered again
                results = [e] * len(group)
            self.commits += 1
            self.written += len(group)
            for (_, done), result in zip(group, results, strict=True):
                done(result)

    def _next(self) -> list[tuple[Write, Callable[[Exception | None], None]]]:
        group = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) >= GROUP or self._queue.empty():
                return group
            item = self._queue.get()
        if group:
            self._queue.put(None)  # seen the end in the middle of a group
        return group
