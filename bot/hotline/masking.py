"""The transcript without what names a person: names, phones, identity and card numbers, plates, addresses down to the door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.hotline.person import NOT_PERSON
from bot.petition.understand import names

_DIGIT = "零〇一二三四五六七八九幺\\d"
_RUN = re.compile(rf"[{_DIGIT}](?:[ ，,、\-]?[{_DIGIT}]){{6,}}[Xx]?")
_PIECE = re.compile(rf"(?<![{_DIGIT}])[{_DIGIT}]{{4}}(?![{_DIGIT}年月日号块元万千百户人个热])")
_NUMBER = r"(?:\d+|[一二三四五六七八九十百零幺]+)"
_DOOR = re.compile(
    rf"[\u4e00-\u9fff]{{0,6}}?[，,]?{_NUMBER}(?:号楼|栋|幢|号院|单元|号)(?:[，,]?{_NUMBER}(?:号楼|栋|幢|单元|层|楼|室|号)?){{0,3}}"
)
_PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·]?[A-Z0-9]{5,6}")
_NAME = rf"(?:(?:{names._DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{names.SURNAMES}][\u4e00-\u9fff]{{1,2}}?)"
_NAMED = re.compile(rf"(?:叫|是|姓名是?|名字是?|[，。？！,\s]|^)({_NAME})(?=先生|女士|老师|同志|，|。|,|？|对|$)")
#: A name told as one, or after what somebody is to the caller or to the unit.
_AFTER = re.compile(
    rf"(?:叫做?|喊|姓名是?|名字是?|户名(?:是|叫)?|联系人(?:是)?|法人(?:代表)?(?:是)?|书记|老板|主任|村长|会计|所长|局长|校长|院长|科长|经理|医生|房东|同事|邻居|表[哥弟姐妹]|儿子|女儿|女婿|儿媳|老公|老婆|丈夫|妻子|小舅子)(?:是|叫|，叫)?({_NAME})(?=[，。！？、,的]|$|先生|女士|[他她在跟和把是]|电话|手机)"
)
#: 姓来，来建军: any surname.
_SPELT = re.compile(r"姓([\u4e00-\u9fff])(?:的)?[，, ](?:叫|喊|名叫)?(\1[\u4e00-\u9fff]{1,2})(?=[，。,、的 ]|$)")
_EMAIL = re.compile(r"[A-Za-z0-9._-]{2,40}@[A-Za-z0-9.-]{3,40}")
_PUBLIC = re.compile(r"^(?:12345|123\d\d|110|119|120|122|96\d{3})$")
_KEEP = re.compile(r"一二三四五|幺二三四五|一二三八八|12345|123\d\d")
MARK = "＊"


def third_names(turns: Sequence[tuple[str, str]]) -> set[str]:
    """Names that the call tells: those that both persons say, or that follow 叫."""
    said: dict[str, set[str]] = {}
    found: set[str] = set()
    for role, text in turns:
        for m in _NAMED.finditer(text):
            said.setdefault(m[1], set()).add(role)
        found |= {m[1] for m in _AFTER.finditer(text)} | {m[2] for m in _SPELT.finditer(text)}
    both = {n for n, who in said.items() if len(who) > 1 and len(n) == 3}
    return {n for n in found | both if not NOT_PERSON.search(n)}


def mask(turns: Sequence[tuple[str, str]], known: Iterable[str] = ()) -> str:
    """The turns (role, raw text) joined by newlines, masked. `known`: names and addresses found in the call."""
    people = {k for k in known if 2 <= len(k) <= 4} | third_names(turns)
    others = {k for k in known if len(k) > 4}
    return "\n".join(_one(text, people, others) for _, text in turns)


def _one(text: str, people: Iterable[str], others: Iterable[str]) -> str:
    text = _RUN.sub(lambda m: m[0] if _KEEP.fullmatch(re.sub(r"\W", "", m[0])) else MARK * len(m[0]), text)
    text = _EMAIL.sub(lambda m: MARK * len(m[0]), text)
    text = _PLATE.sub(lambda m: MARK * len(m[0]), text)
    for piece in sorted(others, key=len, reverse=True):
        text = text.replace(piece, MARK * len(piece))
    text = _DOOR.sub(lambda m: MARK * len(m[0]) if not re.fullmatch(rf"{_NUMBER}号", m[0]) else m[0], text)
    text = _PIECE.sub(lambda m: m[0] if re.fullmatch(r"(?:19|20)\d\d", m[0]) else MARK * len(m[0]), text)
    for name in sorted(people, key=len, reverse=True):
        text = text.replace(name, name[0] + MARK * (len(name) - 1))
    return text
