"""Word lists of the knowledge base as one compiled pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: By so many first characters a word is looked up.
START = 2


class Pattern:
    """Words or /regular expressions/ of a cue list, compiled into one alternation."""

    def __init__(self, words: Iterable[str]) -> None:
        parts = [w[1:-1] if len(w) > 2 and w[0] == w[-1] == "/" else re.escape(w) for w in words]
        self._re = re.compile("|".join(f"(?:{p})" for p in parts)) if parts else None

    def hits(self, text: str) -> set[str]:
        """The distinct pieces of `text` that match."""
        return {m[0] for m in self._re.finditer(text) if m[0]} if self._re else set()


class WordIndex:
    """Many word lists looked up in one pass over a text. `lists`: owner → words or /regular expressions/."""

    def __init__(self, lists: Mapping[tuple[str, str], Iterable[str]]) -> None:
        self._by_start: dict[str, list[tuple[str, tuple[tuple[str, str], ...]]]] = {}
        self._patterns: list[tuple[tuple[str, str], Pattern]] = []
        owners: dict[str, list[tuple[str, str]]] = {}
        for owner, words in lists.items():
            expressions = []
            for w in words:
                if len(w) > 2 and w[0] == w[-1] == "/":
                    expressions.append(w)
                elif w:
                    owners.setdefault(w, []).append(owner)
            if expressions:
                self._patterns.append((owner, Pattern(expressions)))
        for w, who in owners.items():
            self._by_start.setdefault(w[:START], []).append((w, tuple(who)))

    def hits(self, text: str) -> dict[tuple[str, str], set[str]]:
        """Owner → the distinct pieces of `text` that one of its entries matches; owners without a hit are absent."""
        out: dict[tuple[str, str], set[str]] = {}
        for length in range(1, START + 1):  # a word shorter than START is its own start
            for i in range(len(text) - length + 1):
                for word, who in self._by_start.get(text[i : i + length], ()):
                    if text.startswith(word, i):
                        for owner in who:
                            out.setdefault(owner, set()).add(word)
        for owner, pattern in self._patterns:
            if found := pattern.hits(text):
                out.setdefault(owner, set()).update(found)
        return out
