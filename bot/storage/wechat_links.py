"""What links a follower to cases and to the page, and the account's access token that all workers share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import transaction
from bot.storage.rows import utc

TICKET_LIFE = timedelta(minutes=30)
#: A token is renewed so long before its end: old and new are both good for five minutes.
EARLY = timedelta(minutes=5)
#: Whoever renews the token has so long before another may try.
RENEWING = timedelta(seconds=15)
#: Forced renewals are rationed by the platform: 20 a day, 30 s apart.
FORCED_APART = timedelta(seconds=30)


@dataclass(frozen=True)
class Bound:
    """A case that is bound to a follower; the code lets the follower look it up."""

    case_no: str
    query_code: str
    status: str
    filed_on: str
    secret: bool


class Links:
    """Bindings and one-time links."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def bind(self, who: str, case_no: str, now: datetime) -> bool:
        """Binds a case whose number and code the follower has shown, or that was filed in their own chat. True when new."""
        try:
            with transaction(self._engine) as c:
                c.execute(insert(t.wechat_bindings).values(who=who, case_no=case_no, bound_at=now))
        except IntegrityError:
            return False
        return True

    def unbind(self, who: str) -> int:
        """Cuts every tie: bindings, what waits to be told, and the conversation, so that the next words start afresh."""
        out = t.wechat_outgoing
        with transaction(self._engine) as c:
            count = c.execute(delete(t.wechat_bindings).where(t.wechat_bindings.c.who == who)).rowcount
            c.execute(delete(out).where(out.c.who == who, out.c.state.in_(("waiting", "kept", "failed"))))
            old = c.execute(select(t.wechat_users.c.conversation).where(t.wechat_users.c.who == who)).scalar_one()
            c.execute(delete(t.wechat_tickets).where(t.wechat_tickets.c.conversation == old))
            new = {"conversation": secrets.token_hex(16)}
            c.execute(update(t.wechat_users).where(t.wechat_users.c.who == who).values(**new))
        return int(count)

    def bound(self, who: str) -> list[Bound]:
        """The follower's own cases, newest first."""
        b, k = t.wechat_bindings, t.cases
        query = select(k).join(b, b.c.case_no == k.c.case_no).where(b.c.who == who).order_by(k.c.case_no.desc())
        with transaction(self._engine) as c:
            rows = c.execute(query.limit(20)).all()
        return [
            Bound(r.case_no, self._keys.code_of(r.draft_id), r.status, r.filed_on.isoformat(), r.category == "检举控告")
            for r in rows
        ]

    def ticket(self, conversation: str, now: datetime) -> str:
        """A one-time link's secret; only its hash is kept."""
        ticket = secrets.token_urlsafe(24)
        with transaction(self._engine) as c:
            c.execute(
                insert(t.wechat_tickets).values(
                    mac=self._keys.mac(ticket, "ticket"), conversation=conversation, expires_at=now + TICKET_LIFE
                )
            )
        return ticket

    def redeem(self, ticket: str, now: datetime) -> str | None:
        """The conversation of a ticket, once and in time."""
        k = t.wechat_tickets
        mine = k.c.mac == self._keys.mac(ticket, "ticket")
        with transaction(self._engine) as c:
            row = c.execute(select(k).where(mine).with_for_update()).first()
            if row is None or c.execute(delete(k).where(mine)).rowcount != 1 or utc(row.expires_at) < now:
                return None
        return str(row.conversation)


class TokenStore:
    """The access token of one account, for all processes."""

    def __init__(self, engine: Engine, keys: Keyring, app_id: str) -> None:
        self._engine, self._keys, self._app = engine, keys, app_id
        self._me = secrets.token_hex(8)

    def current(self, now: datetime) -> str | None:
        """The token while it is good."""
        k = t.wechat_tokens
        with transaction(self._engine) as c:
            row = c.execute(select(k).where(k.c.app_id == self._app)).first()
        if row is None or row.token is None or utc(row.expires_at) <= now:
            return None
        return str(self._keys.decrypt(row.token, f"wechat_tokens/{self._app}"))

    def claim(self, bad: str | None, now: datetime) -> bool | None:
        """The right to renew the token: False for a plain renewal, True for a forced one (the bad token is the platform's present one
        and the last forced renewal is long enough ago), None while another worker renews it or has renewed it already."""
        k = t.wechat_tokens
        if bad is not None and self.current(now) not in (bad, None):
            return None
        try:
            with transaction(self._engine) as c:
                if c.execute(select(k.c.app_id).where(k.c.app_id == self._app)).first() is None:
                    c.execute(insert(k).values(app_id=self._app))
        except IntegrityError:
            pass  # another worker wrote the row a moment ago
        free = or_(k.c.claimed_by.is_(None), k.c.claimed_until < now)
        values = {"claimed_by": self._me, "claimed_until": now + RENEWING}
        with transaction(self._engine) as c:
            done = c.execute(update(k).where(k.c.app_id == self._app, free).values(**values))
            if done.rowcount != 1:
                return None
            row = c.execute(select(k).where(k.c.app_id == self._app)).one()
        return bad is not None and (row.forced_at is None or utc(row.forced_at) + FORCED_APART < now)

    def save(self, token: str, seconds: int, forced: bool, now: datetime) -> None:
        """Keeps the new token and gives the claim back."""
        k = t.wechat_tokens
        sealed = self._keys.encrypt(token, f"wechat_tokens/{self._app}")
        early = EARLY if seconds > 900 else timedelta(0)
        values = {"token": sealed, "expires_at": now + timedelta(seconds=seconds) - early, "claimed_by": None}
        with transaction(self._engine) as c:
            c.execute(
                update(k).where(k.c.app_id == self._app).values(**values, **({"forced_at": now} if forced else {}))
            )

    def give_up(self) -> None:
        """The renewal failed: another may try."""
        k = t.wechat_tokens
        with transaction(self._engine) as c:
            c.execute(update(k).where(k.c.app_id == self._app, k.c.claimed_by == self._me).values(claimed_by=None))
