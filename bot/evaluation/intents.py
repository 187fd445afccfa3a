"""The intent model on sentences it has never seen: trained on all examples, tested once; with speech-recognition noise; and how well
chat that only sounds like our business is told apart."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bot.evaluation.shares import share
from bot.knowledge.loader import knowledge, own_examples, read_yaml
from bot.petition.dialogue.gate import FAQ
from bot.petition.dialogue.intents import QUESTION, IntentModel, train_intents

OUT = "out_of_scope"
SEED = 7
#: Fillers of spoken language, put in front or in between.
FILLERS = ("嗯", "那个", "就是", "呃", "啊", "这个")
#: Homophones that speech recognition confuses: common characters of the same sound.
_HOMOPHONES = "在再 的得地 他她它 是事市 做作坐 有又 那哪 进近 已以 像象 和河合 于与 名明 件见 号好 查茶 报抱 单但 办半 话画 点店 到道 字自 记寄 没美 里理 话化 时实 机鸡 复付 意议 满慢 信心 催崔 登灯 录路 撤彻 名鸣 人仁"


def spoken(text: str, rng: random.Random) -> str:
    """What speech recognition may make of a text: no punctuation, a filler, one homophone in eight characters."""
    other: dict[str, str] = {}
    for group in _HOMOPHONES.split():
        for i, c in enumerate(group):
            other.setdefault(c, group[(i + 1) % len(group)])
    plain = re.sub(r"[^\w]", "", text)
    out = "".join(other[c] if c in other and rng.random() < 0.25 else c for c in plain)
    if rng.random() < 0.5:
        at = rng.choice([0, len(out)]) if len(out) < 6 else rng.choice([0, len(out) // 2])
        out = out[:at] + rng.choice(FILLERS) + out[at:]
    return out


def read_label(scores: Mapping[str, float], own: Iterable[str]) -> tuple[str, float]:
    """The likeliest label, questions by their topic when `own` names it, otherwise as one; and the probability of `out_of_scope`."""
    topics = {k: p for k, p in scores.items() if k.startswith(FAQ)}
    merged = {k: p for k, p in scores.items() if not k.startswith(FAQ)}
    if topics:
        best = max(topics, key=topics.__getitem__)
        merged[best if best in own else QUESTION] = sum(topics.values())
    return max(merged, key=merged.__getitem__), merged.get(OUT, 0.0)


def macro_f1(gold: list[str], got: list[str]) -> float:
    """Mean of the F1 of every label that stands in the gold."""
    total = 0.0
    labels = sorted(set(gold))
    for label in labels:
        both = sum(g == label == p for g, p in zip(gold, got, strict=True))
        total += 2 * both / (gold.count(label) + got.count(label))
    return total / len(labels)


def auc(negatives: list[float], positives: list[float]) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, ties by half."""
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def intents_report(path: Path, chat: Path | None = None) -> dict[str, Any]:
    """`path`: YAML, label → sentences; `chat`: a YAML list of chat out of scope. Raises OSError, KnowledgeError."""
    gold = {str(k): [str(x) for x in v] for k, v in read_yaml(path).items()}
    started = time.perf_counter()
    model = train_intents(knowledge(), own_examples())
    report: dict[str, Any] = {
        "examples": len(own_examples()),
        "labels": len(gold),
        "tested": sum(map(len, gold.values())),
        "seconds to train": round(time.perf_counter() - started, 1),
        "second opinion": model.second is not None,
    }
    lines = [str(x) for x in read_yaml(chat)] if chat else []
    for name, deep in (("", True), (" n-grams alone", False)):
        report |= _measure(model, gold, lines, name, deep)
    for size in (20, 500):
        report[f"ms at {size} characters, p50"], report[f"ms at {size}, n-grams alone, p50"] = (
            _speed(model, size, deep) for deep in (True, False)
        )
    return report


def _measure(
    model: IntentModel, gold: Mapping[str, list[str]], chat: list[str], name: str, deep: bool
) -> dict[str, Any]:
    own = [k for k in gold if k.startswith(FAQ)]
    rng = random.Random(SEED)
    out: dict[str, Any] = {}
    pairs = [(x, label) for label, sentences in gold.items() for x in sentences]
    for noise in ("", " with ASR noise"):
        read = [read_label(model.scores(spoken(x, rng) if noise else x, deep), own) for x, _ in pairs]
        labels, got = [label for _, label in pairs], [label for label, _ in read]
        right = sum(a == b for a, b in zip(labels, got, strict=True))
        out[f"macro-F1{noise}{name}"] = round(macro_f1(labels, got), 3)
        out[f"accuracy{noise}{name}"] = share(right, len(pairs))
        if chat and not noise:
            inside = [p for (_, p), (_, label) in zip(read, pairs, strict=True) if label != OUT]
            outside = [read_label(model.scores(x, deep), own)[1] for x in chat]
            out[f"out-of-scope AUC{name}"] = round(auc(inside, outside), 3)
    return out


def _speed(model: IntentModel, size: int, deep: bool, times: int = 60) -> float:
    text = ("我想问一下我们小区的电梯坏了物业一直不修请问我应该找哪个部门去反映这个问题" * 20)[:size]
    taken = []
    for i in range(times):
        started = time.perf_counter()
        model.scores(text[:-1] + str(i), deep)
        taken.append(1000 * (time.perf_counter() - started))
    return round(median(taken), 2)
