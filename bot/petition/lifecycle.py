"""The life of a case: statuses, who may move it where, and the next statutory date (条例 22-36; contracts, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.petition import clocks
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
    "approved_by": "批准人",
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


@dataclass(frozen=True)
class Standing:
    """What the machine needs to know of a case. `entered`: status → the day it was last entered."""

    status: str
    category: str
    filed_on: date
    entered: Mapping[str, date]
    passed: frozenset[str] = frozenset()


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
    since = standing.entered.get(standing.status, standing.filed_on)
    if standing.status == "dispatched" and to == "registered" and today > clocks.XF_OBJECT.due(since):
        raise TransitionError("提出异议要在收到后 5 个工作日内。")
    if to in ("review", "final_review") and today > clocks.XF_REVIEW_APPLY.due(since):
        raise TransitionError("申请要在收到书面意见之日起 30 日内提出。")
    if (
        standing.status == "replied"
        and to == "closed"
        and standing.category not in WITHOUT_31
        and today <= clocks.XF_REVIEW_APPLY.due(since)
    ):
        raise TransitionError("答复后 30 日内，信访人还可以申请复查，不能办结。")
    if to == "extended" and int(data.get("days", 30)) > 30:
        raise TransitionError("延期不超过 30 日。")


def _name(status: str) -> str:
    return STATUS_NAMES.get(status, status)


@dataclass(frozen=True)
class Next:
    """The next statutory step: a key of the message catalogue, its last day if the law sets one, its article."""

    key: str
    due: date | None
    article: str


def next_step(standing: Standing) -> Next:
    """What the law asks for next, and by when."""
    since = standing.entered.get(standing.status, standing.filed_on)
    status = standing.status
    if status == "registered":
        return Next("dispatch", clocks.XF_DISPATCH.due(standing.filed_on), "22")
    if status == "dispatched":
        return Next("notify", clocks.XF_NOTIFY.due(since), "23")
    if status == "notified":
        return Next(
            "study" if standing.category == "建议意见" else "inspect" if standing.category == "检举控告" else "decide",
            None,
            "31",
        )
    if status in ("accepted", "handling", "extended"):
        start = standing.entered.get("accepted")
        if start is None:
            return Next("study" if standing.category == "建议意见" else "inspect", None, "29")
        end = clocks.XF_HANDLE.due(start)
        return Next("reply", clocks.XF_EXTEND.due(end) if status == "extended" else end, "34")
    if status == "replied" and standing.category not in WITHOUT_31:
        return Next("apply_review", clocks.XF_REVIEW_APPLY.due(since), "35")
    if status == "review":
        return Next("review", clocks.XF_REVIEW_DECIDE.due(since), "35")
    if status == "final_review":
        return Next("final_review", clocks.XF_FINAL_DECIDE.due(since), "36")
    return Next("none", None, "")


def standing_of(category: str, filed_on: date, moves: Iterable[tuple[str, date]]) -> Standing:
    """The standing after a history of (target, day) moves, the first of them into `registered`."""
    entered: dict[str, date] = {}
    status = "registered"
    for target, day in moves:
        entered[target], status = day, target
    return Standing(status, category, filed_on, entered, frozenset(entered))
