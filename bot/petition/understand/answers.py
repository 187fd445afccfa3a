"""Reads short replies: yes and no, refusals, not knowing, pointing back, relations."""

from __future__ import annotations

import re

from bot.petition.understand.text import clean

_YES = re.compile(
    r"^(?:是|对|嗯|行|中|好|可以|要得|得|没错|同意|确认|当然|没问题|有|愿意|ok|yes|yeah|sure|i agree)|(?:同意|可以|没问题)",
    re.I,
)
_NO = re.compile(r"^(?:不|没|否|别|无|未|算了|不用|no\b|not\b|none)|不用了|不需要|不是", re.I)
_DECLINES = re.compile(
    r"不想(?:说|填|给|留|写|提供|透露|讲)|不(?:留|给|写|填|提供|透露|告诉)(?!我|他|钱|水|电|退|发|办|修|解决)|不方便(?:说|留|填|提供|给)?|先不(?:填|说|留|写|给)|能不(?:填|说|写|留)|可以不(?:填|说|写|留|提供)|"
    r"不说(?:了|行|吧|$)|^不说|保密|凭(?:啥|什么)(?:要)?(?:给|告诉)|不必(?:填|留|写)|(?:don'?t|not) want|i don't want"
)
_UNKNOWN = re.compile(
    r"不知道|不清楚|不晓得|记不(?:清|得|住|起)|不记得|忘了|说不(?:清|好|准|上来)|没(?:有)?具体|没数|谈不上|没啥|没(?:有)?金额|没(?:有)?证据|没(?:有)?材料|^不涉及|不涉及金额|搞不清|不确定|哪知道|没留意|随便|都行|无所谓"
)
_BACK = re.compile(
    r"(?:前面|刚才|刚刚|上面|第一条|之前|开头|已经)[^，。！？]{0,10}(?:说|写|讲|提|发|告诉|有)(?:过|了|的)?|(?:不是)?(?:都|不)?说过了|就在我刚才说的|您?看(?:一)?下(?:上面|前面)|往上翻"
)
_ANON_NO = re.compile(r"不(?:用|必|需要?|要)?匿|匿什么名|不匿|实名|写(?:俺|我)名|no need|不怕")
_ANON_YES = re.compile(r"匿名|(?:别|不要|不能|不想|不敢)(?:让|叫)?[^，。！？]{0,8}知道是我|不(?:想)?(?:透露|暴露)")
_PUBLIC_NO = re.compile(r"不(?:要|想|能|用|必)?公开|别公开|勿公开|不(?:要|用)$|^(?:否|不|别)|保密")
_REPLY = (
    ("不用回复", re.compile(r"不用(?:回|答)|不必回|别回")),
    ("短信", re.compile(r"短信|信息|message|sms|(?:别|不要|不能|只能).{0,4}(?:打|接)电话", re.I)),
    ("电话", re.compile(r"电话|打给|手机|call|phone", re.I)),
    ("书面", re.compile(r"书面|信件|写信|寄|邮寄|纸质|信函")),
    ("邮件", re.compile(r"邮件|邮箱|email", re.I)),
    ("网上", re.compile(r"网上|微信|线上|平台|自己查|小程序")),
)
_KIN = (
    ("母亲", "我?(?:妈妈|妈|母亲|娘|老娘|老妈)"),
    ("父亲", "(?:爸爸|爸|父亲|爹|老爹|老爸)"),
    ("父母", "(?:爸妈|父母|爹妈)"),
    ("丈夫", "(?:老公|丈夫|爱人|对象|男人)"),
    ("妻子", "(?:老婆|妻子|媳妇|老伴)"),
    ("儿子", "(?:儿子)"),
    ("女儿", "(?:女儿|闺女)"),
    ("孩子", "(?:孩子|娃|小孩)"),
    ("奶奶", "(?:奶奶)"),
    ("爷爷", "(?:爷爷)"),
    ("外婆", "(?:外婆|姥姥)"),
    ("外公", "(?:外公|姥爷)"),
    ("兄弟姐妹", "(?:哥哥?|弟弟?|姐姐?|妹妹?)"),
    ("邻居", "(?:邻居)"),
    ("同事", "(?:同事|工友)"),
    ("朋友", "(?:朋友|同学)"),
    ("亲戚", "(?:舅舅?|姑姑?|姨|叔叔?|伯伯?|岳父|岳母|公公|婆婆|亲戚)"),
)
_FOR = r"(?:替|代|帮|为|给)(?:着|了)?"
_RELATIONS = tuple(
    (
        name,
        re.compile(
            rf"(?:{_FOR}(?:我|俺|咱|我们)?(?:家)?(?:的)?{word}(?!费|钱|工资)(?:[^，。！？]{{0,6}}(?:问|反映|投诉|说|登记|咨询|写|办|申请|来|打)|$|，|,))|(?:我|俺)?是(?:他|她)(?:的)?(?:儿子|女儿|闺女|家属|孙子|孙女)[^，。]{{0,4}}代"
        ),
    )
    for name, word in _KIN
)
_RELATION_ANSWER = tuple((name, re.compile(word)) for name, word in _KIN)
_SELF = re.compile(r"本人|我自己|自己的?事|给自己|自己家|^(?:我|俺|me)$|me 自己|就是我的")
_CALLED = re.compile(r"(?:他|她|名字)?叫([\u4e00-\u9fff]{2,4})")


def relation_spans(text: str, relation_told: str) -> list[tuple[int, int]]:
    """Where in `text` it stands for whom the person speaks (`relation_told`: a value of `relation`)."""
    cleaned, word = clean(text), relation_told.split(" ")[0]
    pattern = next((p for name, p in _RELATIONS if name == word), None)
    return [cleaned.span(*m.span()) for m in pattern.finditer(cleaned.text)] if pattern and word else []


def _s(text: str) -> str:
    return clean(text).text.strip()


def yes_no(text: str) -> bool | None:
    """True, False, or None when neither is said."""
    s = _s(text)
    if _NO.search(s) and not re.match(r"没错|没问题|不错|无所谓", s):
        return False
    return True if _YES.search(s) else None


def anonymous(text: str) -> bool | None:
    """Whether the person wants to stay unnamed."""
    s = _s(text)
    if _ANON_NO.search(s):
        return False
    return True if _ANON_YES.search(s) else None


def publicity(text: str) -> bool | None:
    """Whether the case may be published."""
    s = _s(text)
    if re.search(r"公开就公开|可以公开|能公开|^公开|^是$|随便公开", s):
        return True
    return False if _PUBLIC_NO.search(s) else None


def reply_by(text: str) -> str | None:
    """How the person wants to be answered."""
    s = _s(text)
    return next((name for name, pattern in _REPLY if pattern.search(s)), None)


def declines(text: str) -> bool:
    """Whether the person would rather not say."""
    s = _s(text)
    return len(s) <= 60 and bool(_DECLINES.search(s))


def unknown(text: str) -> bool:
    """Whether the person does not know."""
    return bool(_UNKNOWN.search(_s(text)))


def nothing(text: str) -> bool:
    """Whether the person says that there is none."""
    return bool(
        re.fullmatch(
            r"(?:这个|都|也)*(?:没有?|没得|无|木有|冇)(?:的|了|啊|呀|钱数?|金额)*", _s(text).strip("。，,.!！")
        )
    )


def refers_back(text: str) -> bool:
    """Whether the person points to what was said before."""
    s = _s(text)
    return len(s) <= 40 and bool(_BACK.search(s))


def relation(text: str, asked: bool = False) -> str | None:
    """For whom the person speaks: 母亲, 父亲 …, with the name when it is told; 本人 when for themself; None when not said."""
    s = _s(text)
    for name, pattern in _RELATIONS:
        if pattern.search(s):
            called = _CALLED.search(s)
            return f"{name} {called[1]}" if called and len(s) <= 40 else name
    if _SELF.search(s) and len(s) <= 20:
        return "本人"
    if asked:
        return next((name for name, pattern in _RELATION_ANSWER if pattern.search(s)), None)
    return None
