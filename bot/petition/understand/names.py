"""The person's own name."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹"
    "姚邵湛汪祁毛禹狄米贝明臧计伏成戴宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊甄曲家封储靳汲"
    "松井段富巫焦巴弓牧谷车侯宓全班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶司黎溥印白怀蒲邰从鄂索赖卓蔺屠蒙池乔阴能苍双闻党翟谭贡劳姬申扶堵冉宰郦雍却桑桂濮牛寿通边扈燕冀浦尚农温别庄晏柴瞿阎充慕连茹习艾鱼容向古易"
    "慎戈廖庾终居衡步都耿满弘匡文寇广禄东殴沃利蔚越夔隆师巩聂晁勾敖融冷辛阚那简饶空曾毋沙养鞠须丰巢关蒯相查后荆红游权盖益桓公普代苟候仝佟付肖闫覃楚鹿党占冉普代盛郝"
)
_DOUBLE = "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|令狐"
_CH = "\u4e00-\u9fff"
_NAME = rf"(?:(?:{_DOUBLE})[{_CH}]{{1,2}}|[{SURNAMES}][{_CH}]{{1,2}}|[{_CH}]{{1,6}}·[{_CH}]{{1,8}})"
_STOP = "的是在从住有没和与也这那说要想就去来到今年岁被把给对跟向他她我你们家因为了吗吧呢啊不人本一反电手联现，。"
_INTRO = re.compile(
    rf"(?:我叫|俺叫|我名叫|名叫|我是|本人叫?|反映人[:：]|姓名[:：]?|署名[:：]|联系人[:：]|投诉人[:：]|举报人[:：]|信访人[:：]|名字(?:是|叫)?)\s*({_NAME})"
)
_ANSWER = re.compile(
    rf"(?:我?姓.{{1,2}}[，, ]+|我叫|俺叫|名叫|叫|是|敝姓.{{1,2}}[，, ]*|代表|名字[是叫]?|[:：])\s*({_NAME})"
)
_ENGLISH = re.compile(r"\b([A-Z][a-zA-Z'.-]+(?: [A-Z][a-zA-Z'.-]+){1,3})\b")
_LEAD = re.compile(r"^(?:嗯|哦|好的?|行|我|俺|本人|名字|姓名|叫|是|写|就写|[，,:：\s])+")
_NOT_NAMES = re.compile(
    r"^(?:先不|前面|第一|方便|不|没|可以|能|都|就是|随便|匿名|实名|单位|村民|业主|居民|老百姓|市民|常住|本地|农民|江苏|广东|安徽|云南|成都|武汉|南方|北方)"
)


def _cut(name: str, follow: str) -> str:
    """A greedy name without what belongs to the next word."""
    double = re.match(_DOUBLE, name)
    keep = 3 if double else 2
    while len(name) > keep and name[-1] in _STOP:
        name = name[:-1]
    # 杨德贵杨树的杨: the explanation of a character starts with the surname again.
    if len(name) > 2 and follow.startswith("树") and name[-1] == name[0]:
        name = name[:-1]
    return name


def find_name(text: str, asked: bool = False) -> Found | None:
    """A self introduction in a story, or, when `asked`, the name that the answer gives."""
    s = re.sub(r"<script[^<>]{0,200}>.{0,200}?</script>|<[^<>]{0,200}>", "", clean(text).text).strip()
    m = _INTRO.search(s)
    if (
        m
        and not _NOT_NAMES.match(m[1])
        and (asked or m[0].startswith(("我叫", "俺叫", "本人", "我名叫")) or "：" in m[0] or ":" in m[0])
    ):
        return _found(m, s)
    if not asked:
        return None
    if len(s) > 40 or re.search(r"不想说|不方便|不说|不留|不写|刚才|前面|告诉我", s):
        return None
    english = _ENGLISH.search(s)
    if english:
        return Found("name", english[1], english[1], english.start(1), english.end(1), 0.9)
    m = _ANSWER.search(s)
    if m and not _NOT_NAMES.match(m[1]):
        return _found(m, s)
    start = _LEAD.match(s)
    rest = s[start.end() :] if start else s
    m = re.match(rf"({_NAME})(?![{_CH}]{{3}})", rest)
    if m and not _NOT_NAMES.match(m[1]) and not re.search(r"[?？吗]", s):
        at = len(s) - len(rest)
        value = _cut(m[1], rest[m.end() :])
        return Found("name", value, value, at, at + len(value), 0.85)
    return None


def _found(m: re.Match[str], s: str) -> Found:
    value = _cut(m[1], s[m.end() :])
    return Found("name", value, value, m.start(1), m.start(1) + len(value), 0.9)
