"""The life of a case: statuses, who may move it where, and the next statutory date (条例 22-36; contracts, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from bot.petition import clocks
from bot.petition.case import CaseView, EventView
from bot.petition.errors import TransitionError

STATUS_NAMES = {
    "registered": "已登记",
    "dispatched": "已转送或交办",
    "notified": "已告知去向",
    "guided": "已导入法定途径",
    "accepted": "已受理",
    "not_accepted": "已告知不按信访程序受理",
    "handling": "正在办理",
    "extended": "已延期办理",
    "replied": "已答复",
    "review": "复查中",
    "final_review": "复核中",
    "closed": "已办结",
    "withdrawn": "已撤回",
    "merged": "已并案",
}
FINAL = frozenset({"closed", "withdrawn", "merged"})
#: Kinds of matter that article 31 does not divide: no decision on acceptance, no 60 days (条例 29, 30).
WITHOUT_31 = frozenset({"建议意见", "检举控告"})
_BEFORE_REPLY = ("registered", "dispatched", "notified", "guided", "accepted", "not_accepted", "handling", "extended")
#: What a transition must carry, in words.
_DATA_NAMES = {
    "reason": "理由",
    "basis": "依据",
    "where": "去向",
    "kind": "转送还是交办",
    "approved_by": "督查的批准（承办人先写“申请延期”，督查批准后才能延期）",
    "notice": "延期告知",
    "agency": "承办单位",
}


@dataclass(frozen=True)
class Transition:
    """One allowed step. `needs`: keys that the step's data must hold."""

    source: str
    target: str
    roles: frozenset[str]
    article: str
    needs: tuple[str, ...] = ()


def _t(source: str, target: str, roles: str, article: str, *needs: str) -> Transition:
    return Transition(source, target, frozenset(roles.split()), article, needs)


TRANSITIONS: tuple[Transition, ...] = (
    _t("registered", "dispatched", "clerk", "22", "kind", "agency"),
    _t("registered", "notified", "clerk", "22"),
    _t("dispatched", "notified", "handler", "23"),
    _t("dispatched", "registered", "handler", "23", "reason"),
    _t("notified", "guided", "handler", "31"),
    _t("notified", "accepted", "handler", "31"),
    _t("notified", "not_accepted", "handler", "31", "reason", "basis", "where"),
    _t("notified", "handling", "handler", "29"),
    _t("accepted", "handling", "handler", "31"),
    _t("handling", "extended", "handler supervisor", "34", "approved_by", "notice"),
    _t("handling", "replied", "handler", "34"),
    _t("extended", "replied", "handler", "34"),
    _t("replied", "review", "petitioner", "35"),
    _t("replied", "closed", "clerk", "35"),
    _t("review", "replied", "handler", "35", "reason"),
    _t("review", "final_review", "petitioner", "35"),
    _t("review", "closed", "handler clerk", "35"),
    _t("final_review", "closed", "handler clerk", "36"),
    _t("guided", "closed", "clerk", "31"),
    _t("not_accepted", "closed", "clerk", "31"),
    *(_t(s, "withdrawn", "petitioner", "21") for s in _BEFORE_REPLY),
    *(_t(s, "merged", "clerk", "22") for s in _BEFORE_REPLY),
)
_TABLE = {(t.source, t.target): t for t in TRANSITIONS}


#: Whom a review is assigned to when nobody said: the petition office of the government that the unit belongs to (条例 35; local rules
#: let the petitioner choose between the government and the department above). The clerk may assign it elsewhere (改派).
REVIEWER, OTHER_REVIEWER = "信访局", "其他"


def completed(view: CaseView, to: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a step with what follows from the case: who reviews, and who gets a returned case back."""
    out = dict(data)
    if to == "review":
        out.setdefault("agency", REVIEWER if view.agency != REVIEWER else OTHER_REVIEWER)
        out["from_agency"] = view.agency
    elif view.status == "review" and to == "replied":
        before = [e.data["from_agency"] for e in view.events if e.target == "review" and e.data.get("from_agency")]
        if before:
            out["agency"] = before[-1]
    return out


#: What a handler asks before an extension, and the supervisor's answer (条例 34: approved by somebody in charge).
ASKED_EXTENSION, APPROVED = "申请延期", "批准延期"


def asked_extension(view: CaseView) -> bool:
    """Whether an extension has been asked for in this handling and waits for approval."""
    asked = [e.event for e in _since_handling(view) if e.event in (ASKED_EXTENSION, APPROVED)]
    return view.status == "handling" and asked[-1:] == [ASKED_EXTENSION]


def approved(view: CaseView, to: str, by: str, role: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a step with who approved it as the case itself knows it; a name that the request brings counts for nothing.

    Who approves an extension is the supervisor: by taking the step, or by an event before it that somebody else than `by` wrote.
    """
    out = dict(data)
    if to == "extended" and role in ("handler", "supervisor"):
        others = [e.by for e in _since_handling(view) if e.event == APPROVED and e.by != by]
        out["approved_by"] = by if role == "supervisor" else "".join(others[-1:])
    return out


def _since_handling(view: CaseView) -> tuple[EventView, ...]:
    starts = [i for i, e in enumerate(view.events) if e.target == "handling"]
    return tuple(view.events[starts[-1] :]) if starts else ()


def deciders(view: CaseView) -> frozenset[str]:
    """Who worked on what a review is about, so must not decide it: all who took steps before, the petitioner's own aside (条例 28)."""
    steps = [e for e in view.events if e.target or e.event in OPINION_EVENTS]
    starts = [i for i, e in enumerate(steps) if e.target in ("review", "final_review")]
    earlier = steps[: starts[-1]] if starts and view.status in ("review", "final_review") else []
    worked = {e.by for e in earlier if e.event in OPINION_EVENTS or e.target not in ("registered", "dispatched")}
    return frozenset(worked - {"petitioner", "system"})


@dataclass(frozen=True)
class Standing:
    """What the machine needs to know of a case.

    `entered`: status → the day it was last entered. `opinions`: status → the day its written opinion was issued (复查意见, 复核意见).
    `paused`: days of a hearing, which do not count (条例 36).
    """

    status: str
    category: str
    filed_on: date
    entered: Mapping[str, date]
    passed: frozenset[str] = frozenset()
    opinions: Mapping[str, date] = field(default_factory=dict)
    paused: int = 0


def targets(status: str) -> list[str]:
    """Statuses that may follow."""
    return [t.target for t in TRANSITIONS if t.source == status]


def check(standing: Standing, to: str, role: str, data: Mapping[str, Any], today: date) -> Transition:
    """The transition, if it is allowed now. Raises TransitionError with a sentence that says why not.

    Accusations: the discipline role does what clerk and handler do elsewhere, and only that role.
    """
    t = _TABLE.get((standing.status, to))
    if t is None:
        raise TransitionError(f"“{_name(standing.status)}”的件不能直接变为“{_name(to)}”。")
    wanted = t.roles
    if standing.category == "检举控告":
        wanted = frozenset("petitioner" if r == "petitioner" else "discipline" for r in t.roles)
    if role not in wanted and role != "system":
        raise TransitionError("这一步不由您这个岗位来做。")
    missing = [_DATA_NAMES[k] for k in t.needs if not data.get(k)]
    if missing:
        raise TransitionError(f"还缺：{'、'.join(missing)}。")
    _check_kind(standing, to)
    _check_dates(standing, to, today, data)
    return t


def _check_kind(standing: Standing, to: str) -> None:
    plain = standing.category not in WITHOUT_31
    if standing.status == "notified" and to == "handling" and plain:
        raise TransitionError("求决类事项要先决定受理或者导入法定途径，再办理。")
    if not plain and to in ("guided", "accepted", "not_accepted", "extended", "review", "final_review"):
        raise TransitionError("建议意见和检举控告不走受理、延期和复查复核。")
    if to == "extended" and "extended" in standing.passed:
        raise TransitionError("只能延期一次。")


def _check_dates(standing: Standing, to: str, today: date, data: Mapping[str, Any]) -> None:
    status = standing.status
    since = standing.entered.get(status, standing.filed_on)
    if status == "dispatched" and to == "registered" and today > clocks.XF_OBJECT.due(since):
        raise TransitionError("提出异议要在收到后 5 个工作日内。")
    if status == "replied" and to == "review" and today > clocks.XF_REVIEW_APPLY.due(since):
        raise TransitionError("申请复查要在收到书面答复之日起 30 日内提出。")
    if (
        status == "replied"
        and to == "closed"
        and standing.category not in WITHOUT_31
        and today <= clocks.XF_REVIEW_APPLY.due(since)
    ):
        raise TransitionError("答复后 30 日内，信访人还可以申请复查，不能办结。")
    if status in ("review", "final_review"):
        _check_review(standing, to, today)
    if to == "extended" and int(data.get("days", 30)) > 30:
        raise TransitionError("延期不超过 30 日。")


def _check_review(standing: Standing, to: str, today: date) -> None:
    """The review agency decides first; then thirty days are the petitioner's (条例 35, 36)."""
    issued = standing.opinions.get(standing.status)
    if standing.status == "final_review":
        if issued is None:
            raise TransitionError("请先出具复核意见书，再办结。")
        return
    if issued is None and to != "replied":
        raise TransitionError("复查意见书还没有出具。")
    if issued is not None and to == "final_review" and today > clocks.XF_FINAL_APPLY.due(issued):
        raise TransitionError("申请复核要在收到复查意见之日起 30 日内提出。")
    if issued is not None and to == "closed" and today <= clocks.XF_FINAL_APPLY.due(issued):
        raise TransitionError("复查意见出具后 30 日内，信访人还可以申请复核，不能办结。")


def _name(status: str) -> str:
    return STATUS_NAMES.get(status, status)


#: Who owes the next step: the petition office, the agency in charge, or nobody but the petitioner, who may take it.
OFFICE, AGENCY, PETITIONER = "office", "agency", "petitioner"


@dataclass(frozen=True)
class Next:
    """The next statutory step: a key of the message catalogue, its last day if the law sets one, its article, who owes it."""

    key: str
    due: date | None
    article: str
    by: str = ""


def next_step(standing: Standing) -> Next:
    """What the law asks for next, by when, and of whom."""
    since = standing.entered.get(standing.status, standing.filed_on)
    status, category = standing.status, standing.category
    without = {"建议意见": Next("study", None, "29", AGENCY), "检举控告": Next("inspect", None, "30", AGENCY)}
    if status == "registered":
        return Next("dispatch", clocks.XF_DISPATCH.due(standing.filed_on), "22", OFFICE)
    if status == "dispatched":
        # 条例 23④: telling of accusations follows rules of its own, to which the Regulations give no number.
        told_by = None if category == "检举控告" else clocks.XF_NOTIFY.due(since)
        return Next("notify", told_by, "23", AGENCY)
    if status == "notified":
        return without.get(category, Next("decide", None, "31", AGENCY))
    if status in ("accepted", "handling", "extended"):
        start = standing.entered.get("accepted")
        if start is None:
            return without.get(category, Next("study", None, "29", AGENCY))
        end = clocks.XF_HANDLE.due(start)
        return Next("reply", clocks.XF_EXTEND.due(end) if "extended" in standing.passed else end, "34", AGENCY)
    if status == "replied" and category not in WITHOUT_31:
        return Next("apply_review", clocks.XF_REVIEW_APPLY.due(since), "35", PETITIONER)
    if status == "review":
        issued = standing.opinions.get("review")
        if issued is not None:
            return Next("apply_final", clocks.XF_FINAL_APPLY.due(issued), "36", PETITIONER)
        return Next("review", clocks.XF_REVIEW_DECIDE.due(since), "35", AGENCY)
    if status == "final_review":
        if standing.opinions.get("final_review") is not None:
            return Next("close", None, "36", OFFICE)
        end = clocks.XF_FINAL_DECIDE.due(since) + timedelta(days=standing.paused)
        return Next("final_review", end, "36", AGENCY)
    if status in ("guided", "not_accepted"):
        return Next(f"after_{status}", None, "31", "")
    return Next("none", None, "")


#: Events that change what the clocks say: the written opinion of a review, the days of a hearing.
OPINION_EVENTS = {"复查意见书": "review", "复核意见书": "final_review"}
HEARING = "听证"
#: Thirty days run from receipt: the day on which the petitioner got the paper, when it is known to differ from its date.
DELIVERED = "送达"


def standing_of(category: str, filed_on: date, moves: Iterable[tuple[str, date]]) -> Standing:
    """The standing after a history of (target, day) moves, the first of them into `registered`."""
    entered: dict[str, date] = {}
    status = "registered"
    for target, day in moves:
        entered[target], status = day, target
    return Standing(status, category, filed_on, entered, frozenset(entered))


def standing_of_events(category: str, filed_on: date, events: Iterable[EventView]) -> Standing:
    """The standing after the events of a case: its moves, and what else changes the clocks.

    An opinion or a hearing counts for the review it was made in: entering a review again begins anew.
    """
    moves: list[tuple[str, date]] = []
    opinions: dict[str, date] = {}
    received: dict[str, date] = {}
    paused = 0
    for e in events:
        if e.target:
            moves.append((e.target, e.at.date()))
            received.pop(e.target, None)
            opinions.pop(e.target, None)
            paused = 0 if e.target == "final_review" else paused
        elif e.event in OPINION_EVENTS:
            opinions[OPINION_EVENTS[e.event]] = e.at.date()
        elif e.event == HEARING:
            paused += int(e.data.get("days") or 0)
        elif e.event == DELIVERED and moves:
            day, status = date.fromisoformat(str(e.data["on"])), moves[-1][0]
            if status in opinions:
                opinions[status] = day
            elif status == "replied":
                received[status] = day
    plain = standing_of(category, filed_on, moves)
    return replace(plain, entered={**plain.entered, **received}, opinions=opinions, paused=paused)
