"""Phones, identity numbers, case numbers and query codes."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_SPOKEN = str.maketrans("零〇一二三四五六七八九幺妖夭腰", "001234567891111")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[ ]?[3-9][ ]?\d(?:[-. ]?(?:\d ?){3}\d){2})(?![ ]?\d)")
_MOBILE_SPOKEN = re.compile(
    r"(?<![零〇一二三四五六七八九幺\d])[一幺妖夭腰1][ ,，、-]?[三四五六七八九3-9](?:[ ,，、-]?[零〇一二三四五六七八九幺妖夭腰\d]){9}(?![零〇一二三四五六七八九幺\d])"
)
_LANDLINE = re.compile(
    r"(?<![\d-])[(（]?(0\d{2,3})[)）]?(?:[- ，,]{0,2}(?:电话|号码)?[是:：]?)(\d{7,8}|\d{4} \d{3,4}|\d{3} \d{4})(?:[-转 ]+(\d{1,5}))?(?!\d)"
)
#: A letter typed for a nought inside a number.
_O = re.compile(r"(?<=\d)[oO](?=\d)")
_ID18 = re.compile(r"(?<!\d)(\d{6} ?\d{8} ?\d{3}[\dXx])(?![\dXx])")
_CASE = re.compile(r"(?<![\d])(?:XF|xf|编号|NO\.?)?[:：\s-]*(\d{12,13}|\d{6}[- ]\d{5,6}|\d{6} \d{5} \d)(?!\d)")
_CODE_NAMED = re.compile(r"(?:查询码|查询密码|密码|验证码|code)[是为:：\s]*(\d{4,8})(?!\d)", re.I)
_CODE_BARE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def find_phones(text: str) -> list[Found]:
    """Phone numbers in order, as digits."""
    s = _O.sub("0", clean(text).text)
    out: dict[int, Found] = {}
    for m in _MOBILE.finditer(s):
        out[m.start(1)] = Found("phone", re.sub(r"\D", "", m[1]), m[1], m.start(1), m.end(1))
    for m in _MOBILE_SPOKEN.finditer(s):
        digits = re.sub(r"\D", "", m[0].translate(_SPOKEN))
        if len(digits) == 11 and not any(a <= m.start() < f.end for a, f in out.items()):
            out[m.start()] = Found("phone", digits, m[0], m.start(), m.end(), 0.9)
    for m in _LANDLINE.finditer(s):
        value = m[1] + m[2].replace(" ", "") + (f"-{m[3]}" if m[3] else "")
        out.setdefault(m.start(), Found("phone", value, m[0], m.start(), m.end(), 0.9))
    return [out[k] for k in sorted(out)]


def valid_id(number: str) -> bool:
    """Whether the check character of an 18-character identity number is right (GB 11643)."""
    total = sum(int(d) * w for d, w in zip(number[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def find_ids(text: str) -> list[Found]:
    """Identity numbers whose check character is right."""
    s = clean(text).text
    found = [(m[1].replace(" ", "").upper(), m) for m in _ID18.finditer(s)]
    return [Found("id_number", n, m[1], m.start(1), m.end(1)) for n, m in found if valid_id(n)]


def find_case_numbers(text: str) -> list[Found]:
    """Case numbers: twelve digits, with a prefix, spaces or dashes as people copy them."""
    s = clean(text).text
    out = []
    for m in _CASE.finditer(s):
        out.append(Found("case_no", re.sub(r"\D", "", m[1]), m[1], m.start(1), m.end(1)))
    return out


def find_query_codes(text: str) -> list[Found]:
    """Query codes: named as such, or six digits standing alone."""
    s = clean(text).text
    m = _CODE_NAMED.search(s)
    if m:
        return [Found("query_code", m[1], m[1], m.start(1), m.end(1))]
    return [Found("query_code", m[1], m[1], m.start(1), m.end(1), 0.7) for m in _CODE_BARE.finditer(s)]
