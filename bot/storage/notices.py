"""What is said unasked: notices to petitioners, reminders to agencies, the petition office and the supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.petition.case import CaseView
from bot.petition.catalogue import catalogue
from bot.petition.errors import ConflictError
from bot.petition.lifecycle import AGENCY, FINAL, OFFICE, PETITIONER
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.cases import CaseStore
from bot.storage.crypto import Keyring
from bot.storage.open import reading, transaction
from bot.storage.outbox import tell
from bot.storage.rows import LISTED, full_views, plain_view, utc

#: Days before a date on which it is reminded of: those who owe, and the petitioner whose right would lapse.
BEFORE, BEFORE_LAPSE = 3, 5
#: A case that stays late is reminded of again after so many days.
AGAIN = 7


@dataclass(frozen=True)
class Reminder:
    """One reminder that still stands: the case's date has not moved since. `late`: days over, negative before."""

    case: CaseView
    kind: str
    to_whom: str
    at: datetime
    late: int


class NoticeStore:
    """Notices and reminders of an installation."""

    def __init__(self, engine: Engine, keys: Keyring, cases: CaseStore) -> None:
        self._engine, self._keys, self._cases = engine, keys, cases

    # -- petitioners ----------------------------------------------------------------------------------------------------

    def of_conversation(self, conversation: str, now: datetime, unseen: bool = False) -> list[dict[str, Any]]:
        """The notices of the cases that a conversation filed, oldest first, as messages; they count as seen. `unseen`: new ones only."""
        n = t.notices
        mine = n.c.conversation_mac == self._keys.mac(conversation, "conversation")
        query = select(n).where(mine, n.c.seen_at.is_(None)) if unseen else select(n).where(mine)
        with reading(self._engine) as c:
            rows = c.execute(query.order_by(n.c.id)).all()
        fresh = [r.id for r in rows if r.seen_at is None]
        if fresh:
            with transaction(self._engine) as c:
                c.execute(update(n).where(n.c.id.in_(fresh)).values(seen_at=now))
        return [self._message(r) for r in rows]

    def pushed(self, notice_id: int) -> tuple[str, str, dict[str, Any]] | None:
        """(source, mac of the conversation, message) of a notice, for a channel that pushes."""
        with reading(self._engine) as c:
            r = c.execute(select(t.notices).where(t.notices.c.id == notice_id)).first()
        return (r.source, r.conversation_mac, self._message(r)) if r else None

    def of_case(self, case_no: str) -> list[tuple[datetime, str]]:
        """What the petitioner was told, for the desk."""
        with reading(self._engine) as c:
            rows = c.execute(select(t.notices).where(t.notices.c.case_no == case_no).order_by(t.notices.c.id)).all()
        return [(utc(r.created_at), str(self._message(r)["text"])) for r in rows]

    def _message(self, r: Row[Any]) -> dict[str, Any]:
        value: dict[str, Any] = self._keys.decrypt(r.message, f"notices/{r.case_no}")
        return value

    # -- the clock ------------------------------------------------------------------------------------------------------

    def remind(self, now: datetime, today: date, limit: int = 500) -> int:
        """Makes the reminders that are due today, each once; how many. Safe to run in several processes at once.

        A date is reminded of three days before, on the first day after, and every seven days from then on.
        """
        cases, done = t.cases, 0
        soon = cases.c.due <= today + timedelta(days=BEFORE), cases.c.owed_by.in_((OFFICE, AGENCY))
        lapse = cases.c.due.between(today, today + timedelta(days=BEFORE_LAPSE)), cases.c.owed_by == PETITIONER
        wanted = or_(and_(*soon), and_(*lapse))
        after = ""
        while True:
            with reading(self._engine) as c:
                query = select(cases).where(wanted, cases.c.status.notin_(FINAL), cases.c.case_no > after)
                rows = c.execute(query.order_by(cases.c.case_no).limit(limit)).all()
                known = self._known(c, [r.case_no for r in rows])
            for row in rows:
                kind = kind_of(row.owed_by, row.due, today)
                if (row.case_no, row.due, kind) not in known:
                    done += self._remind(row, kind, now, today)
            if len(rows) < limit:
                return done
            after = rows[-1].case_no

    def _known(self, c: Connection, numbers: list[str]) -> set[tuple[str, date, str]]:
        r = t.reminders
        found = c.execute(select(r).where(r.c.case_no.in_(numbers))).all() if numbers else []
        return {(x.case_no, x.due, x.kind) for x in found}

    def _remind(self, row: Row[Any], kind: str, now: datetime, today: date) -> int:
        to_whom = row.agency if row.owed_by == AGENCY else row.owed_by
        try:
            with transaction(self._engine) as c:
                row = self._cases.locked(c, row.case_no, row.version)
                values: Mapping[str, Any] = {"case_no": row.case_no, "due": row.due, "kind": kind}
                c.execute(insert(t.reminders).values(**values, to_whom=to_whom, at=now))
                left = (row.due - today).days
                if row.owed_by == PETITIONER:
                    text = catalogue().say("notice_apply", case_no=row.case_no, due=row.due.isoformat(), left=left)
                    text = text if row.category != ACCUSATION else ""
                    tell(c, self._keys, row, full_views(c, self._keys, [row])[0], now, today, text)
                else:
                    words = catalogue().say(
                        "reminder_late" if left < 0 else "reminder_soon", left=abs(left), due=row.due.isoformat()
                    )
                    detail = {"note": words, "kind": kind, "to": to_whom, "by_office": True}
                    self._cases.append(c, row, "提醒", "system", detail, now, today)
                return 1
        except (IntegrityError, ConflictError):
            return 0  # another process was first, or the case moved a moment ago and its date is another one now

    def standing(self, today: date, agency: str = "", office: bool = False, secret: bool | None = None, limit: int = 500) -> list[Reminder]:  # fmt: skip
        """Reminders whose date still stands, the latest cases first. `agency`, `office`: only theirs; `secret`: only or no accusations."""
        r, cases = t.reminders, t.cases
        still = r.c.due == cases.c.due, cases.c.owed_by.in_((OFFICE, AGENCY)), cases.c.status.notin_(FINAL)
        query = select(*LISTED, r.c.kind, r.c.to_whom, r.c.at).join(r, r.c.case_no == cases.c.case_no).where(*still)
        query = query.where(cases.c.agency == agency, cases.c.owed_by == AGENCY) if agency else query
        query = query.where(cases.c.owed_by == OFFICE) if office else query
        if secret is not None:
            query = query.where(cases.c.category == ACCUSATION if secret else cases.c.category != ACCUSATION)
        with reading(self._engine) as c:
            rows = c.execute(query.order_by(cases.c.due, cases.c.case_no, r.c.at.desc()).limit(limit)).all()
        newest: dict[str, Reminder] = {}
        for row in rows:
            late = (today - row.due).days
            newest.setdefault(row.case_no, Reminder(plain_view(row), row.kind, row.to_whom, utc(row.at), late))
        return list(newest.values())


def kind_of(owed_by: str, due: date, today: date) -> str:
    """Which reminder a date gets on a day: lapse, soon, or late with the number of its week."""
    if owed_by == PETITIONER:
        return "lapse"
    late = (today - due).days
    return "soon" if late <= 0 else f"late{(late - 1) // AGAIN}"
