"""How many people or households a matter concerns."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.numerals import Number, find_numbers
from bot.petition.understand.text import clean

#: Whom a number may count, after 名, 个, 多名 or alone.
_WHO = "业主|居民|村民|工人|工友|员工|职工|学生|家长|农民工|农民|老人|老同志|同事|群众|父老|百姓|市民|住户|商户|用户|队员|师生|教师|老师|孩子|小孩|残疾人|乘客|司机|退休|下岗|老乡|乡亲|民工|会员|客户|顾客|受害|患者|病人|消费者|车主|租户|租客|投资人|购房者|战友|老兵"
_UNIT = re.compile(
    rf"\s*(?:多|来|余)?\s*(?:个|位|名|口)?(?:(户)(?:人家|业主|居民|村民|人)?|(?:口|名|位|号)?(人)(?!民币|工|次|均|家|行|大|代|事|社|资|才|力|为|份|生|流|员证)|(家)(?=商户|店|企业|人)|(口|名|位)(?=[^\w]|$)|({_WHO})|(?<=[多来余个位名几])[\u4e00-\u9fff]{{0,4}}?({_WHO}))"
)
_MEASURE = re.compile(r"\s*(?:多|来|余)?\s*(?:个|位|名|口|户)?")
#: Before a number: it counts something else, or others.
_SHARE = re.compile(r"(?:百分之|占|平均|人均|每|第|不到?|不足|超过|满|有过)$")
_OTHERS = re.compile(r"(?:他们|对方|那边|来了|冲进来|闯进|一伙|保安|城管|工作人员)[^，。！？；,;]{0,6}$")
_ALONE = re.compile(
    r"就(?:我|俺)(?:自己|一个人?|一位|一人)|(?:就|只有)(?:俺|我|咱)?(?:们)?一(?:家|户)|我(?:自己)?一个人$|^(?:本人|我自己|自己|就(?:我|俺|我家|俺家))$"
)
_CHOSEN = re.compile(r"(?:就写|算|按|填|写成?|改成)[^，。！？；,;]{0,4}$")


def _side(s: str, n: Number) -> float:
    """How surely the number counts the person's own side."""
    before = s[max(0, n.start - 10) : n.start]
    if _SHARE.search(before):
        return 0.3
    return 0.3 if _OTHERS.search(before) else 0.95 if _CHOSEN.search(before[-6:]) else 0.85


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
        confidence = _side(s, n)
        end = m.end()
        if not (m[1] or m[2] or m[3]) or len(m[0].strip()) > 3:
            unit = _MEASURE.match(s, n.end)
            end = unit.end() if unit else n.end
        if n.vague:
            confidence = min(confidence, 0.55)
        elif n.value <= 2 and confidence < 0.9 and len(s) > 30:  # 夫妻二人, 一个孩子: no group
            confidence = 0.4
        out.append(_found(s, n, end, confidence, "household" if m[1] else ""))
    if not out:
        m = _ALONE.search(s)
        if m:
            out.append(Found("people_count", 1, m[0], m.start(), m.end(), 0.8))
    return out


def best_people(text: str) -> Found | None:
    """The number that the matter concerns: a chosen one first, then households, then the largest."""
    found = [f for f in find_people(text) if f.confidence > 0.5]
    return max(found, key=lambda f: (f.confidence >= 0.9, f.note == "household", f.value), default=None)


def answer_people(text: str) -> Found | None:
    """The number in an answer to "how many": a bare number counts."""
    best = best_people(text)
    if best:
        return best
    s = clean(text).text
    numbers = [n for n in find_numbers(s) if 1 <= n.value <= 10_000_000 and n.value == n.value.to_integral_value()]
    numbers = [
        n for n in numbers if not re.match(r"\s*(?:号|楼|层|栋|幢|单元|室|点|月|日|年|天|块|元|万元|次|岁)", s[n.end :])
    ]
    if numbers and len(s) <= 30:
        n = numbers[-1]
        return _found(s, n, n.end, 0.6)
    return None
