"""Phones, identity numbers, money, dates and numbers of people on lines `kind | text | value`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation.shares import share
from bot.petition.understand import contacts, counts, dates, money

#: The day on which the lines are read.
TODAY = date(2026, 11, 23)
#: Up to so many characters a line of `people` is an answer to "how many".
ANSWER = 4
NUMBERS = ("money", "people")


def _last(found: list[Any]) -> Any:
    return found[-1] if found else None


_READ: dict[str, Callable[[str], Any]] = {
    "phones": lambda s: _last(contacts.find_phones(s)),
    "ids": lambda s: _last(contacts.find_ids(s)),
    "money": money.best_amount,
    "dates": lambda s: dates.best_date(s, TODAY),
    "people": lambda s: counts.answer_people(s) if len(s) <= ANSWER else counts.best_people(s),
}


def values_report(path: Path) -> dict[str, Any]:
    """Shares of right values per kind and in all, and what was read wrong. Raises OSError, ValueError for a line of another form."""
    n: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        kind, text, value = line.split(" | ")
        found = _READ[kind](text)
        got = None if found is None else found.value
        if value == "null" or got is None:
            ok = value == "null" and got is None
        else:
            ok = float(got) == float(value) if kind in NUMBERS else str(got) == value
        n[kind] += 1
        right[kind] += ok
        if not ok:
            wrong.append(f"{kind}: {text} → {got}, not {value}")
    report: dict[str, Any] = {"n": n.total(), "right": share(right.total(), n.total())}
    return report | {k: share(right[k], n[k]) for k in n} | {"wrong": wrong}
