"""Shared builders. Nothing here starts a server or imports Rasa."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure: tests time nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 23)
for _name in [n for n in os.environ if n.startswith("SUFANG_")]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def advisor():
    """The real advice engine with the model that `make train` keeps."""
    from bot.knowledge.loader import knowledge
    from bot.petition.advice.command import advisor_of

    return advisor_of(knowledge(), ROOT / "var" / "models")


@pytest.fixture(scope="session")
def intake(advisor):
    from bot.petition.catalogue import catalogue
    from bot.petition.dialogue.intake import Intake

    return Intake(advisor, catalogue())
