"""Staff accounts: passwords (argon2id, RFC 9106), tokens for programs, sessions with expiry, lock-out, and the log of looks."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.petition.errors import PetitionError, TooManyAttempts
from bot.petition.keys import AGENCIES
from bot.petition.roles import ROLES, Staff
from bot.storage import audit, guessing
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import transaction
from bot.storage.rows import utc

#: A session ends after so long without a click, and in any case after so long.
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
#: How long a browser in which an account was signed in counts as its owner's.
KNOWN = timedelta(days=90)
MIN_PASSWORD = 10
#: Checked when no such account exists, so that a wrong name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$rc3xRqdCJjYXvXNJKXiMTtKbHEvbjg0WGXrsi7H7ZFI"


@dataclass(frozen=True)
class Session:
    """A signed-in browser: whose, the token that its forms must carry, whether the first password is still in use."""

    staff: Staff
    csrf: str
    must_change: bool


class StaffStore:
    """The accounts of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys, self._hasher = engine, keys, PasswordHasher()

    def add(self, name: str, role: str, agency: str, now: datetime, token: bool = False) -> str:
        """A new account; returns its first password, or with `token` its API token. Raises PetitionError."""
        if role not in ROLES:
            raise PetitionError(f"没有岗位 {role}，可选：{'、'.join(ROLES)}。")
        if agency and agency not in AGENCIES:
            raise PetitionError(f"没有机关 {agency}。")
        if role == "handler" and not agency:
            raise PetitionError("承办人要写明是哪个机关（--agency）。")
        if not 1 <= len(name) <= 64 or name != name.strip():
            raise PetitionError("用户名应为 1 到 64 个字，前后不留空格。")
        secret = secrets.token_urlsafe(32 if token else 12)
        row = {
            "name": name, "role": role, "agency": agency, "must_change": not token, "disabled": False, "created_at": now,
            "password": None if token else self._hasher.hash(secret), "token_mac": self._keys.mac(secret, "token") if token else None,
        }  # fmt: skip
        try:
            with transaction(self._engine) as c:
                c.execute(insert(t.staff).values(**row))
                audit.record(c, self._keys, "staff", name)
        except IntegrityError:
            raise PetitionError(f"已经有用户 {name}。") from None
        return secret

    def of_token(self, token: str) -> Staff | None:
        """The account of an API token."""
        with transaction(self._engine) as c:
            row = c.execute(select(t.staff).where(t.staff.c.token_mac == self._keys.mac(token, "token"))).first()
        return Staff(row.name, row.role, row.agency) if row and not row.disabled else None

    def sign_in(
        self, name: str, password: str, now: datetime, address: str = "", device: str = ""
    ) -> tuple[str, Session]:
        """Session id and session. Raises PetitionError, the same for a wrong name and a wrong password, or TooManyAttempts.

        A try is counted before it is looked at, by account and by `address` ("" where there is none; its keyed hash is kept for a day); a right one is taken
        back. `device`: what `device_of` gave a browser that this account was signed in with. Its tries have a count of their own, so that
        strangers who make the account rest do not shut out its owner (OWASP, device cookies).
        """
        day = f"{now:%Y%m%d}:"
        if self._knows(device, name, now):
            who = ["d:" + day + self._keys.mac(device, "device")[:40]]
        else:
            who = ["u:" + day + self._keys.mac(name, "staff")[:40]]
            who += ["s:" + day + self._keys.mac(f"{day}{address}", "address")[:40]] if address else []
        with transaction(self._engine) as c:
            wait = guessing.enter(c, who, now)
            row = c.execute(select(t.staff).where(t.staff.c.name == name)).first()
        if wait > timedelta(0):
            raise TooManyAttempts(wait.total_seconds())
        right = self._right(row.password if row and row.password else _NOBODY, password) and bool(row and row.password)
        if not right or row.disabled:
            raise PetitionError("用户名或者密码不对。")
        session_id, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        with transaction(self._engine) as c:
            guessing.right(c, who)
            c.execute(t.staff_sessions.delete().where(t.staff_sessions.c.created_at < now - LONGEST))
            c.execute(
                insert(t.staff_sessions).values(
                    id_mac=self._keys.mac(session_id, "desk"), name=name, csrf=csrf, created_at=now, seen_at=now
                )
            )
        return session_id, Session(Staff(row.name, row.role, row.agency), csrf, row.must_change)

    def device_of(self, name: str, now: datetime) -> str:
        """What a browser keeps to be known as one in which this account was signed in."""
        body = f"{int((now + KNOWN).timestamp())}.{secrets.token_hex(8)}"
        return f"{body}.{self._keys.sign(f'device|{name}|{body}')}"

    def _knows(self, device: str, name: str, now: datetime) -> bool:
        body, _, signature = device.rpartition(".")
        until = body.partition(".")[0]
        good = hmac.compare_digest(self._keys.sign(f"device|{name}|{body}").encode(), signature.encode())
        return good and until.isdigit() and int(until) > now.timestamp()

    def _right(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def session(self, session_id: str, now: datetime) -> Session | None:
        """The session of this id while it lives; a look keeps it alive."""
        key = self._keys.mac(session_id, "desk")
        with transaction(self._engine) as c:
            row = c.execute(
                select(t.staff_sessions, t.staff.c.role, t.staff.c.agency, t.staff.c.must_change, t.staff.c.disabled)
                .join(t.staff, t.staff.c.name == t.staff_sessions.c.name)
                .where(t.staff_sessions.c.id_mac == key)
            ).first()
            if row is None or row.disabled or now - utc(row.seen_at) > IDLE or now - utc(row.created_at) > LONGEST:
                return None
            if now - utc(row.seen_at) > IDLE / 10:
                c.execute(update(t.staff_sessions).where(t.staff_sessions.c.id_mac == key).values(seen_at=now))
        return Session(Staff(row.name, row.role, row.agency), row.csrf, row.must_change)

    def sign_out(self, session_id: str) -> None:
        """Ends a session."""
        with transaction(self._engine) as c:
            c.execute(t.staff_sessions.delete().where(t.staff_sessions.c.id_mac == self._keys.mac(session_id, "desk")))

    def change_password(self, name: str, old: str, new: str) -> None:
        """A password of one's own. Ends all sessions of the account. Raises PetitionError."""
        if len(new) < MIN_PASSWORD:
            raise PetitionError(f"新密码至少 {MIN_PASSWORD} 个字符。")
        with transaction(self._engine) as c:
            row = c.execute(select(t.staff).where(t.staff.c.name == name)).first()
        if row is None or not row.password or not self._right(row.password, old):
            raise PetitionError("原来的密码不对。")
        with transaction(self._engine) as c:
            c.execute(
                update(t.staff).where(t.staff.c.name == name).values(password=self._hasher.hash(new), must_change=False)
            )
            audit.record(c, self._keys, "staff", name)
            c.execute(t.staff_sessions.delete().where(t.staff_sessions.c.name == name))

    def disable(self, name: str, disabled: bool) -> None:
        """Closes or reopens an account. Raises PetitionError."""
        with transaction(self._engine) as c:
            done = c.execute(update(t.staff).where(t.staff.c.name == name).values(disabled=disabled))
            if done.rowcount == 1:
                audit.record(c, self._keys, "staff", name)
        if done.rowcount != 1:
            raise PetitionError(f"没有用户 {name}。")

    def all(self) -> list[dict[str, Any]]:
        """Every account without its secrets."""
        with transaction(self._engine) as c:
            rows = c.execute(select(t.staff).order_by(t.staff.c.name)).all()
        return [
            {"name": r.name, "role": r.role, "agency": r.agency, "disabled": r.disabled, "program": bool(r.token_mac)}
            for r in rows
        ]

    # -- the log of looks -----------------------------------------------------------------------------------------------

    def log(self, by: str, what: str, case_no: str | None, reason: str, now: datetime) -> None:
        """Writes down who looked at what and why. The reason is sealed for the auditor."""
        with transaction(self._engine) as c:
            sealed = self._keys.encrypt({"reason": reason}, "access_log", "audit")
            values = {"at": now, "by": by, "what": what, "case_no": case_no, "detail": sealed}
            (key,) = c.execute(insert(t.access_log).values(**values)).inserted_primary_key
            audit.record(c, self._keys, "look", key)

    def looks(self, limit: int = 200, before: int | None = None) -> list[dict[str, Any]]:
        """The newest entries of the log, from before entry `before`."""
        query = select(t.access_log).order_by(t.access_log.c.id.desc()).limit(limit)
        query = query.where(t.access_log.c.id < before) if before else query
        with transaction(self._engine) as c:
            rows = c.execute(query).all()
        return [
            {
                "id": r.id, "at": utc(r.at).isoformat(), "by": r.by, "what": r.what, "case_no": r.case_no,
                "reason": self._keys.decrypt(r.detail, "access_log", "audit")["reason"],
            }
            for r in rows
        ]  # fmt: skip
