"""Statutory periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.clocks import (
    XF_HANDLE,
    XF_OBJECT,
    Length,
    due,
    ends,
    first_day,
    holidays_known,
    is_working_day,
    last_day,
    next_working_day,
)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
lengths = st.builds(Length, st.integers(1, 60), st.sampled_from(["day", "month", "working_day"]))


@pytest.mark.parametrize(
    ("start", "length", "last"),
    [
        (
            date(2026, 11, 21),
            "3 working_days",
            date(2026, 11, 25),
        ),  # a Saturday: counting starts on Monday after the Sunday
        (date(2026, 11, 19), "60 days", date(2027, 1, 18)),
        (date(2026, 6, 5), "6 months", date(2026, 12, 7)),  # the 5th is a Saturday
        (date(2026, 10, 16), "1 year", date(2027, 10, 18)),
        (date(2024, 2, 29), "1 year", date(2025, 2, 28)),
        (date(2026, 8, 31), "6 months", date(2027, 3, 1)),  # no 31 February; the 28th is a Sunday
        (date(2026, 11, 23), "48 hours", date(2026, 11, 25)),
        (date(2025, 9, 20), "15 days", date(2025, 10, 9)),  # ends in the holidays of 1-8 October
    ],
)
def test_periods_end_on_the_day_that_the_law_means(start: date, length: str, last: date) -> None:
    assert due(start, Length.parse(length)) == last


@pytest.mark.parametrize("text", ["", "60", "days 60", "60 fortnights", "-3 days", "1.5 years"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        Length.parse(text)


@settings(deadline=None)
@given(days, st.integers(1, 400))
def test_natural_days_count_from_the_day_after_and_end_on_a_working_day(start: date, n: int) -> None:
    plain = due(start, Length(n, "day"), move_holiday=False)
    moved = due(start, Length(n, "day"))
    assert plain == start + timedelta(days=n)
    assert moved == next_working_day(plain) >= plain
    assert is_working_day(moved)


@settings(deadline=None)
@given(days, st.integers(1, 40))
def test_working_days_contain_exactly_so_many_working_days(start: date, n: int) -> None:
    last = due(start, Length(n, "working_day"))
    between = [start + timedelta(days=i) for i in range(1, (last - start).days + 1)]
    assert sum(map(is_working_day, between)) == n
    assert is_working_day(last)


@settings(deadline=None)
@given(days, st.integers(1, 240))
def test_months_end_on_the_corresponding_day_or_the_last_of_the_month(start: date, n: int) -> None:
    last = due(start, Length(n, "month"), move_holiday=False)
    assert (last.year * 12 + last.month) - (start.year * 12 + start.month) == n
    assert last.day == start.day or (last + timedelta(days=1)).day == 1


@settings(deadline=None)
@given(days, st.integers(1, 30))
def test_a_longer_period_never_ends_earlier(start: date, n: int) -> None:
    assert due(start, Length(n, "month")) <= due(start, Length(n + 1, "month"))


def test_the_regulations_own_periods_do_not_move() -> None:
    assert XF_HANDLE.due(date(2026, 11, 2)) == date(2027, 1, 1)
    assert XF_OBJECT.due(date(2026, 11, 20)) == date(2026, 11, 27)


# -- what may happen to a period ---------------------------------------------------------------------------------------------


def test_a_year_whose_holidays_are_not_announced_is_counted_by_weekends_and_said_to_be_so() -> None:
    known = [y for y in range(2018, 2040) if holidays_known(y)]
    assert 2026 in known
    unknown = max(known) + 1
    assert not holidays_known(unknown)
    monday = next(date(unknown, 1, d) for d in range(4, 11) if date(unknown, 1, d).weekday() == 0)
    assert is_working_day(monday)
    assert not is_working_day(monday - timedelta(days=1))
    assert is_working_day(date(2026, 2, 14))  # a Saturday that is worked before the Spring Festival
    assert not is_working_day(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("told", "first", "last"),
    [
        ("2026-03", date(2026, 3, 1), date(2026, 3, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02-05", date(2026, 2, 5), date(2026, 2, 5)),
    ],
)
def test_a_date_told_by_its_month_spans_it(told: str, first: date, last: date) -> None:
    assert (first_day(told), last_day(told)) == (first, last)


@settings(deadline=None)
@given(days, lengths)
def test_without_any_event_a_period_ends_when_it_is_due(start: date, length: Length) -> None:
    assert ends(start, length) == due(start, length)


@settings(deadline=None)
@given(days, lengths, st.lists(st.integers(-100, 2500), max_size=4))
def test_an_event_never_shortens_a_period_and_restarts_it_only_while_it_runs(
    start: date, length: Length, shifts: list[int]
) -> None:
    events = [start + timedelta(days=s) for s in shifts]
    end = ends(start, length, restarts=events)
    assert end >= due(start, length)
    late = [e for e in events if e > end]
    assert ends(start, length, restarts=[*events, *late]) == end
    if not [e for e in events if start <= e <= due(start, length)]:
        assert end == due(start, length)  # over is over: a demand after the end revives nothing
    else:
        assert end in {due(e, length) for e in events}


@settings(deadline=None)
@given(days, lengths, st.integers(1, 2500), st.integers(1, 2500))
def test_a_cap_ends_a_period_at_the_latest_whatever_restarts_it(
    start: date, length: Length, shift: int, size: int
) -> None:
    cap = (start, Length(size, "day"))
    end = ends(start, length, restarts=[start + timedelta(days=shift)], caps=[cap])
    assert end <= start + timedelta(days=size)
    assert end <= ends(start, length, restarts=[start + timedelta(days=shift)])


def test_three_years_from_knowing_and_twenty_from_the_harm() -> None:
    three, twenty = Length.parse("3 years"), Length.parse("20 years")
    harm = date(2004, 5, 10)
    assert ends(date(2020, 1, 7), three, caps=[(harm, twenty)]) == date(2023, 1, 9)  # the 7th is a Saturday
    assert ends(date(2023, 6, 1), three, caps=[(harm, twenty)]) == date(2024, 5, 10)  # known too late: the harm decides


def test_a_demand_begins_the_three_years_anew_and_one_after_the_end_does_not() -> None:
    three = Length.parse("3 years")
    assert ends(date(2021, 3, 1), three, restarts=[date(2023, 8, 5)]) == date(2026, 8, 5)
    assert ends(date(2021, 3, 1), three, restarts=[date(2023, 8, 5), date(2026, 8, 6)]) == date(2026, 8, 5)
    assert ends(date(2021, 3, 1), three, restarts=[date(2024, 3, 2)]) == date(2024, 3, 1)


@settings(deadline=None)
@given(days, st.integers(1, 90), st.integers(1, 90))
def test_one_period_becomes_another_and_none_of_its_days_is_lost(start: date, first: int, second: int) -> None:
    over = due(start, Length(first, "day"), move_holiday=False)
    assert due(over, Length(second, "day"), move_holiday=False) == start + timedelta(days=first + second)
