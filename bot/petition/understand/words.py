"""Chinese words by jieba, with a tokenizer and a dictionary of our own.

Private, since jieba's default tokenizer is one for the whole process and keeps whatever anybody adds to it; without its cache file,
which would lie in a folder that others can write.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT

_WORD = re.compile(r"\w")


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)

    class Private(jieba.Tokenizer):  # type: ignore[misc]
        """Builds its dictionary from the package's file and ours, and touches no other file."""

        def initialize(self, dictionary: str | None = None) -> None:
            if not self.initialized:
                self.FREQ, self.total = self.gen_pfdict(self.get_dict_file())
                self.initialized: bool = True
                for word in own_words():
                    self.add_word(word)

    return Private()


@lru_cache(maxsize=1)
def own_words() -> tuple[str, ...]:
    """The words of petitions that the general dictionary cuts apart (`lexicon/words.txt`)."""
    lines = (ROOT / "lexicon" / "words.txt").read_text(encoding="utf-8").splitlines()
    return tuple(w for line in lines if not line.startswith("#") for w in line.split())


def cut(text: str) -> list[str]:
    """The words of a cleaned text, punctuation left out."""
    return [w for w in _tokenizer().cut(text) if _WORD.match(w)]


@lru_cache(maxsize=1)
def common(initials: str, longest: int, more_than: int) -> frozenset[str]:
    """The words of the general dictionary that begin with one of `initials`, have 2 to `longest` characters and are counted more often.

    Only these are kept: the whole dictionary would be 70 MB.
    """
    import jieba

    first, out = set(initials), set()
    with jieba.Tokenizer().get_dict_file() as lines:
        for line in lines:
            word, count, _ = line.decode("utf-8").split(" ", 2)
            if word[0] in first and 2 <= len(word) <= longest and int(count) > more_than:
                out.add(word)
    return frozenset(out | {w for w in own_words() if w[0] in first and 2 <= len(w) <= longest})
