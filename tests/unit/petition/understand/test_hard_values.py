"""The hand-written hard values: phones, identity numbers, money, dates, numbers of people."""

from __future__ import annotations

from pathlib import Path

from bot.evaluation.values import values_report

CASES = Path(__file__).parents[3] / "data" / "values_hard.txt"
#: Asked of the whole set.
LEAST = 0.97


def test_hard_values_are_read() -> None:
    report = values_report(CASES)
    assert report["n"] >= 300
    assert float(report["right"].split()[0]) >= LEAST, report["wrong"]
