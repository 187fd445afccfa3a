"""The intent model's training rows: the intents of the conversation, the topics of the answers, and stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.knowledge.loader import Knowledge
from bot.petition.dialogue.gate import FAQ
from bot.petition.linear import LinearText, train
from bot.petition.understand.text import clean

#: Stories of each dispute that the intent model sees; all of them would drown the intents.
STORIES_EACH = 12


def rows(knowledge: Knowledge, intents: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(text, label) rows: `intents` as they come, answers as `faq:<topic>`, examples of disputes as `inform`."""
    out = [(clean(text).text, label) for text, label in intents]
    for a in knowledge.answers.values():
        out += [(clean(e).text, FAQ + a.id) for e in a.examples]
    for d in knowledge.disputes.values():
        step = max(1, len(d.examples) // STORIES_EACH)
        out += [(clean(e.text).text, "inform") for e in d.examples[::step]]
    return out


def train_intents(knowledge: Knowledge, intents: Iterable[tuple[str, str]], key: str = "") -> LinearText:
    """Learns the one head `intent`."""
    data = rows(knowledge, intents)
    return train([t for t, _ in data], {"intent": [label for _, label in data]}, key=key, strength=20.0, min_texts=1)


def scores(model: LinearText, text: str) -> Mapping[str, float]:
    """Probabilities of all labels for a text, best first."""
    return model.scores(clean(text).text)["intent"]
