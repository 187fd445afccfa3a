"""A small linear text model: character n-grams, one softmax per head.

Several heads share one vocabulary (dispute, channel, agency, urgent); the intent model uses one head. Training needs scikit-learn and happens
off line; reading a text needs numpy only and costs well under a millisecond for a sentence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_DIGITS = re.compile(r"\d+")
_BLANKED = re.compile(r"[A-Za-z]\d*(?=[市区县镇乡村路街小])")
_SPACE = re.compile(r"\s+")

#: Keeps the logarithm of a probability of nothing finite.
SMALL = 1e-6
#: Marks the columns that are not n-grams.
SIGN = "\x01"
#: How many characters at the end of a text are also read as "what is wanted": the demand mostly stands last.
TAIL = 36


def plain(text: str) -> str:
    """A text as its n-grams are taken: lower case, one space for many, every number 0, blanked place names alike."""
    return _DIGITS.sub("0", _BLANKED.sub("某", _SPACE.sub(" ", text.lower().strip())))


def grams(text: str, order: int = 3) -> list[str]:
    """Character 1..order-grams of `text`, each as often as it occurs, and those of its end once more under a mark of their own.

    Numbers become 0 and blanked place names (A市B区) lose their letter: neither says what a matter is about.
    """
    text = plain(text)
    pieces = _cut(f"^{text}$", order)
    if len(text) > TAIL:
        pieces += ["…" + g for g in _cut(text[-TAIL:] + "$", order)]
    return pieces


def _cut(text: str, order: int) -> list[str]:
    return [text[i : i + n] for n in range(1, order + 1) for i in range(len(text) - n + 1)]


@dataclass(frozen=True)
class Head:
    """One question that the model answers: labels with their weights, shape (features, labels)."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class LinearText:
    """The trained model. `vocabulary`: n-gram → column; `idf`: weight of each column."""

    vocabulary: Mapping[str, int]
    idf: Floats
    heads: Mapping[str, Head]
    key: str = ""

    def vector(self, text: str, signs: Mapping[str, float] | None = None) -> tuple[npt.NDArray[np.int64], Floats]:
        """Columns and their values: tf-idf of the n-grams, length one, and then `signs` as they are."""
        column = self.vocabulary.get
        counts: dict[int, int] = {}
        for g in grams(text):
            if (i := column(g)) is not None:
                counts[i] = counts.get(i, 0) + 1
        columns = np.fromiter(counts, np.int64, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        values /= float(np.linalg.norm(values)) or 1.0
        told = [(i, v) for s, v in (signs or {}).items() if (i := column(SIGN + s)) is not None]
        if not told:
            return columns, values
        return (
            np.concatenate([columns, np.array([i for i, _ in told], dtype=np.int64)]),
            np.concatenate([values, np.array([v for _, v in told], dtype=np.float32)]),
        )

    def scores(self, text: str, signs: Mapping[str, float] | None = None) -> dict[str, dict[str, float]]:
        """Per head the probability of each label, best first."""
        columns, values = self.vector(text, signs)
        out = {}
        for name, head in self.heads.items():
            p = self._probabilities(head, columns, values)
            order = np.argsort(-p)
            out[name] = dict(zip([head.labels[i] for i in order], p[order].tolist(), strict=True))
        return out

    def logs(self, texts: Sequence[tuple[str, Mapping[str, float]]], heads: Sequence[str]) -> dict[str, Floats]:
        """Per head the log probabilities of its labels, shape (texts, labels), for texts with their signs.

        Pieces of one letter share most of their columns, so each is fetched once for all of them.
        """
        vectors = [self.vector(text, signs) for text, signs in texts]
        columns, places = np.unique(np.concatenate([c for c, _ in vectors]), return_inverse=True)
        values, start = np.zeros((len(vectors), len(columns)), np.float32), 0
        for row, (own, weights) in zip(values, vectors, strict=True):
            row[places[start : start + len(own)]] = weights
            start += len(own)
        return {h: np.log(self._probabilities(self.heads[h], columns, values) + SMALL) for h in heads}

    @staticmethod
    def _probabilities(head: Head, columns: npt.NDArray[np.int64], values: Floats) -> Floats:
        """Of the labels, by the last axis."""
        logits: Floats = values @ head.weights.take(columns, axis=0).astype(np.float32, copy=False) + head.bias
        p: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        return p

    def save(self, path: Path) -> None:
        """Writes the model to one .npz file, whole or not at all."""
        arrays = {"idf": self.idf}
        for name, head in self.heads.items():
            arrays[f"{name}.weights"], arrays[f"{name}.bias"] = head.weights.astype(np.float16), head.bias
        meta = {
            "vocabulary": sorted(self.vocabulary, key=self.vocabulary.__getitem__),
            "labels": {n: h.labels for n, h in self.heads.items()},
            "key": self.key,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, meta=np.frombuffer(json.dumps(meta, ensure_ascii=False).encode(), dtype=np.uint8), **arrays)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> LinearText:
        """Reads a model written by `save`. Raises OSError or ValueError when the file is missing or broken."""
        with np.load(path, allow_pickle=False) as data:
            meta = json.loads(bytes(data["meta"]).decode())
            heads = {
                name: Head(
                    tuple(labels), np.ascontiguousarray(data[f"{name}.weights"], np.float16), data[f"{name}.bias"]
                )
                for name, labels in meta["labels"].items()
            }
            vocabulary = {g: i for i, g in enumerate(meta.pop("vocabulary"))}
            return cls(vocabulary, data["idf"], heads, meta["key"])


def train(
    texts: Sequence[str],
    labels: Mapping[str, Sequence[str]],
    key: str = "",
    strength: float = 12.0,
    min_texts: int = 3,
    signs: Sequence[Mapping[str, float]] = (),
    weights: Sequence[float] = (),
) -> LinearText:
    """Fits one balanced logistic regression per head on tf-idf n-grams and on `signs`, one mapping name → value per text.
    `weights`: how much each text counts, all alike when not given.

    `labels`: head name → one label per text, "" where the head has nothing to learn from it. `min_texts`: n-grams that fewer
    texts have are left out.
    """
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    bags = [set(grams(t)) for t in texts]
    seen = Counter(g for bag in bags for g in bag)
    names = [SIGN + s for s in sorted({s for own in signs for s in own})]
    vocabulary = {g: i for i, g in enumerate([*sorted(g for g, n in seen.items() if n >= min_texts), *names])}
    idf = np.array([1 + np.log((1 + len(bags)) / (1 + seen[g])) for g in vocabulary], dtype=np.float32)
    model = LinearText(vocabulary, idf, {}, key)
    rows, columns, values = [], [], []
    for r, text in enumerate(texts):
        c, v = model.vector(text, signs[r] if signs else None)
        rows += [r] * len(c)
        columns += c.tolist()
        values += v.tolist()
    matrix = csr_matrix((values, (rows, columns)), shape=(len(texts), len(vocabulary)), dtype=np.float32)
    heads = {}
    for name, gold in labels.items():
        # Each label against the rest: on these texts as good as all at once, and many times faster.
        fit = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", multi_class="ovr", tol=1e-3, random_state=0
        )
        told = [i for i, label in enumerate(gold) if label]
        with threadpool_limits(1):  # many small products: threads only wait for each other
            fit.fit(matrix[told], [gold[i] for i in told], [weights[i] for i in told] if weights else None)
        learnt, bias = fit.coef_, fit.intercept_
        if len(fit.classes_) == 2:  # scikit-learn keeps one row for two classes
            learnt, bias = np.vstack([-learnt / 2, learnt / 2]), np.array([-bias[0] / 2, bias[0] / 2])
        heads[name] = Head(
            tuple(map(str, fit.classes_)), np.ascontiguousarray(learnt.T, np.float32), bias.astype(np.float32)
        )
    return LinearText(vocabulary, idf, heads, key)
