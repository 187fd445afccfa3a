"""Sums of money."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.petition.understand.found import Found
from bot.petition.understand.numerals import Number, find_numbers, parse_number
from bot.petition.understand.text import clean

_UNIT = re.compile(r"\s*(块钱|元钱|元整|元|块|圆|人民币|yuan|rmb|¥|￥)", re.I)
_BIG_UNIT = re.compile(r"\s*(万元|万块|万|亿元|亿|[wW](?![a-zA-Z])|[kK](?![a-zA-Z]))")
_BIG_VALUE = {"万": 10_000, "亿": 100_000_000, "w": 10_000, "k": 1000}
#: 五块八, 三块五毛, 三毛五: what follows the unit in speech.
_SMALL = re.compile(r"(?P<n>[零〇一二三四五六七八九两\d])(?P<u>毛|角|分)?(?![\d十百千万个点年月日号层楼])")
_SIGN = re.compile(r"[¥￥]\s*$")
_MAO = re.compile(r"\s*(?:毛|角)(?!病|毛|落|度|色)")
_NOT_MONEY = re.compile(
    r"\s*(?:个月|年|月|号|日|天|岁|户|人|口|名|位|亩|平|㎡|米|公里|里地|斤|吨|栋|楼|层|室|幢|单元|次|条|点|分钟|小时|路|组|村|级|辆|棵|颗|头|只|台|套|件|张|份|期|周|代|项|步|届|批|倍|成|%|多人|来户|几户|多户|周岁|个|家|间|所|类|方|立方|公分|厘米|寸|瓦|度|时)"
)
_RATE = re.compile(
    r"(?:每|(?<![十零二三四五六七八九])一|单)(?:平方?米?|平|个?月|年|亩|户|人|棵|颗|天|吨|斤|次|间|套|度|小时|头|方)(?:[^，。！？；,;]{0,10})$|/(?:平|月|年|亩|㎡)?$"
)
_RATE_AFTER = re.compile(r"\s*(?:元|块|块钱)?\s*(?:/|每|一)(?:平|个?月|年|亩|户|人|棵|天|吨|斤|㎡)")
_CONTEXT = re.compile(
    r"(?:欠|工资|工钱|款|费|押金|罚|赔|补偿|退|价|钱|花|付|交|借|贷|损失|卡里|存|转|贷款|收|奖金|绩效|定金|首付|要|给|还|扣|合计|共计|总共|一共|值|涨到|卖|买|打了|汇)[^，。！？；,;\d一二三四五六七八九十两百千万]{0,7}$"
)
_WANTS = re.compile(r"(?:要|赔|补|退|还|欠|拖欠|共计|合计|一共|总共|返还|支付)[^，。！？；,;]{0,6}$")
#: A noun right after the numeral: it is counted, not paid.
_COUNTED = re.compile(
    r"\s*(?:多|来|余|几)?(?:个|位|名)?[\u4e00-\u9fff]{0,3}?(?:父老|群众|居民|人民(?!币)|百姓|职工|村民|学生|业主|市民|乡亲|工人|农民|家庭|平方|公里|人口|人次|字|客户|用户|粉丝)"
)
#: Sums that say how big somebody is.
_SIZE = re.compile(r"(?:注册资金|注册资本|年产值|总投资|投资额|总资产|年收入|百分之|占比)[^，。；]{0,4}$")
_YEAR = re.compile(r"(?:19|20)\d\d")


def _candidates(s: str, bare: bool) -> list[tuple[Number, int, float]]:
    """Numerals that are money: (numeral, end with its unit, confidence)."""
    out = []
    for n in find_numbers(s):
        if n.value <= 0:
            continue
        big = _BIG_UNIT.match(s, n.end)
        end = big.end() if big else n.end
        unit = _UNIT.match(s, end)
        digits = n.text.isdigit()
        if _SIZE.search(s[max(0, n.start - 12) : n.start]):
            continue
        if (digits and len(n.text) >= 9) or (_YEAR.fullmatch(n.text) and not unit):
            continue
        if not unit and not big and (mao := _MAO.match(s, n.end)):
            out.append((n, mao.end(), 0.9))
            continue
        if not unit and _SIGN.search(s[max(0, n.start - 3) : n.start]):
            out.append((n, end, 0.95))
            continue
        if not unit and big and big[1][0] in "wWkK亿":
            out.append((n, end, 0.8))
            continue
        if unit:
            # 六块 is money, 六块地 is not.
            if unit[1] == "块" and re.match(r"(?:地|田|板|玻璃|砖|石|牌|表|木)", s[unit.end() : unit.end() + 2]):
                continue
            out.append((n, unit.end(), 0.95))
        elif _NOT_MONEY.match(s, n.end) or _COUNTED.match(s, n.end):
            continue
        elif n.value >= 10 and (
            _CONTEXT.search(s[max(0, n.start - 14) : n.start]) or any(c in n.text for c in "亿万千百")
        ):
            strong = any(c in n.text for c in "亿万千") or bool(_CONTEXT.search(s[max(0, n.start - 14) : n.start]))
            if digits and n.value < 100 and not bare:
                continue
            out.append((n, end, 0.75 if strong else 0.5))
        elif bare and n.value >= 1:
            out.append((n, end, 0.6))
    return out


def _with_units(s: str, n: Number, end: int) -> tuple[Decimal, int]:
    """The sum of a numeral with its units (3.6万, 2w, 五块八, 三毛五), and where it ends."""
    value = n.value
    big = _BIG_UNIT.match(s, n.end)
    if big and not any(c in n.text for c in "万亿"):
        value *= _BIG_VALUE[big[1][0].lower()]
    mao = _MAO.match(s, n.end)
    if mao:
        rest = _SMALL.match(s, mao.end())
        value /= 10
        if rest and rest["u"] in (None, "分"):
            value += (parse_number(rest["n"]) or 0) / Decimal(100)
            end = rest.end()
        return value, max(end, mao.end())
    if s[end - 1 : end] == "块":
        rest = _SMALL.match(s, end)
        if rest and rest["u"] != "分":
            value += (parse_number(rest["n"]) or 0) / Decimal(10)
            end = rest.end()
    return value, end


def _all(text: str, bare: bool = False) -> list[tuple[Found, bool]]:
    s = clean(text).text
    out = []
    for n, end, confidence in _candidates(s, bare):
        value, end = _with_units(s, n, end)
        if n.vague:
            confidence = min(confidence, 0.4)
        rate = bool(_RATE.search(s[max(0, n.start - 16) : n.start]) or _RATE_AFTER.match(s, end))
        number = int(value) if value == value.to_integral_value() else float(value)
        note = "per_unit" if rate else "approximate" if n.approximate else ""
        out.append(
            (
                Found("amount", number, s[n.start : end].strip(), n.start, end, confidence, note),
                bool(_WANTS.search(s[max(0, n.start - 8) : n.start])),
            )
        )
    return out


def find_amounts(text: str) -> list[Found]:
    """Every sum of money; `note` is per_unit for a rate (每月, 一亩)."""
    return [f for f, _ in _all(text)]


def _best(found: list[tuple[Found, bool]]) -> Found | None:
    """What is wanted or owed before other sums, totals before rates, then the largest."""
    found = [x for x in found if x[0].confidence > 0.4] or []
    found = [x for x in found if x[0].note != "per_unit"] or found
    wanted = [f for f, wants in found if wants]
    return max(wanted or [f for f, _ in found], key=lambda f: (f.confidence >= 0.7, f.value), default=None)


def best_amount(text: str) -> Found | None:
    """The sum that the matter is about."""
    return _best(_all(text))


def answer_amount(text: str) -> Found | None:
    """The sum in an answer to "how much": a bare number counts."""
    return _best(_all(text, bare=True))


__all__ = ["answer_amount", "best_amount", "find_amounts", "parse_number"]
