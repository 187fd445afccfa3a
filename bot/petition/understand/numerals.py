"""Chinese and mixed numerals, read in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "幺": 1,
    "俩": 2,
    "仨": 3,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
    "廿": 20,
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000, "K": 1000}
BIG = {"万": 10_000, "亿": 100_000_000, "w": 10_000, "W": 10_000}

_ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CHINESE = "零〇一二三四五六七八九十百千万亿两俩仨幺壹贰叁肆伍陆柒捌玖拾佰仟廿"
#: One numeral: a run of Arabic and Chinese numeral characters with 多/来/几 and 半 where speech puts them.
_NUMBER = re.compile(
    rf"(?:(?:{_ARABIC})|[{_CHINESE}])(?:(?:{_ARABIC})|[{_CHINESE}]|[多来几余](?=[{_CHINESE}十百千万亿]))*(?:[多来余几](?![么少久]))?|半(?=年|个|天|月)"
)
#: Words that begin with or hold a numeral character and say no number.
_WORDS = re.compile(
    r"一下|一直|一样|一起|一定|一般|一共|一旦|一些|一点|一切|一律|一边|一会|一再|一时|一致|一同|一面|(?<![零一二三四五六七八九十百千两\d])万一|十分|千万(?=别|不|要|注意)|百姓|千方百计|四川|九江|四处|三番|两口子|"
    r"第[一二三四五六七八九十百\d]+|周[一二三四五六日]|星期[一二三四五六日]|礼拜[一二三四五六日]|三包|五保|四平|三亚|三明|五华|六安|八达|万州|百货|一概|二手|三轮|一家人|一句|一遍|一趟"
)


_ABOUT = "多来余几数把"
_UNIT_CHARS = frozenset([*UNITS, *BIG])
_SAYS_HOW_MANY = re.compile(rf"[\d{''.join(DIGITS)}十拾半]|^[百千万亿]+[多来余把](?!么)|[几数]")


@dataclass(frozen=True)
class Number:
    """A numeral in a text. `approximate` for 多, 来, 几, 十来; `vague` for 几十, whose value is only an order of magnitude."""

    value: Decimal
    text: str
    start: int
    end: int
    approximate: bool = False
    vague: bool = False


def parse_number(text: str) -> Decimal | None:
    """The value of one numeral: 三万五千六 is 35600, 两万五 is 25000, 3.5万, 十来万 is 100000, 二十多 is 20; None when it is none."""
    s = re.sub(rf"[{_ABOUT},]", "", text)
    if not s:
        return None
    if s == "半":
        return Decimal("0.5")
    try:
        return Decimal(s)
    except InvalidOperation:
        pass
    if all(c in DIGITS for c in s) and len(s) > 1:
        return Decimal("".join(str(DIGITS[c]) for c in s))
    total, section, number = Decimal(0), Decimal(0), None
    last_unit, zero = Decimal(1), False
    for token in re.findall(rf"{_ARABIC}|.", s):
        if token in ("零", "〇"):
            zero = True
        elif token in DIGITS:
            number = Decimal(DIGITS[token]) if token != "廿" else Decimal(20)
        elif token in UNITS:
            unit = Decimal(UNITS[token])
            section += (number if number is not None else 1) * unit
            number, last_unit, zero = None, unit, False
        elif token in BIG:
            big = Decimal(BIG[token])
            head = section + (number or 0)
            total = (total + (head or 1)) * big if big > 10_000 else total + (head or 1) * big
            section, number, last_unit, zero = Decimal(0), None, big, False
        else:
            try:
                number = Decimal(token.replace(",", ""))
            except InvalidOperation:
                return None
    if number is not None:
        # 三万五 means 35000: a last digit counts in tenths of the unit before it, unless a zero stands between.
        spoken = last_unit >= 100 and not zero and number < 10
        section += number * (last_unit / 10 if spoken else 1)
    return total + section


def find_numbers(text: str) -> list[Number]:
    """Every numeral of a text in order, words such as 一直 left out."""
    taken = [m.span() for m in _WORDS.finditer(text)]
    out, at = [], 0
    for m in _NUMBER.finditer(text):
        while at < len(taken) and taken[at][1] <= m.start():
            at += 1
        start, end = m.span()
        if at < len(taken) and taken[at][0] <= start < taken[at][1]:
            start = taken[at][1]
            if start >= end:
                continue
        elif at < len(taken) and start < taken[at][0] < end:
            end = taken[at][0]
        piece, vague = text[start:end], False
        if start and text[start - 1] in "几数" and piece[0] in _UNIT_CHARS:
            start, vague = start - 1, True
            piece = text[start:end]
        elif text[end : end + 1] == "把" and piece[-1] in _UNIT_CHARS:  # 千把块, 百把人
            end += 1
            piece = text[start:end]
        # 百分之, 千方百计, 万般: a unit alone is no number, 上百 and 千把 are.
        if not _SAYS_HOW_MANY.search(piece) and not (start and text[start - 1] in "上近约成"):
            continue
        value = parse_number(piece)
        if value is not None and value < 10**15:
            out.append(Number(value, piece, start, end, any(c in piece for c in _ABOUT), vague))
    return out
