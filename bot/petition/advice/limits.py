"""The time limits of a way on a day: when each began, when it ends, and which date is worth asking for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.knowledge.model import Clock
from bot.petition.clocks import Length, due, ends, first_day, holidays_known, last_day

#: Clocks up to this many days are asked for when their start is unknown: missing them ends the way. Three months are among them.
SHORT_DAYS = 92


@dataclass(frozen=True)
class Running:
    """A time limit of a way: the day it runs from and its last day, where the story tells the one that starts it.

    `exact`: the day is known. Otherwise only its month is, and both are those of its first day: the earliest end is the safe
    one, and `latest` is that of the last day that it allows. `guessed`: the end rests on the holidays of a year that are not
    known yet. `starts` may be ahead (`clock.after`).
    """

    clock: Clock
    starts: date | None = None
    due: date | None = None
    exact: bool = True
    guessed: bool = False
    latest: date | None = None

    @property
    def asks_for(self) -> str:
        """The date fact to ask for: the limit is short, names one, and the day is not known; else ""."""
        if not self.clock.length or (self.starts and self.exact):
            return ""
        ask = next((s for s in self.clock.starts if s != "occurred_on"), "")
        return ask if Length.parse(self.clock.length).natural_days <= SHORT_DAYS else ""


def limit_of(clock: Clock, facts: Mapping[str, str], today: date) -> Running:
    """The clock with its days, when the date that starts it is known and not in the future."""
    start = _told(clock.starts, facts)
    if start is None or start[0] > today:
        return Running(clock)
    day, exact = start
    if clock.after:  # one period becomes another: the agency's time has to run out before ours begins
        day = due(day, Length.parse(clock.after))
    if not clock.length:
        return Running(clock, day if exact else None)
    restarts = [
        d for d, known in (_told((n,), facts) or (None, False) for n in clock.restarts) if d and known and d <= today
    ]
    caps = [(since[0], Length.parse(c.length)) for c in clock.caps if (since := _told(c.starts, facts)) and since[1]]
    length = Length.parse(clock.length)
    plain = ends(day, length, restarts=restarts, caps=caps, move_holiday=False)
    last = plain if clock.stays else ends(day, length, restarts=restarts, caps=caps)
    guessed = (last != plain or length.unit == "working_day") and not holidays_known(last.year)
    latest = last if exact else ends(min(_month_end(day), today), length, caps=caps, move_holiday=not clock.stays)
    return Running(clock, day, last, exact, guessed, latest)


def _month_end(day: date) -> date:
    return last_day(f"{day.year:04d}-{day.month:02d}")


def _told(names: Iterable[str], facts: Mapping[str, str]) -> tuple[date, bool] | None:
    """The first of the dates that is known, and whether to the day.

    What only says when the matter happened (`occurred_on`, `known_on`) must be known to the day: a story's "three years ago" starts no clock.
    """
    for name in names:
        value = facts.get(name, "")
        try:
            if len(value) == 10:
                return date.fromisoformat(value), True
            if len(value) == 7 and name not in ("occurred_on", "known_on"):
                return first_day(value), False
        except ValueError:
            continue
    return None
