"""The state machine of a case, against random histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition import lifecycle
from bot.petition.errors import TransitionError
from bot.petition.lifecycle import FINAL, STATUS_NAMES, WITHOUT_31, check, next_step, standing_of

DAY = date(2026, 11, 2)
FULL = {
    "kind": "转送",
    "agency": "住建",
    "reason": "理由",
    "basis": "依据",
    "where": "去向",
    "approved_by": "王",
    "notice": "已告知",
}
ROLES = ("clerk", "handler", "supervisor", "discipline", "petitioner")


def standing(category: str, *path: str, day: date = DAY) -> lifecycle.Standing:
    return standing_of(category, day, [(s, day) for s in ("registered", *path)])


def test_a_plain_case_goes_from_registration_to_the_end() -> None:
    path = ["registered"]
    for to, role, day in [
        ("dispatched", "clerk", DAY),
        ("notified", "handler", DAY),
        ("accepted", "handler", DAY),
        ("handling", "handler", DAY),
        ("replied", "handler", DAY),
        ("review", "petitioner", DAY),
        ("final_review", "petitioner", DAY),
        ("closed", "handler", DAY),
    ]:
        now = replace(standing("申诉求决", *path[1:]), opinions={"review": DAY, "final_review": DAY})
        check(now, to, role, FULL, day)
        path.append(to)
    assert path[-1] == "closed"


@pytest.mark.parametrize(
    ("category", "path", "to", "role", "data", "day", "why"),
    [
        ("申诉求决", ("dispatched", "notified"), "handling", "handler", FULL, DAY, "先决定受理"),
        ("建议意见", ("dispatched", "notified"), "accepted", "handler", FULL, DAY, "不走受理"),
        ("检举控告", ("dispatched",), "notified", "handler", FULL, DAY, "岗位"),
        ("申诉求决", ("dispatched", "notified"), "not_accepted", "handler", {}, DAY, "还缺"),
        ("申诉求决", (), "dispatched", "handler", FULL, DAY, "岗位"),
        ("申诉求决", ("dispatched",), "registered", "handler", FULL, DAY + timedelta(days=20), "5 个工作日"),
        (
            "申诉求决",
            ("dispatched", "notified", "accepted", "handling", "replied"),
            "review",
            "petitioner",
            {},
            DAY + timedelta(days=31),
            "30 日内",
        ),
        (
            "申诉求决",
            ("dispatched", "notified", "accepted", "handling", "replied"),
            "closed",
            "clerk",
            {},
            DAY + timedelta(days=5),
            "还可以申请复查",
        ),
        (
            "申诉求决",
            ("dispatched", "notified", "accepted", "handling"),
            "extended",
            "handler",
            {**FULL, "days": 31},
            DAY,
            "30 日",
        ),
        (
            "申诉求决",
            ("dispatched", "notified", "accepted", "handling", "replied"),
            "withdrawn",
            "petitioner",
            {},
            DAY,
            "不能直接",
        ),
    ],
)
def test_what_the_law_does_not_allow_is_refused_with_a_reason(category, path, to, role, data, day, why) -> None:
    with pytest.raises(TransitionError, match=why):
        check(standing(category, *path), to, role, data, day)


def test_an_accusation_is_worked_by_the_discipline_role() -> None:
    check(standing("检举控告"), "dispatched", "discipline", FULL, DAY)
    check(standing("检举控告", "dispatched", "notified"), "handling", "discipline", FULL, DAY)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["申诉求决", "建议意见", "检举控告"]),
    st.lists(st.tuples(st.sampled_from(sorted(STATUS_NAMES)), st.sampled_from(ROLES), st.integers(0, 40)), max_size=25),
)
def test_random_histories_never_reach_an_illegal_state(category: str, tries: list[tuple[str, str, int]]) -> None:
    day, moves = DAY, [("registered", DAY)]
    for to, role, wait in tries:
        day += timedelta(days=wait)
        now = standing_of(category, DAY, moves)
        try:
            check(now, to, role, FULL, day)
        except TransitionError:
            continue
        assert now.status not in FINAL
        moves.append((to, day))
        after = standing_of(category, DAY, moves)
        if category in WITHOUT_31:
            assert after.status not in ("accepted", "guided", "not_accepted", "extended", "review", "final_review")
        step = next_step(after)
        if after.status in ("accepted", "handling") and "accepted" in after.entered:
            assert step.due == after.entered["accepted"] + timedelta(days=60)
        if after.status == "extended":
            assert step.due == after.entered["accepted"] + timedelta(days=90)
        if after.status in FINAL:
            assert step.due is None
    assert [m[0] for m in moves].count("extended") <= 1
