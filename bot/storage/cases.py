"""Cases: filing in one transaction, progress by number and code, transitions with events. Nothing is ever deleted."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.petition import lifecycle
from bot.petition.case import CaseView, EventView, Filing, Receipt
from bot.petition.catalogue import catalogue
from bot.petition.errors import ConflictError, NotFound, PetitionError, TooManyAttempts
from bot.petition.numbers import make_case_no, normalise_case_no, valid_case_no
from bot.petition.origin import ADDRESS
from bot.storage import audit, guessing
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import transaction

#: Characters of each field that the search index takes.
INDEXED = 120
#: Share of common pieces from which two cases may be the same matter.
SIMILAR_FROM = 0.35
_WORDS = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+")
#: The event that somebody of the staff has looked at personal data: an ended case can be looked at too.
LOOK = "查看个人信息"
RATINGS = ("满意", "基本满意", "不满意")


class CaseStore:
    """The cases of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    # -- filing ---------------------------------------------------------------------------------------------------------

    def file(self, filing: Filing, now: datetime, today: date) -> Receipt:
        """Case, first event and outbox row in one transaction; the same draft again gets the same receipt."""
        try:
            with transaction(self._engine) as c:
                row = c.execute(select(t.cases).where(t.cases.c.draft_id == filing.draft_id)).first()
                if row is None:
                    row = self._insert(c, filing, now, today)
                return self._receipt(row, filing.draft_id)
        except IntegrityError:
            with transaction(self._engine) as c:  # somebody filed the same draft at the same moment
                row = c.execute(select(t.cases).where(t.cases.c.draft_id == filing.draft_id)).first()
                if row is None:
                    raise
                return self._receipt(row, filing.draft_id)

    def _insert(self, c: Connection, filing: Filing, now: datetime, today: date) -> Row[Any]:
        number = make_case_no(today, self._next(c, today))
        standing = lifecycle.standing_of(filing.category, today, [("registered", today)])
        purpose = self._purpose(filing.category)
        phone = str(filing.fields.get("phone") or "")
        c.execute(
            insert(t.cases).values(
                case_no=number, draft_id=filing.draft_id, code_hash=self._keys.code_hash(number, self._keys.code_of(filing.draft_id)),
                source=filing.source, conversation_mac=self._keys.mac(filing.conversation, "conversation"),
                phone_mac=self._keys.mac(phone, "phone") if phone else None, channel=filing.channel, category=filing.category,
                agency=filing.agency, status="registered", urgent=filing.urgent, filed_on=today, due=lifecycle.next_step(standing).due,
                version=1, consent_at=filing.consent_at, content=self._keys.encrypt(dict(filing.fields), f"cases/{number}/content", purpose),
                advice=self._keys.encrypt(dict(filing.advice), f"cases/{number}/advice", purpose),
            )
        )  # fmt: skip
        self._event(c, number, 1, "transition", None, "registered", _at(now, today), "system", {}, filing.category)
        if filing.category != "检举控告":
            self._index(c, number, filing.fields)
        payload = {"case_no": number, "channel": filing.channel, "agency": filing.agency}
        c.execute(
            insert(t.outbox).values(
                case_no=number,
                topic="filed",
                payload=self._keys.encrypt(payload, f"outbox/{number}"),
                created_at=now,
                attempts=0,
                next_at=now,
                dead=False,
            )
        )
        return c.execute(select(t.cases).where(t.cases.c.case_no == number)).one()

    def _index(self, c: Connection, number: str, fields: Mapping[str, Any]) -> None:
        """Keyed hashes of the pieces of what a case is about, so that the desk can search sealed text."""
        text = " ".join(str(fields.get(k) or "")[:INDEXED] for k in ("place", "respondent", "demand", "narrative"))
        rows = [{"term": term, "case_no": number} for term in sorted(self._terms(text))]
        if rows:
            c.execute(insert(t.case_terms), rows)

    def _terms(self, text: str) -> set[int]:
        """Two-character pieces of the words in `text` as 63-bit keyed hashes."""
        words = _WORDS.findall(text.lower())
        pieces = {w[i : i + 2] for w in words for i in range(max(1, len(w) - 1))}
        return {int(self._keys.mac(p, "term")[:16], 16) >> 1 for p in pieces}

    def _next(self, c: Connection, day: date) -> int:
        """The day's next number, under the row's lock."""
        s = t.day_sequences
        row = c.execute(select(s.c.last).where(s.c.day == day).with_for_update()).first()
        if row is None:
            from sqlalchemy.dialects import postgresql, sqlite

            dialect: Any = postgresql if c.engine.name == "postgresql" else sqlite
            c.execute(dialect.insert(s).values(day=day, last=0).on_conflict_do_nothing())
            row = c.execute(select(s.c.last).where(s.c.day == day).with_for_update()).one()
        c.execute(update(s).where(s.c.day == day).values(last=row.last + 1))
        return int(row.last) + 1

    def _receipt(self, row: Row[Any], draft_id: str) -> Receipt:
        step = lifecycle.next_step(lifecycle.standing_of(row.category, row.filed_on, [("registered", row.filed_on)]))
        what = {"what": catalogue().say(f"next_{step.key}"), "due": step.due.isoformat() if step.due else ""}
        return Receipt(row.case_no, self._keys.code_of(draft_id), row.filed_on.isoformat(), what)

    def _purpose(self, category: str) -> str:
        return "accusation" if category == "检举控告" else "field"

    def _event(
        self, c: Connection, number: str, seq: int, event: str, source: str | None, target: str | None, at: datetime, by: str,
        detail: Mapping[str, Any], category: str,
    ) -> None:  # fmt: skip
        sealed = self._keys.encrypt(dict(detail), f"events/{number}/{seq}", self._purpose(category))
        c.execute(
            insert(t.events).values(
                case_no=number, seq=seq, event=event, source=source, target=target, at=at, by=by, detail=sealed
            )
        )
        audit.record_event(c, self._keys, number, seq)

    # -- reading --------------------------------------------------------------------------------------------------------

    def progress(self, case_no: str, code: str, now: datetime, origin: str, phone: str = "") -> CaseView | None:
        """The case behind a number and its code, or None: the same for a wrong number and a wrong code, and as much work.

        `origin`: the conversation, "" where there is none; the address comes from the request. `phone`: the number given with the case, the owner's
        way past a rest that strangers have caused. Raises TooManyAttempts when somebody guesses (see `guessing`).
        """
        number = normalise_case_no(case_no)
        with transaction(self._engine) as c:
            row = (
                c.execute(select(t.cases).where(t.cases.c.case_no == number)).first() if valid_case_no(number) else None
            )
            who = self._counts(number, origin, row, phone, f"{now:%Y%m%d}:")
            wait = guessing.enter(c, who, now)  # counted before it is looked at: many at once are many
        if wait > timedelta(0):
            raise TooManyAttempts(wait.total_seconds())
        given = self._keys.code_hash(number, code)
        if not hmac.compare_digest(given, row.code_hash if row else "0" * 64) or row is None:
            return None
        with transaction(self._engine) as c:
            guessing.right(c, who)
            return self._view(c, row)

    def _counts(self, number: str, origin: str, row: Row[Any] | None, phone: str, day: str) -> list[str]:
        """The counts that a look at this number falls under, in one order for everybody, so that no two wait for each other."""
        hashed = day + self._keys.mac(number, "number")[:40]
        own = (
            bool(origin)
            and row is not None
            and hmac.compare_digest(self._keys.mac(origin, "conversation"), row.conversation_mac)
        )
        who = ["o:" + day + self._keys.mac(origin, "origin")[:40]] if origin else []
        if own:
            return who
        if phone and row and row.phone_mac and hmac.compare_digest(self._keys.mac(phone, "phone"), row.phone_mac):
            return [*who, "p:" + hashed]
        address = ADDRESS.get()
        return sorted([*who, *(["a:" + day + address] if address else []), "n:" + hashed, "g:" + day])

    def get(self, case_no: str) -> CaseView:
        """A case without its content. Raises NotFound."""
        with transaction(self._engine) as c:
            return self._view(c, self._row(c, case_no))

    def content(self, case_no: str, role: str) -> dict[str, Any]:
        """What was filed. An accusation is opened for the discipline role only. Raises PetitionError."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no)
        if (row.category == "检举控告") != (role == "discipline"):
            raise PetitionError("您这个岗位不能查看这件事的内容。")
        value: dict[str, Any] = self._keys.decrypt(
            row.content, f"cases/{row.case_no}/content", self._purpose(row.category)
        )
        return value

    def find(
        self,
        status: str = "",
        limit: int = 50,
        after: str = "",
        channel: str = "",
        agency: str = "",
        category: str = "",
        not_category: str = "",
        due_by: date | None = None,
        text: str = "",
    ) -> list[CaseView]:
        """Cases by number, newest first, from behind `after`, without their events. `due_by`: due on that day or before.

        `text`: a case number, or words that stand in place, unit, demand or the beginning of the story.
        """
        cases = t.cases
        query = select(cases).order_by(cases.c.case_no.desc()).limit(limit)
        for column, value in (("status", status), ("channel", channel), ("agency", agency), ("category", category)):
            query = query.where(cases.c[column] == value) if value else query
        query = query.where(cases.c.category != not_category) if not_category else query
        query = query.where(cases.c.due <= due_by) if due_by else query
        query = query.where(cases.c.case_no < after) if after else query
        number = normalise_case_no(text) if text else ""
        if number and valid_case_no(number):
            query = query.where(cases.c.case_no == number)
        elif text.strip():
            terms = self._terms(text)
            holding = (
                select(t.case_terms.c.case_no)
                .where(t.case_terms.c.term.in_(terms))
                .group_by(t.case_terms.c.case_no)
                .having(func.count() == len(terms))
            )
            query = query.where(cases.c.case_no.in_(holding))
        with transaction(self._engine) as c:
            return [_plain_view(row) for row in c.execute(query).all()]

    def is_demo(self, case_no: str) -> bool:
        """Whether a case was invented by `simulate`."""
        with transaction(self._engine) as c:
            return str(self._row(c, case_no).draft_id).startswith("demo-")

    def similar(self, case_no: str, limit: int = 3) -> list[tuple[CaseView, float]]:
        """Earlier or later cases that share most of this one's words, with the share (0 to 1). No accusations."""
        own = select(t.case_terms.c.term).where(t.case_terms.c.case_no == case_no)
        shared = func.count().label("shared")
        query = (
            select(t.case_terms.c.case_no, shared)
            .where(t.case_terms.c.term.in_(own), t.case_terms.c.case_no != case_no)
            .group_by(t.case_terms.c.case_no)
            .order_by(shared.desc())
            .limit(limit)
        )
        with transaction(self._engine) as c:
            count = c.execute(select(func.count()).select_from(own.subquery())).scalar_one()
            near = [(r.case_no, r.shared / count) for r in c.execute(query).all()] if count else []
            rows = {
                r.case_no: r
                for r in c.execute(select(t.cases).where(t.cases.c.case_no.in_([n for n, _ in near]))).all()
            }
        return [(_plain_view(rows[n]), s) for n, s in near if s >= SIMILAR_FROM]

    def filed_between(self, first: date, last: date) -> list[CaseView]:
        """Cases registered from `first` to `last`, with their events, for reports."""
        query = select(t.cases).where(t.cases.c.filed_on.between(first, last)).order_by(t.cases.c.case_no)
        with transaction(self._engine) as c:
            return [self._view(c, row) for row in c.execute(query).all()]

    def advice(self, case_no: str, role: str) -> dict[str, Any]:
        """The advice that the person was given. Raises PetitionError as `content`."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no)
        if (row.category == "检举控告") != (role == "discipline"):
            raise PetitionError("您这个岗位不能查看这件事的内容。")
        value: dict[str, Any] = self._keys.decrypt(
            row.advice, f"cases/{row.case_no}/advice", self._purpose(row.category)
        )
        return value

    def _row(self, c: Connection, case_no: str) -> Row[Any]:
        row = c.execute(
            select(t.cases).where(t.cases.c.case_no == normalise_case_no(case_no)).with_for_update()
        ).first()
        if row is None:
            raise NotFound("没有这个编号。")
        return row

    def _view(self, c: Connection, row: Row[Any]) -> CaseView:
        found = c.execute(select(t.events).where(t.events.c.case_no == row.case_no).order_by(t.events.c.seq)).all()
        seen = tuple(
            EventView(e.event, e.source, e.target, _utc(e.at), e.by, str(self._detail(e, row.category).get("note", "")))
            for e in found
        )
        return CaseView(
            row.case_no, row.status, row.channel, row.category, row.agency, row.filed_on, row.due, row.version, seen
        )

    def _detail(self, e: Row[Any], category: str) -> dict[str, Any]:
        value: dict[str, Any] = self._keys.decrypt(e.detail, f"events/{e.case_no}/{e.seq}", self._purpose(category))
        return value

    # -- working --------------------------------------------------------------------------------------------------------

    def transition(
        self,
        case_no: str,
        to: str,
        by: str,
        role: str,
        data: Mapping[str, Any],
        now: datetime,
        today: date,
        version: int | None = None,
    ) -> CaseView:
        """Moves a case, with an event, if the state machine allows it. Raises TransitionError, ConflictError, NotFound."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no)
            if version is not None and version != row.version:
                raise ConflictError("这件事刚刚被别人动过，请看过最新情况再办。")
            before = self._view(c, row)
            moves = [(e.target, _legal_day(e)) for e in before.events if e.target]
            lifecycle.check(lifecycle.standing_of(row.category, row.filed_on, moves), to, role, data, today)
            standing = lifecycle.standing_of(row.category, row.filed_on, [*moves, (to, today)])
            values = {"status": to, "version": row.version + 1, "due": lifecycle.next_step(standing).due}
            if data.get("agency"):
                values["agency"] = data["agency"]
            changed = c.execute(
                update(t.cases)
                .where(t.cases.c.case_no == row.case_no, t.cases.c.version == row.version)
                .values(**values)
            )
            if changed.rowcount != 1:
                raise ConflictError("这件事刚刚被别人动过，请看过最新情况再办。")
            self._event(
                c,
                row.case_no,
                len(before.events) + 1,
                "transition",
                row.status,
                to,
                _at(now, today),
                by,
                data,
                row.category,
            )
            c.execute(
                insert(t.outbox).values(
                    case_no=row.case_no,
                    topic="notice",
                    payload=self._keys.encrypt({"status": to}, f"outbox/{row.case_no}"),
                    created_at=now,
                    attempts=0,
                    next_at=now,
                    dead=False,
                )
            )
            return self._view(c, self._row(c, row.case_no))

    def note(self, case_no: str, event: str, by: str, detail: Mapping[str, Any], now: datetime, today: date) -> None:
        """An event that is no change of status: 补充材料, 催办, 评价, 督办 …"""
        with transaction(self._engine) as c:
            row = self._row(c, case_no)
            ended = row.status in ("withdrawn", "merged") or (row.status == "closed" and event != "评价")
            if ended and event != LOOK:
                raise PetitionError(
                    f"这件事{lifecycle.STATUS_NAMES[row.status]}，不能再{event}。有新情况可以重新登记。"
                )
            count = c.execute(
                select(func.count()).select_from(t.events).where(t.events.c.case_no == row.case_no)
            ).scalar_one()
            self._event(c, row.case_no, count + 1, event, None, None, _at(now, today), by, detail, row.category)

    def urge(self, case_no: str, note: str, now: datetime, today: date) -> None:
        """催办 by the petitioner."""
        self.note(case_no, "催办", "petitioner", {"note": note}, now, today)

    def supplement(self, case_no: str, text: str, now: datetime, today: date) -> None:
        """补充材料 by the petitioner."""
        self.note(case_no, "补充材料", "petitioner", {"note": text}, now, today)

    def withdraw(self, case_no: str, reason: str, now: datetime, today: date) -> None:
        """撤回 by the petitioner, before the reply."""
        self.transition(case_no, "withdrawn", "petitioner", "petitioner", {"note": reason}, now, today)

    def rate(self, case_no: str, rating: str, words: str, now: datetime, today: date) -> None:
        """评价, once changeable."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no)
            done = c.execute(
                select(func.count())
                .select_from(t.events)
                .where(t.events.c.case_no == row.case_no, t.events.c.event == "评价")
            ).scalar_one()
        if done >= 2:
            raise PetitionError("评价已经改过一次，不能再改了。")
        self.note(case_no, "评价", "petitioner", {"rating": rating, "note": words, "stage": row.status}, now, today)


def _plain_view(row: Row[Any]) -> CaseView:
    """A case as a list shows it."""
    return CaseView(
        row.case_no, row.status, row.channel, row.category, row.agency, row.filed_on, row.due, row.version, ()
    )


def _utc(value: datetime) -> datetime:
    """SQLite gives back naive times; all of ours are UTC."""
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _at(now: datetime, today: date) -> datetime:
    """The time of an event on the legal day."""
    return datetime.combine(today, now.timetz())


def _legal_day(e: EventView) -> date:
    return e.at.date()
