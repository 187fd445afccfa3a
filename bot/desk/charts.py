"""Charts as SVG made here: they print, they need no script, and a screen reader reads the same figures in words.

Every chart stands beside its table; colour carries nothing that length and label do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from markupsafe import Markup

WIDTH, ROW, LABEL, ROOM = 640, 26, 190, 60
HEIGHT, FOOT = 150, 40


def bars(figures: Mapping[str, int], title: str, names: Mapping[str, str] | None = None) -> Markup:
    """Horizontal bars, one a line. `names`: what the keys are called."""
    most = max(figures.values(), default=0) or 1
    parts = []
    for i, (key, n) in enumerate(figures.items()):
        y, width = i * ROW, max(2, round((WIDTH - LABEL - ROOM) * n / most))
        name = escape((names or {}).get(key, key))
        parts.append(
            f'<text x="{LABEL - 8}" y="{y + 18}" text-anchor="end">{name}</text>'
            f'<rect x="{LABEL}" y="{y + 4}" width="{width}" height="18"/>'
            f'<text x="{LABEL + width + 6}" y="{y + 18}">{n}</text>'
        )
    return _svg(title, _told(figures, names), WIDTH, max(ROW, ROW * len(figures)), "".join(parts))


def columns(figures: Mapping[str, int], title: str) -> Markup:
    """Columns, one a day; the labels are the days of the month."""
    most = max(figures.values(), default=0) or 1
    step = WIDTH / max(1, len(figures))
    parts = []
    for i, (key, n) in enumerate(figures.items()):
        height = round((HEIGHT - 24) * n / most)
        x, middle = i * step + step * 0.2, i * step + step / 2
        parts.append(
            f'<rect x="{x:.0f}" y="{HEIGHT - height}" width="{step * 0.6:.0f}" height="{height}"/>'
            f'<text x="{middle:.0f}" y="{HEIGHT - height - 6}" text-anchor="middle">{n}</text>'
            f'<text x="{middle:.0f}" y="{HEIGHT + 20}" text-anchor="middle">{escape(key[5:] if len(key) == 10 else key)}</text>'
        )
    return _svg(title, _told(figures, None), WIDTH, HEIGHT + FOOT, "".join(parts))


def _told(figures: Mapping[str, int], names: Mapping[str, str] | None) -> str:
    return "；".join(f"{(names or {}).get(k, k)} {n}" for k, n in figures.items()) or "没有数据"


def _svg(title: str, told: str, width: int, height: int, inside: str) -> Markup:
    return Markup(
        f'<svg class="chart" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-label="{escape(title)}：{escape(told)}">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>{inside}</svg>"
    )
