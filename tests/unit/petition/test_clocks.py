"""Statutory periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.clocks import XF_HANDLE, XF_OBJECT, Length, due, is_working_day, next_working_day

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


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


@given(days, st.integers(1, 400))
def test_natural_days_count_from_the_day_after_and_end_on_a_working_day(start: date, n: int) -> None:
    plain = due(start, Length(n, "day"), move_holiday=False)
    moved = due(start, Length(n, "day"))
    assert plain == start + timedelta(days=n)
    assert moved == next_working_day(plain) >= plain
    assert is_working_day(moved)


@given(days, st.integers(1, 40))
def test_working_days_contain_exactly_so_many_working_days(start: date, n: int) -> None:
    last = due(start, Length(n, "working_day"))
    between = [start + timedelta(days=i) for i in range(1, (last - start).days + 1)]
    assert sum(map(is_working_day, between)) == n
    assert is_working_day(last)


@given(days, st.integers(1, 240))
def test_months_end_on_the_corresponding_day_or_the_last_of_the_month(start: date, n: int) -> None:
    last = due(start, Length(n, "month"), move_holiday=False)
    assert (last.year * 12 + last.month) - (start.year * 12 + start.month) == n
    assert last.day == start.day or (last + timedelta(days=1)).day == 1


@given(days, st.integers(1, 30))
def test_a_longer_period_never_ends_earlier(start: date, n: int) -> None:
    assert due(start, Length(n, "month")) <= due(start, Length(n + 1, "month"))


def test_the_regulations_own_periods_do_not_move() -> None:
    assert XF_HANDLE.due(date(2026, 11, 2)) == date(2027, 1, 1)
    assert XF_OBJECT.due(date(2026, 11, 20)) == date(2026, 11, 27)
