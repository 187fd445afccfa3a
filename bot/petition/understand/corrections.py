"""A turn that corrects something said before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.petition.understand import contacts
from bot.petition.understand.numerals import parse_number
from bot.petition.understand.shapes import shape
from bot.petition.understand.text import clean


@dataclass(frozen=True)
class Correction:
    """`field` is a field key, or `#n` for the n-th line of the summary. `value_text` may be empty: then it must be asked."""

    field: str
    value_text: str
    confidence: float = 0.9


_SYNONYMS: tuple[tuple[str, str], ...] = (
    ("phone", "联系电话|手机号码|手机号|电话号码|电话|手机|号码"),
    ("occurred_on", "发生时间|时间|日期|哪天"),
    ("address", "家庭住址|住址|家庭地址|地址"),
    ("place", "问题发生地|发生地|地点|地方|位置"),
    ("name", "姓名|名字"),
    ("respondent", "被反映的单位或人|被反映人|被反映单位|单位|公司|对方"),
    ("amount", "金额|钱数|数额"),
    ("people_count", "涉及人数|人数|户数"),
    ("demand", "诉求|要求"),
    ("narrative", "事情经过|经过|内容"),
    ("prior", "已走程序|走过的程序"),
    ("evidence", "材料|证据"),
    ("anonymous", "是否匿名|匿名"),
    ("publicity", "是否公开"),
    ("reply_by", "答复方式|回复方式"),
    ("on_behalf_of", "代谁反映"),
)
_FIELD = "|".join(f"(?P<f{i}>{words})" for i, (_, words) in enumerate(_SYNONYMS))
_WRONG = re.compile(
    rf"(?:刚才|前面|我)?(?:的|那个)?(?:{_FIELD})(?:我|刚才|那里|那个|这里|也)?(?:[说写填报记弄搞]错了?|不对|有误|错了|不是这个|要改|改一下|改下|得改|变了)"
)
_CHANGE = re.compile(rf"(?:把)?(?:我的|那个)?(?:{_FIELD})(?:改成|改为|换成|应该是|应为|更正为|改到)\s*(?P<to>.+)")
#: A field told by its name, whatever was asked.
_STATED = re.compile(
    rf"^(?:哦|噢|对了|嗯|那个|还有|另外|忘了说)?[，, ]*(?:我的|那个)?(?:{_FIELD})(?:就?是(?!不是|什么|多少|啥|哪)|就?在|[:：])\s*(?P<to>[^?？]+)$"
)
_PLEASE = re.compile(rf"(?:改一下|改下|修改|更正|我要改|换一下)(?:我的|那个)?(?:{_FIELD})")
_LABELS = "|".join(words for _, words in _SYNONYMS)
_NUMBERED = re.compile(
    rf"(?:修改|改|更正|改一下)?第?\s*(?P<n>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})\s*(?:项|条|个|行|点)\s*(?:的?(?:{_LABELS}))?(?:我|写|填|说|那个|也)*"
    r"(?:不对|错了?|有误|改成|改为|换成|改|应该是|应为|是)?(?:[，,：:。\s]*(?:应该是|应为|改成|改为|换成|是))?[，,：:\s]*(?P<to>.*)"
)
_NOT_BUT = re.compile(
    r"不是\s*(?P<old>[^，。！？,；;]{1,20}?)[，,、 ]*(?:而?是|应该是|应为|是)\s*(?P<new>[^，。！？,；;]{1,30})"
)
_NOT_CALLED = re.compile(
    r"不(?:是)?叫\s*(?P<old>[^，。！？,；;]{1,20}?)[，,、 ]*(?:是|应该)?叫\s*(?P<new>[^，。！？,；;]{1,30})"
)
#: Only that something is wrong, and the right value: which field it is, the value says.
_WRONG_VALUE = re.compile(
    r"^(?:哎|哦|等等|等下|等一下|嗯)?[，, ]*(?:[^，。！？,；;]{1,12}(?=不对|[说写填搞弄记打]?错了))?(?:不对|(?:我)?(?:刚才|前面)?[说写填搞弄记打]?错了|不是的?(?=[，, ]))(?:啊|哈|哎)?[，,。：:！!\s]*(?:应该)?(?:是|叫|改成)?\s*(?P<new>[^，。！？,；;]{1,40})[。！!]?$"
)
#: 伟大的伟: which character is meant.
_CHARACTER = re.compile(
    r"[\u4e00-\u9fff]{0,4}?(?P<c>[\u4e00-\u9fff])[\u4e00-\u9fff]{0,3}的(?P=c)|[\u4e00-\u9fff]{1,4}的(?P<d>[\u4e00-\u9fff])"
)
#: A number with what it counts in an address.
_PART = re.compile(r"(?P<n>[\da-zA-Z一二三四五六七八九十百]+)(?P<unit>号楼|号院|号|栋|幢|座|单元|层|楼|室|弄|组|队)")
_BUT_NOT = re.compile(
    r"(?:是|应该是)\s*(?P<new>[^，。！？,；;]{1,30}?)[，,、 ]*(?:不是|而不是|不叫)\s*(?P<old>[^，。！？,；;]{1,20})"
)
#: A part of what is wanted is wanted no more.
_NO_MORE = re.compile(
    r"^(?:那|这个)?(?P<a>[^，。！？,]{2,10}?)(?:我|就|都|也|可以)*(?:不要|不用|不提|不追究|不算|算|去掉|删掉|免|别写|不写)(?:算)?[了吧]*[。！!]?$"
    r"|^(?:那|就)?(?:不要|不用|不提|不追究|去掉|删掉|别写)(?P<b>[^，。！？,]{2,10}?)[了吧]*[。！!]?$"
)
#: How far into a turn the words of a correction may begin: 哎等下，刚才时间我说错了.
LEAD = 8
#: Somebody else wrote or changed it: that is the matter itself, not our record of it.
_OTHERS_DOING = re.compile(
    r"(?:他们?|她们?|老板|(?:公司|单位|对方)把|房产局|派出所|医院|学校|窗口|合同|证上|表上|系统)[^，。]{0,8}(?:写错|填错|登错|改成|改为|弄错|搞错)|不给改|骗我"
)
_AFTER = re.compile(r"[，,。：: ]*(?:应该是|应为|正确的是|其实是|改成|改为|是)?\s*(?P<to>.+)$")


def _key(m: re.Match[str]) -> str:
    return next(
        _SYNONYMS[int(name[1:])][0]
        for name, value in m.groupdict().items()
        if value and name[0] == "f" and name[1:].isdigit()
    )


def find_corrections(
    text: str, known: Mapping[str, object], today: date, labels: Mapping[str, str]
) -> list[Correction]:
    """What the turn corrects. Only fields that are known can be corrected by value; by name or number also others."""
    s = clean(text).text.strip()
    if len(s) > 120:
        return []
    m = _NUMBERED.search(s)
    if m and (m.start() <= 3 or "改" in m[0]) and re.search(r"改|不对|错|有误|项", s):
        number = parse_number(m["n"])
        to = m["to"].strip(" 。，,")
        return [Correction(f"#{int(number or 0)}", "" if re.fullmatch(r"(?:改?一下)?[吧了]?", to) else to)]
    if _OTHERS_DOING.search(s):
        return []
    m = _CHANGE.search(s)
    if m and m.start() <= LEAD:
        return [Correction(_key(m), m["to"].strip(" 。，,"))]
    m = _WRONG.search(s)
    if m and m.start() <= LEAD:
        key = _key(m)
        after = _AFTER.match(s[m.end() :])
        to = after["to"].strip() if after else ""
        if key == "phone":
            phones = contacts.find_phones(s)
            return [Correction(key, str(phones[-1].value) if phones else "")]
        return [Correction(key, _kept(to))]
    m = _PLEASE.search(s)
    if m and m.start() <= LEAD:
        return [Correction(_key(m), "")]
    m = _STATED.match(s)
    if m and len(s) <= 60 and _key(m) not in ("narrative", "evidence", "prior"):
        return [Correction(_key(m), m["to"].strip(" 。，,"), 0.6)]
    for pattern in (_NOT_CALLED, _NOT_BUT, _BUT_NOT):
        m = pattern.search(s)
        if m:
            found = _instead(m["old"].strip("叫 "), m["new"].strip("叫 "), known, today)
            if found:
                return [found]
    m = _WRONG_VALUE.match(s)
    found = _by_value(m["new"].strip(), known, today) if m else None
    return [found] if found else []


def gives_up(text: str, told: str) -> bool:
    """Whether the turn takes back a part of what was told to be wanted (利息不要了), and not the whole matter (算了不要了)."""
    m = _NO_MORE.match(clean(text).text.strip())
    what = (m["a"] or m["b"]) if m else ""
    return bool(what) and what in told and not re.fullmatch(_LABELS, what)


def _instead(old: str, new: str, known: Mapping[str, object], today: date) -> Correction | None:
    """The field in which `old` stands, with `new` in its place; a value in other words than ours is found by its form."""
    for key, value in known.items():
        shown = str(value)
        if old and new and old in shown and key not in ("narrative", "demand") and len(old) >= 2:
            return Correction(key, shown.replace(old, new))
    was, now = shape(old, today), shape(new, today)
    if was and now and was.field == now.field and now.field in known:
        return Correction(now.field, new)
    chars = [m["c"] or m["d"] for m in (_CHARACTER.fullmatch(old), _CHARACTER.fullmatch(new)) if m]
    if len(chars) == 2 and chars[0] in str(known.get("name", "")):
        return Correction("name", str(known["name"]).replace(chars[0], chars[1]))
    return None


def _by_value(new: str, known: Mapping[str, object], today: date) -> Correction | None:
    """The known field that a bare value belongs to."""
    form = shape(new, today)
    if form:
        return Correction(form.field, new) if form.field in known and form.value is not None else None
    part = _PART.fullmatch(new)
    for key in ("place", "address") if part else ():
        shown = str(known.get(key, ""))
        there = [m for m in _PART.finditer(shown) if part and m["unit"] == part["unit"]]
        if len(there) == 1:
            return Correction(key, shown[: there[0].start()] + new + shown[there[0].end() :])
    return None


def _kept(to: str) -> str:
    """The new value without what only explains the old one ("是三月份开的业，五月份是我投诉物业")."""
    first = re.split(r"[，,。；;]", to)[0].strip()
    parts = re.findall(r"(?:是|应该是)([^，,。；;]+)[，,]\s*不是", to)
    return parts[0] if parts else first
