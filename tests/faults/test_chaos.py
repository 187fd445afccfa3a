"""A short run of the fault harness; `make chaos` runs the long one."""

from __future__ import annotations

from pathlib import Path

from faults.chaos import chaos


async def test_killed_under_load_nothing_is_lost_doubled_or_mixed_up(tmp_path: Path) -> None:
    seen, wrong = await chaos(tmp_path, kills=3, people=6, seed=20261125, between=(2.0, 5.0))
    assert wrong == []
    assert seen.receipts
    assert seen.answered > 30
