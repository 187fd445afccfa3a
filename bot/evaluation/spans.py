"""Spans of a text against a labelled JSONL, in two halves by a hash of the id: errors may be looked at in the first half only."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation.shares import f1
from bot.evaluation.triage import SPANS, overlap
from bot.petition.advice.command import spans
from bot.settings import Settings

#: From this overlap on a span counts as found.
ENOUGH = 0.6


def half(key: str) -> str:
    """A or B."""
    return "AB"[hashlib.sha256(key.encode()).digest()[0] % 2]


def spans_report(path: Path, settings: Settings) -> dict[str, Any]:
    """Micro-F1 of all and of each half, F1 of each kind. Disputed spans (`spans_skip`) are left out."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    n = 0
    with path.open(encoding="utf-8") as f:
        for row in map(json.loads, filter(str.strip, f)):
            n += 1
            today = date.fromisoformat(row["date"]) if row.get("date") else settings.today()
            found = spans(row["text"], today)
            for kind in set(SPANS) - set(row.get("spans_skip", ())):
                wanted, got = row["spans"].get(kind), found.get(kind)
                for name in ("all", f"half {half(str(row['id']))}", kind):
                    counts[name][0] += bool(wanted)
                    counts[name][1] += bool(got)
                    counts[name][2] += overlap(wanted, got) >= ENOUGH
    report: dict[str, Any] = {"n": n}
    for name in ("all", "half A", "half B"):
        report[f"micro-F1, {name}"] = round(f1(*counts[name]), 3)
    return report | {kind: round(f1(*counts[kind]), 3) for kind in SPANS}
