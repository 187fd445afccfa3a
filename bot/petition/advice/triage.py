"""Which disputes a story may be, which channel and agency its words point to: the model and the cues, side by side."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bot.knowledge.loader import Knowledge
from bot.knowledge.model import Dispute
from bot.petition import encoder
from bot.petition.advice.signs import SignReader, sentences
from bot.petition.linear import SMALL, train
from bot.petition.opinions import Opinions, kept, softmax, together

MODEL_VERSION = "8"
#: From how many characters on a text is also read in parts, the length of a piece, and what the parts count.
LONG, PIECE, MAX_PIECES = 45, 70, 8
PART_HEADS = ("channel", "agency")
WHOLE_WEIGHT, OPENING_WEIGHT, DEMAND_WEIGHT, PIECES_WEIGHT = 0.5, 1.0, 0.5, 0.5
_ADDRESS = re.compile(
    r"^(?:尊敬的|敬爱的)?[^，。：:！!]{0,12}(?:书记|市长|厅长|局长|省长|县长|区长|主任|领导|部门)[^，。：:！!]{0,6}[，。：:！!]"
)
#: Below this probability of the likeliest channel or agency the encoder is asked too: of how much of the text, and what its word counts.
#: Chosen by cross-validation on the project's own stories.
UNSURE, MEANT, SECOND_WEIGHT, SECOND_STRENGTH = 0.8, 120, 0.35, 10.0
#: What a dispute's example counts beside a whole story: it is short, and its channel and agency are mostly its dispute's.
EXAMPLE_WEIGHT = 0.3
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Ranking:
    """Scores that sum to one per question, best first, and the cues that fired."""

    disputes: Mapping[str, float]
    channels: Mapping[str, float]
    agencies: Mapping[str, float]
    urgent: float
    fired: tuple[str, ...]


class Triage:
    """Ranks disputes, channels and agencies of a story."""

    def __init__(self, knowledge: Knowledge, model: Opinions) -> None:
        self._knowledge, self._model = knowledge, model

    @cached_property
    def _signs(self) -> SignReader:
        return SignReader(self._knowledge)

    def rank(self, text: str) -> Ranking:
        """`text` is cleaned. Model and cues are added as log odds; without any cue the model speaks alone."""
        signs, cues = self._signs.read(text)
        scores = self._model.first.scores(text, signs)
        if parts := _parts(text):
            scores = self._letter(scores, parts)
        if self._model.second and any(max(scores[h].values()) < UNSURE for h in PART_HEADS):
            second = self._model.second.scores("", encoder.signs([text[:MEANT]])[0])
            scores |= {head: together(scores[head], told, SECOND_WEIGHT) for head, told in second.items()}
        fired: list[str] = []
        logs = {}
        for key, p in scores["dispute"].items():
            bonus, hits = cues.get(key, (0.0, set()))
            fired += [f"{key}:{h}" for h in sorted(hits)]
            logs[key] = math.log(p + SMALL) + bonus
        return Ranking(softmax(logs), scores["channel"], scores["agency"], scores["urgent"]["yes"], tuple(fired))

    def _letter(self, whole: Scores, parts: Sequence[tuple[str, float]]) -> Scores:
        """The opinions on the parts and on the whole as one per head, added as log odds."""
        texts = [(p, self._signs.read(p)[0]) for p, _ in parts]
        weights = np.array([w for _, w in parts], np.float32)
        out = dict(whole)
        for head, logs in self._model.first.logs(texts, PART_HEADS).items():
            own, told = whole[head], zip(self._model.first.heads[head].labels, (weights @ logs).tolist(), strict=True)
            out[head] = softmax({k: WHOLE_WEIGHT * math.log(own[k] + SMALL) + t for k, t in told})
        return out


def _parts(text: str) -> list[tuple[str, float]]:
    """The pieces of a letter with their weights: what it opens with, what it ends with, and all of it piece by piece.

    A letter says at its beginning what it is about and at its end what is wanted; in between it tells a lot that points
    elsewhere. The address is left out. Empty for a short text.
    """
    body = _ADDRESS.sub("", text)
    told = sentences(body)
    if len(told) < 2 or len(body) < LONG:
        return []
    first = told[0] if len(told[0]) > 15 else "".join(told[:2])
    last = told[-1] if len(told[-1]) > 15 else "".join(told[-2:])
    pieces, piece = [], ""
    for sentence in told:
        piece += sentence
        if len(piece) >= PIECE:
            pieces.append(piece[: 3 * PIECE])
            piece = ""
    if len(piece) > 10:
        pieces.append(piece[: 3 * PIECE])
    pieces = pieces[:MAX_PIECES]
    return [
        (first[:120], OPENING_WEIGHT),
        (last[-120:], DEMAND_WEIGHT),
        *((p, PIECES_WEIGHT / len(pieces)) for p in pieces),
    ]


#: What each head learns from one text; "" where it has nothing to learn.
HEADS = ("dispute", "channel", "agency", "urgent")


def example_rows(knowledge: Knowledge) -> list[tuple[str, str, str, str, str]]:
    """Every example and story as (text, *HEADS); what an example leaves open is its dispute's own."""
    rows = []
    for d in knowledge.disputes.values():
        own = _own_channel(knowledge, d)
        rows += [(e.text, d.id, e.channel or own, e.agency or d.agencies[0], "") for e in d.examples]
    return rows + [(s.text, s.dispute, s.channel, s.agency, "yes" if s.urgent else "no") for s in knowledge.stories]


def _own_channel(knowledge: Knowledge, dispute: Dispute) -> str:
    first = next(p for p in dispute.paths if not p.when)
    return knowledge.procedures[first.procedure].channel


def model_key(knowledge: Knowledge) -> str:
    """Changes whenever the examples or the way to learn from them change."""
    rows = example_rows(knowledge)
    signs = (
        [(d.id, d.cues) for d in knowledge.disputes.values()],
        [(a.key, a.called, a.words) for a in knowledge.agencies.values()],
        knowledge.forms,
    )
    return hashlib.sha256(repr((MODEL_VERSION, encoder.installed(), rows, signs)).encode()).hexdigest()[:16]


def train_triage(knowledge: Knowledge) -> Opinions:
    """Learns the heads from the knowledge base's own examples."""
    from bot.petition.understand.text import clean

    rows = example_rows(knowledge)
    texts = [clean(r[0]).text for r in rows]
    reader = SignReader(knowledge)
    labels = {head: [r[i] for r in rows] for i, head in enumerate(HEADS, 1)}
    weights = [EXAMPLE_WEIGHT if r[4] == "" else 1.0 for r in rows]
    signs = [reader.read(t)[0] for t in texts]
    key = model_key(knowledge)
    first = train(texts, labels, key=key, signs=signs, weights=weights)
    if not encoder.installed():
        return Opinions(first)
    meant = encoder.signs([t[:MEANT] for t in texts])
    own = {head: labels[head] for head in PART_HEADS}
    return Opinions(first, train([""] * len(texts), own, key, SECOND_STRENGTH, signs=meant, weights=weights))


def load_or_train(knowledge: Knowledge, folder: Path) -> Opinions:
    """The model of the present examples: from `folder` when it is there, otherwise learned now and kept there."""
    return kept(folder, "triage", model_key(knowledge), lambda: train_triage(knowledge))
