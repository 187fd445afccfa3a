"""The message catalogue: every sentence that the bot says, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml

_SLOT = re.compile(r"\{(\w+)\}")


class Catalogue:
    """Texts by key. A text may have several wordings; the caller's `turn` number chooses, so a replay says the same."""

    def __init__(self, texts: Mapping[str, Any]) -> None:
        #: Every wording by key.
        self.texts = {k: [str(x).strip() for x in (v if isinstance(v, list) else [v])] for k, v in texts.items()}

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def say(self, key: str, turn: int = 0, **values: object) -> str:
        """The text with its placeholders filled in one pass: what a person typed is never read as a placeholder.

        Raises KnowledgeError for an unknown key or a placeholder without a value.
        """
        try:
            wordings = self.texts[key]
            return _SLOT.sub(lambda m: str(values[m[1]]), wordings[turn % len(wordings)])
        except KeyError as e:
            raise KnowledgeError(f"话术 {key}：缺少 {e}") from e


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    texts: dict[str, Any] = {}
    for path in sorted((ROOT / "messages").glob("*.yml")):
        texts |= read_yaml(path) or {}
    return Catalogue(texts)
