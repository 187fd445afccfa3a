"""Word lists of the knowledge base as one compiled pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Pattern:
    """Words or /regular expressions/ of a cue list, compiled into one alternation."""

    def __init__(self, words: Iterable[str]) -> None:
        parts = [w[1:-1] if len(w) > 2 and w[0] == w[-1] == "/" else re.escape(w) for w in words]
        self._re = re.compile("|".join(f"(?:{p})" for p in parts)) if parts else None

    def hits(self, text: str) -> set[str]:
        """The distinct pieces of `text` that match."""
        return {m[0] for m in self._re.finditer(text) if m[0]} if self._re else set()
