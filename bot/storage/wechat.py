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

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.storage import models as t
from bot.storage.cases import _utc
from bot.storage.crypto import Keyring
from bot.storage.open import transaction
from bot.storage.wechat_out import OPEN, QUOTA, body_of, put

#: A worker that drains or sends renews its lease well within this time; after it, another worker takes over.
LEASE = timedelta(seconds=8)
#: The platform tries three times within 15 s; so long an answer that may not have arrived waits to be asked for again.
RETRIES_OVER = timedelta(seconds=12)
#: A page that follows the answer leaves a moment later, so that it is not shown before it.
AFTER = timedelta(milliseconds=500)
#: How long a message of the follower allows to send, and how many messages a tap on the menu allows for how long.
QUOTA_TIME = timedelta(hours=48)
TAP_QUOTA, TAP_TIME = 3, timedelta(minutes=1)


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
            held = and_(out.c.who == message.who, out.c.state.in_(OPEN), out.c.kind == "text")
            c.execute(update(out).where(held).values(state="waiting", next_at=due, attempts=0))
            if more:
                first = c.execute(select(func.min(out.c.id)).where(held)).scalar()
                c.execute(update(out).where(out.c.id == first).values(inbox_id=message.id))
            for page in pages:
                put(c, self._keys, message.who, "text", page, now, due, inbox_id=message.id)

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
                return [body_of(self._keys, r) for r in carried]
            own = c.execute(select(out).where(out.c.inbox_id == row.id).order_by(out.c.id).limit(1)).first()
            if own is None or own.state not in OPEN:
                return []
            chosen = self._fitting(c, own, limit)
            held = and_(out.c.who == row.who, out.c.state == "waiting", out.c.next_at > now + AFTER)
            c.execute(update(out).where(held).values(next_at=now + AFTER))
            values = {"state": "passive", "carried_by": row.id, "claimed_until": now + RETRIES_OVER}
            claimed = c.execute(
                update(out).where(out.c.id.in_([r.id for r in chosen]), out.c.state.in_(OPEN)).values(**values)
            )
            if claimed.rowcount != len(chosen):
                raise ConflictingClaim
            return [body_of(self._keys, r) for r in chosen]

    def _fitting(self, c: Connection, own: Row[Any], limit: int) -> list[Row[Any]]:
        """The answer's first page, behind everything kept from before if all of that fits as well; else alone."""
        out = t.wechat_outgoing
        older = select(out).where(out.c.who == own.who, out.c.id < own.id, out.c.state.in_(OPEN), out.c.kind == "text")
        rows = [*c.execute(older.order_by(out.c.id)).all(), own]
        size = sum(len(body_of(self._keys, r).encode()) + 2 for r in rows)
        return rows if size <= limit else [own]

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


class ConflictingClaim(Exception):
    """Another worker claimed the answer in the same moment; ask again."""
