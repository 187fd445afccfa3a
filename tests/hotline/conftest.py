"""The advisor that the hotline uses: without the sentence encoder, as in every process of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.hotline.command import load_advisor
from bot.petition.advice.engine import Advisor


@pytest.fixture(scope="session")
def advisor() -> Advisor:
    return load_advisor(str(Path(__file__).parents[2] / "var" / "models"), "")
