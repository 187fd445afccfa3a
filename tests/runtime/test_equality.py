"""Ours says, logs and knows exactly what stock Rasa says, logs and knows: on random conversations, after reloads and evictions.

EQUALITY_TURNS sets how many turns each of the ten seeds says (24 here, 500 for the figure in docs/performance.md).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TURNS = int(os.environ.get("EQUALITY_TURNS", "24"))


@pytest.fixture(scope="module")
def pair(model: Path, data_dir: Path, tmp_path_factory: pytest.TempPathFactory):
    from actions import base
    from bot.runtime import patches
    from bot.server import quiet
    from bot.settings import Settings
    from runtime.equality import Pair

    quiet()
    base.services.cache_clear()
    patches.apply()  # of the stock side only the schema check is patched, which has a test of its own; it takes most of the time
    pair = Pair(model, tmp_path_factory.mktemp("equal"), Settings.from_env(), kept_events=600)
    yield pair
    pair.live.close()
    patches.undo()
    base.services.cache_clear()


@pytest.mark.parametrize("seed", range(10))
async def test_no_difference_to_stock_rasa(pair, seed: int) -> None:
    from runtime.equality import compare

    assert await compare(pair, seed, TURNS) == []
