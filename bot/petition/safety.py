"""Danger to life or body comes before every form (信访工作条例 25).

Reads a text for present danger (the form stops) and for other urgency (the matter is marked). Words and tenses are data:
`bot/knowledge/safety.yml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, read_yaml
from bot.petition.pattern import Pattern

_SENTENCE = re.compile(r"[。！？；!?;\n]")
_CLAUSE = re.compile(r"[。！？；!?;\n，,]|\s+")


KINDS = ("self_harm", "violence", "child", "threat_to_others", "fire_medical", "missing")
#: Kinds that tell of the person's own wishes rather than of what was done to them.
INWARD = ("self_harm", "threat_to_others")


@dataclass(frozen=True)
class Danger:
    """kind: one of KINDS. cue: the words that told."""

    kind: str
    cue: str


@dataclass(frozen=True)
class _Kind:
    name: str
    whole: Pattern
    certain: Pattern
    signs: Pattern
    now: Pattern
    no: Pattern


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[_Kind, ...], Pattern, Pattern, Pattern]:
    data: dict[str, Any] = read_yaml(ROOT / "safety.yml")
    kinds = tuple(
        _Kind(
            name,
            Pattern(k.get("whole", ())),
            Pattern(k.get("certain", ())),
            Pattern(k.get("signs", ())),
            Pattern((*k.get("now", ()), *data["now"])),
            Pattern((*k.get("no", ()), *data["never"])),
        )
        for name, k in data["kinds"].items()
    )
    return kinds, Pattern(data["urgent"]["any"]), Pattern(data["urgent"]["no"]), Pattern(data["never"])


def danger(text: str) -> Danger | None:
    """The present danger that a cleaned text tells of, or None.

    A kind is present when one of its certain cues stands there, or when a sign stands within two clauses of a word of the
    present, and nothing says that it is over, feared in general, or somebody's figure of speech.
    """
    clauses = [c for c in _CLAUSE.split(text) if c]
    for kind in _rules()[0]:
        whole = kind.whole.hits(text)
        if whole:
            return Danger(kind.name, min(whole))
        for i, clause in enumerate(clauses):
            window = "，".join(clauses[max(0, i - 2) : i + 3])
            hits = kind.certain.hits(clause)
            if hits and not kind.no.hits(clause):
                return Danger(kind.name, min(hits))
            signs = kind.signs.hits(clause)
            if signs and kind.now.hits(window) and not kind.no.hits(window):
                return Danger(kind.name, min(signs))
    return None


def over(text: str) -> bool:
    """Whether words tell that it is long past, only feared, or asked of somebody as a duty."""
    return bool(_rules()[3].hits(text))


def inward(clause: str) -> bool:
    """Whether a clause tells of a wish to die or to harm, present or not."""
    return any(k.certain.hits(clause) or k.signs.hits(clause) for k in _rules()[0] if k.name in INWARD)


def pressing(text: str) -> bool:
    """Whether words of the matter mark it to be speeded: gatherings, many people without water, power or heating, harmed children."""
    _, any_, no, _ = _rules()
    return bool(any_.hits(text)) and any(any_.hits(s) and not no.hits(s) for s in _SENTENCE.split(text))
