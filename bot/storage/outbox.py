"""What leaves an installation: written in the transaction of the step that it tells of, delivered later, at least once, in order.

Topics: `filed` and `moved` go to the upstream platform, `notice` to a channel that can push, `hook:<id>` to a webhook. Accusations go
nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.petition.case import CaseView
from bot.petition.errors import NotFound
from bot.petition.message import Message
from bot.petition.progress import notice_message
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import reading, transaction
from bot.storage.rows import utc

#: A claimed row is free again after so long: its worker has died.
CLAIM = timedelta(minutes=2)
#: Attempts before a row is laid aside for a person to look at; waits in between grow to an hour, so this is about half a day.
MAX_ATTEMPTS = 18
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=20), timedelta(hours=1)


def _queue(c: Connection, keys: Keyring, number: str, topic: str, payload: Mapping[str, Any], now: datetime) -> None:
    c.execute(
        insert(t.outbox).values(
            case_no=number, topic=topic, payload=keys.encrypt(dict(payload), f"outbox/{number}"), created_at=now, attempts=0,
            next_at=now, dead=False,
        )
    )  # fmt: skip


def queue_step(
    c: Connection, keys: Keyring, number: str, topic: str, category: str, agency: str, said: Mapping[str, Any], now: datetime
) -> None:  # fmt: skip
    """Queues a step for the upstream platform and for the webhooks of its agency. Accusations are not queued at all."""
    if category == ACCUSATION:
        return
    _queue(c, keys, number, topic, said, now)
    hooks = select(t.webhooks.c.id).where(t.webhooks.c.active, t.webhooks.c.agency.in_((agency, "")))
    for hook in c.execute(hooks).scalars().all():
        _queue(c, keys, number, f"hook:{hook}", dict(said) | {"event": said.get("event", topic)}, now)


def tell(
    c: Connection, keys: Keyring, row: Row[Any], view: CaseView, now: datetime, today: date, text: str = ""
) -> None:
    """Writes a notice for the petitioner, and queues it for a channel that can push."""
    message = notice_message(view, today)
    if text:
        message = Message(text, (), message.custom)
    sealed = keys.encrypt(message.as_dict(), f"notices/{row.case_no}")
    done = c.execute(
        insert(t.notices).values(
            case_no=row.case_no,
            source=row.source,
            conversation_mac=row.conversation_mac,
            message=sealed,
            created_at=now,
        )
    )
    _queue(c, keys, row.case_no, "notice", {"notice": done.inserted_primary_key[0]}, now)


@dataclass(frozen=True)
class Parcel:
    """A claimed row. `key` stays the same over all attempts, so that a receiver can tell a repetition, and tells him nothing else: by the rows' own
    numbers he would count what was queued for others, notices of accusations among them."""

    id: int
    case_no: str
    topic: str
    payload: Mapping[str, Any]
    attempts: int
    key: str


class Outbox:
    """The waiting rows of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def claim(self, topics: Sequence[str], now: datetime, limit: int = 20, hooks: bool = False) -> list[Parcel]:
        """Takes rows that are due, each case's oldest first, so that nobody else sends them; a dead row holds back its case's later ones."""
        o, older = t.outbox, t.outbox.alias("older")
        topic = o.c.topic.in_(list(topics)) if not hooks else o.c.topic.like("hook:%")
        same = older.c.topic.in_(list(topics)) if not hooks else older.c.topic == o.c.topic
        waits = exists().where(
            and_(older.c.case_no == o.c.case_no, older.c.id < o.c.id, older.c.done_at.is_(None), same)
        )
        free = or_(o.c.claimed_until.is_(None), o.c.claimed_until < now)
        query = (
            select(o)
            .where(topic, o.c.done_at.is_(None), o.c.dead.is_(False), o.c.next_at <= now, free, ~waits)
            .order_by(o.c.next_at, o.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with transaction(self._engine) as c:
            rows = c.execute(query).all()
            if rows:
                mine = o.c.id.in_([r.id for r in rows])
                c.execute(update(o).where(mine).values(claimed_until=now + CLAIM, attempts=o.c.attempts + 1))
        return [self._parcel(r) for r in rows]

    def _parcel(self, r: Row[Any]) -> Parcel:
        payload = self._keys.decrypt(r.payload, f"outbox/{r.case_no}")
        key = self._keys.mac(f"{r.case_no}-{r.id}", "parcel")[:32]
        return Parcel(r.id, r.case_no, r.topic, payload, r.attempts + 1, key)

    def done(self, parcel: Parcel, now: datetime) -> None:
        """It has arrived."""
        with transaction(self._engine) as c:
            row = t.outbox.c.id == parcel.id
            c.execute(update(t.outbox).where(row).values(done_at=now, claimed_until=None, last_error=None))

    def failed(self, parcel: Parcel, error: str, now: datetime, final: bool = False, wait: float = 0.0) -> None:
        """It has not: later again, or never (`final`, or too many attempts). `error` says what, never with content; `wait` in seconds."""
        later = max(
            min(FIRST_WAIT * 2 ** min(parcel.attempts - 1, 10), LONGEST_WAIT), timedelta(seconds=min(wait, 86400))
        )
        values = {
            "last_error": error[:500], "claimed_until": None, "next_at": now + later, "dead": final or parcel.attempts >= MAX_ATTEMPTS,
        }  # fmt: skip
        with transaction(self._engine) as c:
            c.execute(update(t.outbox).where(t.outbox.c.id == parcel.id).values(**values))

    def resend(self, row_id: int, now: datetime) -> None:
        """A dead row is tried again from the beginning. Raises NotFound."""
        fresh = {"dead": False, "attempts": 0, "next_at": now, "claimed_until": None}
        with transaction(self._engine) as c:
            dead = t.outbox.c.id == row_id, t.outbox.c.dead.is_(True), t.outbox.c.done_at.is_(None)
            secret = select(t.cases.c.case_no).where(t.cases.c.category == ACCUSATION)
            if (
                c.execute(update(t.outbox).where(*dead, t.outbox.c.case_no.notin_(secret)).values(**fresh)).rowcount
                != 1
            ):
                raise NotFound("没有这条没送到的记录。")

    def dead(self, limit: int = 200) -> list[dict[str, Any]]:
        """What was laid aside: number, topic, attempts, error, time. Nothing of the content."""
        o = t.outbox
        with reading(self._engine) as c:
            rows = c.execute(
                select(o)
                .join(t.cases, t.cases.c.case_no == o.c.case_no)
                .where(o.c.dead, o.c.done_at.is_(None), t.cases.c.category != ACCUSATION)
                .order_by(o.c.id.desc())
                .limit(limit)
            ).all()
        return [
            {
                "id": r.id, "case_no": r.case_no, "topic": r.topic, "attempts": r.attempts, "error": r.last_error or "",
                "at": utc(r.created_at).isoformat(),
            }
            for r in rows
        ]  # fmt: skip

    def waiting(self, topics: Sequence[str]) -> int:
        """How many rows still wait."""
        o = t.outbox
        query = (
            select(func.count())
            .select_from(o)
            .where(o.c.topic.in_(list(topics)), o.c.done_at.is_(None), o.c.dead.is_(False))
        )
        with reading(self._engine) as c:
            return int(c.execute(query).scalar_one())

    # -- webhooks -------------------------------------------------------------------------------------------------------

    def add_hook(self, agency: str, url: str, secret: str, now: datetime) -> int:
        """An address that is told of the steps of an agency's cases ("" for all agencies)."""
        with transaction(self._engine) as c:
            done = c.execute(
                insert(t.webhooks).values(
                    agency=agency, url=self._keys.encrypt(url, "webhooks"), secret=self._keys.encrypt(secret, "webhooks"),
                    active=True, created_at=now,
                )
            )  # fmt: skip
            return int(done.inserted_primary_key[0])

    def hooks(self) -> list[dict[str, Any]]:
        """All webhooks without their secrets."""
        with reading(self._engine) as c:
            rows = c.execute(select(t.webhooks).order_by(t.webhooks.c.id)).all()
        return [{"id": r.id, "agency": r.agency, "url": self._url(r), "active": bool(r.active)} for r in rows]

    def _url(self, r: Row[Any]) -> str:
        return str(self._keys.decrypt(r.url, "webhooks"))

    def hook(self, hook_id: int) -> tuple[str, str] | None:
        """Address and secret of an active webhook."""
        with reading(self._engine) as c:
            r = c.execute(select(t.webhooks).where(t.webhooks.c.id == hook_id, t.webhooks.c.active)).first()
        return (self._url(r), str(self._keys.decrypt(r.secret, "webhooks"))) if r else None

    def stop_hook(self, hook_id: int) -> None:
        """Switches a webhook off; it is kept. Raises NotFound."""
        with transaction(self._engine) as c:
            if c.execute(update(t.webhooks).where(t.webhooks.c.id == hook_id).values(active=False)).rowcount != 1:
                raise NotFound("没有这个回调地址。")


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
