"""Cases: filing in one transaction, progress by number and code, steps with their events. Nothing is ever deleted."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.petition import lifecycle
from bot.petition.case import CaseView, Filing, Receipt
from bot.petition.catalogue import catalogue
from bot.petition.errors import (
    ConflictError,
    NotFound,
    PetitionError,
    StoreUnavailable,
    TooManyAttempts,
    TransitionError,
)
from bot.petition.numbers import make_case_no, normalise_case_no, valid_case_no
from bot.petition.origin import ADDRESS
from bot.petition.roles import ACCUSATION
from bot.storage import audit, files, guessing
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.drafts import to_accusations
from bot.storage.open import reading, transaction
from bot.storage.outbox import queue_step, tell
from bot.storage.rows import MERGED, SPLIT, at, full_views, purpose
from bot.storage.search import CaseSearch, is_public

#: The event that somebody of the staff has looked at personal data: an ended case can be looked at too.
LOOK = "查看个人信息"
#: What the auditor's log calls it that somebody has opened an accusation, personal data masked or not.
OPENED = "打开检举控告"
#: Events that an ended case still takes: looks, ratings, the papers of its end and when they arrived.
AFTER_END = frozenset({LOOK, "评价", "告知书", "送达", "整改"})
#: Events that change what the clocks say.
CLOCK_EVENTS = frozenset({lifecycle.HEARING, lifecycle.DELIVERED, *lifecycle.OPINION_EVENTS})
#: Begins the keyed hash of an accusation's telephone.
_APART = "a:"
_BUSY = "这件事刚刚被别人动过，请看过最新情况再办。"


class CaseStore:
    """The cases of an installation."""

    def __init__(self, engine: Engine, keys: Keyring, folder: Path | None = None) -> None:
        """`folder`: where attachments lie; without it what belongs to an accusation is sealed anew at the next start (`files.adopt`)."""
        self._engine, self._keys, self._folder = engine, keys, folder
        #: Off with the other limits (SUFANG_RATE_LIMITS), for generated load.
        self.holds_floods = True
        self.search = CaseSearch(engine, keys)
        self.find, self.similar = self.search.find, self.search.similar

    # -- filing ---------------------------------------------------------------------------------------------------------

    def file(self, filing: Filing, now: datetime, today: date) -> Receipt:
        """Case, first event and outbox row in one transaction; the same draft again gets the same receipt. Raises StoreUnavailable."""
        try:
            with transaction(self._engine) as c:
                row = c.execute(select(t.cases).where(t.cases.c.draft_id == filing.draft_id)).first()
                if row is None:
                    self._hold_floods(c, filing, now)
                    row = self._insert(c, filing, now, today)
                return self._receipt(row, filing.draft_id)
        except IntegrityError:
            with transaction(self._engine) as c:  # somebody filed the same draft at the same moment
                row = c.execute(select(t.cases).where(t.cases.c.draft_id == filing.draft_id)).first()
                if row is None:
                    raise
                return self._receipt(row, filing.draft_id)

    def _hold_floods(self, c: Connection, filing: Filing, now: datetime) -> None:
        """Counts a filing that came from an address on the net. Raises StoreUnavailable ("send it again in a while") when there are too many.

        Nothing of the draft is lost, and who waits gets his number: registering late is allowed, refusing is not (条例 22).
        """
        address, told = ADDRESS.get(), filing.fields
        if not address or not self.holds_floods:
            return
        words = "".join(f"{told.get('narrative', '')}{told.get('demand', '')}".split())
        teller = told.get("phone") or told.get("name") or address
        day = f"{now:%Y%m%d}:"
        who = ["c:" + day + address, "f:" + day + self._keys.mac(f"{teller}|{words}", "filing")[:40]]
        if guessing.enter(c, who, now) > timedelta(0):
            raise StoreUnavailable()

    def _insert(self, c: Connection, filing: Filing, now: datetime, today: date, code: str = "") -> Row[Any]:
        """`code`: the query code of an earlier case of the same person, when this one came out of it."""
        number = make_case_no(today, self._next(c, today))
        c.execute(insert(t.cases).values(**self.values_of(filing, number, today, code)))
        told = {"notice_version": filing.notice_version} if filing.notice_version else {}
        self._event(c, number, 1, "transition", None, "registered", at(now, today), "system", told, filing.category)
        if filing.category != ACCUSATION:
            self.search.index(c, number, filing.fields)
        files.link_files(c, self._keys, number, filing.category, filing.conversation, self._folder)
        queue_step(c, self._keys, number, "filed", filing.category, filing.agency, {"to": "registered"}, now)
        return c.execute(select(t.cases).where(t.cases.c.case_no == number)).one()

    def values_of(self, filing: Filing, number: str, today: date, code: str = "") -> dict[str, Any]:
        """The row of a case that is filed on `today` under `number`."""
        step = lifecycle.next_step(lifecycle.standing_of(filing.category, today, [("registered", today)]))
        sealed = purpose(filing.category)
        phone = str(filing.fields.get("phone") or "")
        return {
            "case_no": number, "draft_id": filing.draft_id, "source": filing.source, "channel": filing.channel,
            "category": filing.category, "code_hash": self._keys.code_hash(number, code or self._keys.code_of(filing.draft_id)),
            "conversation_mac": self._keys.mac(filing.conversation, "conversation"),
            "phone_mac": self.phone_mac(phone, filing.category), "agency": filing.agency, "status": "registered",
            "urgent": filing.urgent, "filed_on": today, "due": step.due, "owed_by": step.by, "version": 1,
            "public": filing.category != ACCUSATION and is_public(filing.fields), "consent_at": filing.consent_at,
            "content": self._keys.encrypt(dict(filing.fields), f"cases/{number}/content", sealed),
            "advice": self._keys.encrypt(dict(filing.advice), f"cases/{number}/advice", sealed),
        }  # fmt: skip

    def phone_mac(self, phone: str, category: str) -> str | None:
        """What the telephone of a case is known by. That of an accusation is hashed apart: whoever reads the tables must not find out by the
        same hash which other matters its teller has brought, and open one of those for his name (条例 30)."""
        if not phone:
            return None
        return (
            _APART + self._keys.mac(phone, "phone-accusation")[:62]
            if category == ACCUSATION
            else self._keys.mac(phone, "phone")
        )

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

    def _event(
        self, c: Connection, number: str, seq: int, event: str, source: str | None, target: str | None, when: datetime, by: str,
        detail: Mapping[str, Any], category: str,
    ) -> None:  # fmt: skip
        sealed = self._keys.encrypt(dict(detail), f"events/{number}/{seq}", purpose(category))
        c.execute(
            insert(t.events).values(
                case_no=number, seq=seq, event=event, source=source, target=target, at=when, by=by, detail=sealed
            )
        )
        audit.record_event(c, self._keys, number, seq)

    def append(
        self, c: Connection, row: Row[Any], event: str, by: str, detail: Mapping[str, Any], now: datetime, today: date
    ) -> int:
        """Writes an event that is no change of status, in the caller's transaction; its place in the history."""
        count = select(func.count()).select_from(t.events).where(t.events.c.case_no == row.case_no)
        seq = int(c.execute(count).scalar_one()) + 1
        self._event(c, row.case_no, seq, event, None, None, at(now, today), by, detail, row.category)
        return seq

    # -- reading --------------------------------------------------------------------------------------------------------

    def progress(self, case_no: str, code: str, now: datetime, origin: str, phone: str = "") -> CaseView | None:
        """The case behind a number and its code, or None: the same for a wrong number and a wrong code, and as much work.

        A case that was merged shows its own steps and then those of the case it went into.
        `origin`: the conversation, "" where there is none; the address comes from the request. `phone`: the number given with the case, the owner's
        way past a rest that strangers have caused. Raises TooManyAttempts when somebody guesses (see `guessing`).
        """
        row = self.proven(case_no, code, now, origin, phone)
        if row is None:
            return None
        with transaction(self._engine) as c:
            return self._followed(c, self._view(c, row))

    def proven(
        self, case_no: str, code: str, now: datetime, origin: str, phone: str, second: bool = False
    ) -> Row[Any] | None:
        """The row behind a number and its code, as `progress` finds it. `second`: asks besides for the conversation or the telephone of the filing.

        What was counted beforehand is taken back only when all that was asked for is right. Raises TooManyAttempts, and NotFound without the second.
        """
        number, day = normalise_case_no(case_no), f"{now:%Y%m%d}:"
        with transaction(self._engine) as c:
            row = (
                c.execute(select(t.cases).where(t.cases.c.case_no == number)).first() if valid_case_no(number) else None
            )
            who, ways = self._counts(number, origin, row, day), []
            wait = guessing.enter(c, who, now)  # counted before it is looked at: many at once are many
            if phone:  # counted alike whether it is the right one or not
                ways = ["p:" + day + self._keys.mac(f"{number}/{phone}", "number")[:40]]
                own_wait = guessing.enter(c, ways, now)
                if own_wait > timedelta(0):
                    raise TooManyAttempts(own_wait.total_seconds())
        if wait > timedelta(0) and not phone:
            raise TooManyAttempts(wait.total_seconds())
        right = self._keys.is_code(number, code, row.code_hash if row else "")
        tried = timedelta(0)
        if (
            phone
        ):  # whoever holds the code must not try out telephones; without the code the same work is done for nothing
            ways.append("t:" + day + self._keys.mac(f"{number}/{'telephone' if right else 'nothing'}", "number")[:40])
            with transaction(self._engine) as c:
                tried = guessing.enter(c, ways[1:], now)
        if row is None or not right:
            if wait > timedelta(0):
                raise TooManyAttempts(wait.total_seconds())
            return None
        given = self.phone_mac(phone, row.category)
        reached = bool(given and row.phone_mac) and hmac.compare_digest(str(given), row.phone_mac)
        if (second or wait > timedelta(0)) and not (self._filed_in(row, origin) and wait <= timedelta(0)):
            if wait > timedelta(0) and (tried > timedelta(0) or not reached):
                # What a wrong code gets: while a number rests nobody must learn that the code is right.
                raise TooManyAttempts(wait.total_seconds())
            if tried > timedelta(0):
                raise TooManyAttempts(tried.total_seconds())
            if not reached:
                raise NotFound("还要核对一项：登记时留的手机号，或者在登记的那次对话里办理。")
        with transaction(self._engine) as c:
            guessing.right(c, [*who, *(ways if reached else ())])
        return row

    def _filed_in(self, row: Row[Any], origin: str) -> bool:
        """Whether the case was filed in this conversation."""
        return bool(origin) and hmac.compare_digest(self._keys.mac(origin, "conversation"), row.conversation_mac)

    def _followed(self, c: Connection, view: CaseView) -> CaseView:
        """A merged case as its petitioner sees it: where the matter stands now is where the case stands that it went into."""
        if not view.merged_into:
            return view
        main = self._view(c, self._row(c, view.merged_into))
        own = [
            e if e.target != "merged" else replace(e, event="并入", target=None, data={"by_office": True})
            for e in view.events
        ]
        moves = [e for e in main.events[1:] if e.target or e.event in CLOCK_EVENTS]
        return replace(main, case_no=view.case_no, events=tuple(sorted([*own, *moves], key=lambda e: e.at)))

    def _counts(self, number: str, origin: str, row: Row[Any] | None, day: str) -> list[str]:
        """The counts that a look at this number falls under, in one order for everybody, so that no two wait for each other."""
        hashed = day + self._keys.mac(number, "number")[:40]
        who = ["o:" + day + self._keys.mac(origin, "origin")[:40]] if origin else []
        if row is not None and self._filed_in(row, origin):
            return who
        address = ADDRESS.get()
        return sorted([*who, *(["a:" + day + address] if address else []), "n:" + hashed, "g:" + day])

    def get(self, case_no: str) -> CaseView:
        """A case without its content. Raises NotFound."""
        with reading(self._engine) as c:
            return self._view(c, self._row(c, case_no))

    def whose(self, case_no: str) -> tuple[str, str, tuple[str, ...]]:
        """(category, agency, joint agencies) of a case, ("", "", ()) when there is none; nothing of it is opened. Raises StoreUnavailable."""
        cases, parties = t.cases.c, t.case_parties.c
        number = normalise_case_no(case_no)
        with reading(self._engine) as c:
            row = c.execute(select(cases.category, cases.agency).where(cases.case_no == number)).first()
            joint = c.execute(select(parties.agency).where(parties.case_no == number)).scalars().all()
        return (row.category, row.agency, tuple(joint)) if row else ("", "", ())

    def content(self, case_no: str, role: str) -> dict[str, Any]:
        """What was filed. An accusation is opened for the discipline role only. Raises PetitionError."""
        return self.told(case_no, role)[0]

    def advice(self, case_no: str, role: str) -> dict[str, Any]:
        """The advice that the person was given. Raises PetitionError as `content`."""
        return self.told(case_no, role)[1]

    def told(self, case_no: str, role: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Content and advice of a case. Raises PetitionError as `content`."""
        with reading(self._engine) as c:
            row = self._row(c, case_no)
        if (row.category == ACCUSATION) != (role == "discipline"):
            raise PetitionError("您这个岗位不能查看这件事的内容。")
        place, key = f"cases/{row.case_no}", purpose(row.category)
        return self._keys.decrypt(row.content, f"{place}/content", key), self._keys.decrypt(
            row.advice, f"{place}/advice", key
        )

    def is_demo(self, case_no: str) -> bool:
        """Whether a case was invented by `simulate`."""
        with reading(self._engine) as c:
            return str(self._row(c, case_no).draft_id).startswith("demo-")

    def linked(self, case_no: str) -> list[tuple[str, str]]:
        """Cases that belong to this one: (kind, number), kind being merged_from, merged_into, split_to."""
        links = t.case_links
        with reading(self._engine) as c:
            out = c.execute(select(links).where(links.c.case_no == case_no)).all()
            into = c.execute(select(links).where(links.c.other == case_no, links.c.kind == MERGED)).all()
        return [(r.kind, r.other) for r in out] + [("merged_from", r.case_no) for r in into]

    def _row(self, c: Connection, case_no: str, lock: bool = False) -> Row[Any]:
        query = select(t.cases).where(t.cases.c.case_no == normalise_case_no(case_no))
        row = c.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise NotFound("没有这个编号，或者不归您办。")
        return row

    def _view(self, c: Connection, row: Row[Any]) -> CaseView:
        return full_views(c, self._keys, [row])[0]

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
            row = self.locked(c, case_no, version)
            return self._move(c, row, to, by, role, data, now, today)

    def locked(self, c: Connection, case_no: str, version: int | None = None) -> Row[Any]:
        """The row of a case for changing it. Raises ConflictError when somebody was faster than `version`."""
        row = self._row(c, case_no, lock=True)
        if version is not None and version != row.version:
            raise ConflictError(_BUSY)
        return row

    def _move(
        self, c: Connection, row: Row[Any], to: str, by: str, role: str, data: Mapping[str, Any], now: datetime, today: date
    ) -> CaseView:  # fmt: skip
        before = self._view(c, row)
        standing = lifecycle.standing_of_events(row.category, row.filed_on, before.events)
        data = lifecycle.approved(before, to, by, role, data)
        lifecycle.check(standing, to, role, data, today)
        data = lifecycle.completed(before, to, data)
        seq = len(before.events) + 1
        when = at(now, today)
        self._event(c, row.case_no, seq, "transition", row.status, to, when, by, data, row.category)
        moved = {"status": to} | ({"agency": data["agency"]} if data.get("agency") else {})
        view = self.changed(c, row, moved)
        said = {"from": row.status, "to": to, "agency": view.agency, "on": today.isoformat()}
        queue_step(c, self._keys, row.case_no, "moved", row.category, view.agency, said, now)
        self._tell_all(c, row, view, now, today)
        return view

    def changed(self, c: Connection, row: Row[Any], values: Mapping[str, Any]) -> CaseView:
        """Writes `values`, and what follows from the events for the next step, under the next version. Raises ConflictError."""
        events = self._view(c, row).events
        step = lifecycle.next_step(lifecycle.standing_of_events(row.category, row.filed_on, events))
        done = c.execute(
            update(t.cases)
            .where(t.cases.c.case_no == row.case_no, t.cases.c.version == row.version)
            .values(**{**values, "version": row.version + 1, "due": step.due, "owed_by": step.by})
        )
        if done.rowcount != 1:
            raise ConflictError(_BUSY)
        audit.record(c, self._keys, "case", row.case_no)
        return self._view(c, self._row(c, row.case_no))

    def _tell_all(self, c: Connection, row: Row[Any], view: CaseView, now: datetime, today: date) -> None:
        """The petitioner, and those whose same matter was merged into this one."""
        tell(c, self._keys, row, view, now, today)
        links = t.case_links
        into = select(t.cases).join(links, links.c.case_no == t.cases.c.case_no)
        for other in c.execute(into.where(links.c.other == row.case_no, links.c.kind == MERGED)).all():
            tell(c, self._keys, other, replace(view, case_no=other.case_no), now, today)

    def note(self, case_no: str, event: str, by: str, detail: Mapping[str, Any], now: datetime, today: date) -> int:
        """An event that is no change of status: 补充材料, 催办, 评价, 督办 …; its place in the history. Raises PetitionError."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no, lock=True)
            self.open_for(row, event)
            seq = self.append(c, row, event, by, detail, now, today)
            if event in CLOCK_EVENTS:
                self.changed(c, row, {})
            return seq

    @staticmethod
    def open_for(row: Row[Any], event: str) -> None:
        """Raises PetitionError when the case has ended and takes no more `event`."""
        if row.status in lifecycle.FINAL and event not in AFTER_END:
            raise TransitionError(f"这件事{lifecycle.STATUS_NAMES[row.status]}，不能再{event}。有新情况可以重新登记。")
        if row.status in ("withdrawn", "merged") and event == "评价":
            raise TransitionError(f"这件事{lifecycle.STATUS_NAMES[row.status]}，不能再评价。")

    def reassign(self, case_no: str, agency: str, by: str, reason: str, now: datetime, today: date, version: int | None) -> CaseView:  # fmt: skip
        """改派: another agency takes the case over; its clocks run on. Raises ConflictError, PetitionError."""
        with transaction(self._engine) as c:
            row = self.locked(c, case_no, version)
            self.open_for(row, "改派")
            detail = {"note": reason, "agency": agency, "from_agency": row.agency, "by_office": True}
            self.append(c, row, "改派", by, detail, now, today)
            view = self.changed(c, row, {"agency": agency})
            said = {"event": "改派", "agency": agency, "on": today.isoformat()}
            queue_step(c, self._keys, row.case_no, "moved", row.category, agency, said, now)
            return view

    def join(self, case_no: str, agencies: list[str], by: str, note: str, due: str, now: datetime, today: date) -> int:
        """协商会办: these agencies work the case together with the one in charge, which leads."""
        with transaction(self._engine) as c:
            row = self._row(c, case_no, lock=True)
            self.open_for(row, "协商会办")
            known = set(
                c.execute(select(t.case_parties.c.agency).where(t.case_parties.c.case_no == row.case_no)).scalars()
            )
            for agency in sorted(set(agencies) - known - {row.agency}):
                c.execute(insert(t.case_parties).values(case_no=row.case_no, agency=agency))
            return self.append(c, row, "协商会办", by, {"note": note, "agencies": agencies, "due": due}, now, today)

    def merge(self, case_no: str, into: str, by: str, role: str, note: str, now: datetime, today: date, version: int | None = None) -> CaseView:  # fmt: skip
        """并案: the same matter told twice goes on as one. Raises PetitionError, TransitionError, ConflictError."""
        with transaction(self._engine) as c:
            row = self.locked(c, case_no, version)
            main = self._row(c, into, lock=True)
            if main.case_no == row.case_no:
                raise TransitionError("不能并到自己。")
            if main.category != row.category:
                raise TransitionError("大类不同的事不能并案。")
            if main.status in lifecycle.FINAL:
                raise TransitionError(f"要并入的件{lifecycle.STATUS_NAMES[main.status]}，不能再并入。")
            c.execute(insert(t.case_links).values(case_no=row.case_no, kind=MERGED, other=main.case_no))
            self.append(c, main, "并案", by, {"merged": row.case_no, "by_office": True}, now, today)
            # Those that went into this one go on with it.
            earlier = t.case_links.c.other == row.case_no, t.case_links.c.kind == MERGED
            c.execute(update(t.case_links).where(*earlier).values(other=main.case_no))
            return self._move(c, row, "merged", by, role, {"note": note, "into": main.case_no}, now, today)

    def split(self, case_no: str, part: Filing, secret: bool, by: str, now: datetime, today: date, version: int | None = None) -> Receipt:  # fmt: skip
        """拆分: `part` becomes a case of its own, under the query code that its teller has.

        `secret`: what stays is an accusation: it is sealed anew under the accusations' key, and the part tells nothing of it.
        """
        with transaction(self._engine) as c:
            row = self.locked(c, case_no, version)
            if row.status not in ("registered", "dispatched", "notified"):
                raise TransitionError("已经进入办理的件不再拆分，请把另一件事重新登记。")
            new = self._insert(c, part, now, today, self._code(c, row))
            copied = {"conversation_mac": row.conversation_mac, "filed_on": row.filed_on}
            step = lifecycle.next_step(
                lifecycle.standing_of(part.category, row.filed_on, [("registered", row.filed_on)])
            )
            c.execute(update(t.cases).where(t.cases.c.case_no == new.case_no).values(**copied, due=step.due))
            audit.record(c, self._keys, "case", new.case_no)
            c.execute(insert(t.case_links).values(case_no=row.case_no, kind=SPLIT, other=new.case_no))
            if secret and row.category != ACCUSATION:
                self._reseal(c, row)
                self._reseal_merged(c, row.case_no)
                row = self._row(c, row.case_no)
            self.append(c, row, "拆分", by, {"new": new.case_no, "by_office": True}, now, today)
            self.changed(c, row, {})
            fresh = self._row(c, new.case_no)
            message = catalogue().say("notice_split", case_no=new.case_no)
            tell(c, self._keys, fresh, self._view(c, fresh), now, today, message)
            return replace(self._receipt(fresh, part.draft_id), query_code="")

    def _code(self, c: Connection, row: Row[Any]) -> str:
        """The query code that the teller of a case holds: a part has the code of the case that it came out of."""
        links = t.case_links
        whole = c.execute(select(links.c.case_no).where(links.c.other == row.case_no, links.c.kind == SPLIT)).scalar()
        return self._code(c, self._row(c, whole)) if whole else self._keys.code_of(row.draft_id)

    def _reseal_merged(self, c: Connection, case_no: str) -> None:
        """Takes over what was merged into an accusation: it tells the same story, names its number and shows when there is news of it."""
        links = t.case_links
        into = select(t.cases).join(links, links.c.case_no == t.cases.c.case_no)
        into = into.where(links.c.other == case_no, links.c.kind == MERGED, t.cases.c.category != ACCUSATION)
        for other in c.execute(into.order_by(t.cases.c.case_no).with_for_update(of=t.cases)).all():
            self._reseal(c, other)

    def adopt(self) -> None:
        """Takes over to the accusations what earlier versions left outside: cases that were merged into one of them, and hashes of telephones."""
        links = t.case_links
        left = select(links.c.other).join(t.cases, t.cases.c.case_no == links.c.other)
        left = left.where(links.c.kind == MERGED, t.cases.c.category == ACCUSATION).distinct()
        with transaction(self._engine) as c:
            for number in c.execute(left.order_by(links.c.other)).scalars().all():
                self._reseal_merged(c, number)
        cases = t.cases
        plain = select(cases).where(cases.c.category == ACCUSATION, cases.c.phone_mac.notlike(_APART + "%"))
        with transaction(self._engine) as c:
            for row in c.execute(plain.order_by(cases.c.case_no).with_for_update()).all():
                told = self._keys.decrypt(row.content, f"cases/{row.case_no}/content", purpose(row.category))
                apart = {"phone_mac": self.phone_mac(str(told.get("phone") or ""), ACCUSATION)}
                c.execute(update(cases).where(cases.c.case_no == row.case_no).values(**apart))
                audit.record(c, self._keys, "case", row.case_no)

    def _reseal(self, c: Connection, row: Row[Any]) -> None:
        """Takes a case over to the accusations, with its papers, its files and the call it came from: other key, no search, nothing of it waiting to leave."""
        number, old = row.case_no, purpose(row.category)
        values: dict[str, Any] = {
            "category": ACCUSATION,
            "channel": "accusation",
            "agency": "纪委监委",
            "public": False,
        }
        for column in ("content", "advice"):
            place = f"cases/{number}/{column}"
            told = self._keys.decrypt(row[column], place, old)
            values[column] = self._keys.encrypt(told, place, "accusation")
            if column == "content":
                values["phone_mac"] = self.phone_mac(str(told.get("phone") or ""), ACCUSATION)
        c.execute(update(t.cases).where(t.cases.c.case_no == number).values(**values))
        audit.record(c, self._keys, "case", number)
        for e in c.execute(select(t.events).where(t.events.c.case_no == number)).all():
            place = f"events/{number}/{e.seq}"
            sealed = self._keys.encrypt(self._keys.decrypt(e.detail, place, old), place, "accusation")
            c.execute(
                update(t.events).where(t.events.c.case_no == number, t.events.c.seq == e.seq).values(detail=sealed)
            )
        for d in c.execute(select(t.documents).where(t.documents.c.case_no == number)).all():
            place = f"documents/{number}/{d.number}"
            content, file = self._keys.decrypt(d.content, place, old), self._keys.decrypt(d.file, place + "/file", old)
            papers = {
                "content": self._keys.encrypt(content, place, "accusation"),
                "file": self._keys.encrypt(file, place + "/file", "accusation"),
            }
            c.execute(update(t.documents).where(t.documents.c.id == d.id).values(**papers))
        to_accusations(c, self._keys, number)
        files.to_accusations(c, self._keys, number, self._folder)
        for table in (t.case_terms, t.case_parties):
            c.execute(table.delete().where(table.c.case_no == number))
        waiting = t.outbox.c.case_no == number, t.outbox.c.done_at.is_(None), t.outbox.c.topic != "notice"
        c.execute(update(t.outbox).where(*waiting).values(dead=True, last_error="转入检举控告，不再外送"))

    # -- what the petitioner does ------------------------------------------------------------------------------------------

    def main_of(self, case_no: str) -> str:
        """The case that a request about `case_no` concerns: the one it was merged into, else itself."""
        links = t.case_links
        with reading(self._engine) as c:
            number = self._row(c, case_no).case_no
            into = c.execute(select(links.c.other).where(links.c.case_no == number, links.c.kind == MERGED)).scalar()
        return str(into or number)

    def urge(self, case_no: str, note: str, now: datetime, today: date) -> None:
        """催办 by the petitioner."""
        self.note(self.main_of(case_no), "催办", "petitioner", {"note": note}, now, today)

    def supplement(self, case_no: str, text: str, now: datetime, today: date, conversation: str = "") -> None:
        """补充材料 by the petitioner, with the files that the conversation has sent and that belong to no case yet."""
        number = self.main_of(case_no)
        with transaction(self._engine) as c:
            row = self._row(c, number, lock=True)
            self.open_for(row, "补充材料")
            told = (c, self._keys, row.case_no, row.category, conversation, self._folder)
            added = files.link_files(*told) if conversation else 0
            detail = {"note": text} | ({"files": added} if added else {})
            self.append(c, row, "补充材料", "petitioner", detail, now, today)

    def withdraw(self, case_no: str, reason: str, now: datetime, today: date) -> None:
        """撤回 by the petitioner, before the reply."""
        self.transition(case_no, "withdrawn", "petitioner", "petitioner", {"note": reason}, now, today)

    def apply_review(self, case_no: str, reason: str, now: datetime, today: date, typed_by: str = "") -> CaseView:
        """申请复查, or 申请复核 when the review's opinion is there, within its 30 days. Raises TransitionError."""
        number = self.main_of(case_no)
        to = "final_review" if self.get(number).status == "review" else "review"
        data = {"note": reason} | ({"typed_by": typed_by} if typed_by else {})
        return self.transition(number, to, "petitioner", "petitioner", data, now, today)

    def rate(self, case_no: str, rating: str, words: str, now: datetime, today: date, whom: str = "") -> str:
        """评价 of the handling unit (`unit`) or the petition department (`department`), each once changeable; whom it was for.

        Without `whom`: the unit once it has answered, before that the department. Raises PetitionError.
        """
        number = self.main_of(case_no)
        with transaction(self._engine) as c:
            row = self._row(c, number, lock=True)
            self.open_for(row, "评价")
            view = self._view(c, row)
            answered = any(e.target in ("replied", "guided", "not_accepted") for e in view.events)
            whom = whom or ("unit" if answered else "department")
            if whom == "unit" and not answered:
                raise TransitionError("承办单位还没有答复，答复以后再评价它。")
            if sum(e.event == "评价" and e.data.get("whom") == whom for e in view.events) >= 2:
                raise TransitionError("评价已经改过一次，不能再改了。")
            detail = {"rating": rating, "note": words, "stage": row.status, "whom": whom}
            self.append(c, row, "评价", "petitioner", detail, now, today)
        return whom
