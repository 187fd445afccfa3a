"""Reads decisive facts from a story or from the answer to a decisive question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from bot.knowledge.model import Fact
from bot.petition.pattern import Pattern, WordIndex
from bot.petition.understand import answers, dates

_CLAUSE = re.compile(r"[，。！？；,!?;\n]|\s{2,}")
#: A cue right after one of these is denied ("没有收到决定书"), unless the cue itself holds the denial.
_DENIED = re.compile(r"(?:没有?|未曾?|不是|并非|尚未|还没|无)[^，。！？；,]{0,4}$")


#: How many dates of a story are looked at, and how far a clause reaches to each side: both far beyond what people write.
MAX_DATES, CLAUSE = 40, 200


class FactReader:
    """Reads the facts of the knowledge base. Compiled once, used for every text."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._facts = facts
        self._options = WordIndex(
            {(f.id, value): cues for f in facts.values() for value, (_, cues) in f.options.items()}
        )
        self._dates = {f.id: Pattern(f.cues) for f in facts.values() if f.kind == "date"}

    def of_story(self, text: str, today: date) -> dict[str, str]:
        """Facts that the story itself tells: choice values by their cues, dates by the clause they stand in."""
        out = self._choices(text)
        # A day wins over a month; 十一月 without a day still says when the limit ends at the earliest. 三天前 is a day, 三个月 none.
        found = [
            d
            for d in dates.find_dates(text, today)
            if (d.kind == "point" and len(d.value) >= 7) or (d.kind == "duration" and len(d.value) == 10)
        ]
        found.sort(key=lambda d: (-len(d.value), d.start))
        clauses = [(d, _clause(text, d.start, d.end)) for d in found[:MAX_DATES]]
        for key, cues in self._dates.items():
            for d, clause in clauses:
                if cues.hits(clause):
                    out[key] = d.value
                    break
        return out

    def of_answer(self, key: str, text: str, today: date) -> str | None:
        """The fact as an answer to its question, or None when the answer does not tell it."""
        fact = self._facts[key]
        if fact.kind == "date":
            found = dates.best_date(_as_answer(text, today), today)
            return found.value if found and found.kind != "future" else None
        for value, (title, _) in fact.options.items():
            if text.strip() in (title, value):
                return value
        if told := self._choices(text).get(key):
            return told
        if set(fact.options) <= {"yes", "no"}:
            said = answers.yes_no(text)
            return {True: "yes", False: "no", None: None}[said]
        return None

    def _choices(self, text: str) -> dict[str, str]:
        """Per fact the option whose cues, those denied left out, cover most of the text; the first of equals."""
        sizes: dict[str, dict[str, int]] = {}
        for (key, value), found in self._options.hits(text).items():
            longest = [h for h in found if not any(h != other and h in other for other in found)]
            sizes.setdefault(key, {})[value] = sum(len(h) for h in longest if not _denied(text, h))
        out = {}
        for key, weights in sizes.items():
            best = max((v for v in self._facts[key].options if v in weights), key=weights.__getitem__)
            if weights[best]:
                out[key] = best
        return out


#: Short forms that mean a day only where a day was asked for.
_DOTTED = re.compile(r"^\D{0,6}(?P<m>\d{1,2})[./\-](?P<d>\d{1,2})\D{0,8}$")
_WEEKDAY = re.compile(r"(?<![上下这个本])(?:周|星期|礼拜)(?P<d>[一二三四五六日天])")


def _as_answer(text: str, today: date) -> str:
    """The answer to "which day" with 11.20 and a bare 周五 (the last one) written out."""
    if m := _DOTTED.match(text.strip()):
        return f"{m['m']}月{m['d']}日"
    if m := _WEEKDAY.search(text):
        back = (today.weekday() - "一二三四五六日".find(m["d"].replace("天", "日"))) % 7
        day = today - timedelta(days=back)
        return f"{day.year}年{day.month}月{day.day}日"
    return text


def _denied(text: str, cue: str) -> bool:
    if cue[0] in "没不未无":
        return False
    at = text.find(cue)
    return bool(_DENIED.search(text[max(0, at - 10) : at]))


def _clause(text: str, start: int, end: int) -> str:
    """The clause that holds text[start:end], and the next one when nothing follows the date in its own."""
    first, last = max(0, start - CLAUSE), min(len(text), end + CLAUSE)
    left = max((m.end() for m in _CLAUSE.finditer(text, first, start)), default=first)
    right = _CLAUSE.search(text, end, last)
    stop = right.start() if right else last
    return text[left:stop]
