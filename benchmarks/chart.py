"""The README's chart: a bar of stock Rasa and one of ours for each measure, drawn as SVG without a library."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

#: (label, load, key, unit, whether more is better)
ROWS = (
    ("Turns a second, 20 people filing", "filings_20", "turns_per_s", "/s", True),
    ("Turns a second, 20 people asking", "plain_20", "turns_per_s", "/s", True),
    ("Slowest 1 % of turns, 20 people filing", "filings_20", "p99_ms", " ms", False),
    ("CPU of a turn", "filings_20", "cpu_ms_per_turn", " ms", False),
    ("Turn 200 against turn 5, CPU", "long_talk", "cpu_ratio", " x", False),
    ("Start to first reply, CPU", "start", "cpu_s", " s", False),
    ("Memory after the first reply", "start", "memory_mb", " MB", False),
)
WIDTH, LEFT, BAR, ROW = 820, 300, 380, 54
COLOURS = {"stock": "#9aa5b1", "ours": "#1f6feb"}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def svg(result: dict[str, Any]) -> str:
    """The chart of a result of `side_by_side`. Bars of a row share a scale; each row has its own."""
    parts = []
    for i, (label, load, key, unit, more) in enumerate(ROWS):
        values = {side: result["measured"][side][load][key] for side in COLOURS}
        top, largest = 40 + i * ROW, max(values.values())
        better = values["ours"] / values["stock"] if more else values["stock"] / values["ours"]
        parts.append(f'<text x="{LEFT - 12}" y="{top + 24}" text-anchor="end">{escape(label)}</text>')
        for j, (side, value) in enumerate(values.items()):
            y, width = top + 4 + j * 19, max(2.0, BAR * value / largest)
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="15" fill="{COLOURS[side]}"/>')
            parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{y + 12}" class="v">{_number(value)}{unit}</text>')
        parts.append(f'<text x="{WIDTH - 12}" y="{top + 24}" text-anchor="end" class="r">{_number(better)}x</text>')
    height = 40 + len(ROWS) * ROW + 16
    legend = "".join(
        f'<rect x="{LEFT + n * 190}" y="12" width="14" height="14" fill="{colour}"/><text x="{LEFT + 20 + n * 190}" y="24">{text}</text>'
        for n, (colour, text) in enumerate(
            ((COLOURS["stock"], "Rasa as it comes"), (COLOURS["ours"], "sufang, one process"))
        )
    )
    style = "text{font:13px system-ui,sans-serif;fill:#24292f}.v{font-size:12px;fill:#57606a}.r{font-weight:600}"
    title = "Stock Rasa and sufang side by side, medians of interleaved rounds on one machine"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">'
        f'<title>{title}</title><style>{style}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>{legend}{"".join(parts)}</svg>\n'
    )
