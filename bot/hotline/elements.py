"""What a call tells: each field from the answer to the agent's question, from his read-back, or from the story itself.

A later correction wins over what came before, and what the agent read back and the caller did not deny is sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.hotline.questions import asked_about
from bot.petition.understand import answers, contacts, counts, dates, demands, money, names, places, respondents
from bot.petition.understand.numerals import parse_number
from bot.petition.understand.text import clean

_DENIES = re.compile(r"^(?:不是|不对|错了|哎不对|没有没有)")
_SUMMARY = re.compile(
    r"(?:(?:您的)?诉求(?:就)?是|就是(?:要求|希望|请|想)|您(?:是)?(?:希望|想要?|要求)|您想(?!一下|好)|要求)([^。？?!！]{4,46}?)(?:，?(?:对吧|对吗|对不对|是吧|是吗|可以吗))?[。？?!！]"
)
#: How people spell a name: 长江嘞长, 木字旁那个, 三点水的.
_EXPLAINS = re.compile(
    r"[\u4e00-\u9fff]{1,4}(?:的|嘞|那个|呢)[\u4e00-\u9fff](?=[，。,]|$)|[\u4e00-\u9fff]{1,3}字旁|三点水"
)
_WISH = re.compile(r"[^。？?！]{0,12}(?:我就想|我想|我要|希望|要求|能不能|让他|叫他|喊他|赶紧|尽快)[^。？?！]{3,34}")
_RESTATED = re.compile(r"是吧|对吧|是吗|对吗")
_TITLE = re.compile(
    r"(?:^|[，。！？,\d零一二三四五六七八九幺]|好的|感谢)([\u4e00-\u9fff]{1,3})(先生|女士|老师|阿姨|大爷|婆婆|同志)"
)
_SURNAME_ONLY = re.compile(r"(?:免贵)?(?:我)?(?:姓|叫)([\u4e00-\u9fff])(?![\u4e00-\u9fff]*不)")
_CHINESE_NAME = re.compile(names._NAME)
_ANONYMOUS = re.compile(r"匿名|不(?:想|要|能)(?:留|说|告诉)(?:姓)?名|不留名")
_ON_BEHALF = re.compile(
    r"(?:帮|替|代)(?:我|俺|我家|我们家)?(妈|老妈|母亲|爸|老爸|父亲|爹|老公|丈夫|老婆|妻子|儿子|女儿|奶奶|爷爷|老伴|婆婆|公公)"
)
_RELATION = {
    "妈": "母亲", "老妈": "母亲", "母亲": "母亲", "爸": "父亲", "老爸": "父亲", "爹": "父亲", "父亲": "父亲", "老公": "丈夫", "丈夫": "丈夫",
    "老婆": "妻子", "妻子": "妻子", "儿子": "儿子", "女儿": "女儿", "奶奶": "祖母", "爷爷": "祖父", "老伴": "配偶", "婆婆": "婆婆", "公公": "公公",
}  # fmt: skip
_FILLER = re.compile(r"(?:嗯+|呃+|啊+|哎+|哦+)[，,。]?|那个，|就是说，?|\[[^\]]{1,12}\]")
_REPEAT = re.compile(r"([\u4e00-\u9fff]{2,6})，\1")


@dataclass(frozen=True)
class Said:
    """One turn with its role and the place of its first character in the transcript."""

    role: str
    text: str
    at: int


@dataclass(frozen=True)
class Element:
    """A field's value, the spans it was read from, and how sure it is."""

    value: Any
    evidence: tuple[tuple[int, int], ...] = ()
    confidence: float = 0.7

    def as_dict(self) -> dict[str, Any]:
        """As the draft record has it."""
        return {"value": self.value, "evidence": [list(e) for e in self.evidence], "confidence": self.confidence}


#: What looks like a surname with two characters and is a unit or a place.
NOT_PERSON = re.compile(r"物业|公司|小区|医院|学校|[区县市镇乡村路街局院校厂店社号楼]$")
_COUNTED = re.compile(
    r"([一二三四五六七八九十百零幺]{1,8})(?=号楼|栋|幢|单元|室|层|楼|号院)|(?<=[元栋幢楼])([一二三四五六七八九零幺]{3,4})$"
)


def plain_numbers(text: str) -> str:
    """An address with digits: 二十七栋一八零三 becomes 27栋1803."""

    def digits(m: re.Match[str]) -> str:
        told = m[0].replace("幺", "一")
        if len(told) > 2 and not set(told) & set("十百"):
            return told.translate(contacts._SPOKEN)
        value = parse_number(told)
        return str(int(value)) if value is not None else m[0]

    return _COUNTED.sub(digits, text)


def smooth(text: str) -> str:
    """Without fillers and immediate repeats."""
    text = _FILLER.sub("", clean(text).text)
    return _REPEAT.sub(r"\1", text)


def story(turns: Sequence[Said]) -> str:
    """What the caller tells, smoothed; greetings and answers about the person are left out."""
    out = []
    for topic, turn in topics_of(turns):
        if turn.role in ("citizen", "unknown") and not topic & {"name", "phone", "id_number", "address"}:
            text = smooth(turn.text)
            if len(text) > 3:
                out.append(text)
    return "".join(t if t.endswith(("。", "！", "？", "，")) else t + "。" for t in out)


Topics = list[tuple[frozenset[str], Said]]


def topics_of(turns: Sequence[Said]) -> Topics:
    """Each turn with what the agent asked last before it; a question may be about several things."""
    topic: frozenset[str] = frozenset()
    out: Topics = []
    for turn in turns:
        if turn.role != "agent":
            out.append((topic, turn))
            continue
        found = asked_about(turn.text)
        if found or turn.text.rstrip().endswith(("？", "?")) or len(turn.text) > 12:
            topic = found
        out.append((frozenset(), turn))
    return out


def elements(turns: Sequence[Said], day: date) -> dict[str, Element | None]:
    """Every field of the draft; None where nothing was said."""
    topics = topics_of(turns)
    mine = [t for t in turns if t.role in ("citizen", "unknown")]
    all_text = "\n".join(t.text for t in turns)
    told = story(turns)
    phone = _phone(turns)
    anonymous = any(_ANONYMOUS.search(t.text) and not re.search(r"不(?:用|想|要)匿名|[？?]$", t.text) for t in mine)
    name = None if anonymous else _name(topics, turns)
    place = _place(topics, told, turns)
    out: dict[str, Element | None] = {
        "name": name,
        "phone": None if anonymous and phone is None else phone,
        "id_number": _id(turns, all_text),
        "address": _address(topics, turns, place),
        "place": place,
        "respondent": _respondent(topics, told, turns),
        "occurred_on": _when(topics, turns, day),
        "amount_yuan": _amount(topics, turns),
        "people": _people(mine),
        "demand": _demand(topics, turns, told),
        "anonymous": Element(anonymous, (), 0.9),
        "on_behalf_of": _behalf(mine, topics),
    }
    return out


def _span(turn: Said, text: str) -> tuple[tuple[int, int], ...]:
    i = turn.text.find(text)
    return ((turn.at + i, turn.at + i + len(text)),) if i >= 0 else ((turn.at, turn.at + len(turn.text)),)


def _phone(turns: Sequence[Said]) -> Element | None:
    """The last number said in one piece; pieces said over several turns are joined."""
    best = None
    for i, turn in enumerate(turns):
        for found in contacts.find_phones(turn.text):
            if len(found.value) == 11:
                best = Element(found.value, ((turn.at + found.start, turn.at + found.end),), 0.95)
        if best is None and i and turn.role != "agent":
            joined = re.sub(
                r"[^零〇一二三四五六七八九幺\d]",
                "",
                "".join(t.text for t in turns[max(0, i - 4) : i + 1] if t.role != "agent"),
            )
            for found in contacts.find_phones(joined):
                if len(found.value) == 11 and len(joined) <= 14:
                    best = Element(found.value, ((turn.at, turn.at + len(turn.text)),), 0.7)
    return best


def _id(turns: Sequence[Said], text: str) -> Element | None:
    for turn in turns:
        plain = re.sub(r"[，,、 \-]", "", turn.text).translate(contacts._SPOKEN)
        m = re.search(r"(?<!\d)\d{17}[\dXx](?!\d)", plain)
        if m and contacts.valid_id(m[0].upper()):
            return Element(m[0].upper(), ((turn.at, turn.at + len(turn.text)),), 0.95)
    return None


def _name(topics: Topics, turns: Sequence[Said]) -> Element | None:
    """The caller's name: what the agent repeats wins, then the fullest form of an answer, then surname and title."""
    found: list[Element] = []
    for i, (topic, turn) in enumerate(topics):
        introduces = turn.role != "agent" and re.search(r"我(?:叫|的名字|姓)|免贵姓|俺叫", turn.text)
        if turn.role == "agent" or not ("name" in topic or introduces):
            continue
        after = "".join(t.text for t in turns[i + 1 : i + 5] if t.role == "agent")
        said = _EXPLAINS.sub("，", turn.text)
        surname = _SURNAME_ONLY.search(said)
        alone = re.search(r"单名一?个?([\u4e00-\u9fff])", said)
        if surname and alone:
            found.append(Element(surname[1] + alone[1], _span(turn, alone[0]), 0.9))
        plain = re.sub(r"我(?:叫|姓)|免贵|俺叫|叫|姓", "，", said)
        names_ = [m[0] for m in _CHINESE_NAME.finditer(plain) if not surname or m[0].startswith(surname[1])]
        names_ = [n for n in names_ if not re.search(r"[小学校路街区公司厂店号电话]$", n)]
        for name in dict.fromkeys((*names_, *(n[:2] for n in names_ if len(n) == 3))):
            sure = (
                0.95
                if name in after and len(name) > 1
                else 0.8
                if len(name) == 3 and introduces
                else 0.7
                if len(name) == 3
                else 0.3
            )
            found.append(Element(name, _span(turn, name), sure))
        if surname:
            title = _TITLE.search(after)
            later = next(
                (
                    m[1]
                    for t in turns[i:]
                    for m in [_TITLE.search(t.text)]
                    if m and m[1].startswith(surname[1]) and len(m[1]) == 3
                ),
                "",
            )
            if later:
                found.append(Element(later, _span(turn, surname[1]), 0.9))
            found.append(Element(surname[1] + (title[2] if title else "先生"), _span(turn, surname[1]), 0.5))
    for turn in turns:
        if turn.role == "agent" and (m := _TITLE.search(turn.text)) and m[1][0] in names._SURNAMES and len(m[1]) != 2:
            found.append(
                Element(m[1] + (m[2] if len(m[1]) == 1 else ""), _span(turn, m[0]), 0.75 if len(m[1]) == 3 else 0.4)
            )
    return max(found, key=lambda e: (e.confidence, len(e.value))) if found else None


def _joined(topic: str, topics: Topics) -> str:
    return "，".join(smooth(t.text) for k, t in topics if topic in k)


_REGION = re.compile(r"[\u4e00-\u9fff]{1,6}?(?:自治县|开发区|经开区|高新区|(?<![小社园校片景厂辖])[区县市旗])")
_NO_PLACE = re.compile(
    r"那个|么事|什么|\d路$|月\d{1,2}号$|^(?:姓|建议|哪|公司|单位|学校|物业|社区$|小区$|街道$|他|她|你|您|我|路面|公交线路|医院$)|线路|12345"
)
_LANDMARK = re.compile(
    r"[\u4e00-\u9fff]{2,10}(?:火锅|面馆|刀削面|门窗|超市|饭店|餐厅|酒店|厂|公司|小学|中学|医院|幼儿园)"
)
_LEADING = re.compile(r"^(?:就是|就|在|是|叫|到|那边|我们|这边|那个|喺|的)+")


def _pieces(text: str) -> list[str]:
    """Names of places in a text, in its order, none inside another."""
    found = [f.text for f in places.find_places(text)] + [m[0] for m in _REGION.finditer(text)]
    found = [_LEADING.sub("", f) for f in found]
    found = [f for f in dict.fromkeys(found) if len(f) > 1 and not _NO_PLACE.search(f)]
    outer = [f for f in found if not any(f != o and f in o for o in found)]
    return sorted(outer, key=text.find)


def _place(topics: Topics, told: str, turns: Sequence[Said]) -> Element | None:
    """The place of the matter: the pieces of the answers put together, the district first; else what the story names."""
    sources = [
        (re.sub(r"[那这]个(?=[\u4e00-\u9fff])", "", _joined("place", topics)), 0.85),
        (told, 0.6),
        (_joined("respondent", topics), 0.6),
    ]
    sources.sort(key=lambda x: not _REGION.search(x[0]) or x[1] < 0.8)
    for text, sure in sources:
        found = _pieces(text)
        if not found:
            continue
        region = next((f for f in found if _REGION.match(f)), "")
        rest = [f for f in found if f != region and not (region and _REGION.fullmatch(f))]
        marks = (m[0] for m in _LANDMARK.finditer(text) if m[0] not in region and all(m[0] not in x for x in rest))
        mark = re.sub(r"^.*(?:的|个|在|是|叫)", "", next(marks, ""))
        chosen = [region, *rest[: 3 if sure > 0.8 else 1]]
        if sure > 0.8 and len("".join(chosen)) < 12:
            chosen.append(mark)
        chosen = [x for x in chosen if x]
        spans = tuple(sp for x in chosen for t in turns if x in t.text for sp in _span(t, x))[:3]
        return Element(plain_numbers("".join(chosen)), spans, sure)
    return None


def _address(topics: Topics, turns: Sequence[Said], place: Element | None) -> Element | None:
    """The caller's home: the answer to the question for it, completed by the place when only building and door are said."""
    for i, (topic, turn) in enumerate(topics):
        if "address" not in topic or turn.role == "agent":
            continue
        door = re.fullmatch(r"[\d一二三四五六七八九零幺]{3,4}[室。]*", turn.text.strip())
        building = (
            re.search(r"(?:\d{1,6}|[一二三四五六七八九十]{1,6})(?:号楼|栋|幢)", topics[i - 1][1].text) if i else None
        )
        if door and place:
            base = str(place.value)
            part = building[0] if building and building[0] not in base else ""
            return Element(plain_numbers(base + part + door[0].strip("。室")), _span(turn, door[0]), 0.8)
        m = re.search(
            r"[\u4e00-\u9fff\dA-Za-z]{0,20}?(?:\d{1,6}|[一二三四五六七八九十百零幺]{1,8})(?:号楼|栋|幢|号院|单元|号|室|层|楼|[，,])[\u4e00-\u9fff\d，,]{0,16}",
            turn.text,
        )
        found = places.find_address(turn.text, asked=True)
        text = (m[0] if m else found.text if found else "").strip("，。 ")
        if not text:
            continue
        text = re.sub(r"[，,](?:门口|就|正|靠).*$", "", text).replace("，", "")
        home = text
        if place and re.match(r"^(?:\d|[一二三四五六七八九十])", text):
            home = re.sub(r"(?:\d{1,6}|[一二三四五六七八九十]{1,6})(?:号楼|栋|幢)?.{0,4}$", "", str(place.value)) + text
        return Element(plain_numbers(home), _span(turn, text), 0.8)
    if place and any(t.role == "agent" and re.search(r"您是哪个(?:小区|村)", t.text) for t in turns):
        return Element(place.value, place.evidence, 0.6)
    return None


_ORG = re.compile(
    r"[\u4e00-\u9fffA-Za-z]{2,12}?(?:有限公司|公司|集团|物业|供热|火锅|门窗|装饰|科技|工厂|包装厂|厂|饭店|酒店|超市|驾校|学校|小学|中学|幼儿园|医院|银行|"
    r"村委会|居委会|街道办?|管理局|执法队|执法局|派出所|合作社|健身房|中介|店)"
)
_ORG_LEAD = re.compile(
    r"^.*(?:就是|不是|是|叫|的|在|那个|这个|一个|一家|个|跟|和|给|被|把|找|让|喊|要求|投诉|反映|关于|我们|俺们|咱们|他们|附近|楼下|隔壁|去|到|问|说|向|由|对|以及|及)"
)
_NOT_RESPONDENT = re.compile(
    r"^(?:下子|开|增设|还有|希望|具体|通知|有个)|^(?:公司|单位|学校|物业|厂|店|医院|派出所|社区|街道|我们|小区|哪|什么|老板|一家|这家|那家|供热|门窗|科技|银行)$|热线|报警|12345|什么|哪"
)
_PUBLIC = re.compile(r"派出所|街道|管理局|执法|医院|学校|小学|中学|银行|村委会")


def _told(name: str, turns: Sequence[Said]) -> bool:
    """Whether the caller says it too: the agent's own offices are nobody's respondent."""
    return any(name[-3:] in t.text for t in turns if t.role != "agent")


def _respondent(topics: Topics, told: str, turns: Sequence[Said]) -> Element | None:
    """The unit that is complained of: what both persons say and what answers the question for it count most; else the person."""
    weight: dict[str, float] = {}
    where: dict[str, Said] = {}
    for topic, turn in topics:
        for m in _ORG.finditer(smooth(turn.text)):
            name = _ORG_LEAD.sub("", m[0])
            if len(name) < 3 or _NOT_RESPONDENT.search(name) or not _told(name, turns):
                continue
            weight[name] = (
                weight.get(name, 0.0) + (2.0 if "respondent" in topic else 1.0) - (0.4 if _PUBLIC.search(name) else 0.0)
            )
            where.setdefault(name, turn)
    if weight:

        def worth(name: str) -> tuple[float, int]:
            kin = sum(w for other, w in weight.items() if other != name and (name in other or other in name))
            return weight[name] + 0.5 * kin, -len(name)

        best = max(weight, key=worth)
        return Element(best, _span(where[best], best), 0.8)
    found = respondents.best_respondent(told)
    if found and len(found.text) < 16 and not _NOT_RESPONDENT.search(found.text):
        turn_ = next((t for t in turns if found.text in t.text), None)
        return Element(found.text, _span(turn_, found.text) if turn_ else (), 0.6)
    for asked, name, turn in third_people(topics):
        office = re.search(r"书记|主任|村长|局长|所长|校长|院长|镇长", asked + told[:60])
        return Element((office[0] if office else "") + name, _span(turn, name), 0.6)
    return None


def third_people(topics: Topics) -> list[tuple[str, str, Said]]:
    """Names of others that the agent asked for: his question, the name, the turn."""
    out, question = [], ""
    for topic, turn in topics:
        if turn.role == "agent":
            question = turn.text
        elif "other_name" in topic:
            plain = re.sub(r"姓|叫|喊|是|，", "，", _EXPLAINS.sub("，", turn.text))
            out += [
                (question, m[0], turn)
                for m in _CHINESE_NAME.finditer(plain)
                if len(m[0]) == 3 and not NOT_PERSON.search(m[0])
            ][-1:]
    return out


_BEGINS = re.compile(r"^.{0,6}(?:开始|起|坏|停|受的?伤|走丢|通知)")


def _when(topics: Topics, turns: Sequence[Said], day: date) -> Element | None:
    """The event or the start of a state: a date with 开始 beside it, then the answer to the question for it, then the story."""
    told: list[tuple[dates.DateFound, Said, bool]] = []
    for topic, turn in topics:
        text = turn.text.replace("元月", "一月")
        told += [
            (f, turn, "occurred_on" in topic)
            for f in dates.find_dates(text, day)
            if f.kind != "future" and len(f.value) > 4
        ]
    exact = [x for x in told if len(x[0].value) == 10 and x[0].kind == "point"]
    begins = [x for x in exact if _BEGINS.search(x[1].text[x[0].end :])]
    asked = [x for x in exact if x[2]]
    months = [x for x in told if x[2]] or [x for x in told if x[1].role != "agent"]
    for group, sure in (
        (begins, 0.9),
        (asked, 0.85),
        ([x for x in exact if x[1].role != "agent"], 0.7),
        (months, 0.6),
        (exact, 0.5),
    ):
        if group:
            f, t, _ = group[0]
            return Element(f.value, ((t.at + f.start, t.at + f.end),), sure)
    return None


_CLAIM = re.compile(r"欠|骗|罚|赔|一共|总共|工资|借|拨|报价|判|款|押金|退|损失|交了|收了")
_TOTAL = re.compile(r"一共|总共|合计|判他给|共计|就是")


def _amount(topics: Topics, turns: Sequence[Said]) -> Element | None:
    """The sum that matters: one that is owed, taken, fined or paid, a total before a part."""
    found = [
        (f, t)
        for i, t in enumerate(turns)
        for f in money.find_amounts(t.text)
        if float(f.value) >= 500 and (_CLAIM.search(t.text) or (i and _CLAIM.search(turns[i - 1].text)))
    ]
    if not found:
        return None
    total = [(f, t) for f, t in found if _TOTAL.search(t.text[max(0, f.start - 8) : f.start])]
    f, t = max(total or found, key=lambda x: float(x[0].value))
    value = float(f.value)
    return Element(int(value) if value == int(value) else value, ((t.at + f.start, t.at + f.end),), 0.8)


def _people(mine: Sequence[Said]) -> Element | None:
    for t in mine:
        found = counts.best_people(t.text)
        if found and int(found.value) > 1:
            return Element(int(found.value), ((t.at + found.start, t.at + found.end),), 0.7)
    return None


def _demand(topics: Topics, turns: Sequence[Said], told: str) -> Element | None:
    """What the caller wants: the agent's summary that the caller did not deny, else the answer, else the story's own words."""
    best = None
    for i, turn in enumerate(turns):
        if turn.role != "agent":
            continue
        for m in _SUMMARY.finditer(turn.text):
            after = turns[i + 1].text if i + 1 < len(turns) else ""
            if not _DENIES.match(after) and not re.search(r"是什么|哪个|怎么|什么", m[1]):
                best = Element(
                    _short(re.sub(r"，?(?:对吧|对吗|对不对|是吧|是吗)$", "", m[1])),
                    ((turn.at + m.start(1), turn.at + m.end(1)),),
                    0.9,
                )
    if best:
        return best
    for topic, turn in topics:
        if "demand" in topic and turn.role != "agent":
            found = demands.find_demand(smooth(turn.text), asked=True)
            if found:
                return Element(_short(found.text), ((turn.at, turn.at + len(turn.text)),), 0.8)
    wishes = [(t, m[0]) for t in turns if t.role in ("citizen", "unknown") for m in _WISH.finditer(smooth(t.text))]
    if wishes:
        turn, words = max(wishes, key=lambda w: len(w[1]))
        return Element(_short(words), _span(turn, words), 0.6)
    for turn in turns:
        if turn.role == "agent" and _RESTATED.search(turn.text) and len(turn.text) > 12:
            return Element(
                _short(re.sub(r"^(?:您)?是|[，,]?(?:是吧|对吧|是吗|对吗).*$", "", turn.text)),
                _span(turn, turn.text),
                0.5,
            )
    found = demands.find_demand(told)
    return Element(_short(found.text), (), 0.5) if found else None


def _short(text: str) -> str:
    return re.sub(r"^(?:就是|要求|希望|请)?", "", text.strip("，。 "))[:40] if len(text) > 40 else text.strip("，。 ")


def _behalf(mine: Sequence[Said], topics: Topics) -> Element | None:
    for t in mine:
        m = _ON_BEHALF.search(t.text)
        if m:
            who = next(
                (
                    c[0]
                    for k, x in topics
                    if "other_name" in k and x.role != "agent"
                    for c in [_CHINESE_NAME.findall(re.sub(r"^.*叫", "", x.text))]
                    if c
                ),
                "",
            )
            return Element(_RELATION[m[1]] + who, _span(t, m[0]), 0.8)
        told = answers.relation(t.text)
        if told:
            return Element(told, ((t.at, t.at + len(t.text)),), 0.6)
    return None
