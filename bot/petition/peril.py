"""Danger to life or body by likeness: what the rules of `safety` have no words for.

Rules find what they name; people in danger say it in their own words. A model learnt from `danger.yml` reads beside them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.loader import ROOT, SAYINGS, Knowledge, own_examples, read_yaml
from bot.petition import encoder, safety
from bot.petition.linear import train
from bot.petition.opinions import Opinions, kept, together
from bot.petition.safety import Danger
from bot.petition.understand.text import clean

VERSION = "3"
EXAMPLES = ROOT / "danger.yml"
NONE = "none"
#: Below this probability of any danger the encoder is not asked, from this one on it is one; what the encoder's word counts.
#: Chosen by cross-validation on the project's own texts.
POSSIBLE, CERTAIN, SECOND_WEIGHT = 0.05, 0.4, 0.4
STRENGTH, SECOND_STRENGTH = 12.0, 10.0
#: A text is read whole up to this length, a longer one in pieces of whole sentences; up to so many of them.
PIECE, MAX_PIECES = 90, 12
_CLAUSE_END = re.compile(r"(?<=[。！？!?；;\n])")


@dataclass(frozen=True)
class Peril:
    """Rules and model together."""

    opinions: Opinions

    def read(self, text: str) -> Danger | None:
        """The present danger that a cleaned text tells of, or None."""
        found = safety.danger(text)
        return found or next((d for p in _pieces(text) if (d := self._likely(p))), None)

    def _likely(self, text: str) -> Danger | None:
        scores = self.opinions.first.scores(text)["kind"]
        if 1 - scores[NONE] < POSSIBLE or safety.over(text):
            return None
        if self.opinions.second:
            meant = self.opinions.second.scores("", encoder.signs([text])[0])["kind"]
            scores = together(scores, meant, SECOND_WEIGHT)
        if 1 - scores[NONE] < CERTAIN:
            return None
        return Danger(next(k for k in scores if k != NONE), text)


def _pieces(text: str) -> Iterator[str]:
    piece, count = "", 0
    for sentence in _CLAUSE_END.split(text):
        if piece and len(piece) + len(sentence) > PIECE:
            yield piece
            piece, count = "", count + 1
            if count == MAX_PIECES:
                return
        piece += sentence[: 2 * PIECE]
    if piece:
        yield piece


def example_rows(knowledge: Knowledge) -> list[tuple[str, str]]:
    """(cleaned text, kind): the examples of danger, and everything else that people say as none."""
    rows = [(clean(t).text, kind) for kind, texts in read_yaml(EXAMPLES).items() for t in texts]
    calm = [s.text[:PIECE] for s in knowledge.stories if s.channel != "emergency" and not s.urgent]
    calm += [e.text for d in knowledge.disputes.values() for e in d.examples]
    calm += [e for a in knowledge.answers.values() for e in a.examples]
    calm += [text for text, _ in own_examples()]
    return rows + [(t, NONE) for t in (clean(c).text for c in calm) if not safety.danger(t)]


def _key(knowledge: Knowledge) -> str:
    """Changes whenever the examples or the way to learn from them change."""
    digest = hashlib.sha256(f"{VERSION} {encoder.installed()}".encode())
    for file in (EXAMPLES, ROOT / "safety.yml", *sorted(SAYINGS.glob("*.yml"))):
        digest.update(file.read_bytes())
    for text in (
        *(s.text for s in knowledge.stories),
        *(e.text for d in knowledge.disputes.values() for e in d.examples),
    ):
        digest.update(text.encode())
    for answer in knowledge.answers.values():
        digest.update("".join(answer.examples).encode())
    return digest.hexdigest()[:16]


def learn(knowledge: Knowledge) -> Opinions:
    """Both opinions from the examples."""
    rows = example_rows(knowledge)
    texts, labels = [t for t, _ in rows], {"kind": [k for _, k in rows]}
    first = train(texts, labels, strength=STRENGTH, min_texts=4)
    if not encoder.installed():
        return Opinions(first)
    return Opinions(first, train([""] * len(texts), labels, strength=SECOND_STRENGTH, signs=encoder.signs(texts)))


_READY: dict[tuple[Path, str], Peril] = {}


def ready(knowledge: Knowledge, folder: Path) -> Peril:
    """Loads the model from `folder`, learning it first when its examples changed. One of a key in a process: two parts of it read with it."""
    place = folder, _key(knowledge)
    if place not in _READY:
        _READY[place] = Peril(kept(folder, "danger", place[1], lambda: learn(knowledge)))
    return _READY[place]
