"""What the staff do, whoever asks: the page and the API call the same methods. Every rule of access stands here.

Raises PetitionError with a sentence for the person at the desk; `Forbidden` for what the role may not do or see.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.knowledge.loader import Knowledge
from bot.petition import lifecycle
from bot.petition.advice.engine import Advisor
from bot.petition.case import CaseView, Filing, Receipt
from bot.petition.errors import NotFound, PetitionError
from bot.petition.fields import fields as field_table
from bot.petition.keys import CHANNELS
from bot.petition.progress import moves_of, next_of
from bot.petition.roles import ACCUSATION, ROLES, Staff, conflict, masked
from bot.storage.cases import LOOK, CaseStore
from bot.storage.staff import StaffStore

SOURCES = ("来访", "来信", "来电", "网上", "热线")
_SOURCE_KEYS = {"visit": "来访", "letter": "来信", "call": "来电", "phone": "来电", "web": "网上", "hotline": "热线"}
#: Events that a role may write beside the transitions.
NOTES = {
    "clerk": ("补充材料",),
    "handler": ("补充材料", "协商会办"),
    "supervisor": ("督办", "催办"),
    "discipline": ("补充材料", "督办"),
}
MAX_NOTE = 2000
PAGE = 50


class Forbidden(PetitionError):
    """The role may not do this."""


@dataclass(frozen=True)
class CasePage:
    """A page of the queue and where the next one begins ("" at the end)."""

    cases: list[CaseView]
    next_cursor: str


class Desk:
    """The service. `clock`: the legal today and the real now."""

    def __init__(
        self,
        cases: CaseStore,
        staff: StaffStore,
        advisor: Advisor,
        today: Callable[[], date],
        now: Callable[[], datetime],
    ) -> None:
        self._cases, self.staff, self._advisor, self._today, self._now = cases, staff, advisor, today, now

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge base that the advice speaks from."""
        return self._advisor.knowledge

    def today(self) -> date:
        """The legal today."""
        return self._today()

    # -- looking --------------------------------------------------------------------------------------------------------

    def queue(self, who: Staff, filters: Mapping[str, str]) -> CasePage:
        """The cases that `who` works with. Filters: status, channel, agency, due (overdue, week or a date), text, cursor, limit."""
        if not who.sees_cases():
            raise Forbidden("您这个岗位不看信访件。")
        limit = _limit(filters.get("limit", ""))
        status, channel = filters.get("status", ""), filters.get("channel", "")
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
        view = self._cases.get(case_no)
        if not who.sees(view.category, view.agency):
            raise NotFound("没有这个编号，或者不归您办。")
        return view

    def fields(self, who: Staff, case_no: str, reason: str = "") -> dict[str, Any]:
        """What was filed. What names a person is masked unless a reason is given, which is written down with the look."""
        view = self.case(who, case_no)
        content = self._cases.content(view.case_no, who.role)
        if not reason.strip():
            return masked(content)
        self.staff.log(who.name, LOOK, view.case_no, reason.strip()[:200], self._now())
        self._cases.note(view.case_no, LOOK, who.name, {"note": reason.strip()[:200]}, self._now(), self.today())
        return content

    def advice(self, who: Staff, case_no: str) -> dict[str, Any]:
        """The advice that the person was given."""
        return self._cases.advice(self.case(who, case_no).case_no, who.role)

    def similar(self, who: Staff, view: CaseView) -> list[tuple[CaseView, float]]:
        """Cases that may be the same matter, as far as `who` may see them."""
        if view.category == ACCUSATION:
            return []
        return [(v, s) for v, s in self._cases.similar(view.case_no) if who.sees(v.category, v.agency)]

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
        clean = _clean_fields(fields)
        advice = self._advisor.advise(clean["narrative"], self.today())
        filing = Filing(
            draft_id=draft_id or secrets.token_hex(16),
            source=source,
            conversation=f"desk:{who.name}",
            channel=advice.channel,
            category=advice.category,
            agency=advice.agency,
            fields=clean,
            urgent=advice.urgent,
            advice={"channel": advice.channel, "channels": [c.as_dict() for c in advice.channels]},
            consent_at=self._now(),
        )
        return self._cases.file(filing, self._now(), self.today())

    def move(self, who: Staff, case_no: str, to: str, data: Mapping[str, Any], version: int | None = None) -> CaseView:
        """One step of the state machine. Raises TransitionError, ConflictError, NotFound, Forbidden."""
        view = self.case(who, case_no)
        told = {k: str(v).strip()[:MAX_NOTE] for k, v in data.items() if v not in (None, "")}
        agency = told.get("agency", "")
        if agency and agency not in self.knowledge.agencies:
            raise PetitionError(f"没有机关 {agency}。")
        if told.get("kind") not in (None, "转送", "交办"):
            raise PetitionError("应写明转送还是交办。")
        called = self.knowledge.agencies[agency].called if agency else ()
        why = conflict(who, view.category, self._cases.content(view.case_no, who.role), to, agency, called)
        if why:
            raise Forbidden(why)
        return self._cases.transition(view.case_no, to, who.name, who.role, told, self._now(), self.today(), version)

    def write(self, who: Staff, case_no: str, event: str, note: str) -> None:
        """An event that is no step: 督办, 催办, 协商会办, 补充材料."""
        view = self.case(who, case_no)
        if event not in NOTES.get(who.role, ()):
            raise Forbidden(f"{event}不由您这个岗位来做。")
        if not note.strip():
            raise PetitionError("请写明内容。")
        self._cases.note(view.case_no, event, who.name, {"note": note.strip()[:MAX_NOTE]}, self._now(), self.today())

    def steps(self, who: Staff, view: CaseView) -> list[lifecycle.Transition]:
        """The steps that `who` may take now, dates and papers aside."""
        out = []
        for t in lifecycle.TRANSITIONS:
            if t.source != view.status:
                continue
            standing = lifecycle.standing_of(view.category, view.filed_on, moves_of(view))
            try:
                lifecycle.check(standing, t.target, who.role, dict.fromkeys(t.needs, "x"), self.today())
            except PetitionError:
                continue
            out.append(t)
        return out

    # -- reports --------------------------------------------------------------------------------------------------------

    def weekly(self, who: Staff) -> dict[str, Any]:
        """The last seven days. Accusations are counted in the total only; small groups are not shown (k = 5)."""
        if who.role not in ("clerk", "supervisor", "discipline", "admin"):
            raise Forbidden("您这个岗位不看报表。")
        return weekly(self._cases, self.today())


#: Groups smaller than this are not shown in a report.
K_ANONYMOUS = 5


def weekly(cases: CaseStore, today: date) -> dict[str, Any]:
    """Aggregates of the seven days up to `today`: volume, ways, kinds, agencies, statuses, days overdue, ratings."""
    first = today - timedelta(days=6)
    views = cases.filed_between(first, today)
    plain = [v for v in views if v.category != ACCUSATION]
    ratings = Counter(e.event for v in plain for e in v.events if e.event == "评价")
    late = sum(next_of(v, today)["overdue"] for v in plain)
    return {
        "from": first.isoformat(),
        "to": today.isoformat(),
        "registered": len(views),
        "by_channel": _counts(v.channel for v in plain),
        "by_category": _counts(v.category for v in plain),
        "by_agency": _counts(v.agency for v in plain),
        "by_status": _counts(v.status for v in plain),
        "overdue": late,
        "on_time_rate": round(1 - late / len(plain), 3) if plain else None,
        "rated": sum(ratings.values()),
        "small_groups_hidden_below": K_ANONYMOUS,
    }


def _counts(values: Any) -> dict[str, int]:
    return {k: n for k, n in Counter(values).most_common() if n >= K_ANONYMOUS}


def _limit(text: str) -> int:
    if not text:
        return PAGE
    if not text.isdigit() or not 1 <= int(text) <= 200:
        raise PetitionError("limit 应为 1 到 200。")
    return int(text)


def _clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a registration, checked: known keys, text within limits, a story."""
    if not isinstance(fields, Mapping):
        raise PetitionError("fields 应为键值表。")
    known = set(field_table()) | {"anonymous", "publicity", "prior", "on_behalf_of", "reply_by"}
    unknown = sorted(set(map(str, fields)) - known)
    if unknown:
        raise PetitionError(f"不认识的项目：{'、'.join(unknown)}。")
    out: dict[str, Any] = {}
    for key, value in fields.items():
        if value in (None, ""):
            continue
        if isinstance(value, (dict, bytes)) or (
            isinstance(value, list) and any(isinstance(x, (dict, list)) for x in value)
        ):
            raise PetitionError(f"{key} 应为文字。")
        if isinstance(value, str) and len(value) > 5000:
            raise PetitionError(f"{key} 一次最多 5000 个字。")
        out[str(key)] = value.strip() if isinstance(value, str) else value
    if not isinstance(out.get("narrative"), str) or not out["narrative"]:
        raise PetitionError("请写明事情经过（narrative）。")
    return out


def role_name(role: str) -> str:
    """The role in Chinese."""
    return ROLES[role]
