"""Who calls, how to reach them, for whom they call, and who else is named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.hotline.found import Element
from bot.hotline.speech import Said, Topics, spelled
from bot.petition.understand import answers, contacts, names

_TITLE = re.compile(
    r"(?:^|[，。！？,\d零一二三四五六七八九幺]|好的|感谢|谢谢|是)([\u4e00-\u9fff]{1,4}?)(先生|女士|老师|阿姨|大爷|大叔|大妈|婆婆|奶奶|爷爷|同志|师傅|小姐)"
)
_OWN_TITLE = re.compile(r"(老师|阿姨|大爷|大叔|大妈|婆婆|奶奶|爷爷|师傅)")
_SURNAME = re.compile(r"(?:免贵)?(?:我|俺|额)?(?:姓|叫)([\u4e00-\u9fff])(?![\u4e00-\u9fff]?不)")
_NAME = re.compile(names._NAME)
#: After 叫 any two or three characters may be a name: surnames are more than any list.
_CALLED = re.compile(
    r"(?:叫做?|名字是|姓名是?|全名|喊)([\u4e00-\u9fff]{2,3})(?=[，。！？、]|$|电话|女士|先生|，|的?(?:电话|手机)|打来)"
)
_NO_WORD = re.compile(r"[什么啥的了我你他她是不在个这那有没哪谁就人钱先生女士老师电话嘛啊呢吧吗]")
_INTRODUCES = re.compile(r"(?:我|俺|额|本人)(?:叫|的名字|名字|姓|是)|免贵姓|我系")
_NOT_NAME = re.compile(
    r"[小学校路街区公司厂店号电话的了吗呢吧哦啊嘛咯这那是就叫姓对楼村镇乡县市]$|^(?:那个|什么|这个|方便|没有|电话|女士|先生|全部|都是|常年|黄河|和平|于是|时候|程序|安排|万一|元月|应该|成都|安全|向你|双方|支付|连续|从来|能不能|终于|明白|明天|高兴|计划|水管|水电|石头|毛病|金额|汤面|贵姓|易懂|强烈|强制|温度|房子|房东|路边|路灯|车子|车牌|江边|钱财|白天|游泳|于|顾客|方案|方面|解决|包括|通知|习惯|纪检|纪委|记者|祝您|平台|关系|安静|公安|公司|广场|车站|项目)"
)
#: What looks like a surname with two characters and is a unit or a place.
NOT_PERSON = re.compile(r"物业|公司|小区|医院|学校|(?:合作|旅行|报)社$|社区|[区县市镇乡村路街局院校厂店号楼]$")
_ANONYMOUS = re.compile(
    r"匿名|不(?:想|要|能|方便|愿意)(?:留|说|告诉|透露|登记)[^，。]{0,4}(?:姓名|名字|名)|不留名|不(?:想|要|愿意?)?实名|别(?:写|记|留)我的?名"
)
_NOT_ANONYMOUS = re.compile(r"不(?:用|想|要|必|需要)匿名|不匿名|(?<!不)(?<!不想)(?<!不要)实名|也能匿名|[？?]$")
_RELATIONS = {
    "老妈": "母亲", "妈妈": "母亲", "妈": "母亲", "母亲": "母亲", "老娘": "母亲", "娘": "母亲", "老爸": "父亲", "爸爸": "父亲", "爸": "父亲", "父亲": "父亲",
    "老爹": "父亲", "爹": "父亲", "老汉儿": "父亲", "老公": "丈夫", "丈夫": "丈夫", "爱人": "配偶", "老婆": "妻子", "妻子": "妻子", "媳妇": "妻子",
    "儿子": "儿子", "女儿": "女儿", "闺女": "女儿", "娃儿": "孩子", "孩子": "孩子", "孙子": "孙子", "孙女": "孙女", "奶奶": "祖母", "爷爷": "祖父",
    "外婆": "外祖母", "姥姥": "外祖母", "外公": "外祖父", "姥爷": "外祖父", "老伴儿": "配偶", "老伴": "配偶", "公公": "公公", "婆婆": "婆婆",
    "岳父": "岳父", "岳母": "岳母", "邻居": "邻居", "同事": "同事", "工友": "工友", "朋友": "朋友", "哥": "兄弟姐妹", "弟": "兄弟姐妹", "姐": "兄弟姐妹", "妹": "兄弟姐妹",
}  # fmt: skip
_KIN = "|".join(sorted(_RELATIONS, key=len, reverse=True))
_ON_BEHALF = re.compile(
    rf"(?:帮|替|代|为|给)(?:着)?(?:我|俺|额|我们|咱)?(?:家|屋)?(?:的|里|那个)?({_KIN})(?!的?(?:费|钱|工资|修|买|办的))(?=[^，。]{{0,8}}(?:问|反映|投诉|说|打|咨询|办|申请|来|报|登记|求助|查|落户|落上)|，|。|$)"
)
_LOST = re.compile(rf"(?:我|俺|额|我们)?家?({_KIN})[^。]{{0,18}}(?:走丢|走失|不见了|失踪|失联)")
#: What is said right after a number that is somebody else's or misread.
_NOT_MINE = re.compile(
    rf"^[，,。]*(?:(?:这|那)?(?:个)?(?:是|不是)(?:我|他|她)(?!的?身份证)(?:{_KIN}|的)|[^。]{{0,10}}(?:别|不要|甭)(?:记|写|用)|[^。]{{0,6}}(?:看|念|说|讲)错)"
)
_DIGITS = re.compile(r"[^零〇一二三四五六七八九幺\d]")


def phone(turns: Sequence[Said]) -> Element | None:
    """The last whole number that nobody denied; else the pieces said over several turns, joined."""
    best: Element | None = None
    for turn in turns:
        for found in () if turn.denied else contacts.find_phones(turn.text):
            if len(found.value) == 11 and not re.search(r"(?<!是)不是(?:这个)?$", turn.text[: found.start]):
                sure = 0.95 if turn.role == "agent" or (best and best.value == found.value) else 0.9
                best = Element(found.value, (turn.span(found.start, found.end),), sure)
    if best:
        return best
    mine = [t for t in turns if t.role != "agent"]
    for i in range(len(mine)):
        joined, spans = "", []
        for turn in mine[i : i + 4]:
            digits = _DIGITS.sub("", turn.text)
            if len(digits) < 3 or len(joined) + len(digits) > 14:
                break
            joined += digits
            spans.append(turn.span(0, len(turn.text)))
            pieces = contacts.find_phones(joined)
            if pieces and len(pieces[0].value) == 11 and len(joined) <= 13:
                return Element(pieces[0].value, tuple(spans), 0.7)
    landline = [(t, f) for t in turns for f in contacts.find_phones(t.text) if not t.denied and len(f.value) != 11]
    if landline:
        turn, f = landline[-1]
        return Element(f.value, (turn.span(f.start, f.end),), 0.7)
    return None


def id_number(turns: Sequence[Said]) -> Element | None:
    """A number of eighteen characters whose check character is right, spoken or in digits, in one turn or in pieces."""
    for turn in reversed(turns):
        m = re.search(r"(?:[零〇一二三四五六七八九幺\d][，,、 \-]*){17}[零〇一二三四五六七八九幺\dXx叉]", turn.text)
        plain = re.sub(r"\W", "", m[0]).translate(contacts._SPOKEN).replace("叉", "X").upper() if m else ""
        if (
            m
            and re.fullmatch(r"\d{17}[\dX]", plain)
            and contacts.valid_id(plain)
            and not (turn.denied or _NOT_MINE.search(turn.text[m.end() :]))
        ):
            return Element(plain, (turn.span(*m.span()),), 0.95)
    return None


def is_anonymous(mine: Sequence[Said]) -> Element:
    """Whether the caller wants to stay unnamed."""
    for t in mine:
        m = _ANONYMOUS.search(t.text)
        if m and not _NOT_ANONYMOUS.search(t.text):
            return Element(True, (t.span(*m.span()),), 0.9)
    return Element(False, (), 0.9)


def _candidates(text: str, surname: str) -> list[str]:
    plain = re.sub(r"(?:我|俺|额)(?:的)?(?:名字)?(?:叫|姓|是)|免贵|名字|叫|姓|喊|是|电话|号码|联系", "，", text)
    found = [m[0] for m in _NAME.finditer(plain) if not surname or m[0].startswith(surname)]
    if surname:
        found += re.findall(rf"{surname}[\u4e00-\u9fff]{{1,2}}", plain)
    found += [m[1] for m in _CALLED.finditer(text) if not surname or m[1].startswith(surname)]
    found = list(dict.fromkeys(re.sub(r"[的了吗呢吧哦啊嘛咯电，]+$", "", n) for n in found))
    return [n for n in found if len(n) > 1 and not _NOT_NAME.search(n) and not _NO_WORD.search(n)]


def name(topics: Topics, turns: Sequence[Said]) -> Element | None:
    """The caller's name: what the agent repeats wins, then the fullest form of an answer, then surname and title."""
    found: list[Element] = []
    for i, (topic, turn) in enumerate(topics):
        introduces = turn.role != "agent" and _INTRODUCES.search(turn.text)
        if turn.role == "agent" or not ("name" in topic or introduces):
            continue
        if "other_name" in topic and "name" not in topic and not introduces:
            continue
        if introduces and "name" not in topic and not re.search(r"(?:我|俺|额)(?:叫|姓|的名字)|免贵姓|我系", turn.text):
            continue
        after = "".join(t.text for t in turns[i + 1 : i + 5] if t.role == "agent" and not t.denied)
        said = spelled(turn.text)
        surname = _SURNAME.search(said)
        alone = re.search(r"单名一?个?([\u4e00-\u9fff])", said)
        if surname and alone:
            found.append(Element(surname[1] + alone[1], turn.find(alone[0]), 0.9))
        for whole in _candidates(said, surname[1] if surname else ""):
            ends = bool(re.search(rf"{whole}(?=[，。！？、]|$)", said))
            for value in dict.fromkeys((whole, whole[:2]) if len(whole) == 3 and not ends else (whole,)):
                repeated = value in after
                sure = (
                    0.95
                    if repeated
                    else (0.85 if introduces else 0.75)
                    if len(value) == 3
                    else 0.4
                    if not introduces
                    else 0.6
                )
                if repeated and len(value) == 2 and whole in after:
                    sure = 0.4
                # 佟欣，…: two characters that stand alone, with the surname that the agent goes on with
                elif len(value) == 2 and re.search(rf"(?:^|[，。是叫])(?:我叫|叫)?{value}(?=[，。]|$)", said):
                    sure = max(sure, 0.7 if re.search(rf"{value[0]}(?:先生|女士|小姐)", after) else sure)
                found.append(Element(value, turn.find(value), sure))
        if surname:
            title = next((m for m in _TITLE.finditer(after) if m[1].startswith(surname[1])), None)
            own = _OWN_TITLE.search(said[surname.end() :])
            called = own[1] if own else title[2] if title else ""
            if title and len(title[1]) >= 3:
                found.append(Element(title[1], turn.find(surname[1]), 0.9))
            found.append(Element(surname[1] + (called or "先生"), turn.find(surname[1]), 0.5))
    for turn in turns:
        m = _TITLE.search(turn.text) if turn.role == "agent" and not turn.denied else None
        if m and len(m[1]) != 2 and not _NOT_NAME.search(m[1]) and not _NO_WORD.search(m[1]):
            full = len(m[1]) >= 3
            found.append(Element(m[1] if full else m[1] + m[2], turn.find(m[1]), 0.75 if full else 0.45))
    return max(found, key=lambda e: (e.confidence, len(e.value))) if found else None


def third_people(topics: Topics) -> list[tuple[str, str, Said]]:
    """Names of others that the agent asked for: his question, the name, the turn."""
    out, question = [], ""
    for i, (topic, turn) in enumerate(topics):
        if turn.role == "agent":
            question = turn.text
        elif "other_name" in topic:
            after = "".join(t.text for _, t in topics[i + 1 : i + 3] if t.role == "agent")
            told = [n for n in _candidates(spelled(turn.text), "") if not NOT_PERSON.search(n)]
            pick = next((n for n in told if n in after), None) or next((n for n in told if len(n) >= 3), None)
            pick = pick or next((n[:2] for n in told if n[:2] in after), None)
            if pick:
                out.append((question, pick, turn))
    return out


def on_behalf_of(mine: Sequence[Said], topics: Topics) -> Element | None:
    """For whom the person calls, with the name when it is told."""
    for t in mine:
        m = _ON_BEHALF.search(t.text) or _LOST.search(t.text)
        relation = _RELATIONS[m[1]] if m else answers.relation(t.text)
        if not relation or relation == "本人":
            continue
        others = (n for q, n, _ in third_people(topics) if not re.search(r"老板|书记|主任|公司|店|厂", q))
        called = re.search(rf"(?:{_KIN})(?:，)?(?:他|她)?叫({names._NAME})", t.text)
        who = next(others, "") or (called[1] if called else "")
        span = t.span(*m.span()) if m else t.span(0, len(t.text))
        return Element(relation + who if who not in relation else relation, (span,), 0.8 if m else 0.6)
    return None
