"""Which disputes a story may be, which channel and agency its words point to: the model and the cues, side by side."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.knowledge.loader import Knowledge
from bot.knowledge.model import Cues, Dispute
from bot.petition.linear import LinearText, train
from bot.petition.pattern import Pattern

#: What a cue hit is worth beside the model, in nats. Chosen on the project's own examples, not on evaluation data.
CUE_WEIGHT = 0.9
NEAR_WEIGHT = 0.35
MODEL_VERSION = "1"


@dataclass(frozen=True)
class Ranking:
    """Scores that sum to one per question, best first, and the cues that fired."""

    disputes: Mapping[str, float]
    channels: Mapping[str, float]
    agencies: Mapping[str, float]
    fired: tuple[str, ...]


class _CueReader:
    def __init__(self, cues: Cues) -> None:
        self.any, self.near, self.no = Pattern(cues.any), Pattern(cues.near), Pattern(cues.no)

    def score(self, text: str) -> tuple[float, set[str]]:
        hits = self.any.hits(text)
        if not hits:
            return 0.0, set()
        near = self.near.hits(text)
        value = min(len(hits), 3) * CUE_WEIGHT + min(len(near), 4) * NEAR_WEIGHT
        return value - 2 * CUE_WEIGHT * len(self.no.hits(text)), hits | near


class Triage:
    """Ranks disputes, channels and agencies of a story."""

    def __init__(self, knowledge: Knowledge, model: LinearText) -> None:
        self._knowledge, self._model = knowledge, model

    @cached_property
    def _cues(self) -> dict[str, _CueReader]:
        return {d.id: _CueReader(d.cues) for d in self._knowledge.disputes.values()}

    def rank(self, text: str) -> Ranking:
        """`text` is cleaned. Model and cues are added as log odds; without any cue the model speaks alone."""
        scores = self._model.scores(text)
        fired: list[str] = []
        logs = {}
        for key, p in scores["dispute"].items():
            bonus, hits = self._cues[key].score(text) if key in self._cues else (0.0, set())
            fired += [f"{key}:{h}" for h in sorted(hits)]
            logs[key] = math.log(p + 1e-6) + bonus
        return Ranking(_softmax(logs), scores["channel"], scores["agency"], tuple(fired))


def _softmax(logs: Mapping[str, float]) -> dict[str, float]:
    top = max(logs.values())
    e = {k: math.exp(v - top) for k, v in logs.items()}
    total = sum(e.values())
    return {k: e[k] / total for k in sorted(e, key=e.__getitem__, reverse=True)}


def example_rows(knowledge: Knowledge) -> list[tuple[str, str, str, str]]:
    """Every example as (text, dispute, channel, agency); what an example leaves open is its dispute's own."""
    rows = []
    for d in knowledge.disputes.values():
        own = _own_channel(knowledge, d)
        rows += [(e.text, d.id, e.channel or own, e.agency or d.agencies[0]) for e in d.examples]
    return rows


def _own_channel(knowledge: Knowledge, dispute: Dispute) -> str:
    first = next(p for p in dispute.paths if not p.when)
    return knowledge.procedures[first.procedure].channel


def model_key(knowledge: Knowledge) -> str:
    """Changes whenever the examples or the way to learn from them change."""
    rows = example_rows(knowledge)
    return hashlib.sha256(repr((MODEL_VERSION, rows)).encode()).hexdigest()[:16]


def train_triage(knowledge: Knowledge) -> LinearText:
    """Learns the three heads from the knowledge base's own examples."""
    from bot.petition.understand.text import clean

    rows = example_rows(knowledge)
    texts = [clean(r[0]).text for r in rows]
    labels = {"dispute": [r[1] for r in rows], "channel": [r[2] for r in rows], "agency": [r[3] for r in rows]}
    return train(texts, labels, key=model_key(knowledge))


def load_or_train(knowledge: Knowledge, folder: Path) -> LinearText:
    """The model of the present examples: from `folder` when it is there, otherwise learned now and kept there."""
    path = folder / f"triage-{model_key(knowledge)}.npz"
    try:
        return LinearText.load(path)
    except (OSError, ValueError, KeyError):
        model = train_triage(knowledge)
        model.save(path)
        for old in folder.glob("triage-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
        return model
