"""An address in its parts: from the province down to the room.

Left to right, the larger before the smaller, as Chinese addresses are written; what no rule names is a point of interest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.petition.understand.boundaries import counties, county_stems, provinces_and_cities
from bot.petition.understand.text import clean

_PROVINCES = frozenset(
    [
        "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州",
        "云南", "陕西", "甘肃", "青海", "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
    ]
)  # fmt: skip
_PROVINCE_END = re.compile(r"省|(?:壮族|回族|维吾尔)?自治区|特别行政区")
_CITY_END = re.compile(r"市(?!场|民)|地区|盟|[\u4e00-\u9fff]{0,6}自治州")
_CH = "\u4e00-\u9fff"
_NUM = r"[\dA-Za-z一二三四五六七八九十百]+"
#: Part and its pattern, tried in this order at each place; `fullmatch` from where we stand.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("town", re.compile(rf"[{_CH}]{{1,5}}?(?:街道(?:办事处)?|镇(?![{_CH}]?(?:路|街))|乡(?![{_CH}]?(?:路|街)))")),
    ("devzone", re.compile(rf"[{_CH}]{{1,8}}?(?:经济技术开发区|高新技术开发区|开发区|高新区|工业园区|工业园|产业园区|工业区|保税区|新区|示范区|管委会)")),
    ("community", re.compile(rf"[{_CH}]{{1,5}}?(?:社区|居委会|村委会|自然村|行政村|(?<!新)村(?!路|[{_CH}]?(?:大厦|小区)))")),
    ("road", re.compile(rf"[{_CH}\d]{{1,7}}?(?:大道|大街|马路|公路|环路|路|街(?!道)|巷|胡同|国道|省道|县道|线(?=\d))(?:[东南西北中](?:路|段|街))?|[{_CH}]{{2,4}}(?:东|西|南|北|中)(?:路|街)")),
    ("roadno", re.compile(r"\d+(?:[-之/]\d+)?(?:号(?!楼|院|库)(?:之\d+)?|弄)(?:-\d+号?)?")),
    ("houseno", re.compile(rf"{_NUM}(?:号楼|栋|幢|座(?!谈)|号院|#楼?|院)")),
    ("cellno", re.compile(rf"{_NUM}(?:单元|门(?=\d)|梯)")),
    ("floorno", re.compile(rf"-?{_NUM}(?:层|楼|F|f)(?!盘|上|下|道)")),
    ("roomno", re.compile(rf"{_NUM}(?:室|房(?!产)|户|铺|商铺|号(?=$|[^\d{_CH}]))")),
)  # fmt: skip
#: Numbers joined by dashes after a name: house, (unit,) room.
_DASHED = re.compile(r"(\d+[A-Za-z]?)[-—](?:(\d+[A-Za-z]?)[-—])?(\d+[A-Za-z]?)(?!号)")
_BARE = re.compile(r"[A-Za-z]?\d{2,5}[A-Za-z]?(?=$|[^\d号弄栋幢座楼层室单米])")
#: Gaps, and words that only say where beside a named thing.
_SKIP = re.compile(
    r"[\s,，。、;；:：_()（）/\\-]+|null|(?:院内|附近|旁边|旁|对面|交汇处|交叉口|大门口|门口|电联|总台|后面|前面|里面|内)(?=$|[\s,，]|[\u4e00-\u9fff]{2})",
    re.I,
)
_STOP = re.compile(
    rf"(?={_NUM}(?:号|弄|栋|幢|座|单元|层|楼|室))|(?=[\d])|(?=[\s,，;；(（)）])|(?=[{_CH}]{{2,5}}(?:街道|镇)(?![{_CH}]?(?:路|街)))"
)
#: Words after which a name is complete.
_NAMED = re.compile(
    r".{1,12}?(?:(?:小区|花园|家园|公寓|广场|大厦|大学|工业园|产业园|科技园|商贸城|轻纺城|服饰|嘉苑|佳苑)(?:[\dA-Z一二三四五六七八九十东西南北]{1,2}[区期])?"
    r"|(?:苑|公司|厂|学校|小学|中学|医院|酒店|宾馆|市场|商城|超市|中心|城|府|庭|园(?!区)|里|新村|楼(?=\d)|[\dA-Z一二三四五六七八九十东西南北][区期])(?=[\d A-Za-z一二三四五六七八九十]|$|院内|附近|旁|门口|大门|电联))"
)


@dataclass(frozen=True)
class Part:
    """One part of an address; start and end in the cleaned text.

    kind: province, city, county, devzone, town, community, road, roadno, poi, houseno, cellno, floorno, roomno.
    """

    kind: str
    text: str
    start: int
    end: int


def _division(s: str, at: int, kind: str) -> int:
    """The end of a province, city or county that begins at `at`; 0 when none does."""
    if kind == "province":
        for n in (3, 2):
            if s[at : at + n] in _PROVINCES:
                m = _PROVINCE_END.match(s, at + n)
                return m.end() if m else at + n
        return 0
    if kind == "city":
        for n in (4, 3, 2):
            if s[at : at + n] in provinces_and_cities() and s[at : at + n] not in _PROVINCES:
                m = _CITY_END.match(s, at + n)
                if m:
                    return m.end()
                return 0 if re.match(rf"[{_CH}]?(?:路|街|大厦|广场|区|县|镇|巷|大道)", s[at + n :]) else at + n
        return 0
    known = _known_county(s, at)
    if known:
        return known
    m = _ANY_COUNTY.match(s, at)
    return m.end() if m and not _NO_COUNTY.fullmatch(m[0]) else 0


_ANY_COUNTY = re.compile(rf"[{_CH}]{{1,4}}?(?:区(?![{_CH}]?(?:路|街))|县|市(?!场|民))")
_NO_COUNTY = re.compile(r".{0,4}(?:小|社|园|校|景|厂|新|发|高新|[A-Za-z\d])区|[东南西北中一二三四五城]区")


def _known_county(s: str, at: int) -> int:
    return next((at + n for n in range(9, 1, -1) if s[at : at + n] in counties()), 0)


class _Parser:
    """Reads one address from left to right."""

    def __init__(self, s: str) -> None:
        self.s, self.at = s, 0
        self.parts: list[Part] = []

    def parse(self) -> list[Part]:
        """The parts of the whole text."""
        while self.at < len(self.s):
            skip = _SKIP.match(self.s, self.at)
            if skip:
                self.at = skip.end()
            elif not (self._division() or self._dashed() or self._ruled()):
                self._named()
        return self.parts

    def _has(self, *kinds: str) -> bool:
        return any(p.kind in kinds for p in self.parts)

    def _take(self, kind: str, end: int) -> bool:
        self.parts.append(Part(kind, self.s[self.at : end], self.at, end))
        self.at = end
        return True

    def _division(self) -> bool:
        if self._has("town", "community", "road", "poi"):
            return False
        for kind in ("province", "city", "county"):
            if not self._has(kind) and (end := _division(self.s, self.at, kind)):
                return self._take(kind, end)
        if end := _known_county(self.s, self.at):  # said twice
            return self._take(
                "city" if self._has("county") and self.s[self.at : end - 1] in provinces_and_cities() else "county", end
            )
        if not self._has("county"):  # 杭州余杭, 昆山张浦镇
            for n in (3, 2):
                rest = self.s[self.at + n :]
                if self.s[self.at : self.at + n] in county_stems() and not re.match(
                    r".?(?:路|街|大厦|广场|小区|花园|城)", rest
                ):
                    return self._take("county", self.at + n)
        return False

    def _dashed(self) -> bool:
        """8-10-1109 after a name: house, unit, room; with two numbers house and room."""
        m = _DASHED.match(self.s, self.at)
        if not m or not self._has("poi", "community", "road", "town", "roadno"):
            return False
        for kind, group in (("houseno", 1), ("cellno", 2), ("roomno", 3)):
            if m[group]:
                self.parts.append(Part(kind, m[group], m.start(group), m.end(group)))
        self.at = m.end()
        return True

    def _ruled(self) -> bool:
        for kind, pattern in _RULES:
            if kind in ("town", "community", "devzone") and self._has("roadno", "houseno"):
                continue
            m = pattern.match(self.s, self.at)
            if m and not (kind in ("devzone", "town", "community", "road") and _crosses(m[0], kind)):
                if kind == "roadno" and self._has("houseno", "cellno", "floorno"):
                    kind = "roomno"
                return self._take(kind, m.end())
        m = _BARE.match(self.s, self.at)
        if m and self.parts and self.parts[-1].kind in ("road", "community"):
            return self._take("roadno", m.end())
        if m and self._has("poi", "houseno", "roadno", "cellno", "floorno"):
            return self._take("roomno" if self._has("houseno", "poi", "cellno", "floorno") else "houseno", m.end())
        return False

    def _named(self) -> None:
        """Whatever no rule names: up to its last word, or to the next number or gap."""
        m = _NAMED.match(self.s, self.at)
        stop = next((x.start() for x in _STOP.finditer(self.s, self.at + 1)), len(self.s))
        end = m.end() if m and m.end() <= stop + 12 and not re.search(r"[\s,，;；]", m[0]) else stop
        self._take("poi", max(end, self.at + 1))


def _crosses(text: str, kind: str) -> bool:
    """Whether the shortest match of a rule runs over the end of a smaller name before it."""
    body = text[:-1]
    return kind != "community" and bool(re.search(r"(?:街道|社区|村(?!镇)|小区|花园|大厦|号|栋|幢)", body))


def parse_address(text: str) -> list[Part]:
    """The parts of an address in the order in which they stand."""
    return _Parser(clean(text).text).parse()
