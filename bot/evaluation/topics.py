"""Topics of messages: our n-gram model beside a character TF-IDF + LinearSVC, trained and tested on the same rows in one run.

A measurement only: the rows are somebody else's, nothing learnt from them is kept.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.evaluation.intents import macro_f1
from bot.evaluation.shares import share
from bot.petition.understand.text import clean


def topics_report(path: Path) -> dict[str, Any]:
    """`path`: CSV (.gz) with the columns split, label, theme, detail. Raises OSError, KeyError."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC
    from threadpoolctl import threadpool_limits

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    learn = [r for r in rows if r["split"] == "train"]
    test = [r for r in rows if r["split"] != "train"]
    gold = [r["label"] for r in test]
    report: dict[str, Any] = {"train": len(learn), "test": len(test)}

    def told(r: dict[str, str]) -> str:
        return f"{r['theme'].strip()}。{r['detail'].strip()}"

    with threadpool_limits(1):
        plain = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
        peer = LinearSVC(C=1.0).fit(plain.fit_transform(map(told, learn)), [r["label"] for r in learn])
        report |= _line("character TF-IDF + LinearSVC", gold, list(peer.predict(plain.transform(map(told, test)))))
        votes = sum(_votes(view, part, learn, test) for view, part in _views())
        report |= _line("ours", gold, [sorted({r["label"] for r in learn})[i] for i in votes.argmax(axis=1)])
    return report


def _line(name: str, gold: list[str], got: list[str]) -> dict[str, Any]:
    right = sum(a == b for a, b in zip(gold, got, strict=True))
    return {f"accuracy, {name}": share(right, len(gold)), f"macro-F1, {name}": round(macro_f1(gold, got), 4)}


def _votes(view: Any, part: Callable[[dict[str, str]], str], learn: list[Any], test: list[Any]) -> Any:
    """How strongly one view of the text speaks for each label: a row per message, a column per label in their order."""
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=0.5).fit(view.fit_transform(map(part, learn)), [r["label"] for r in learn])
    return model.decision_function(view.transform(map(part, test)))


def _views() -> list[tuple[Any, Callable[[dict[str, str]], str]]]:
    """What the advice reads too: the whole by characters and by words, and the subject line for itself; numbers and blanked names alike."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from bot.petition.linear import plain
    from bot.petition.understand.words import cut

    def characters(longest: int) -> Any:
        return TfidfVectorizer(
            analyzer="char", ngram_range=(1, longest), min_df=2, sublinear_tf=True, preprocessor=plain
        )

    words = TfidfVectorizer(
        tokenizer=cut, token_pattern=None, lowercase=False, ngram_range=(1, 2), min_df=2, sublinear_tf=True
    )
    return [(characters(2), _whole), (characters(3), _whole), (words, _whole), (characters(3), _subject)]


def _whole(r: dict[str, str]) -> str:
    return clean(f"{r['theme'].strip()}。{r['detail'].strip()}").text


def _subject(r: dict[str, str]) -> str:
    return clean(r["theme"].strip() or r["detail"].strip()[:60]).text
