"""Statutory periods: counting starts the day after; months and years end on the corresponding day; the last day of a procedural
period that falls on a holiday moves to the next working day (民事诉讼法 85, 行政复议法 88, 刑事诉讼法 105, 民法典 201-203).

Holidays and make-up workdays come from chinese_calendar; for years that it does not know yet, weekends alone are counted and
`holidays_known` says so.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_FORM = re.compile(r"(\d+) (days?|working_days?|months?|years?|hours?)")
#: Natural days that a unit stands for when lengths are compared; dates are never computed from it.
_ROUGH = {"day": 1.0, "working_day": 1.4, "month": 30.0, "year": 365.0, "hour": 1 / 24}


@dataclass(frozen=True)
class Length:
    """A number of units: day, working_day, month, year, hour."""

    number: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Length:
        """`60 days`, `3 working_days`, `6 months`, `1 year`, `48 hours`. Raises ValueError."""
        m = _FORM.fullmatch(text.strip())
        if not m:
            raise ValueError(f"not a length of time: {text!r}")
        return cls(int(m[1]), m[2].rstrip("s"))

    @property
    def natural_days(self) -> int:
        """About how many natural days, for comparing lengths."""
        return max(1, round(self.number * _ROUGH[self.unit]))


@lru_cache
def holidays_known(year: int) -> bool:
    """Whether the State Council's holidays of `year` are known here (they are announced in the November before)."""
    import chinese_calendar

    try:
        chinese_calendar.is_workday(date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


def is_working_day(day: date) -> bool:
    """Whether offices work on `day`; in a year whose holidays are not known, whether it is a weekday."""
    import chinese_calendar

    return bool(chinese_calendar.is_workday(day)) if holidays_known(day.year) else day.weekday() < 5


def next_working_day(day: date) -> date:
    """`day` itself when it is a working day, else the first one after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def _months_on(start: date, months: int) -> date:
    k = start.year * 12 + start.month - 1 + months
    y, m = divmod(k, 12)
    return date(y, m + 1, min(start.day, monthrange(y, m + 1)[1]))


def first_day(told: str) -> date:
    """The first day of a date told as YYYY, YYYY-MM or YYYY-MM-DD. Raises ValueError."""
    year, month, day = ([int(x) for x in told.split("-")] + [0, 0])[:3]
    return date(year, month or 1, day or 1)


def last_day(told: str) -> date:
    """The last day of a date told as YYYY, YYYY-MM or YYYY-MM-DD. Raises ValueError."""
    year, month, day = ([int(x) for x in told.split("-")] + [0, 0])[:3]
    month = month or 12
    return date(year, month, day or monthrange(year, month)[1])


def due(start: date, length: Length, move_holiday: bool = True) -> date:
    """The last day of a period that runs from the day after `start`."""
    if length.unit == "working_day":
        day, left = start, length.number
        while left:
            day += timedelta(days=1)
            left -= is_working_day(day)
        return day
    if length.unit == "hour":
        return start + timedelta(days=-(-length.number // 24))
    if length.unit == "day":
        day = start + timedelta(days=length.number)
    else:
        day = _months_on(start, length.number * (12 if length.unit == "year" else 1))
    return next_working_day(day) if move_holiday else day


def ends(
    start: date,
    length: Length,
    *,
    restarts: Iterable[date] = (),
    caps: Iterable[tuple[date, Length]] = (),
    move_holiday: bool = True,
) -> date:
    """The last day of a period with what may happen to it.

    `restarts`: events that make it run anew, each from its own day, as long as the period has not ended before (民法典 195,
    劳动争议调解仲裁法 27); a period that nothing interrupts has none. `caps`: maximum periods, each from its own day and never
    moved or interrupted; the earliest of them ends the period at the latest (民法典 188, 行政复议法 21, 行政诉讼法 46).
    """
    last = due(start, length, move_holiday)
    for event in sorted(restarts):
        if start <= event <= last:
            last = due(event, length, move_holiday)
    return min([last, *(due(since, longest, move_holiday=False) for since, longest in caps)])


@dataclass(frozen=True)
class Period:
    """A period of the Regulations on Petition Work. Their days are natural days, and the last one does not move."""

    length: Length
    article: str

    def due(self, start: date) -> date:
        """The last day."""
        return due(start, self.length, move_holiday=False)


XF_DISPATCH = Period(Length(15, "day"), "22")
XF_NOTIFY = Period(Length(15, "day"), "23")
XF_OBJECT = Period(Length(5, "working_day"), "23")
XF_HANDLE = Period(Length(60, "day"), "34")
XF_EXTEND = Period(Length(30, "day"), "34")
XF_REVIEW_APPLY = Period(Length(30, "day"), "35")
XF_REVIEW_DECIDE = Period(Length(30, "day"), "35")
XF_FINAL_APPLY = Period(Length(30, "day"), "36")
XF_FINAL_DECIDE = Period(Length(30, "day"), "36")
