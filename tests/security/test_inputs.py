"""A short run of the fuzzer (`make security` has the long one)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "security"))
import fuzz  # noqa: E402


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_whatever_comes_is_read_or_refused(target: str) -> None:
    assert fuzz.run(target, 200, seed=7) is None


def test_the_fuzzer_sees_a_failure() -> None:
    def broken(data: bytes) -> None:
        assert b"-->" not in data

    fuzz.TARGETS["broken"] = broken
    try:
        assert fuzz.run("broken", 500, seed=1) is not None
    finally:
        del fuzz.TARGETS["broken"]


def test_the_corpus_is_small_and_holds_no_crash() -> None:
    files = [p for p in fuzz.CORPUS.rglob("*") if p.is_file()]
    assert files and sum(p.stat().st_size for p in files) < 100_000
    assert not [p for p in files if p.name.startswith("crash")]
