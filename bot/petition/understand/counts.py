"""How many people or households a matter concerns."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.numerals import Number, find_numbers
from bot.petition.understand.text import clean

_UNIT = re.compile(
    r"\s*(?:多|来|余)?\s*(?:个)?(?:(户)(?:人家|业主|居民|村民|人)?|(?:口|名|位|号)?(人)(?!民币|工|次|均|家|行|大|事|社|力|资)|(口|名|位)(?=业主|居民|村民|工人|工友|员工|学生|家长|农民|老人|老师|同事|[^\w]|$)|(业主|居民|村民|工人|工友|员工|学生|家长|农民工|老人|老同志|同事))"
)
_OTHERS = re.compile(r"(?:他们|对方|那边|来了|冲进来|闯进|一伙|保安|城管|工作人员)[^，。！？；,;]{0,6}$")
_ALONE = re.compile(
    r"就(?:我|俺)(?:自己|一个人?|一位|一人)|(?:就|只有)(?:俺|我|咱)?(?:们)?一(?:家|户)|我(?:自己)?一个人$|^(?:本人|我自己|自己)$"
)
_CHOSEN = re.compile(r"(?:就写|算|按|填|写成?|改成)[^，。！？；,;]{0,4}$")


def _found(s: str, n: Number, end: int, confidence: float, note: str = "") -> Found:
    return Found("people_count", int(n.value), s[n.start : end], n.start, end, confidence, note)


def find_people(text: str) -> list[Found]:
    """Every number of people or households of the person's own side; the other side's with low confidence."""
    s = clean(text).text
    out = []
    for n in find_numbers(s):
        m = _UNIT.match(s, n.end)
        if not m or n.value < 1 or n.value > 10_000_000 or n.value != n.value.to_integral_value():
            continue
        other = bool(_OTHERS.search(s[max(0, n.start - 10) : n.start]))
        chosen = bool(_CHOSEN.search(s[max(0, n.start - 6) : n.start]))
        out.append(_found(s, n, m.end(), 0.3 if other else 0.95 if chosen else 0.85, "household" if m[1] else ""))
    if not out:
        m = _ALONE.search(s)
        if m:
            out.append(Found("people_count", 1, m[0], m.start(), m.end(), 0.8))
    return out


def best_people(text: str) -> Found | None:
    """The number that the matter concerns: a chosen one first, then households, then the largest."""
    found = [f for f in find_people(text) if f.confidence >= 0.5]
    return max(found, key=lambda f: (f.confidence >= 0.9, f.note == "household", f.value), default=None)


def answer_people(text: str) -> Found | None:
    """The number in an answer to "how many": a bare number counts."""
    best = best_people(text)
    if best:
        return best
    s = clean(text).text
    numbers = [n for n in find_numbers(s) if 1 <= n.value <= 10_000_000 and n.value == n.value.to_integral_value()]
    if numbers and len(s) <= 30:
        n = numbers[-1]
        return _found(s, n, n.end, 0.6)
    return None
