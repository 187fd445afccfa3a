"""What the staff do, whoever asks: the page and the API call the same methods. Every rule of access stands here.

Raises PetitionError with a sentence for the person at the desk; `Forbidden` for what the role may not do or see.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.knowledge.loader import Knowledge
from bot.petition import lifecycle
from bot.petition.advice.engine import Advisor
from bot.petition.case import CaseView, Filing, Receipt
from bot.petition.dialogue.filing import record_of
from bot.petition.errors import NotFound, PetitionError, TransitionError
from bot.petition.evidence import Span, evidence, hidden, masked
from bot.petition.fields import fields as field_table
from bot.petition.keys import CHANNELS, PRIORS
from bot.petition.numbers import normalise_case_no, valid_case_no
from bot.petition.progress import standing
from bot.petition.report import rework, weekly
from bot.petition.roles import ACCUSATION, PERSONAL, ROLES, Staff, conflict
from bot.storage.cases import LOOK, OPENED
from bot.storage.notices import Reminder
from bot.storage.stores import Stores

SOURCES = ("来访", "来信", "来电", "网上", "热线")
_SOURCE_KEYS = {"visit": "来访", "letter": "来信", "call": "来电", "phone": "来电", "web": "网上", "hotline": "热线"}
#: Events that a role may write beside the transitions, each with what it carries (see `_told`).
NOTES = {
    "clerk": ("补充材料", "协商会办", "送达"),
    "handler": ("补充材料", "协商会办", "申请延期", "听证", "送达", "整改"),
    "supervisor": ("督办", "催办", "批准延期", "整改"),
    "discipline": ("补充材料", "督办", "送达"),
}
#: What an event that asks for an answer is answered by.
ANSWERS = {"督办": "督办回复", "催办": "催办回复", "协商会办": "会办意见"}
#: Requests that a petitioner makes and a clerk may write down for one who came in person, wrote or called.
REQUESTS = {"withdraw": "撤回", "review": "申请复查或者复核", "rate": "评价", "urge": "催办", "supplement": "补充材料"}
RATINGS = ("满意", "基本满意", "不满意")
MAX_NOTE = 2000
PAGE = 50
#: A report that took longer than so many seconds is kept for so long.
SLOW_REPORT, KEEP_REPORT = 1.0, timedelta(minutes=10)


class Forbidden(PetitionError):
    """The role may not do this."""


@dataclass(frozen=True)
class CasePage:
    """A page of the queue and where the next one begins ("" at the end)."""

    cases: list[CaseView]
    next_cursor: str


@dataclass(frozen=True)
class Sheet:
    """All that the page of a case shows. `spans`: where in the story each field stands. `near`, `linked`: as `similar` and `linked` give them."""

    view: CaseView
    fields: dict[str, Any]
    advice: dict[str, Any]
    spans: dict[str, list[Span]]
    near: list[tuple[CaseView, float]]
    linked: list[tuple[str, str]]
    papers: list[dict[str, Any]]
    files: list[dict[str, Any]]
    notices: list[tuple[datetime, str]]


@dataclass(frozen=True)
class Open:
    """Something that waits for an answer: 督办, 催办, 协商会办. `by_agencies`: who has yet to answer a 会办."""

    seq: int
    event: str
    note: str
    by: str
    on: date
    due: str
    by_agencies: tuple[str, ...] = ()


class Desk:
    """The service. `today`, `now`: the legal today and the real now; `region`: local units, where a region is set."""

    def __init__(
        self,
        stores: Stores,
        advisor: Advisor,
        today: Callable[[], date],
        now: Callable[[], datetime],
    ) -> None:
        self.stores, self.staff = stores, stores.staff
        self._cases, self._advisor, self._today, self._now = stores.cases, advisor, today, now
        self._report: tuple[date, datetime, dict[str, Any]] | None = None

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge base that the advice speaks from."""
        return self._advisor.knowledge

    def today(self) -> date:
        """The legal today."""
        return self._today()

    def now(self) -> datetime:
        """The real now."""
        return self._now()

    # -- looking --------------------------------------------------------------------------------------------------------

    def queue(self, who: Staff, filters: Mapping[str, str]) -> CasePage:
        """The cases that `who` works with. Filters: status, channel, agency, due (overdue, week or a date), text, cursor, limit."""
        if not who.sees_cases():
            raise Forbidden("您这个岗位不看信访件。")
        limit = _limit(filters.get("limit", ""))
        status, channel = filters.get("status", ""), filters.get("channel", "")
        if len(filters.get("text", "")) > 200:
            raise PetitionError("查找的词最多 200 个字。")
        if filters.get("cursor") and not re.fullmatch(r"[0-9]{12}", filters["cursor"]):
            raise PetitionError("cursor 不对。")
        self._agency(filters.get("agency", ""))
        if status and status not in lifecycle.STATUS_NAMES:
            raise PetitionError(f"没有状态 {status}。")
        if channel and channel not in CHANNELS:
            raise PetitionError(f"没有渠道 {channel}。")
        found = self._cases.find(
            status=status,
            channel=channel,
            agency=who.agency if who.role == "handler" else filters.get("agency", ""),
            category=ACCUSATION if who.role == "discipline" else "",
            not_category="" if who.role == "discipline" else ACCUSATION,
            due_by=self._due_by(filters.get("due", "")),
            text=filters.get("text", ""),
            after=filters.get("cursor", ""),
            limit=limit + 1,
            joint=who.role == "handler",
        )
        return CasePage(found[:limit], found[limit - 1].case_no if len(found) > limit else "")

    def _due_by(self, due: str) -> date | None:
        if not due:
            return None
        if due == "overdue":
            return self.today() - timedelta(days=1)
        if due == "week":
            return self.today() + timedelta(days=7)
        try:
            return date.fromisoformat(due)
        except ValueError:
            raise PetitionError("到期应写 overdue、week 或者 YYYY-MM-DD。") from None

    def case(self, who: Staff, case_no: str) -> CaseView:
        """One case with its events. A case that the role may not see is not there. Raises NotFound."""
        # Looked at before it is opened: what may not be seen takes no longer than what is not there.
        category, agency, joint = self._cases.whose(case_no)
        if not category or not who.sees(category, agency, joint):
            raise NotFound("没有这个编号，或者不归您办。")
        view = self._cases.get(case_no)
        if not who.sees(view.category, view.agency, view.joint):  # it went over to the accusations a moment ago
            raise NotFound("没有这个编号，或者不归您办。")
        return view

    def told(self, who: Staff, case_no: str, reason: str = "") -> tuple[CaseView, dict[str, Any]]:
        """A case and what was filed. What names a person is masked, in the notes too, unless a reason is given, which is written down with the look."""
        view, content, _ = self._read(who, case_no, reason)
        return _shown(view, content, reason)

    def sheet(self, who: Staff, case_no: str, reason: str = "") -> Sheet:
        """What the page of a case shows, read once; masked and written down as `told`."""
        view, content, advice = self._read(who, case_no, reason)
        shown, fields = _shown(view, content, reason)
        return Sheet(
            view=shown,
            fields=fields,
            advice=advice,
            spans=evidence(content, view.filed_on),
            near=self.similar(who, view),
            linked=self._cases.linked(view.case_no),
            papers=self.stores.documents.of_case(view.case_no),
            files=self.stores.files.of_case(view.case_no),
            notices=self.stores.notices.of_case(view.case_no),
        )

    def _read(self, who: Staff, case_no: str, reason: str) -> tuple[CaseView, dict[str, Any], dict[str, Any]]:
        """A case, what was filed and the advice, with the look written down."""
        view = self.case(who, case_no)
        content, advice = self._cases.told(view.case_no, who.role)
        if len(reason) > 200:
            raise PetitionError("理由最多 200 个字。")
        if not reason.strip():
            self.opened(who, view)
            return view, content, advice
        self.look(who, view.case_no, reason.strip())
        return self.case(who, view.case_no), content, advice

    def opened(self, who: Staff, view: CaseView) -> None:
        """Writes down that somebody has opened an accusation: its story tells who told it, names masked or not. The auditor sees who and which."""
        if view.category == ACCUSATION:
            self.staff.log(who.name, OPENED, view.case_no, "", self._now())

    def look(self, who: Staff, case_no: str, reason: str) -> None:
        """Writes down a look at personal data, in the auditor's log and in the case."""
        self.staff.log(who.name, LOOK, case_no, reason, self._now())
        self._cases.note(case_no, LOOK, who.name, {"note": reason}, self._now(), self.today())

    def similar(self, who: Staff, view: CaseView) -> list[tuple[CaseView, float]]:
        """Cases that may be the same matter, as far as `who` may see them."""
        if view.category == ACCUSATION:
            return []
        return [(v, s) for v, s in self._cases.similar(view.case_no) if who.sees(v.category, v.agency)]

    def reminders(self, who: Staff) -> list[Reminder]:
        """What is due or late among the cases that `who` answers for: own agency, the petition office, or all."""
        if not who.sees_cases():
            return []
        secret = who.role == "discipline"
        agency = who.agency if who.role == "handler" else ""
        return self.stores.notices.standing(self.today(), agency, who.role == "clerk", secret)

    # -- working --------------------------------------------------------------------------------------------------------

    def register(self, who: Staff, source: str, fields: Mapping[str, Any], draft_id: str = "") -> Receipt:
        """A visitor, a letter or a call, typed for the citizen: the same filing as by the bot. Raises PetitionError.

        `draft_id`: of a hotline draft; the same one again gets the same receipt.
        """
        if not who.registers():
            raise Forbidden("登记由登记员来做。")
        source = _SOURCE_KEYS.get(source, source)
        if source not in SOURCES:
            raise PetitionError(f"来源应为：{'、'.join(SOURCES)}。")
        filing = self._filing(_clean_fields(fields), source, f"desk:{who.name}", draft_id)
        if (
            who.role == "discipline"
        ):  # what is told to the discipline office is an accusation, whatever a model makes of it
            filing = replace(filing, category=ACCUSATION, channel="accusation", agency="纪委监委")
        return self._cases.file(filing, self._now(), self.today())

    def _filing(self, fields: Mapping[str, Any], source: str, conversation: str, draft_id: str = "") -> Filing:
        advice = self._advisor.advise(fields["narrative"], self.today())
        return Filing(
            draft_id=draft_id or secrets.token_hex(16),
            source=source,
            conversation=conversation,
            channel=advice.channel,
            category=advice.category,
            agency=advice.agency,
            fields=fields,
            urgent=advice.urgent,
            advice=record_of(advice),
            consent_at=self._now(),
        )

    def move(self, who: Staff, case_no: str, to: str, data: Mapping[str, Any], version: int | None = None) -> CaseView:
        """One step of the state machine. Raises TransitionError, ConflictError, NotFound, Forbidden."""
        view = self.case(who, case_no)
        told = {k: str(v).strip()[:MAX_NOTE] for k, v in data.items() if v not in (None, "")}
        if to not in ("dispatched", "review", "final_review"):
            told.pop("agency", None)  # another agency takes over by 转送, 交办 or 改派, each with its checks
        if told.get("kind") not in (None, "转送", "交办"):
            raise PetitionError("应写明转送还是交办。")
        if not told.get("days", "0").isdecimal():
            raise PetitionError("延期的天数应为数字。")
        self._check(who, view, to, self._agency(told.get("agency", "")))
        into = normalise_case_no(told.get("into") or told.get("note", "")) if to == "merged" else ""
        if valid_case_no(into):
            self.case(who, into)
            note = told.get("note", "")
            args = (view.case_no, into, who.name, who.role, note, self._now(), self.today(), version)
            return self._cases.merge(*args)
        return self._cases.transition(view.case_no, to, who.name, who.role, told, self._now(), self.today(), version)

    def _agency(self, agency: str) -> str:
        if agency and agency not in self.knowledge.agencies:
            raise PetitionError(f"没有机关 {agency}。")
        return agency

    def _check(self, who: Staff, view: CaseView, to: str, agency: str) -> None:
        """Conflicts of interest, and that the agency in charge leads. Raises Forbidden."""
        called = self.knowledge.agencies[agency].called if agency else ()
        why = conflict(who, view.category, self._cases.content(view.case_no, who.role), to, agency, called)
        if not why and who.role == "handler" and who.agency != view.agency:
            why = "这一步由牵头单位来办，会办单位写会办意见。"
        if not why and who.name in lifecycle.deciders(view):
            why = "您办过这件事，复查复核要由别的同事来办。"
        if why:
            raise Forbidden(why)

    def reassign(self, who: Staff, case_no: str, agency: str, reason: str, version: int | None = None) -> CaseView:
        """改派: another agency takes over, its clocks run on. Raises Forbidden, PetitionError, ConflictError."""
        view = self.case(who, case_no)
        if who.role not in ("clerk", "supervisor", "discipline"):
            raise Forbidden("改派由登记员或者督查来做。")
        if view.status == "registered":
            raise TransitionError("还没有转送的件，直接转送给合适的单位就行。")
        if not agency or not reason.strip():
            raise TransitionError("请写明改派给哪个单位和理由。")
        if view.status in ("review", "final_review") and agency in self._replied(view):
            raise Forbidden("复查复核不能由作出原意见的单位来办。")
        self._check(who, view, "dispatched", self._agency(agency))
        return self._cases.reassign(
            view.case_no, agency, who.name, reason.strip()[:MAX_NOTE], self._now(), self.today(), version
        )

    @staticmethod
    def _replied(view: CaseView) -> set[str]:
        return {str(e.data["from_agency"]) for e in view.events if e.target == "review" and e.data.get("from_agency")}

    def write(self, who: Staff, case_no: str, event: str, note: str, more: Mapping[str, Any] | None = None) -> int:
        """An event that is no step: 督办, 催办, 协商会办, 补充材料, 听证, 送达 …, or the answer to one; its place in the history."""
        view = self.case(who, case_no)
        more = more or {}
        if event in ANSWERS.values():
            return self._answer(who, view, event, note, more)
        if event not in NOTES.get(who.role, ()):
            raise Forbidden(f"{event}不由您这个岗位来做。")
        detail = self._told(view, event, note, more)
        if event == "协商会办":
            self._leads(who, view)
            agencies = [self._agency(a) for a in detail["agencies"]]
            return self._cases.join(
                view.case_no, agencies, who.name, detail["note"], detail.get("due", ""), self._now(), self.today()
            )
        if event in ("听证", "申请延期"):
            self._leads(who, view)
        return self._cases.note(view.case_no, event, who.name, detail, self._now(), self.today())

    def _leads(self, who: Staff, view: CaseView) -> None:
        if who.role == "handler" and who.agency != view.agency:
            raise Forbidden("这一步由牵头单位来办，会办单位写会办意见。")

    def _told(self, view: CaseView, event: str, note: str, more: Mapping[str, Any]) -> dict[str, Any]:
        """What an event carries, checked."""
        note = note.strip()[:MAX_NOTE]
        if not note and event not in ("听证", "送达"):
            raise TransitionError("请写明内容。")
        detail: dict[str, Any] = {"note": note}
        if event in ("督办", "催办", "协商会办") and more.get("due"):
            detail["due"] = _day(more["due"]).isoformat()
        if event == lifecycle.APPROVED and not lifecycle.asked_extension(view):
            raise TransitionError("没有等着批准的延期申请。")
        if event == "协商会办":
            agencies = more.get("agencies")
            if not isinstance(agencies, list) or not agencies or not all(isinstance(a, str) and a for a in agencies):
                raise TransitionError("请选会办的单位。")
            if len(agencies) > 10 or view.agency in agencies:
                raise TransitionError("会办单位最多 10 个，不含牵头单位自己。")
            detail["agencies"] = agencies
        if event == "听证":
            if view.status != "final_review":
                raise TransitionError("只有复核期间的听证时间不计入期限。")
            if not str(more.get("days", "")).isdecimal() or not 1 <= int(more["days"]) <= 60:
                raise TransitionError("请写明听证用了几天（1 到 60）。")
            detail["days"] = int(more["days"])
        if event == "送达":
            on = _day(more.get("on"))
            last = max(
                (e.at.date() for e in view.events if e.target or e.event in lifecycle.OPINION_EVENTS),
                default=view.filed_on,
            )
            if not last <= on <= self.today():
                raise TransitionError("送达的日子应在文书作出以后、今天以前。")
            detail["on"] = on.isoformat()
        return detail

    def _answer(self, who: Staff, view: CaseView, event: str, note: str, more: Mapping[str, Any]) -> int:
        if who.role not in ("handler", "discipline"):
            raise Forbidden("答复由承办单位来写。")
        if not note.strip():
            raise TransitionError("请写明内容。")
        seq = str(more.get("answers", ""))
        asked = next((o for o in self.open_items(view) if str(o.seq) == seq and ANSWERS[o.event] == event), None)
        if asked is None:
            raise TransitionError("没有要答复的这一项，或者已经答复过。")
        if asked.event == "协商会办" and who.agency not in asked.by_agencies:
            raise Forbidden("会办意见由会办单位来写。")
        if asked.event != "协商会办":
            self._leads(who, view)
        detail = {"note": note.strip()[:MAX_NOTE], "answers": asked.seq, "agency": who.agency}
        return self._cases.note(view.case_no, event, who.name, detail, self._now(), self.today())

    @staticmethod
    def notes(who: Staff, view: CaseView) -> list[str]:
        """The events that `who` may write now, for the page: those that mean something at this status."""
        rated = any(e.event == "评价" and e.data.get("rating") == "不满意" for e in view.events)
        when = {
            "听证": view.status == "final_review",
            "申请延期": view.status == "handling" and view.category not in lifecycle.WITHOUT_31,
            lifecycle.APPROVED: lifecycle.asked_extension(view),
            "送达": view.status in ("replied", "review", "final_review"),
            "整改": rated,
        }
        ended = view.status in lifecycle.FINAL
        leads = who.role != "handler" or who.agency == view.agency
        wanted = [n for n in NOTES.get(who.role, ()) if when.get(n, not ended)]
        return wanted if leads else [n for n in wanted if n == "补充材料"]

    @staticmethod
    def open_items(view: CaseView) -> list[Open]:
        """What waits for an answer, oldest first."""
        answered: dict[int, set[str]] = {}
        for e in view.events:
            if e.event in ANSWERS.values() and e.data.get("answers"):
                answered.setdefault(int(e.data["answers"]), set()).add(str(e.data.get("agency", "")))
        out = []
        for e in view.events:
            if e.event not in ANSWERS:
                continue
            left = tuple(a for a in e.data.get("agencies", ()) if a not in answered.get(e.seq, set()))
            if left or (e.event != "协商会办" and e.seq not in answered):
                out.append(Open(e.seq, e.event, e.note, e.by, e.at.date(), str(e.data.get("due", "")), left))
        return out

    def request(self, who: Staff, case_no: str, what: str, note: str, rating: str = "", whom: str = "") -> CaseView:
        """What the petitioner asked for at the counter, by letter or by phone, typed by the clerk. Raises PetitionError."""
        view = self.case(who, case_no)
        if who.role not in ("clerk", "discipline"):
            raise Forbidden("代信访人登记由登记员来做。")
        if what not in REQUESTS:
            raise TransitionError(f"应为：{'、'.join(REQUESTS)}。")
        note, at = note.strip()[:MAX_NOTE], (self._now(), self.today())
        if what == "rate":
            if rating not in RATINGS or whom not in ("", "unit", "department"):
                raise TransitionError(f"评价应为：{'、'.join(RATINGS)}。")
            self._cases.rate(view.case_no, rating, note, *at, whom)
        elif not note:
            raise TransitionError("请写明信访人怎么说的。")
        elif what == "withdraw":
            self._cases.withdraw(view.case_no, note, *at)
        elif what == "review":
            self._cases.apply_review(view.case_no, note, *at, who.name)
        elif what == "urge":
            self._cases.urge(view.case_no, note, *at)
        else:
            self._cases.supplement(view.case_no, note, *at)
        return self._cases.get(view.case_no)

    def split(
        self, who: Staff, case_no: str, fields: Mapping[str, Any], secret: bool, version: int | None = None
    ) -> Receipt:
        """拆分 of a mixed matter: `fields` become a case of their own, with the same teller.

        `secret`: what stays is an accusation; it moves to the accusations, and the part must not speak of it. Raises PetitionError.
        """
        view = self.case(who, case_no)
        if who.role not in ("clerk", "discipline"):
            raise Forbidden("拆分由登记员来做。")
        kept = self._cases.content(view.case_no, who.role)
        teller = {k: v for k, v in kept.items() if k in (*PERSONAL, "anonymous", "reply_by", "publicity")}
        part = self._filing(_clean_fields(fields) | teller, view.source, f"desk:{who.name}")
        if (secret or view.category == ACCUSATION) and part.category == ACCUSATION:
            raise TransitionError("另立的这一件看起来还是检举控告。检举的内容留在原件里，这里只写个人的诉求。")
        if part.category == ACCUSATION and not secret:
            raise TransitionError("另立的部分是检举控告。请勾选“原件含检举控告”，这里只写个人的诉求。")
        return self._cases.split(view.case_no, part, secret, who.name, self._now(), self.today(), version)

    def steps(self, who: Staff, view: CaseView) -> list[lifecycle.Transition]:
        """The steps that `who` may take now, dates and papers aside."""
        out = []
        if who.role == "handler" and who.agency != view.agency:
            return []
        for t in lifecycle.TRANSITIONS:
            if t.source != view.status:
                continue
            try:
                told = lifecycle.approved(view, t.target, who.name, who.role, dict.fromkeys(t.needs, "x"))
                lifecycle.check(standing(view), t.target, who.role, told, self.today())
            except PetitionError:
                continue
            out.append(t)
        return out

    # -- reports --------------------------------------------------------------------------------------------------------

    def weekly(self, who: Staff) -> dict[str, Any]:
        """The last seven days. Accusations are not counted at all; small groups are not shown (k = 5)."""
        if who.role not in ("clerk", "supervisor", "discipline", "admin"):
            raise Forbidden("您这个岗位不看报表。")
        today, now = self.today(), self._now()
        made = self._report
        if made is None or made[0] != today or now - made[1] > KEEP_REPORT:
            began = time.monotonic()
            report = weekly(self.stores.figures, today)
            # A large office's report takes seconds: it is made once for all who look. A small one's is always fresh.
            self._report = (today, now, report) if time.monotonic() - began > SLOW_REPORT else None
            return report
        return made[2]

    def rework(self, who: Staff) -> list[dict[str, Any]]:
        """Cases rated 不满意, with what was done since, over the last two quarters."""
        if who.role not in ("supervisor", "handler"):
            raise Forbidden("整改清单由督查和承办单位来看。")
        rows = rework(self.stores.figures, self.today(), who.agency if who.role == "handler" else "")
        for row in rows:
            told = self._cases.content(row["case_no"], who.role)
            row |= {"words": hidden(row["words"], told), "rework": [hidden(text, told) for text in row["rework"]]}
        return rows


def _shown(view: CaseView, content: dict[str, Any], reason: str) -> tuple[CaseView, dict[str, Any]]:
    """As somebody sees it who gave this reason, or none: then the notes name the petitioner no more than the story does."""
    if reason.strip():
        return view, content
    events = tuple(replace(e, note=hidden(e.note, content)) for e in view.events)
    return replace(view, events=events), masked(content, view.filed_on)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError:
        raise TransitionError("日子应写成 2026-01-31 这样。") from None


def _limit(text: str) -> int:
    if not text:
        return PAGE
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= 200:
        raise PetitionError("limit 应为 1 到 200。")
    return int(text)


def _clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a registration, checked: known keys, text within limits, a story."""
    if not isinstance(fields, Mapping):
        raise PetitionError("fields 应为键值表。")
    known = set(field_table()) - AFTER_FILING | {"anonymous", "publicity", "prior", "on_behalf_of", "reply_by"}
    unknown = sorted(set(map(str, fields)) - known)
    if unknown:
        raise PetitionError(f"不认识的项目：{'、'.join(unknown)}。")
    out: dict[str, Any] = {}
    for key, value in fields.items():
        if value is None or value == "":
            continue
        if not _fits(str(key), value):
            raise PetitionError(f"{key} 的内容不对，或者太长（文字 500 个字，经过和诉求 5000 个字）。")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        out[str(key)] = value.strip() if isinstance(value, str) else value
    if not isinstance(out.get("narrative"), str) or not out["narrative"]:
        raise PetitionError("请写明事情经过（narrative）。")
    return out


#: Fields that exist only once a case is filed.
AFTER_FILING = frozenset({"case_no", "query_code", "rating", "supplement", "reason", "consent"})
#: Fields that take a whole story; the other ones are short.
_LONG = frozenset({"narrative", "demand", "evidence"})
_MOST = {"amount": 10**12, "people_count": 10**7}


def _fits(key: str, value: Any) -> bool:
    """Whether a value is one that the field can hold."""
    if key in ("anonymous", "publicity"):
        return isinstance(value, bool) or value in ("是", "否")
    if key == "prior":
        return isinstance(value, list) and all(isinstance(p, str) and p in PRIORS for p in value)
    if key in _MOST:
        if isinstance(value, str):
            return bool(re.fullmatch(r"[0-9]{1,8}", value))
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and (key == "amount" or value == int(value)) and 0 <= value <= _MOST[key]
    return isinstance(value, str) and len(value) <= longest(key)


def longest(key: str) -> int:
    """How many characters a field may have."""
    return 5000 if key in _LONG else 500


def role_name(role: str) -> str:
    """The role in Chinese."""
    return ROLES[role]
