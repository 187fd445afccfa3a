"""Shares with their uncertainty, as every report prints them."""

from __future__ import annotations

from math import sqrt


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson score interval of a share."""
    if not n:
        return 0.0, 1.0
    p, zz = hits / n, z * z / n
    centre, half = (p + zz / 2) / (1 + zz), z * sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz)
    return centre - half, centre + half


def share(hits: int, n: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson(hits, n)
    return f"{hits / max(n, 1):.3f} ({low:.3f}-{high:.3f})"


def f1(gold: int, got: int, right: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / (gold + got) if gold + got else 0.0
