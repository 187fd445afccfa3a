"""Two opinions on a text, kept as files: n-grams and signs, and, where there is an encoder, what its beginning means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.petition import encoder
from bot.petition.linear import SMALL, LinearText


@dataclass(frozen=True)
class Opinions:
    """`first` reads n-grams and signs; `second` the embedding, None where there is no encoder."""

    first: LinearText
    second: LinearText | None = None

    def files(self, path: Path) -> dict[Path, LinearText]:
        """Where each is kept when the first is kept in `path`."""
        return {p: m for p, m in zip(_files(path), (self.first, self.second), strict=True) if m}


def _files(path: Path) -> tuple[Path, Path]:
    return path, path.with_name(f"{path.stem}-second.npz")


def kept(folder: Path, name: str, key: str, learn: Callable[[], Opinions]) -> Opinions:
    """The opinions of this key from `folder` when they are there; otherwise learnt now and kept instead of older ones."""
    first, second = _files(folder / f"{name}-{key}.npz")
    try:
        return Opinions(LinearText.load(first), LinearText.load(second) if encoder.installed() else None)
    except (OSError, ValueError, KeyError):
        told = learn()
        for file, model in told.files(first).items():
            model.save(file)
        for old in folder.glob(f"{name}-*.npz"):
            if old not in (first, second):
                old.unlink(missing_ok=True)
        return told


def together(first: Mapping[str, float], second: Mapping[str, float], share: float) -> dict[str, float]:
    """Both as one, as log odds; `share` is the weight of the second."""
    return softmax(
        {k: (1 - share) * math.log(p + SMALL) + share * math.log(second.get(k, 0.0) + SMALL) for k, p in first.items()}
    )


def softmax(logs: Mapping[str, float]) -> dict[str, float]:
    """Probabilities of log odds, best first."""
    top = max(logs.values())
    e = {k: math.exp(v - top) for k, v in logs.items()}
    total = sum(e.values())
    return {k: e[k] / total for k in sorted(e, key=e.__getitem__, reverse=True)}
