"""A report as CSV: one figure a line, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any


def report_csv(report: Mapping[str, Any]) -> str:
    """The lines (group, name, figure). What could be read as a formula by a spreadsheet is quoted."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    for key, value in report.items():
        for name, figure in _flat(value):
            lines.writerow([key, _plain(name), _plain(figure)])
    return "\ufeff" + out.getvalue()


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [x for k, v in value.items() for x in _flat(v, f"{name}/{k}" if name else str(k))]
    if isinstance(value, list):
        if all(isinstance(v, str) for v in value):
            return [(name, "、".join(value))]
        return [x for i, v in enumerate(value, 1) for x in _flat(v, f"{name}/{i}" if name else str(i))]
    return [(name, value)]


def _plain(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
