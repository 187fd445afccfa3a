"""What is to be told to followers and no open request carries: late answers, further pages, notices. In order, within the quota."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import transaction
from bot.storage.rows import utc

#: States of a message that may still go either way.
OPEN = ("waiting", "kept", "failed")
#: Customer-service messages that a message of the follower allows: one of five is left for a human.
QUOTA = 4
#: A send that was not recorded within this time was cut off by a crash.
SENDING = timedelta(seconds=30)
#: How long the records of messages are kept.
KEPT = timedelta(days=7)
#: A follower who was not heard of for so long, and has no case bound here, is forgotten.
FORGOTTEN = timedelta(days=180)
#: How often a message is tried before it is kept as failed.
MAX_SENDS = 8


@dataclass(frozen=True)
class Outgoing:
    """A message that is to be sent. kind: text or notice."""

    id: int
    who: str
    kind: str
    body: Any
    attempts: int


def put(c: Connection, keys: Keyring, who: str, kind: str, body: Any, now: datetime, due: datetime, **ids: int) -> None:
    """Writes a message down, sealed, to be told at `due`. `ids`: what it comes from."""
    place = f"wechat_outgoing/{secrets.token_hex(12)}"
    c.execute(
        insert(t.wechat_outgoing).values(
            who=who, kind=kind, body=keys.encrypt(body, place), place=place, state="waiting", attempts=0, next_at=due, created_at=now, **ids
        )
    )  # fmt: skip


def body_of(keys: Keyring, row: Row[Any]) -> Any:
    """What a row says."""
    return keys.decrypt(row.body, row.place)


class OutgoingStore:
    """The outgoing messages of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def held(self, who: str) -> int:
        """How many pages are waiting for the follower to ask for them."""
        out = t.wechat_outgoing
        query = select(func.count()).where(out.c.who == who, out.c.state.in_(OPEN), out.c.kind == "text")
        with transaction(self._engine) as c:
            return int(c.execute(query).scalar_one())

    def due(self, now: datetime) -> list[str]:
        """Followers to whom something is to be sent now. Claims that a crash left behind are opened again."""
        out = t.wechat_outgoing
        with transaction(self._engine) as c:
            lost = and_(out.c.state.in_(("passive", "sending")), out.c.claimed_until < now)
            c.execute(update(out).where(lost).values(state="waiting", carried_by=None, claimed_until=None, next_at=now))
            query = select(out.c.who).distinct().where(out.c.state == "waiting", out.c.next_at <= now)
            return list(c.execute(query).scalars())

    def claim(self, who: str, now: datetime) -> tuple[Outgoing, str] | None:
        """The follower's next message, claimed for sending, and what stands in its way: "" or a reason to keep it.

        In order: nothing is sent past a message that waits or is on its way. A text costs one of the allowed messages.
        """
        out, u = t.wechat_outgoing, t.wechat_users
        query = select(out).where(out.c.who == who, out.c.state.in_(("waiting", "sending", "passive")))
        with transaction(self._engine) as c:
            row = c.execute(query.order_by(out.c.id).limit(1)).first()
            if row is None or row.state != "waiting" or utc(row.next_at) > now:
                return None
            person = c.execute(select(u).where(u.c.who == who)).one()
            blocked = "" if person.subscribed else "unsubscribed"
            if not blocked and row.kind == "text":
                blocked = self._spend(c, person, now)
            values = {"state": "sending", "claimed_until": now + SENDING, "attempts": row.attempts + 1}
            done = c.execute(update(out).where(out.c.id == row.id, out.c.state == "waiting").values(**values))
            if done.rowcount != 1:
                return None
        return Outgoing(row.id, who, row.kind, body_of(self._keys, row), row.attempts + 1), blocked

    def _spend(self, c: Connection, person: Row[Any], now: datetime) -> str:
        u = t.wechat_users
        for quota, until in (("tap_quota", "tap_quota_until"), ("quota", "quota_until")):
            left, end = getattr(person, quota), getattr(person, until)
            if left > 0 and end is not None and utc(end) > now:
                c.execute(update(u).where(u.c.who == person.who).values({quota: left - 1}))
                return ""
        return "no quota"

    def refund(self, who: str) -> None:
        """A message that the platform did not take costs nothing."""
        u = t.wechat_users
        with transaction(self._engine) as c:
            c.execute(update(u).where(u.c.who == who, u.c.quota < QUOTA).values(quota=u.c.quota + 1))

    def left(self, who: str, now: datetime) -> int:
        """How many messages may still be sent to a follower now."""
        with transaction(self._engine) as c:
            p = c.execute(select(t.wechat_users).where(t.wechat_users.c.who == who)).one()
        pairs = ((p.tap_quota, p.tap_quota_until), (p.quota, p.quota_until))
        return sum(left for left, end in pairs if end is not None and utc(end) > now)

    def sent(self, id: int, now: datetime, msgid: str = "") -> None:
        """It was sent."""
        self._set(id, state="sent", sent_at=now, claimed_until=None, last_error=None, msgid=msgid or None)

    def failed(self, id: int, error: str, retry_at: datetime | None) -> None:
        """It could not be sent: recorded; tried again at `retry_at`, or kept as failed until the follower writes."""
        values: dict[str, Any] = {"last_error": error[:100], "claimed_until": None}
        values |= {"state": "failed"} if retry_at is None else {"state": "waiting", "next_at": retry_at}
        self._set(id, **values)

    def keep(self, id: int, error: str) -> None:
        """It may not be sent now: kept until the follower writes."""
        self._set(id, state="kept", last_error=error[:100], claimed_until=None)

    def exhausted(self, who: str) -> None:
        """The platform says that no more may be sent."""
        with transaction(self._engine) as c:
            c.execute(update(t.wechat_users).where(t.wechat_users.c.who == who).values(quota=0, tap_quota=0))

    def as_text(self, id: int, text: str, now: datetime) -> None:
        """A notice that cannot go as one is told as a text."""
        place = f"wechat_outgoing/{secrets.token_hex(12)}"
        values = {"kind": "text", "body": self._keys.encrypt(text, place), "place": place}
        self._set(id, state="waiting", claimed_until=None, next_at=now, attempts=0, **values)

    def _set(self, id: int, **values: Any) -> None:
        with transaction(self._engine) as c:
            c.execute(update(t.wechat_outgoing).where(t.wechat_outgoing.c.id == id).values(**values))

    def notice(self, msgid: str) -> Outgoing | None:
        """The notice that was sent under an id of the platform."""
        out = t.wechat_outgoing
        with transaction(self._engine) as c:
            row = c.execute(select(out).where(out.c.msgid == msgid, out.c.kind == "notice")).first()
        return None if row is None else Outgoing(row.id, row.who, row.kind, body_of(self._keys, row), row.attempts)

    # -- notices --------------------------------------------------------------------------------------------------------

    def notices(self, now: datetime) -> int:
        """Turns the outbox's notices on bound cases into messages, each once for each follower; returns how many.

        Only steps after the binding count. The outbox row is done when it is handed over here, in the same transaction.
        """
        o, b, out = t.outbox, t.wechat_bindings, t.wechat_outgoing
        known = exists().where(out.c.outbox_id == o.c.id, out.c.who == b.c.who)
        query = (
            select(o.c.id, o.c.case_no, o.c.payload, b.c.who, t.cases.c.category)
            .join(b, b.c.case_no == o.c.case_no)
            .join(t.cases, t.cases.c.case_no == o.c.case_no)
            .where(o.c.topic == "notice", o.c.created_at >= b.c.bound_at, o.c.created_at > now - KEPT, ~known)
            .order_by(o.c.id)
            .limit(100)
        )
        with transaction(self._engine) as c:
            rows = c.execute(query).all()
            for r in rows:
                told = self._keys.decrypt(r.payload, f"outbox/{r.case_no}")
                status = told.get("status") or self._status(c, r.case_no, int(told["notice"]))
                secret = r.category == "检举控告"
                body = {"case_no": r.case_no, "status": status, "secret": secret, "day": now.date().isoformat()}
                put(c, self._keys, r.who, "notice", body, now, now, outbox_id=r.id)
                c.execute(update(o).where(o.c.id == r.id, o.c.done_at.is_(None)).values(done_at=now))
        return len(rows)

    def _status(self, c: Connection, case_no: str, notice: int) -> str:
        """The step that a notice tells of."""
        sealed = c.execute(select(t.notices.c.message).where(t.notices.c.id == notice)).scalar_one()
        return str(self._keys.decrypt(sealed, f"notices/{case_no}")["custom"]["status"])

    def purge(self, now: datetime) -> None:
        """Forgets records of messages that are over, and links that were not used."""
        box, out = t.wechat_inbox, t.wechat_outgoing
        with transaction(self._engine) as c:
            c.execute(delete(out).where(out.c.created_at < now - KEPT, out.c.state != "sending"))
            c.execute(delete(box).where(box.c.done_at < now - KEPT))
            c.execute(delete(t.wechat_tickets).where(t.wechat_tickets.c.expires_at < now))
            u = t.wechat_users
            tied = [exists().where(x.c.who == u.c.who) for x in (t.wechat_bindings, box, out)]
            c.execute(delete(u).where(u.c.seen_at < now - FORGOTTEN, *(~e for e in tied)))
