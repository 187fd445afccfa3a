"""Of which field a whole answer has the form, whatever was asked.

Only answers that are nothing but one value have a shape: 11月2号 is a date, 没得电话 says that there is no phone, 刘伟 is a name.
A sentence has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.petition.understand import contacts, counts, dates, money, places, words
from bot.petition.understand.boundaries import bare_divisions
from bot.petition.understand.text import clean

#: Surnames that no everyday word begins with so often that two or three characters would say nothing.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴夏钟汪姜范姚谭廖邹熊陆"
    "郝孔崔康邱秦江顾侯邵孟段雷钱汤尹黎武乔贺赖龚欧樊殷施陶洪翟颜倪严牛温俞章鲁葛毕聂焦向柳邢骆岳齐梅庄辛祝涂裴霍翁甘缪柴詹"
)
_NAME = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|(?:欧阳|上官|司马|诸葛|皇甫|慕容|尉迟)[\u4e00-\u9fff]{{1,2}}")
_LEAD = re.compile(
    r"^(?:嗯+|哦|噢|那个|就是|就|是在?|应该是|好像是|大概是?|大约|差不多|可能是?|从|在|我叫|俺叫|叫|有|总共|一共|电话是?|手机号?是?|号码是?|[，,。：:\s])+"
)
_TAIL = re.compile(r"(?:[，,。.!！\s]|吧|呢|啊|呀|哩|嘛|的|了|左右|上下|开始|起|的?时候|那天|这边|那边)+$")
_NO_NAME = re.compile(r"[我你您他她它的了不没要给把被让是在钱]|(?:总|主任|经理|书记|老师|局长|老板|某)$")
_PHONE_WORDS = re.compile(r"(?:我的?|我家|电话|手机|号码?|联系方式|座机|打|是|[：:，,。\s])+")
_NO_PHONE = re.compile(
    r"(?:我|俺|家里)?(?:没有?|没得|木有|冇|无|不用|不会用|不留|不给|不想[留给]|不写|不提供)(?:电话|手机|号码|联系方式)[了啊呀哩]?|(?:电话|手机|号码)(?:没有|没得|不留|不给)[了啊呀]?"
)
_COMPANY = re.compile(r"[\u4e00-\u9fffA-Za-z0-9（）()]{2,20}(?:有限公司|公司|集团|物业|劳务|置业|地产)")
_ANY_COMPANY = re.compile(
    r"^(?:我们|咱们?|俺们?|小区|楼[上下]|这个?|那个?|本|该|一个|一家|某|前|老|新|找|告|让|叫|要|换|请|投诉|举报|关[闭停]|查|罚|拆|解散|撤)"
)
#: Who the other side is, told by name: 老板叫王德发.
_CALLED = re.compile(
    r"(?:我们?|俺们?|咱们?|他们?|那个?|这个?|的){0,2}(?:(?P<who>老板娘?|包工头|工头|房东|中介|邻居|村长|支书|书记|主任|校长|院长|局长|经理)|开发商|公司|单位|工厂|厂子?|店|医院|学校|物业)"
    r"(?:的?(?:名字|大名|全名|名称))?(?:叫做?|名叫|姓)(?P<name>[\u4e00-\u9fff·（）()]{1,20})"
)
#: Up to how often the general dictionary may count a word that is still a name rather than a word.
_RARE = 3


def everyday() -> frozenset[str]:
    """Words that begin like a name and are none. Read once; the server reads them before its first turn."""
    return words.common(_SURNAMES + "欧上司诸皇慕尉", 4, _RARE)


@dataclass(frozen=True)
class Shape:
    """`field` is a field key; `value` its canonical form, None when the person says that there is none."""

    field: str
    value: Any


def shape(text: str, today: date) -> Shape | None:
    """The field of which the whole text is a value; None for everything else."""
    s = clean(text).text.strip()
    if not s or len(s) > 40 or re.search(r"[?？]|[吗么]$", s):
        return None
    if _NO_PHONE.fullmatch(s):
        return Shape("phone", None)
    phones = contacts.find_phones(s)
    if phones and len(phones) == 1 and not _PHONE_WORDS.sub("", s[: phones[0].start] + s[phones[0].end :]):
        return Shape("phone", phones[0].value)
    core = _TAIL.sub("", _LEAD.sub("", s))
    if not core:
        return None
    if m := _CALLED.fullmatch(core):
        return Shape("respondent", (m["who"] or "") + m["name"])
    found = [f for f in dates.find_dates(core, today) if f.kind != "future"]
    if len(found) == 1 and len(core) - (found[0].end - found[0].start) <= 1:
        return Shape("occurred_on", found[0].value)
    for key, finds in (("amount", money.find_amounts(core)), ("people_count", counts.find_people(core))):
        if len(finds) == 1 and (finds[0].start, finds[0].end) == (0, len(core)) and finds[0].confidence >= 0.5:
            return Shape(key, finds[0].value)
    if _COMPANY.fullmatch(core) and not _ANY_COMPANY.match(core):
        return Shape("respondent", core)
    if _is_place(core):
        return Shape("place", core)
    return Shape("name", core) if _is_name(core) else None


def _is_place(core: str) -> bool:
    if bare_divisions().fullmatch(core):
        return True
    found = places.find_places(core)
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(core)):
        return False
    return found[0].note == "exact" or core.endswith(("省", "市", "州", "盟"))


def _is_name(core: str) -> bool:
    return (
        bool(_NAME.fullmatch(core))
        and not _NO_NAME.search(core[1:])
        and not any(core[:n] in everyday() for n in range(2, len(core) + 1))
    )
