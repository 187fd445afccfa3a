"""The examples of the intents: enough of each, each its own, none of the sentences that the model is measured on."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import yaml

from bot.knowledge.loader import knowledge, own_examples

DATA = Path(__file__).parents[1] / "data"
#: Examples that every intent has.
LEAST = 40


def bare(text: str) -> str:
    return re.sub(r"\W", "", text)


def blind() -> dict[str, list[str]]:
    return yaml.safe_load((DATA / "intents_blind.yml").read_text(encoding="utf-8"))


def test_every_intent_has_enough_examples() -> None:
    counts = Counter(intent for _, intent in own_examples())
    assert len(counts) >= 30
    assert {k: n for k, n in counts.items() if n < LEAST} == {}


def test_the_questions_that_are_measured_one_by_one_have_enough_too() -> None:
    topics = [k.split(":")[1] for k in blind() if k.startswith("faq:")]
    assert {t: n for t in topics if (n := len(knowledge().answers[t].examples)) < LEAST} == {}


def test_no_example_stands_twice() -> None:
    seen = Counter((text, intent) for text, intent in own_examples())
    assert [k for k, n in seen.items() if n > 1] == []


def test_what_is_measured_is_not_learnt() -> None:
    learnt = {bare(t) for t, _ in own_examples()}
    learnt |= {bare(e) for a in knowledge().answers.values() for e in a.examples}
    chat = yaml.safe_load((DATA / "near_domain_chat.yml").read_text(encoding="utf-8"))
    measured = [*(str(x) for sentences in blind().values() for x in sentences), *chat]
    assert [x for x in measured if bare(x) in learnt] == []


def test_every_measured_label_is_an_intent_or_a_topic() -> None:
    known = {intent for _, intent in own_examples()} | {f"faq:{a}" for a in knowledge().answers} | {"faq"}
    assert set(blind()) <= known
