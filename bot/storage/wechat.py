"""WeChat's messages in and out: each message once over restarts and workers, and no answer lost. The database is the only truth.

In: a message is written down under its key before anything is done with it; a follower's undone messages are a queue that one
worker at a time drains under a lease. Out: the answer is written down in the same transaction that ends the message, and is then
either given to a request that waits for it, or sent, or kept until the follower writes again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.storage import models as t
from bot.storage.cases import _utc
from bot.storage.crypto import Keyring
from bot.storage.open import transaction

#: A worker that drains or sends renews its lease well within this time; after it, another worker takes over.
LEASE = timedelta(seconds=8)
#: The platform tries three times within 15 s; so long an answer that may not have arrived waits to be asked for again.
RETRIES_OVER = timedelta(seconds=12)
#: A send that was not recorded within this time was cut off by a crash.
SENDING = timedelta(seconds=30)
#: A page that follows the answer leaves a moment later, so that it is not shown before it.
AFTER = timedelta(milliseconds=500)
#: Customer-service messages that a message of the follower allows (one of five is left for a human), a tap on the menu, and how long.
QUOTA, QUOTA_TIME = 4, timedelta(hours=48)
TAP_QUOTA, TAP_TIME = 3, timedelta(minutes=1)
#: How long the records of messages are kept.
KEPT = timedelta(days=7)
MAX_SENDS = 8
_OPEN = ("waiting", "kept", "failed")


@dataclass(frozen=True)
class Follower:
    """A person of the account. `who`: keyed hash of the openid."""

    who: str
    conversation: str


@dataclass(frozen=True)
class Incoming:
    """A message that is to be processed. `attempts`: how often that was begun, this time included."""

    id: int
    key: str
    who: str
    attempts: int
    request: dict[str, Any]


@dataclass(frozen=True)
class Outgoing:
    """A message that is to be sent. kind: text or notice."""

    id: int
    who: str
    kind: str
    body: Any
    attempts: int


class WeChatStore:
    """The messages of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def who(self, openid: str) -> str:
        """The keyed hash under which a follower is known."""
        return self._keys.mac(openid, "openid")

    # -- followers ------------------------------------------------------------------------------------------------------

    def follower(self, openid: str, now: datetime) -> Follower:
        """The follower, written down at first sight."""
        u, who = t.wechat_users, self.who(openid)
        query = select(u.c.conversation).where(u.c.who == who)
        with transaction(self._engine) as c:
            row = c.execute(query).first()
        if row is None:
            values = {
                "who": who, "openid": self._keys.encrypt(openid, f"wechat_users/{who}"), "conversation": secrets.token_hex(16),
                "subscribed": True, "quota": 0, "tap_quota": 0, "seen_at": now,
            }  # fmt: skip
            try:
                with transaction(self._engine) as c:
                    c.execute(insert(u).values(**values))
            except IntegrityError:
                pass  # another worker saw the same follower a moment ago
            with transaction(self._engine) as c:
                row = c.execute(query).one()
        return Follower(who, row.conversation)

    def openid(self, who: str) -> str:
        """The openid for sending."""
        with transaction(self._engine) as c:
            row = c.execute(select(t.wechat_users.c.openid).where(t.wechat_users.c.who == who)).one()
        return str(self._keys.decrypt(row.openid, f"wechat_users/{who}"))

    def conversation(self, who: str) -> str:
        """The conversation of a follower."""
        with transaction(self._engine) as c:
            query = select(t.wechat_users.c.conversation).where(t.wechat_users.c.who == who)
            return str(c.execute(query).scalar_one())

    def subscribed(self, who: str, yes: bool) -> None:
        """Follows, or does not any more: then nothing can be sent."""
        with transaction(self._engine) as c:
            c.execute(update(t.wechat_users).where(t.wechat_users.c.who == who).values(subscribed=yes))

    # -- in -------------------------------------------------------------------------------------------------------------

    def receive(
        self, key: str, who: str, created: int, request: Mapping[str, Any], allows: str, now: datetime, until: datetime
    ) -> bool:
        """Writes a delivery down; True when the message is new. `until`: how long this delivery waits for the answer.

        `allows`: what a new message allows to send: "message", "tap" or "" (events that the person did not make).
        """
        box, u = t.wechat_inbox, t.wechat_users
        sealed = self._keys.encrypt(dict(request), f"wechat_inbox/{key}")
        values = {
            "key": key, "who": who, "created": created, "request": sealed, "received_at": now, "waiting_until": until, "attempts": 0, "next_at": now,
        }  # fmt: skip
        try:
            with transaction(self._engine) as c:
                c.execute(insert(box).values(**values))
                if allows == "message":
                    c.execute(
                        update(u)
                        .where(u.c.who == who)
                        .values(subscribed=True, quota=QUOTA, quota_until=now + QUOTA_TIME, seen_at=now)
                    )
                elif allows == "tap":
                    c.execute(
                        update(u)
                        .where(u.c.who == who)
                        .values(subscribed=True, tap_quota=TAP_QUOTA, tap_quota_until=now + TAP_TIME, seen_at=now)
                    )
            return True
        except IntegrityError:
            with transaction(self._engine) as c:
                c.execute(update(box).where(box.c.key == key, box.c.waiting_until < until).values(waiting_until=until))
            return False

    def lease(self, who: str, worker: str, now: datetime, what: str = "busy") -> bool:
        """Takes or renews the right to drain (`busy`) or to send to (`sending`) a follower; False while another worker has it."""
        u = t.wechat_users.c
        by, until = (u.busy_by, u.busy_until) if what == "busy" else (u.sending_by, u.sending_until)
        free = or_(by.is_(None), by == worker, until < now)
        with transaction(self._engine) as c:
            done = c.execute(
                update(t.wechat_users).where(u.who == who, free).values({by.name: worker, until.name: now + LEASE})
            )
            return bool(done.rowcount == 1)

    def release(self, who: str, worker: str, what: str = "busy") -> None:
        """Gives the right back."""
        u = t.wechat_users.c
        by, until = (u.busy_by, u.busy_until) if what == "busy" else (u.sending_by, u.sending_until)
        with transaction(self._engine) as c:
            c.execute(
                update(t.wechat_users).where(u.who == who, by == worker).values({by.name: None, until.name: None})
            )

    def next(self, who: str, now: datetime) -> Incoming | None:
        """The follower's oldest undone message, with its attempt counted. Deliveries may come out of order: their time decides."""
        box = t.wechat_inbox
        query = select(box).where(box.c.who == who, box.c.done_at.is_(None)).order_by(box.c.created, box.c.id).limit(1)
        with transaction(self._engine) as c:
            row = c.execute(query).first()
            if row is None or _utc(row.next_at) > now:
                return None
            c.execute(update(box).where(box.c.id == row.id).values(attempts=row.attempts + 1))
        request = self._keys.decrypt(row.request, f"wechat_inbox/{row.key}")
        return Incoming(row.id, row.key, who, row.attempts + 1, request)

    def postpone(self, id: int, until: datetime) -> None:
        """Something did not answer: the message is tried again later."""
        with transaction(self._engine) as c:
            c.execute(update(t.wechat_inbox).where(t.wechat_inbox.c.id == id).values(next_at=until))

    def finish(self, message: Incoming, pages: Sequence[str], now: datetime, more: bool = False) -> None:
        """Ends a message together with its answer. `more`: what was kept from before is told now.

        A page waits for a request that is still open; else it is sent. What was kept goes out with it, in the old order.
        """
        box, out = t.wechat_inbox, t.wechat_outgoing
        with transaction(self._engine) as c:
            row = c.execute(select(box).where(box.c.id == message.id).with_for_update()).one()
            if row.done_at is not None:
                return  # another worker was faster after a lost lease
            until = _utc(row.waiting_until)
            due = until + AFTER if until > now else now
            c.execute(update(box).where(box.c.id == message.id).values(done_at=now))
            held = and_(out.c.who == message.who, out.c.state.in_(_OPEN), out.c.kind == "text")
            c.execute(update(out).where(held).values(state="waiting", next_at=due, attempts=0))
            if more:
                first = c.execute(select(func.min(out.c.id)).where(held)).scalar()
                c.execute(update(out).where(out.c.id == first).values(inbox_id=message.id))
            for page in pages:
                self._put(c, message.who, "text", page, now, due, inbox_id=message.id)

    def _put(self, c: Connection, who: str, kind: str, body: Any, now: datetime, due: datetime, **ids: int) -> None:
        place = f"wechat_outgoing/{secrets.token_hex(12)}"
        c.execute(
            insert(t.wechat_outgoing).values(
                who=who, kind=kind, body=self._keys.encrypt(body, place), place=place, state="waiting", attempts=0,
                next_at=due, created_at=now, **ids,
            )
        )  # fmt: skip

    def held(self, who: str) -> int:
        """How many pages are waiting for the follower to ask for them."""
        out = t.wechat_outgoing
        query = select(func.count()).where(out.c.who == who, out.c.state.in_(_OPEN), out.c.kind == "text")
        with transaction(self._engine) as c:
            return int(c.execute(query).scalar_one())

    def undone(self, now: datetime) -> list[str]:
        """Followers whose messages nobody is processing, though they could be."""
        box, u = t.wechat_inbox, t.wechat_users
        query = (
            select(box.c.who)
            .distinct()
            .join(u, u.c.who == box.c.who)
            .where(box.c.done_at.is_(None), box.c.next_at <= now, or_(u.c.busy_by.is_(None), u.c.busy_until < now))
        )
        with transaction(self._engine) as c:
            return list(c.execute(query).scalars())

    # -- out, to a request that waits -----------------------------------------------------------------------------------

    def passive(self, key: str, limit: int, now: datetime) -> list[str] | None:
        """What to answer a delivery with: None while the message is not done; [] when there is nothing (more) to say here.

        The answer is claimed, so that it is not sent as well; what was kept from before comes first if it fits into `limit` bytes.
        A delivery of an answered message is the platform's word that the answer did not arrive: it is answered the same.
        """
        box, out = t.wechat_inbox, t.wechat_outgoing
        with transaction(self._engine) as c:
            row = c.execute(select(box).where(box.c.key == key)).first()
            if row is None or row.done_at is None:
                return None
            carried = c.execute(select(out).where(out.c.carried_by == row.id).order_by(out.c.id)).all()
            if carried:
                again = and_(out.c.carried_by == row.id, out.c.state == "passive")
                c.execute(update(out).where(again).values(claimed_until=now + RETRIES_OVER))
                return [self._body(r) for r in carried]
            own = c.execute(select(out).where(out.c.inbox_id == row.id).order_by(out.c.id).limit(1)).first()
            if own is None or own.state not in _OPEN:
                return []
            chosen = self._fitting(c, own, limit)
            held = and_(out.c.who == row.who, out.c.state == "waiting", out.c.next_at > now + AFTER)
            c.execute(update(out).where(held).values(next_at=now + AFTER))
            values = {"state": "passive", "carried_by": row.id, "claimed_until": now + RETRIES_OVER}
            claimed = c.execute(
                update(out).where(out.c.id.in_([r.id for r in chosen]), out.c.state.in_(_OPEN)).values(**values)
            )
            if claimed.rowcount != len(chosen):
                raise ConflictingClaim
            return [self._body(r) for r in chosen]

    def _fitting(self, c: Connection, own: Row[Any], limit: int) -> list[Row[Any]]:
        """The answer's first page, behind everything kept from before if all of that fits as well; else alone."""
        out = t.wechat_outgoing
        older = select(out).where(out.c.who == own.who, out.c.id < own.id, out.c.state.in_(_OPEN), out.c.kind == "text")
        rows = [*c.execute(older.order_by(out.c.id)).all(), own]
        size = sum(len(self._body(r).encode()) + 2 for r in rows)
        return rows if size <= limit else [own]

    def _body(self, row: Row[Any]) -> Any:
        return self._keys.decrypt(row.body, row.place)

    def confirm(self, key: str, now: datetime) -> None:
        """The answer was written to the open request."""
        out = t.wechat_outgoing
        mine = select(t.wechat_inbox.c.id).where(t.wechat_inbox.c.key == key).scalar_subquery()
        with transaction(self._engine) as c:
            c.execute(
                update(out)
                .where(out.c.carried_by == mine, out.c.state == "passive")
                .values(state="sent", sent_at=now, claimed_until=None)
            )

    # -- out, by sending ------------------------------------------------------------------------------------------------

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
            if row is None or row.state != "waiting" or _utc(row.next_at) > now:
                return None
            person = c.execute(select(u).where(u.c.who == who)).one()
            blocked = "" if person.subscribed else "unsubscribed"
            if not blocked and row.kind == "text":
                blocked = self._spend(c, person, now)
            values = {"state": "sending", "claimed_until": now + SENDING, "attempts": row.attempts + 1}
            done = c.execute(update(out).where(out.c.id == row.id, out.c.state == "waiting").values(**values))
            if done.rowcount != 1:
                return None
        return Outgoing(row.id, who, row.kind, self._body(row), row.attempts + 1), blocked

    def _spend(self, c: Connection, person: Row[Any], now: datetime) -> str:
        u = t.wechat_users
        for quota, until in (("tap_quota", "tap_quota_until"), ("quota", "quota_until")):
            left, end = getattr(person, quota), getattr(person, until)
            if left > 0 and end is not None and _utc(end) > now:
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
        return sum(left for left, end in pairs if end is not None and _utc(end) > now)

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
        return None if row is None else Outgoing(row.id, row.who, row.kind, self._body(row), row.attempts)

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
                status = self._keys.decrypt(r.payload, f"outbox/{r.case_no}")["status"]
                secret = r.category == "检举控告"
                body = {"case_no": r.case_no, "status": status, "secret": secret, "day": now.date().isoformat()}
                self._put(c, r.who, "notice", body, now, now, outbox_id=r.id)
                c.execute(update(o).where(o.c.id == r.id, o.c.done_at.is_(None)).values(done_at=now))
        return len(rows)

    def purge(self, now: datetime) -> None:
        """Forgets records of messages that are over, and links that were not used."""
        box, out = t.wechat_inbox, t.wechat_outgoing
        with transaction(self._engine) as c:
            c.execute(delete(out).where(out.c.created_at < now - KEPT, out.c.state != "sending"))
            c.execute(delete(box).where(box.c.done_at < now - KEPT))
            c.execute(delete(t.wechat_tickets).where(t.wechat_tickets.c.expires_at < now))


class ConflictingClaim(Exception):
    """Another worker claimed the answer in the same moment; ask again."""
