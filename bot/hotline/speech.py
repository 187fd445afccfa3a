"""Spoken turns made readable: one writing, punctuation where speech pauses, no fillers, no repeats, no taken-back words.

Every character keeps its place in the file's raw text, so that what is found in the readable text points to what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.hotline.questions import asked_about
from bot.petition.understand.text import clean

_CJK = "\u4e00-\u9fff"
_NUMERAL = "零〇一二三四五六七八九十百千万幺两半\\d"
_PAUSE = re.compile(rf"(?<=[{_CJK}])[ ,、](?=[{_CJK}])|(?<=[{_CJK}])[ ,](?=\d)|(?<=\d)[ ,](?=[{_CJK}])")
_FILLER = re.compile(
    r"\[[^\]]{1,12}\]|…+|(?:(?:^|(?<=[，。！？、]))(?:嗯+|呃+|啊+|哎+(?!呀)|哦+|喔|唉|额|诶|这个|那个|就是说|怎么说呢|反正|然后呢?)[，,。、]+)+|呃+|(?<=[，。])(?:那个|这个|就是|就是那个)(?=[\u4e00-\u9fff]{2})|(?:那个|这个|什么|啥|啥子)，(?=那个|这个)|(?:[那这]个)(?=，)"
)
_REPEAT = re.compile(
    rf"(?P<w>(?![{_NUMERAL}])[{_CJK}]{{2,6}}|(?:(?<=^)|(?<=[，。！？]))(?![{_NUMERAL}])[{_CJK}])[，、](?:(?P=w)[，、])*(?=(?P=w))"
)
#: "A，不对，B": A is taken back. The marker alone at the head of a turn takes back what the other person said.
_SLIP = r"(?:(?:哎|哦|啊|噢|呃)?[，,]?(?:不对|不是的?|错了|说错了|讲错了|搞错了|记错了|口误|更正一下)[，,。]?(?:我)?(?:说错了|搞错了|记错了)?[，,]?)+"
_TAKEN_BACK = re.compile(
    r"(?:(?<=^)|(?<=[，。！？]))(?P<old>[^，。！？]{1,16})[，,。—-]+(?:哎|哦|啊|噢|呃)?[，,]?(?:不对|不是|错了|说错了|讲错了|口误)(?:不对|不是)*(?:[，,]|(?=是))(?:我?(?:说|讲|记|搞)错了[，,])?(?:不是[^，。]{1,10}[，,])?(?=[^，。]{2,})"
)
_DENIES = re.compile(r"^(?:哎|啊|哦)?[，,]?(?:不是|不对|错了|没有没有|不是不是|唔系|弗是)")
#: Words of Cantonese and of Shanghai in common writing, each as long as before, so that no character loses its place.
_DIALECT = {
    "嘅": "的", "喺": "在", "佢": "他", "冇": "没", "嗰": "那", "喇": "了", "咗": "了", "唔": "不", "搵": "找", "仲": "还", "啲": "点", "畀": "给", "睇": "看",
    "呢度": "这里", "边度": "哪里", "边个": "哪个", "边条": "哪条", "几多": "多少", "几时": "何时", "系咪": "是吗", "系啊": "是啊", "就系": "就是", "唔系": "不是", "都系": "都是",
    "还系": "还是", "而家": "现在", "仲系": "还是", "诉求系": "诉求是", "我系": "我是", "点称呼": "咋称呼", "咩名": "啥名", "阿拉": "我们", "伊拉": "他们", "侬": "你", "覅": "别",
}  # fmt: skip
_SPOKEN_THERE = re.compile("|".join(sorted(_DIALECT, key=len, reverse=True)))
_YES = re.compile(
    r"^(?:对(?:头|啊|呀|的|嘞|咯|着了|对)*|嗯+|是(?:的|啊|呀|嘛|嘞)*|没错|好的?|行|中|要得|系啊?|就是(?:嘛|这个)?|那个?就是|哎)[，,。！]*"
)
_GLUED = re.compile(
    r"(?<=姓([\u4e00-\u9fff]))(?=\1)|(?<=[\u4e00-\u9fff])(?=(?:联系)?电话(?:是)?[幺一1])|(?<=[嘛呗噻咯嘞])(?=[\u4e00-\u9fff]{3})"
)
#: 姓初，初中的初，初立新 and without stops: the spelling between the surname and the name.
_SPELLING = re.compile(r"(?<=姓([\u4e00-\u9fff]))(?:，?[\u4e00-\u9fff]{1,3}(?:的|嘞|个|那个)\1字?)(?:，|(?=\1))")
_NO_STOPS = re.compile(r"[，。？！、,.?!]")


@dataclass(frozen=True)
class Said:
    """One turn: role, readable text, the place of its first raw character in the transcript, and each character's raw place in it.

    `denied`: the caller said at once that it is wrong.
    """

    role: str
    text: str
    at: int
    where: tuple[int, ...] | None = field(default=None, repr=False)
    denied: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The raw range in the transcript of text[start:end]."""
        if self.where is None or not self.where:
            return self.at + start, self.at + end
        last = min(max(end, start + 1), len(self.where)) - 1
        return self.at + self.where[min(start, last)], self.at + self.where[last] + 1

    def find(self, piece: str) -> tuple[tuple[int, int], ...]:
        """Where `piece` stands, or the whole turn when it stands there only in other words."""
        i = self.text.find(piece)
        return (self.span(i, i + len(piece)) if i >= 0 and piece else self.span(0, len(self.text)),)

    def all(self, piece: str) -> list[tuple[int, int]]:
        """Every place where `piece` stands."""
        return [self.span(m.start(), m.end()) for m in re.finditer(re.escape(piece), self.text)]


def hear(role: str, raw: str, at: int) -> Said:
    """One raw turn made readable."""
    cleaned = clean(raw)
    text, where = cleaned.text, list(cleaned.offsets or range(len(cleaned.text)))
    text = _SPOKEN_THERE.sub(lambda m: _DIALECT[m[0]], _PAUSE.sub("，", text))
    if len(text) > 8 and not _NO_STOPS.search(text):
        text, where = _insert(text, where)
    for pattern in (_FILLER, _REPEAT, _TAKEN_BACK, _REPEAT):
        text, where = _without(text, where, (m.span() for m in pattern.finditer(text)))
    return Said(role, text, at, tuple(where))


def _insert(text: str, where: list[int]) -> tuple[str, list[int]]:
    """Commas where a recogniser that gives no punctuation runs a name and the next word together."""
    out, places, last = [], [], 0
    for m in _GLUED.finditer(text):
        out += [text[last : m.start()], "，"]
        places += [*where[last : m.start()], where[m.start() - 1]]
        last = m.start()
    return "".join((*out, text[last:])), places + where[last:]


def _without(text: str, where: list[int], spans: Iterable[tuple[int, int]]) -> tuple[str, list[int]]:
    keep, last = [], 0
    cut = [s for s in spans if s[0] < s[1]]
    if not cut or sum(b - a for a, b in cut) >= len(text):
        return text, where
    places: list[int] = []
    for a, b in cut:
        keep.append(text[last:a])
        places += where[last:a]
        last = b
    return "".join((*keep, text[last:])), places + where[last:]


def heard(parts: Iterable[tuple[str, str]]) -> list[Said]:
    """All turns of (role, raw text), with what the caller denied marked; recorded voices and noise left out."""
    out, at = [], 0
    for role, raw in parts:
        if role != "other" and raw.strip():
            out.append(hear(role, raw, at))
        at += len(raw) + 1
    for i, turn in enumerate(out[:-1]):
        after = out[i + 1]
        if turn.role == "agent" and after.role != "agent" and denies(after.text):
            out[i] = replace(turn, denied=True)
    return out


def denies(text: str) -> bool:
    """Whether a turn begins by saying that the last one was wrong."""
    return bool(_DENIES.search(text)) and not re.match(r"(?:不是|不对)[吗呢？?]", text)


def confirmed(text: str) -> str:
    """A reply without the yes at its head: what it adds."""
    return _YES.sub("", text)


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


def story(topics: Topics) -> str:
    """What the caller tells; greetings and answers about the person are left out."""
    out = []
    for topic, turn in topics:
        if turn.role != "agent" and not topic & {"name", "phone", "id_number", "address"} and len(turn.text) > 3:
            out.append(turn.text)
    return "".join(t if t.endswith(("。", "！", "？", "，", "?", "!")) else t + "。" for t in out)


@lru_cache(maxsize=256)  # place and unit read the same turn
def spelled(text: str) -> str:
    """Without the pieces that only tell how a name is written: 长江嘞长, 木字旁那个, 三点水的, 三个金的鑫."""
    kept = []
    for piece in re.split(r"(?<=[，。；！？])", _SPELLING.sub("，", text)):
        bare = piece.strip("，。；！？")
        m = re.fullmatch(
            r"(?:就是)?(?:那个)?(?P<w>[\u4e00-\u9fff]{1,5})(?:的|嘞|那个|个|呢|里头的)+那?个?(?P<c>[\u4e00-\u9fff])(?:字)?(?:对吗|吗|是吧)?",
            bare,
        )
        if m and (m["c"] in m["w"] or re.search(r"[旁水头木金石]|[一二三四五六]个", m["w"])):
            continue
        if re.fullmatch(
            r"[\u4e00-\u9fff]{1,4}字(?:旁|头|底)(?:那个|的)?|[\u4e00-\u9fff]个[\u4e00-\u9fff][头字]?", bare
        ):
            continue
        kept.append(piece)
    return "".join(kept)
