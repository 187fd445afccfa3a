"""Dates and periods: absolute, relative, lunar, with the precision that the words have."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from bot.petition.understand.numerals import DIGITS, parse_number
from bot.petition.understand.text import clean


@dataclass(frozen=True)
class DateFound:
    """A date in a text. `value` is YYYY, YYYY-MM or YYYY-MM-DD: no more than was said. kind: point, duration, future."""

    value: str
    text: str
    start: int
    end: int
    kind: str = "point"
    confidence: float = 0.9


_N = r"[零〇一二三四五六七八九十两]{1,3}|\d{1,2}"
_Y = r"(?:19|20)\d\d|[零〇一二三四五六七八九]{2,4}|\d\d"
_YEARS = {"今年": 0, "去年": -1, "前年": -2, "大前年": -3, "上年": -1, "头年": -1, "旧年": -1, "当年": 0}
_DAYS = {
    "今天": 0,
    "今日": 0,
    "今早": 0,
    "今晚": 0,
    "刚才": 0,
    "昨天": -1,
    "昨日": -1,
    "昨晚": -1,
    "昨夜": -1,
    "前天": -2,
    "前日": -2,
    "大前天": -3,
    "明天": 1,
    "后天": 2,
    "大后天": 3,
    **{f"{day}{end}": n for day, n in (("今", 0), ("昨", -1), ("前", -2)) for end in ("儿个", "儿", "个儿")},
    "昨个": -1,
    "今个": 0,
    "琴日": -1,
    "寻日": -1,
}
_FESTIVALS = {
    "元旦": (1, 1),
    "妇女节": (3, 8),
    "清明": (4, 5),
    "五一": (5, 1),
    "劳动节": (5, 1),
    "国庆": (10, 1),
    "十一": (10, 1),
}
_LUNAR_FESTIVALS = {
    "春节": (1, 1),
    "大年初一": (1, 1),
    "元宵": (1, 15),
    "端午": (5, 5),
    "中秋": (8, 15),
    "重阳": (9, 9),
    "腊八": (12, 8),
}
_LUNAR_MONTHS = {"正月": 1, "腊月": 12, "冬月": 11, "寒月": 11}
_SEASONS = {
    "春天": 4,
    "春上": 3,
    "开春": 3,
    "夏天": 7,
    "秋天": 10,
    "冬天": 12,
    "年初": 1,
    "年底": 12,
    "年末": 12,
    "上半年": 3,
    "下半年": 9,
    "暑假": 7,
    "寒假": 1,
}
_EN = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_WEEK = {c: i for i, c in enumerate("一二三四五六日", 0)} | {"天": 6} | {str(i): i - 1 for i in range(1, 8)}

_ABSOLUTE = re.compile(
    rf"(?P<y>{_Y})(?:年|(?<=\d\d\d\d)月(?=\d)|(?<=\d\d\d\d)[-/.](?=\d))(?:\s*(?P<m>{_N})(?:月份?|[-/.](?=\d)|(?=[^\d年月]|$)))?(?:\s*(?P<d>{_N}|初[一二三四五六七八九十])(?:日|号)?(?![\d年月天个]))?"
)
_MONTH_DAY = re.compile(
    rf"(?P<rel>大前年|前年|去年|今年|上年|头年|当年)?(?:的|农历|阴历|阳历|公历)?\s*(?P<m>{_N})月(?!亮)(?P<f>份)?(?:\s*(?P<d>{_N})(?:日|号|(?<=农历.月..)|(?<=阴历.月..)|(?=[下买那收送拿去来到开晚早上中签办])|(?<=[一二三四五六七八九十])(?=[，。！？、]|$)))?"
)
_RELYEAR = re.compile(
    rf"(?P<rel>大前年|前年|去年|今年|上年|头年)(?:的|农历|阴历)?(?P<what>{'|'.join([*_LUNAR_MONTHS, *_SEASONS, *_FESTIVALS, *_LUNAR_FESTIVALS])})?(?P<d>(?<=月)(?:初[一二三四五六七八九十]|{_N})(?![\d月年天个]))?"
)
_NAMED = re.compile(rf"(?P<what>{'|'.join([*_FESTIVALS, *_LUNAR_FESTIVALS])})(?:节|前|后|那天|期间|过后|之后|以后)")
_LUNAR_DAY = re.compile(
    r"(?P<rel>大前年|前年|去年|今年|上年|头年)?的?(?P<m>正月|腊月|冬月)(?P<d>初?[一二三四五六七八九十廿]{1,3}|\d{1,2})(?!月)"
)
_DAY = re.compile("|".join(sorted(_DAYS, key=len, reverse=True)))
_WEEKDAY = re.compile(r"(?P<up>上上|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?P<d>[一二三四五六日天1-7])?")
_LASTMONTH = re.compile(rf"(?P<up>上上个?|上个?|这个?|本)月(?:(?P<d>{_N})(?:日|号))?")
_SPAN = re.compile(
    r"(?P<n>半|[零一二三四五六七八九十两几]{1,3}|\d{1,3})(?P<half>多|来)?(?:个)?(?P<more0>多)?(?P<half2>半)?(?P<u>年|月|星期|礼拜|周|天|日)(?P<half3>半)?(?P<more>多)?(?P<ago>之?以?前|了|以来|没|都|未|还)?(?!级|代|度|份|租|薪|工资|费|息|假|岁|底|初|末|终|内|期|班|会|检|制)"
)
#: Before a length of time: it went on for so long.
_LASTING = re.compile(
    r"(?:快|近|已经?|拖了?|长达|达|停了?|了|连续|持续|整整|将近|差不多|大概|约|过了|等了?|干了?|一拖|都|有|历时|欠了?)$"
)
_HALF = re.compile(r"(?:大)?半(?P<more>多)?个?(?P<more2>多)?(?P<u>年|月)(?P<more3>多)?(?P<ago>之?以?前|了|以来|没|都)?")
_ENGLISH = re.compile(
    r"(?:(?P<y>20\d\d)\s*)?(?P<mon>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,?\s*(?P<y2>20\d\d))?",
    re.I,
)
_ONLY_DAY = re.compile(rf"(?<![月\d零一二三四五六七八九十])(?P<d>{_N})号(?!楼|院|线|门|桌|件|店|房|机|码|厅|文)")
_YEAR_ALONE = re.compile(
    r"(?<![\d第号A-Za-z.〔（(])(?:19[5-9]|20[0-3])\d(?=[\u4e00-\u9fff])(?!(?:年|元|块|户|人|号|万|米|平|亩|条|名|个|多|余|次|分|度|版|款|期|室|斤|吨|届|弄|路|家|栋|字))"
)
_AFTER_YEAR = re.compile(rf"的?(?:({'|'.join([*_LUNAR_MONTHS, *_SEASONS])})|(?<=年)(底|初|末))")
#: A date before one of these tells who somebody is, not what happened.
_BACKGROUND = re.compile(
    r"入职|进厂|进公司|出生|生的|生人|参加工作|参军|结婚|毕业|退休后|生(?![产活态意病])|入伍|入党|建成|建厂|成立|注册|年度|职工|的商品房|的房子|届|级|考区|招工|分配|调入"
)
_BACKGROUND_BEFORE = re.compile(
    r"(?:生于|出生(?:于|日期|年月)?[:：]?|毕业于|成立于|注册于|始建于|建于|参加工作|入职时间[:：]?)$"
)
_PART = re.compile(r"(?:初|中旬|上旬|下旬|底|末|中|月份)")


def _int(text: str | None) -> int | None:
    if not text:
        return None
    text = text.lstrip("初")
    if text.isdigit():
        return int(text)
    value = parse_number(text)
    return int(value) if value is not None else None


def _year(text: str) -> int | None:
    digits = "".join(c if c.isdigit() else str(DIGITS.get(c, "")) for c in text)
    if len(digits) == 4 and digits[:2] in ("19", "20"):
        return int(digits)
    if len(digits) == 2 and "十" not in text:
        return int(digits) + (2000 if int(digits) < 50 else 1900)
    return None


def _iso(y: int, m: int | None = None, d: int | None = None) -> str | None:
    if m is None:
        return f"{y:04d}"
    if not 1 <= m <= 12:
        return None
    if d is None:
        return f"{y:04d}-{m:02d}"
    return f"{y:04d}-{m:02d}-{d:02d}" if 1 <= d <= monthrange(y, m)[1] else None


def _lunar(y: int, m: int, d: int) -> date | None:
    from borax.calendars.lunardate import LunarDate

    try:
        solar: date = LunarDate(y, m, d).to_solar_date()
        return solar
    except (ValueError, IndexError):
        return None


def _recent(m: int, d: int | None, today: date) -> int:
    """The year of the most recent such month or day, today included."""
    return today.year if (m, d or 1) <= (today.month, today.day) else today.year - 1


def _back(today: date, unit: str, n: int) -> date:
    if unit == "年":
        return date(today.year - n, today.month, min(today.day, 28))
    if unit == "月":
        k = today.year * 12 + today.month - 1 - n
        return date(k // 12, k % 12 + 1, min(today.day, monthrange(k // 12, k % 12 + 1)[1]))
    return today - timedelta(days=n * (7 if unit in ("星期", "礼拜", "周") else 1))


class _Reader:
    """Reads one text, family by family, the surest first; no piece of text is read twice."""

    def __init__(self, s: str, today: date) -> None:
        self.s, self.today = s, today
        self.found: list[DateFound] = []
        self._years: list[tuple[int, int]] = []

    def _add(self, value: str | None, a: int, b: int, kind: str = "point", confidence: float = 0.9) -> None:
        if value and all(b <= f.start or a >= f.end for f in self.found):
            if kind == "point" and value > self.today.isoformat()[: len(value)]:
                kind = "future"
            self.found.append(DateFound(value, self.s[a:b], a, b, kind, confidence))

    def english(self) -> None:
        """2026 September 30, Sept 30."""
        for m in _ENGLISH.finditer(self.s):
            month, d = _EN[m["mon"].lower()[:3]], int(m["d"])
            y = int(m["y"] or m["y2"] or _recent(month, d, self.today))
            self._add(_iso(y, month, d), *m.span())

    def absolute(self) -> None:
        """A year, with month and day or a season."""
        for m in _ABSOLUTE.finditer(self.s):
            y = _year(m["y"])
            if y is None or y > self.today.year + 30 or (not m["m"] and "年" not in m[0]):
                continue
            if re.match(r"(?:级|代|款|版|前|多|来|以前|之前|了|左右)", self.s[m.end() :]) and len(m["y"]) < 4:
                continue
            end, month, d = m.end(), _int(m["m"]), _int(m["d"])
            value = _iso(y, month, d)
            if value is None and d:
                value, end = _iso(y, month), m.end("m")
            if self._lunar_before(m) and month and d:
                value = _text(_lunar(y, month, d)) or value
            self._years.append((m.end(), y))
            if value and month is None:
                w = _AFTER_YEAR.match(self.s, m.end())
                if w:
                    value = _season(y, w[1] or ("年初" if w[2] == "初" else "年底"))
                    end = w.end()
            self._add(value, m.start(), end, "point", 0.95 if month else 0.8)

    def year_alone(self) -> None:
        """2008搬迁: a year without its 年, before a word."""
        for m in _YEAR_ALONE.finditer(self.s):
            if int(m[0]) <= self.today.year:
                self._add(m[0], *m.span(), "point", 0.7)

    def _lunar_before(self, m: re.Match[str]) -> bool:
        return bool(re.search(r"(?:农历|阴历)$", self.s[: m.start()])) or "农历" in m[0] or "阴历" in m[0]

    def month_day(self) -> None:
        """七月二十三号, 去年三月, 九月底; without a year the most recent one."""
        for m in _MONTH_DAY.finditer(self.s):
            month, d = _int(m["m"]), _int(m["d"])
            if not month or not 1 <= month <= 12 or self._no_month(m, d):
                continue
            y = self.today.year + _YEARS[m["rel"]] if m["rel"] else self._year_near(m.start(), month, d)
            tail = _PART.match(self.s, m.end()) if not d else None
            value = _iso(y, month, d)
            if self._lunar_before(m):
                solar = _text(_lunar(y, month, d or 1))
                value = (solar if d else solar[:7]) if solar else value
            self._add(value, m.start(), tail.end() if tail else m.end())

    def _no_month(self, m: re.Match[str], d: int | None) -> bool:
        """三个月, 五月工资: months that are no date."""
        if not d and re.search(r"(?:个|半)$", self.s[: m.start()]):
            return True
        plain = not m["f"] and not d and not m["rel"]
        return plain and bool(re.match(r"(?:工资|饼|薪|租|供|经|嫂|子|台|亮|卡)", self.s[m.end() :]))

    def _year_near(self, start: int, month: int, d: int | None) -> int:
        near = [y for at, y in self._years if at <= start and start - at <= 40 and "。" not in self.s[at:start]]
        return near[-1] if near else _recent(month, d, self.today)

    def named(self) -> None:
        """去年腊月, 今年年底, 国庆后, 春节前."""
        for m in _RELYEAR.finditer(self.s):
            y = self.today.year + _YEARS[m["rel"]]
            lunar = _LUNAR_MONTHS.get(m["what"] or "")
            if m["d"] and lunar:
                self._add(_text(_lunar(y, lunar, _int(m["d"]) or 0)), *m.span(), "point", 0.9)
                continue
            self._add(_season(y, m["what"]) if m["what"] else _iso(y), *m.span(), "point", 0.8 if m["what"] else 0.6)
        for m in _NAMED.finditer(self.s):
            what = m["what"]
            if what in _FESTIVALS:
                month, d = _FESTIVALS[what]
                self._add(_iso(_recent(month, d, self.today), month), *m.span(), "point", 0.6)
                continue
            solar = _lunar(self.today.year, *_LUNAR_FESTIVALS[what])
            if solar and solar > self.today:
                solar = _lunar(self.today.year - 1, *_LUNAR_FESTIVALS[what])
            self._add((_text(solar) or "")[:7] or None, *m.span(), "point", 0.6)

    def lunar_days(self) -> None:
        """正月十六, 去年腊月廿八: days of the lunar months that have names of their own; without a year the most recent one."""
        for m in _LUNAR_DAY.finditer(self.s):
            d = _int(m["d"].replace("廿", "二十"))
            years = [self.today.year + _YEARS[m["rel"]]] if m["rel"] else [self.today.year, self.today.year - 1]
            days = [_lunar(y, _LUNAR_MONTHS[m["m"]], d or 0) for y in years]
            day = next((x for x in days if x and x <= self.today), None)
            self._add(_text(day), *m.span())

    def relative(self) -> None:
        """昨天, 上礼拜四, 上个月."""
        for m in _DAY.finditer(self.s):
            shift = _DAYS[m[0]]
            day = self.today + timedelta(days=shift)
            # 今天 and 现在 mostly say that it goes on, not when it began.
            self._add(day.isoformat(), *m.span(), "future" if shift > 0 else "point", 0.9 if shift else 0.5)
        for m in _WEEKDAY.finditer(self.s):
            weeks = {"上上": -2, "上": -1, "上个": -1, "下": 1, "下个": 1}.get(m["up"], 0)
            monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=weeks)
            if m["d"]:
                day = monday + timedelta(days=_WEEK[m["d"]])
                self._add(day.isoformat(), *m.span(), "future" if day > self.today else "point")
            elif weeks <= 0:
                self._add(monday.isoformat()[:7], *m.span(), "point", 0.5)
        for m in _LASTMONTH.finditer(self.s):
            back = 2 if m["up"].startswith("上上") else 1 if m["up"].startswith("上") else 0
            first = _back(self.today.replace(day=1), "月", back)
            self._add(_iso(first.year, first.month, _int(m["d"])), *m.span())

    def durations(self) -> None:
        """四年了, 三个月前, 半个多月了: the day or month that they began."""
        for m in _HALF.finditer(self.s):
            if m["ago"] or m["more"] or m["more2"] or m["more3"] or len(self.s) <= 12:
                start = self.today - timedelta(days=(183 if m["u"] == "年" else 16))
                self._add(start.isoformat()[:7], *m.span(), "duration", 0.75)
        for m in _SPAN.finditer(self.s):
            n = 3 if m["n"] == "几" else _int(m["n"])
            lasting = _LASTING.search(self.s[max(0, m.start() - 6) : m.start()])
            vague = (
                not lasting and not m["ago"] and not m["more"] and not m["more0"] and not m["half"] and len(self.s) > 12
            )
            if not n or m["n"] == "半" or vague or n > 120 or (m["u"] == "月" and "个" not in m[0]):
                continue
            unit, half = m["u"], bool(m["half2"] or m["half3"])
            start = _back(self.today, unit, n)
            if half:
                start = _back(start, "月", 6) if unit == "年" else start - timedelta(days=15)
            exact = unit not in ("年", "月") and "前" in (m["ago"] or "")
            size = 4 if unit == "年" and not half else 10 if exact else 7
            self._add(start.isoformat()[:size], *m.span(), "duration", 0.7)

    def day_alone(self) -> None:
        """17号 in a short answer."""
        for m in _ONLY_DAY.finditer(self.s):
            d = _int(m["d"])
            if d and 1 <= d <= 31 and len(self.s) <= 20:
                first = self.today if d <= self.today.day else _back(self.today.replace(day=1), "月", 1)
                self._add(_iso(first.year, first.month, d), *m.span(), "point", 0.6)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def find_dates(text: str, today: date) -> list[DateFound]:
    """Every date of a text in order, each piece of text read once."""
    r = _Reader(clean(text).text, today)
    for read in (
        r.english,
        r.lunar_days,
        r.absolute,
        r.month_day,
        r.year_alone,
        r.named,
        r.relative,
        r.durations,
        r.day_alone,
    ):
        read()
    return sorted(r.found, key=lambda f: f.start)


def _season(y: int, what: str | None) -> str | None:
    """A lunar month, festival or season of a year, at the precision of a month."""
    if what in _LUNAR_MONTHS:
        middle = _text(_lunar(y, _LUNAR_MONTHS[what], 15))
        return middle[:7] if middle else None
    if what in _SEASONS:
        return _iso(y, _SEASONS[what])
    if what in _FESTIVALS:
        return _iso(y, _FESTIVALS[what][0])
    if what in _LUNAR_FESTIVALS:
        festival = _text(_lunar(y, *_LUNAR_FESTIVALS[what]))
        return festival[:7] if festival else None
    return _iso(y)


def best_date(text: str, today: date) -> DateFound | None:
    """The likeliest date of what happened: the surest point, among equals the most exact, then the earliest; else a duration."""
    found = [f for f in find_dates(text, today) if f.kind != "future"]
    points = [f for f in found if f.kind == "point"]
    if points:
        s = clean(text).text
        points = [
            f
            for f in points
            if not _BACKGROUND.search(re.split(r"[，。；,;]", s[f.end : f.end + 8])[0])
            and not _BACKGROUND_BEFORE.search(s[max(0, f.start - 8) : f.start])
        ] or points
        top = max(f.confidence for f in points)
        good = [f for f in points if f.confidence >= top - 0.11]
        exact = max(len(f.value) for f in good)
        return min(
            (f for f in good if len(f.value) == exact or f.start < 12),
            key=lambda f: (-(len(f.value) == exact), f.value),
        )
    return min(found, key=lambda f: (-f.confidence, f.start), default=None)
