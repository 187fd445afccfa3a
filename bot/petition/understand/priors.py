"""Procedures that a matter has been through or is in (codebook, rules 15 and 19)."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_CLAUSE = re.compile(r"[^，。！？；,;!?\n]+")
_CUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "court",
        re.compile(
            r"(?:法院|法庭)[^，。]{0,8}(?:判|立案|受理|开庭|调解|执行|审|裁定|驳回)|判决(?:书|已|生效|下来|我|他|公司|被告|对方)?|(?:一审|二审|终审|再审)(?:判|败|胜|都|已|也|后|法院|了)?|(?:官司|诉讼)[^，。]{0,6}(?:打|赢|输|胜|败)|(?:打|赢|输)了?(?:官司|诉讼)|正在[^，。]{0,4}打官司|已(?:经)?(?:起诉|诉至|向法院)|我起诉[^，。]{0,12}(?:了|年|月)|申请(?:了)?(?:强制)?执行|强制执行(?:了|申请)|老赖|胜诉|败诉"
        ),
    ),
    (
        "arbitration",
        re.compile(
            r"仲裁(?:裁决|委|院)?[^，。]{0,8}(?:裁|判|立案|受理|结果|下来|输|赢|不服|裁决书|了)|仲裁裁决|裁决书|已(?:经)?(?:申请)?仲裁|劳动仲裁(?:赢|输|已|了)"
        ),
    ),
    (
        "reconsideration",
        re.compile(
            r"复议(?:决定|机关|了|维持|驳回|申请(?:了|已))|(?:申请|提起|做)(?:过|了)(?:行政)?复议|行政复议(?:已|被|结果|决定)"
        ),
    ),
    (
        "review",
        re.compile(r"复查(?:意见|复核|了|结果)|复核(?:意见|决定|了|结果)|(?:省|市)里?复核|申请(?:过|了)(?:复查|复核)"),
    ),
    (
        "hotline",
        re.compile(
            r"(?<!\d)12345(?!\d)|市长热线|市民热线|政务热线|热线(?:反映|投诉|打|回复|说)|(?:打|拨)(?:过|了|打)?[^，。]{0,6}热线"
        ),
    ),
    (
        "petition",
        re.compile(
            r"信访(?!通)[^，。]{0,12}(?:收|受理|答复|转|回复|意见|反映过|过|了|登记|局[^，。]{0,6}(?:反映|登记|收|答|给|说|转))|上访|(?:市长|书记|县长|领导|局长)信箱|网上(?:信访|提的|反映过|平台)|(?:问政|留言板|网站|平台)[^，。]{0,6}(?:反映|留言|投诉|回复)(?:过|了)|处理意见书|受理告知书|复核意见|(?:县|市|区|省|镇)里[^，。]{0,6}(?:受理|收了)"
        ),
    ),
    (
        "police",
        re.compile(
            r"报(?:过|了)?警|报(?:过|了)?案|打(?:过|了)?110|派出所[^，。]{0,10}(?:来|说|处理|立案|调解|出警|不|记录|做|去)|(?:民警|警察)[^，。]{0,8}(?:来|说|处理|出警|调解|看)|出警"
        ),
    ),
)
_NOT = re.compile(r"没有?|未|不曾|没去|从未|无")
_FUTURE = re.compile(
    r"(?:要|准备|打算|想|想要|能不能|可以|可不可以|是否可以|应该|需要|要不要|该不该|如何|怎么|怎样|将|会|如果|否则|不行就|再不|只能|还得|建议|威胁|扬言)(?:去|就|再|向|直接|先|不)?[^，。]{0,6}$"
)
_NONE = re.compile(
    r"(?:没|没有|没走|没去|没找|还没|未|不曾|从没)[^，。！？]{0,14}(?:别的|其他|其它|程序|部门|地方|过|队长|仲裁|官司|起诉|信访|投诉)|^(?:没有|无|没|没得|否)(?![\u4e00-\u9fff])|^没有没有|first time|第一次弄|第一次找|直接找的你们|只找了?你们|^没走过|没有哈",
    re.I,
)


def find_priors(text: str) -> list[Found]:
    """Each procedure that the text says was or is being gone through; denied and intended ones left out."""
    s = clean(text).text
    out = []
    for clause in _CLAUSE.finditer(s):
        for key, pattern in _CUES:
            for m in pattern.finditer(clause[0]):
                before = clause[0][: m.start()]
                if _NOT.search(before[-6:]) or _FUTURE.search(before[-10:]) or re.match(r"(?:没有?|未)", m[0]):
                    continue
                if (
                    _NOT.search(clause[0][:4])
                    and key in ("court", "arbitration", "reconsideration")
                    and "过" in clause[0][m.start() :]
                ):
                    continue
                if (
                    key != "police"
                    and re.search(r"[吗么]$|怎么办|请问", clause[0])
                    and not re.search(r"了|过|已", clause[0])
                ):
                    continue
                start = clause.start() + m.start()
                out.append(Found("prior", key, m[0], start, clause.start() + m.end(), 0.85))
                break
    return out


def none_said(text: str) -> bool:
    """Whether the person says that nothing was gone through before."""
    return bool(_NONE.search(clean(text).text.strip())) and not find_priors(text)
