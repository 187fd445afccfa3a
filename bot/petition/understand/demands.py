"""What the person wants."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml
from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_STRONG = re.compile(
    r"(?:强烈要求|要求|恳请|请求|诉求(?:是|：|:)?|恳求|希望|盼望|期望|望(?=[^，。]{2,})|请(?:领导|政府|有关部门|相关部门|贵|市|区|县|尽快|及时|帮|依法|查|给|你们|求|予)|建议)"
)
_WANT = re.compile(
    r"(?:(?<![没不])我要(?!举报|投诉|反映|告|信访|上访|登记|钱|问)|(?<![没不])我想要?(?!问|请问|咨询|举报|投诉|反映|提)|俺要(?!举报|告|反映)|俺就是要|我们要(?!求)|我就要|就想|就要(?!不)|只想|只求|我就想|(?<![不别没敢怕能想])让他们?(?!知道|晓得|看见)|叫他们?(?!知道)|(?:(?<=[，。！？；,;!\s])|^|请|快|赶紧|赶快|马上|必须|得|就)给我(?!家|们家|说|看|打|发了|上|一|换|的)|"
    r"把[^，。！？；]{1,12}(?:修好|修一|修理|修修|退给|退回|退了|还给|还回|补上|补发|补给|撤|改回|改好|换掉|换了|公开|拆掉|拆了[^我俺]|贴出|恢复|赔给)|(?:该|得)管|管一管|管管|(?:能不能|可不可以|可否|能否|是否可以)[^，。！？]{2,})"
)
_ASK = re.compile(
    r"(?:请问|问下|想问|咨询)?[^，。！？；\n]{0,20}(?:什么时候|何时|怎么办|找谁|咋办|怎么解决|如何解决|谁来管|还来得及)[^，。！？；\n]{0,20}[?？]?"
)
#: A wish that was told as something that happened.
_TOLD = re.compile(r"^(?:给我|把)[^，]{0,10}了(?![吧啊呀]|$)|不给(?:就|我)|合不合适|^让他[^，]{0,3}$")
_POLITE = re.compile(r"合不合适|知不知道向|可不可以反映|能不能反映|^(?:建议|希望|请求)[，,]")
_END = re.compile(r"[。！？!?；;\n]")
_LEAD = re.compile(r"^(?:就是|就|我就是|嗯|哦|那个|请|希望|要求|我要求|我的诉求是?|诉求是?|我想|我要|想)+[，, ：:]*")
MAX = 60


def _clip(s: str, start: int) -> str:
    stop = _END.search(s, start)
    piece = s[start : stop.start() if stop else len(s)]
    if len(piece) > MAX:
        cut = max(piece.rfind(c, 0, MAX) for c in "，,、 ")
        piece = piece[: cut if cut > 10 else MAX]
    return piece.strip(" ，,：:")


def find_demand(text: str, asked: bool = False) -> Found | None:
    """The last strong demand of a story (要求, 希望 …), else what the person says to want, else the question put."""
    s = clean(text).text
    if asked:
        body = s.strip(" \n\t。.")
        return Found("demand", body, body, 0, len(body), 0.9) if body and len(body) <= 500 else None
    for pattern, confidence in ((_STRONG, 0.85), (_WANT, 0.75), (_ASK, 0.4)):
        matches = list(pattern.finditer(s))
        if not matches:
            continue
        m = matches[-1]
        piece = _clip(s, m.start())
        if len(piece) >= 4 and not (confidence == 0.75 and _TOLD.search(piece)) and not _POLITE.search(piece):
            return Found("demand", piece, piece, m.start(), m.start() + len(piece), confidence)
    return None


@lru_cache(maxsize=1)
def _implied() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The grievances with the wish behind them. Raises KnowledgeError."""
    try:
        return tuple(
            (
                re.compile(
                    "|".join(f"(?:{w.replace('(?P<what>', f'(?P<what{i}>')})" for i, w in enumerate(row["when"]))
                ),
                row["demand"],
            )
            for row in read_yaml(ROOT / "lexicon" / "implied_demands.yml")
        )
    except (KeyError, TypeError, re.error) as e:
        raise KnowledgeError(f"implied_demands.yml：{e}") from e


def of_accusation() -> str:
    """What every accusation wants (信访工作条例 30), whatever else its story complains of: the first row of the table."""
    return _implied()[0][1]


def implied_demand(text: str) -> str | None:
    """The wish behind a grievance that is told without one ("桥塌了没人管" wants the bridge mended); None when it is not plain.

    It is our reading, so whoever uses it must show it to the person as such.
    """
    s = clean(text).text
    for pattern, demand in _implied():
        m = pattern.search(s)
        if m:
            said = next((v for k, v in m.groupdict().items() if v), "")
            return demand.format(what=said) if "{what}" in demand else demand
    return None


def implied_spans(text: str, demand: str) -> list[tuple[int, int]]:
    """Where in `text` the grievance stands that `demand` was read from, if it was."""
    if not demand or implied_demand(text) != demand:
        return []
    cleaned = clean(text)
    m = next(m for pattern, _ in _implied() if (m := pattern.search(cleaned.text)))
    return [cleaned.span(*m.span())]
