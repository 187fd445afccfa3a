"""The intent model: the intents of the conversation and, for questions, the topic; with a second opinion where it is unsure.

Two linear models over character n-grams. The first reads the n-grams alone. The second also sees the sentence's embedding (universal
sentence encoder, in a package, one thread) and is asked only when the first is unsure; without the package the first stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.knowledge.loader import Knowledge
from bot.petition.dialogue.gate import FAQ
from bot.petition.encoder import installed, signs
from bot.petition.linear import LinearText, train
from bot.petition.understand.text import clean

#: Stories of each dispute that the intent model sees; all of them would drown the intents.
STORIES_EACH = 6
#: The intent of every question that has an answer in the knowledge base.
QUESTION = "faq"
#: Below this probability of the likeliest intent the second opinion is asked.
UNSURE = 0.8
#: From how many characters on a turn is a story, which needs no second opinion.
LONG = 60
#: How much an embedding weighs beside the n-grams; both have length one before. Chosen by cross-validation on the own examples.
EMBEDDING_WEIGHT = 1.2
STRENGTH = 20.0
#: Each label is learnt against the rest, which leaves the shares of many labels too even; raised to this power they mean what they say.
SHARPER = 1.25
FIRST, SECOND = "intents.npz", "intents-second.npz"


def rows(knowledge: Knowledge, intents: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """(text, intent, topic) rows: `intents` as they come, examples of answers as questions, stories of matters as `inform`."""
    out = [(clean(text).text, label, "") for text, label in intents]
    for a in knowledge.answers.values():
        out += [(clean(e).text, QUESTION, a.id) for e in a.examples]
    for d in knowledge.disputes.values():
        if (
            knowledge.procedures[d.paths[0].procedure].channel == "none"
        ):  # chat, praise and progress have intents of their own
            continue
        step = max(1, len(d.examples) // STORIES_EACH)
        out += [(clean(e.text).text, "inform", "") for e in d.examples[::step]]
    return out


@dataclass(frozen=True)
class IntentModel:
    """The two models; `second` is None when the encoder was not there when they were trained."""

    first: LinearText
    second: LinearText | None = None

    def scores(self, text: str, deep: bool = True) -> Mapping[str, float]:
        """Probabilities of all labels, best first; questions as `faq:<topic>`. `deep` allows the second opinion."""
        text = clean(text).text
        heads = self.first.scores(text)
        if deep and self.second and len(text) < LONG and next(iter(heads["intent"].values())) < UNSURE:
            heads = self.second.scores(text, signs([text], EMBEDDING_WEIGHT)[0])
        weighed = {k: p**SHARPER for k, p in heads["intent"].items()}
        total = sum(weighed.values())
        out = {k: p / total for k, p in weighed.items() if k != QUESTION}
        asked = weighed.get(QUESTION, 0.0) / total
        out |= {FAQ + topic: asked * p for topic, p in heads["topic"].items()}
        return dict(sorted(out.items(), key=lambda x: -x[1]))

    def save(self, folder: Path) -> None:
        """Writes both models."""
        self.first.save(folder / FIRST)
        if self.second:
            self.second.save(folder / SECOND)

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Reads what `save` wrote. Raises OSError or ValueError when the first model is missing or either is broken."""
        second = folder / SECOND
        return cls(
            LinearText.load(folder / FIRST), LinearText.load(second) if second.is_file() and installed() else None
        )


def train_intents(knowledge: Knowledge, intents: Iterable[tuple[str, str]], key: str = "") -> IntentModel:
    """Learns both models from the intents' examples and the knowledge base."""
    data = rows(knowledge, intents)
    texts = [t for t, _, _ in data]
    heads = {"intent": [i for _, i, _ in data], "topic": [t for _, _, t in data]}
    first = train(texts, heads, key=key, strength=STRENGTH, min_texts=2)
    if not installed():
        return IntentModel(first)
    meant = signs(texts, EMBEDDING_WEIGHT)
    return IntentModel(first, train(texts, heads, key=key, strength=STRENGTH, min_texts=2, signs=meant))
