"""Words that steer a conversation: commands that are never a value, and what a piece of chat must say to be chat."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml

#: What is said around a command without changing it.
_AROUND = re.compile(r"^(?:我(?:要|想)|请|帮我|给我|那就|就)|[，。！!,. ]+|(?:吧|一下|呗)$")


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[str, re.Pattern[str]]]:
    """Word → command, and intent → the pattern it needs. Raises KnowledgeError."""
    data: dict[str, Any] = read_yaml(ROOT / "commands.yml")
    try:
        alone = {word: command for command, words in data["alone"].items() for word in words}
        return alone, {intent: re.compile(p.strip("/"), re.I) for intent, p in data["needs"].items()}
    except (KeyError, AttributeError, re.error) as e:
        raise KnowledgeError(f"commands.yml：{e}") from e


def command(text: str) -> str:
    """The command that a cleaned text is, by the keys of `commands.yml`; empty when it is none."""
    alone = _tables()[0]
    return alone.get(text) or alone.get(_AROUND.sub("", text), "")


def is_chat(intent: str, text: str) -> bool:
    """Whether words of the text bear out that it is this piece of chat; intents without a pattern need none."""
    pattern = _tables()[1].get(intent)
    return pattern is None or bool(pattern.search(text))
