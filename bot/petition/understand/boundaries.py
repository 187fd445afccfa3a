"""Where a name begins: walking left from its last word until a word that belongs to the sentence."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.knowledge.loader import ROOT, read_yaml

#: Words that end before a name. Single characters that names rarely hold, and longer words.
_HARD = frozenset(
    "的了是我你您他她它咱俺这那哪谁吗呢吧啊呀哦嗯么着把被让叫给请说问没不很已将而且但若因虽然后由从对向往到去在住找告该每某另并就再还却仍又者们至称据据未受"
)
#: Characters that names hold too: they end a name only when enough of it is there already.
_SOFT = frozenset("和与于及或跟同都也有来前内外上下里中年月日号个为以之用只要会能可多等近位家条")
#: Longest word of the lists below.
_MAX_WORD = 4
_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9·#*]")
_LETTER = re.compile(r"(?:[A-Z]\d{0,2}|某|[*×Xx]{1,3})(?:市|区|县|镇|乡|州|村|省)")


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    """The word lists of `lexicon/boundaries.yml`."""
    lists = {k: frozenset(v.split()) for k, v in read_yaml(ROOT / "lexicon" / "boundaries.yml").items()}
    return lists | {"organisation": lists["words"] - lists["in_organisations"]}


@lru_cache(maxsize=1)
def provinces_and_cities() -> frozenset[str]:
    """Names that people say without 省 or 市."""
    return frozenset((ROOT / "lexicon" / "divisions.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def counties() -> frozenset[str]:
    """Cities, counties and districts with their suffix."""
    lines = (ROOT / "lexicon" / "counties.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())


@lru_cache(maxsize=1)
def county_stems() -> frozenset[str]:
    """Counties and districts without their suffix: they say a place only after their city (宁波北仑)."""
    return frozenset(n[:-1] for n in counties() if len(n) >= 3 and n[-1] in "区县市")


@lru_cache(maxsize=1)
def bare_divisions() -> re.Pattern[str]:
    """Provinces and cities without their suffix, as one pattern."""
    return re.compile("|".join(sorted(map(re.escape, provinces_and_cities()), key=len, reverse=True)))


def anchored(s: str, end: int, least: int = 0) -> int | None:
    """Where a division that ends at `end` begins, when it is a known one or a blanked one (K3县); None otherwise."""
    for size in range(min(9, end - least), 1, -1):
        piece = s[end - size : end]
        if piece in counties():
            bare = next(
                (
                    n
                    for n in (3, 2)
                    if end - size - n >= least and s[end - size - n : end - size] in provinces_and_cities()
                ),
                0,
            )
            return end - size - bare
    for size in (2, 3, 4):
        if end - size >= least and _LETTER.fullmatch(s, end - size, end):
            return end - size
    return None


def begin(
    s: str, end: int, least: int, longest: int = 10, shortest: int = 1, organisation: bool = False
) -> tuple[int, bool]:
    """Where the name that ends at `end` begins, not before `least`; and whether a boundary was found there.

    `longest`, `shortest`: characters that such a name has. False means that the name was cut off at `longest`.
    `organisation`: words such as 管理 belong to the name.
    """
    words = _lists()["organisation" if organisation else "words"]
    hard_names, soft_names, road_names = (_lists()[k] for k in ("hard_names", "soft_names", "road_names"))
    i = end
    while i > least and end - i < longest:
        ch = s[i - 1]
        if not _NAME.match(ch):
            return i, True
        size = end - i
        if organisation and size == 0 and ch in "与跟和同及或由至为以月日年号天前后上个":
            return i, True
        if (ch in _HARD and s[i - 1 : i + 1] not in hard_names) or (
            ch.isdigit() and size and not s[i].isdigit() and not (i > 1 and s[i - 2].isascii())
        ):
            return i, True
        if ch in _SOFT and size >= shortest and s[i - 1 : i + 1] not in soft_names:
            return i, True
        if _word_ends(s, i, least, words) and not (size == 0 and s[i - 2 : i] in road_names):
            return i, True
        i -= 1
    return i, i == least or not _NAME.match(s[i - 1]) or s[i - 1] in _HARD or _word_ends(s, i, 0, words)


def _word_ends(s: str, i: int, least: int, words: frozenset[str]) -> bool:
    """Whether a word of the sentence ends at `i`."""
    return any(s[max(least, i - n) : i] in words for n in range(2, _MAX_WORD + 1))
