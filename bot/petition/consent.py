"""Which wording of the privacy notice and of the consent is in force (个人信息保护法 14, 17): kept with the case that was filed under it."""

from __future__ import annotations

from functools import lru_cache

from bot.knowledge.loader import ROOT, read_yaml


@lru_cache(maxsize=1)
def version() -> str:
    """The version in force, the last of consent.yml."""
    return str(read_yaml(ROOT / "consent.yml")[-1]["version"])
