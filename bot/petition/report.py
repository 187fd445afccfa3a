"""Aggregates of the service's own cases: no single person, no group under five, nothing of accusations, not even in a total.

What is not here is left out on purpose: no watching of social media, no scoring of persons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from bot.petition.case import CaseView, EventView
from bot.petition.lifecycle import PETITIONER, next_step, standing_of
from bot.petition.progress import next_of
from bot.petition.roles import ACCUSATION

#: Groups smaller than this are not shown in a report.
K_ANONYMOUS = 5
RATINGS = ("满意", "基本满意", "不满意")
#: What the office has to do in time, by the status that it leads to.
DUTIES = ("dispatched", "notified", "replied")


@dataclass(frozen=True)
class Topic:
    """A cluster of near-duplicate matters: what is shared by its tellers, how many, and how many the week before."""

    words: tuple[str, ...]
    agency: str
    count: int
    people: int
    before: int


class Source(Protocol):
    """What reports need of the case store."""

    def filed_between(self, first: date, last: date) -> list[CaseView]: ...
    def number_filed(self, first: date, last: date) -> int: ...
    def histories(self, first: date, last: date) -> Iterable[tuple[str, date, list[tuple[str, date]]]]: ...
    def due_numbers(self, today: date) -> tuple[int, int]: ...
    def repeats(self, first: date, last: date) -> int: ...
    def topics(self, first: date, last: date) -> list[Topic]: ...
    def with_event(self, event: str, first: date, last: date) -> list[CaseView]: ...


def weekly(cases: Source, today: date) -> dict[str, Any]:
    """The seven days up to `today`: volume, ways, kinds, agencies, statuses, punctuality, repeats, ratings, hot topics."""
    first = today - timedelta(days=6)
    # Not even a total counts accusations: whoever takes the kinds from the total would have their number, and their days.
    plain = [v for v in cases.filed_between(first, today) if v.category != ACCUSATION]
    late = sum(next_of(v, today)["overdue"] for v in plain)
    overdue, open_ = cases.due_numbers(today)
    rated = cases.with_event("评价", first, today)
    return {
        "from": first.isoformat(),
        "to": today.isoformat(),
        "registered": len(plain),
        "registered_week_before": cases.number_filed(first - timedelta(days=7), first - timedelta(days=1)),
        "by_day": _by_day(plain, first),
        "by_channel": _counts(v.channel for v in plain),
        "by_category": _counts(v.category for v in plain),
        "by_agency": _counts(v.agency for v in plain),
        "by_status": _counts(v.status for v in plain),
        "overdue": late,
        "on_time_rate": round(1 - late / len(plain), 3) if plain else None,
        "open_all": open_,
        "overdue_all": overdue,
        "steps_on_time": _steps_on_time(cases, today),
        "repeats": cases.repeats(first, today),
        "ratings": ratings(rated, first, today),
        "rated": sum(n for group in ratings(rated, first, today).values() for n in group.values()),
        "topics": [
            {"words": list(t.words), "agency": t.agency, "count": t.count, "people": t.people, "before": t.before}
            for t in cases.topics(first, today)
            if t.people >= K_ANONYMOUS
        ],
        "small_groups_hidden_below": K_ANONYMOUS,
    }


def _by_day(views: Iterable[CaseView], first: date) -> dict[str, int]:
    filed = Counter(v.filed_on for v in views)
    return {(first + timedelta(days=i)).isoformat(): filed[first + timedelta(days=i)] for i in range(7)}


def _counts(values: Iterable[str]) -> dict[str, int]:
    return {k: n for k, n in Counter(values).most_common() if n >= K_ANONYMOUS}


def _steps_on_time(cases: Source, today: date) -> dict[str, dict[str, Any]]:
    """Of the cases filed in the last 90 days: how many steps that have a date were taken, and how many of them by that date."""
    done: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for category, filed_on, moves in cases.histories(today - timedelta(days=89), today):
        for step, on_time in timed_steps(category, filed_on, moves):
            done[step] += 1
            kept[step] += on_time
    return {s: {"done": n, "on_time": round(kept[s] / n, 3)} for s, n in done.items() if n >= K_ANONYMOUS}


def timed_steps(category: str, filed_on: date, moves: Sequence[tuple[str, date]]) -> list[tuple[str, bool]]:
    """Each step with a statutory date that was taken: (status it led to, whether by its date)."""
    out = []
    for i, (target, day) in enumerate(moves):
        if target in DUTIES and i:
            owed = next_step(standing_of(category, filed_on, moves[:i]))
            if owed.due and owed.by != PETITIONER:
                out.append((target, day <= owed.due))
    return out


def ratings(views: Iterable[CaseView], first: date, last: date) -> dict[str, dict[str, int]]:
    """Ratings given in these days by whom they are for; a changed rating counts once. Small groups are left out."""
    groups: dict[str, Counter[str]] = {"unit": Counter(), "department": Counter()}
    for view in views:
        if view.category == ACCUSATION:
            continue
        for whom, e in _last_ratings(view).items():
            if first <= e.at.date() <= last:
                groups[whom][str(e.data.get("rating"))] += 1
    return {w: {r: g[r] for r in RATINGS} for w, g in groups.items() if sum(g.values()) >= K_ANONYMOUS}


def _last_ratings(view: CaseView) -> dict[str, EventView]:
    return {str(e.data.get("whom", "unit")): e for e in view.events if e.event == "评价"}


def rework(cases: Source, today: date, agency: str = "") -> list[dict[str, Any]]:
    """评价—整改: the cases of this and the last quarter that were rated 不满意, what was done, and how they are rated now.

    The look back over a quarter (回头看): a case counts as settled when it was put right and its rating is no longer 不满意.
    """
    first = quarter_start(quarter_start(today) - timedelta(days=1))
    out = []
    for view in cases.with_event("评价", first, today):
        bad = [e for e in view.events if e.event == "评价" and e.data.get("rating") == "不满意"]
        if not bad or view.category == ACCUSATION or (agency and view.agency != agency):
            continue
        fixed = [e for e in view.events if e.event == "整改" and e.at >= bad[0].at]
        now = {w: str(e.data.get("rating")) for w, e in _last_ratings(view).items()}
        out.append(
            {
                "case_no": view.case_no, "agency": view.agency, "status": view.status, "rated_on": bad[0].at.date().isoformat(),
                "quarter": quarter_name(bad[0].at.date()), "words": bad[-1].note, "rework": [f"{e.at.date()} {e.note}" for e in fixed],
                "now": now, "settled": bool(fixed) and "不满意" not in now.values(),
            }
        )  # fmt: skip
    return sorted(out, key=lambda r: (r["settled"], r["rated_on"]))


def look_back(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Quarter → how many were rated 不满意, put right, settled."""
    out: dict[str, dict[str, int]] = {}
    for row in rows:
        q = out.setdefault(row["quarter"], {"rated": 0, "rework": 0, "settled": 0})
        q["rated"] += 1
        q["rework"] += bool(row["rework"])
        q["settled"] += row["settled"]
    return out


def quarter_start(day: date) -> date:
    """The first day of the quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def quarter_name(day: date) -> str:
    """2026年第4季度"""
    return f"{day.year}年第{(day.month - 1) // 3 + 1}季度"
