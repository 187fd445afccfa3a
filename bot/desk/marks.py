"""A text with the words marked that its fields were read from: each mark is the target of a link beside the field.

Plain links and `:target`: a keyboard follows them as well as a mouse, and no script is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, the fields read from it, and the anchors that begin here."""

    text: str
    fields: tuple[str, ...]
    anchors: tuple[str, ...]


def anchors(key: str, spans: Sequence[Sequence[int]]) -> list[str]:
    """What the places of a field are called in the page."""
    return [f"e-{key}-{n}" for n in range(len(spans))]


def cut(text: str, evidence: Mapping[str, Sequence[Sequence[int]]], at: int = 0) -> list[Piece]:
    """`text` cut at the ends of the evidence (field key → spans). `at`: offset of `text` in what the spans count."""
    spans = [
        (a, b, key, name)
        for key, found in evidence.items()
        for (a, b), name in zip(found, anchors(key, found), strict=True)
    ]
    marks = sorted({at, at + len(text)} | {x for a, b, _, _ in spans for x in (a, b) if at < x < at + len(text)})
    out = []
    for a, b in pairwise(marks):
        inside = tuple(dict.fromkeys(k for s, e, k, _ in spans if s <= a and b <= e))
        out.append(Piece(text[a - at : b - at], inside, tuple(name for s, _, _, name in spans if s == a)))
    return out
