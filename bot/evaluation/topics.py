"""Topics of messages: our n-gram model beside a character TF-IDF + LinearSVC, trained and tested on the same rows in one run.

A measurement only: the rows are somebody else's, nothing learnt from them is kept.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

from bot.evaluation.intents import macro_f1
from bot.evaluation.shares import share
from bot.petition.understand.text import clean


def topics_report(path: Path) -> dict[str, Any]:
    """`path`: CSV (.gz) with the columns split, label, theme, detail. Raises OSError, KeyError."""
    from scipy.sparse import hstack
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
        ours = _Ours()
        model = LinearSVC(C=0.5).fit(hstack(ours.fit(learn)).tocsr(), [r["label"] for r in learn])
        report |= _line("ours", gold, list(model.predict(hstack(ours.transform(test)).tocsr())))
    return report


def _line(name: str, gold: list[str], got: list[str]) -> dict[str, Any]:
    right = sum(a == b for a, b in zip(gold, got, strict=True))
    return {f"accuracy, {name}": share(right, len(gold)), f"macro-F1, {name}": round(macro_f1(gold, got), 4)}


class _Ours:
    """What the advice reads too: the subject line for itself, the opening, the whole, words beside characters, numbers and blanked
    names made alike."""

    def __init__(self) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        from bot.petition.linear import plain
        from bot.petition.understand.words import cut

        def chars() -> Any:
            return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, preprocessor=plain)

        def words() -> Any:
            return TfidfVectorizer(analyzer=cut, ngram_range=(1, 2), min_df=2, sublinear_tf=True)

        self._parts = ((chars(), self.whole), (words(), self.whole), (chars(), self.subject))

    @staticmethod
    def whole(r: dict[str, str]) -> str:
        return clean(f"{r['theme'].strip()}。{r['detail'].strip()}").text

    @staticmethod
    def subject(r: dict[str, str]) -> str:
        return clean(r["theme"].strip() or r["detail"].strip()[:60]).text

    def fit(self, rows: list[dict[str, str]]) -> list[Any]:
        return [v.fit_transform(list(map(part, rows))) for v, part in self._parts]

    def transform(self, rows: list[dict[str, str]]) -> list[Any]:
        return [v.transform(list(map(part, rows))) for v, part in self._parts]
