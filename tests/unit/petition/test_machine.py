"""The state machine against a model of its own: the table of statuses as it is written in the contract, and the days of 条例 22-36.

A few hundred random histories in an ordinary run; `HISTORIES=10000 pytest tests/unit/petition/test_machine.py` for as many as one likes.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta, timezone

import chinese_calendar
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.petition import lifecycle
from bot.petition.case import CaseView, EventView
from bot.petition.errors import TransitionError
from bot.petition.progress import next_of, progress_object, standing
from bot.petition.roles import ACCUSATION

FULL = {
    "kind": "转送",
    "agency": "住建",
    "reason": "理由",
    "basis": "依据",
    "where": "去向",
    "approved_by": "王",
    "notice": "告知",
}
#: from → to → who, for ordinary matters; written down from the contract, not from the code.
TABLE = {
    "registered": {"dispatched": "clerk", "notified": "clerk", "merged": "clerk", "withdrawn": "petitioner"},
    "dispatched": {"notified": "handler", "registered": "handler", "merged": "clerk", "withdrawn": "petitioner"},
    "notified": {
        "guided": "handler", "accepted": "handler", "not_accepted": "handler", "handling": "handler", "merged": "clerk",
        "withdrawn": "petitioner",
    },
    "accepted": {"handling": "handler", "merged": "clerk", "withdrawn": "petitioner"},
    "handling": {"extended": "handler supervisor", "replied": "handler", "merged": "clerk", "withdrawn": "petitioner"},
    "extended": {"replied": "handler", "merged": "clerk", "withdrawn": "petitioner"},
    "replied": {"review": "petitioner", "closed": "clerk"},
    "review": {"replied": "handler", "final_review": "petitioner", "closed": "handler clerk"},
    "final_review": {"closed": "handler clerk"},
    "guided": {"closed": "clerk", "merged": "clerk", "withdrawn": "petitioner"},
    "not_accepted": {"closed": "clerk", "merged": "clerk", "withdrawn": "petitioner"},
}  # fmt: skip
ONLY_31 = {"guided", "accepted", "not_accepted", "extended", "review", "final_review"}
ROLES = ("clerk", "handler", "supervisor", "discipline", "auditor", "admin", "petitioner")


def working_days_after(day: date, n: int) -> date:
    while n:
        day += timedelta(days=1)
        try:
            n -= chinese_calendar.is_workday(day)
        except NotImplementedError:
            n -= day.weekday() < 5
    return day


class Life(RuleBasedStateMachine):
    """One case, moved by anybody to anywhere as days go by."""

    @initialize(
        category=st.sampled_from(["申诉求决", "建议意见", "检举控告", "咨询"]),
        start=st.dates(date(2024, 1, 1), date(2027, 6, 30)),
    )
    def register(self, category: str, start: date) -> None:
        self.category, self.filed, self.today = category, start, start
        self.status, self.since, self.accepted = "registered", start, None
        self.extended, self.opinion, self.hearing = 0, None, 0
        self.events = [self._event("transition", "registered")]

    def _event(self, event: str, target: str | None = None, **data: object) -> EventView:
        at = datetime.combine(self.today, datetime.min.time(), timezone.utc)
        return EventView(event, None, target, at, "某人", "", data)

    def view(self) -> CaseView:
        return CaseView("2", self.status, "petition", self.category, "住建", self.filed, None, 1, tuple(self.events))

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(
        to=st.sampled_from(sorted(lifecycle.STATUS_NAMES)),
        role=st.sampled_from(ROLES),
        full=st.sampled_from([True, True, True, False]),
    )
    def somebody_moves_it(self, to: str, role: str, full: bool) -> None:
        self._try(to, role, full)

    @rule(pick=st.integers(0, 9), full=st.sampled_from([True, True, True, True, False]))
    def the_right_one_moves_it(self, pick: int, full: bool) -> None:
        steps = sorted(TABLE.get(self.status, {}).items())
        if steps:
            to, who = steps[pick % len(steps)]
            role = who.split()[0]
            self._try(to, "discipline" if self.category == ACCUSATION and role != "petitioner" else role, full)

    def _try(self, to: str, role: str, full: bool) -> None:
        expected = self._allowed(to, role, full)
        try:
            lifecycle.check(standing(self.view()), to, role, FULL if full else {}, self.today)
        except TransitionError as e:
            assert str(e)
            assert not expected, (self.status, to, role, str(e))
            return
        assert expected, (self.status, to, role)
        self.events.append(self._event("transition", to))
        if to == "accepted":
            self.accepted = self.today
        self.extended += to == "extended"
        if to in ("review", "final_review"):
            self.opinion, self.hearing = None, 0
        self.status, self.since = to, self.today

    def _allowed(self, to: str, role: str, full: bool) -> bool:
        who = TABLE.get(self.status, {}).get(to, "").split()
        if self.category == ACCUSATION:
            who = ["petitioner" if w == "petitioner" else "discipline" for w in who]
        if role not in who:
            return False
        needs = {
            ("registered", "dispatched"),
            ("dispatched", "registered"),
            ("notified", "not_accepted"),
            ("handling", "extended"),
            ("review", "replied"),
        }
        if (self.status, to) in needs and not full:
            return False
        without = self.category in ("建议意见", "检举控告")
        if (without and to in ONLY_31) or (not without and self.status == "notified" and to == "handling"):
            return False
        if to == "extended" and self.extended:
            return False
        return self._in_time(to, without)

    def _in_time(self, to: str, without: bool) -> bool:
        thirty = timedelta(days=30)
        if (self.status, to) == ("dispatched", "registered"):
            return self.today <= working_days_after(self.since, 5)
        if self.status == "replied":
            applied = self.today <= self.since + thirty
            return applied if to == "review" else without or not applied
        if self.status == "review":
            if self.opinion is None:
                return to == "replied"
            applied = self.today <= self.opinion + thirty
            return {"replied": True, "final_review": applied, "closed": not applied}[to]
        return self.opinion is not None if self.status == "final_review" else True

    @precondition(lambda self: self.status in ("review", "final_review") and self.opinion is None)
    @rule()
    def the_opinion_is_issued(self) -> None:
        self.events.append(self._event("复查意见书" if self.status == "review" else "复核意见书"))
        self.opinion = self.today

    @precondition(lambda self: self.status == "final_review" and self.opinion is None)
    @rule(days=st.integers(1, 10))
    def a_hearing_is_held(self, days: int) -> None:
        self.events.append(self._event("听证", days=days))
        self.hearing += days

    @precondition(lambda self: self.status == "replied")
    @rule()
    def the_paper_arrives_today(self) -> None:
        self.events.append(self._event("送达", on=self.today.isoformat()))
        self.since = self.today

    @rule(event=st.sampled_from(["补充材料", "催办", "督办", "提醒", "查看个人信息", "评价"]))
    def something_else_happens(self, event: str) -> None:
        self.events.append(self._event(event))

    @invariant()
    def the_status_and_every_clock_are_right(self) -> None:
        if not hasattr(self, "status"):
            return
        view = self.view()
        now = standing(view)
        assert now.status == self.status
        step = lifecycle.next_step(now)
        assert step.due == self._due()
        told = next_of(view, self.today)
        owed = step.by in ("office", "agency")
        assert told["overdue"] == bool(owed and step.due and self.today > step.due)
        assert told["what"]
        assert progress_object(view, self.today)["status"] == self.status
        assert self.extended <= 1
        if self.status in ("closed", "withdrawn", "merged"):
            assert step.due is None
            assert not TABLE.get(self.status)

    def _due(self) -> date | None:
        day = timedelta(days=1)
        if self.status == "registered":
            return self.filed + 15 * day
        if self.status == "dispatched":
            return None if self.category == ACCUSATION else self.since + 15 * day
        if self.status in ("accepted", "handling", "extended") and self.accepted:
            return self.accepted + (90 if self.extended else 60) * day
        if self.status == "replied":
            return None if self.category in ("建议意见", "检举控告") else self.since + 30 * day
        if self.status == "review":
            return (self.opinion or self.since) + 30 * day
        if self.status == "final_review":
            return None if self.opinion else self.since + (30 + self.hearing) * day
        return None


Life.TestCase.settings = settings(
    max_examples=int(os.environ.get("HISTORIES", "300")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase
