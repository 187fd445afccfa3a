"""Channel, agency, category, urgency and spans of `advise` on a labelled file."""

from __future__ import annotations

import difflib
import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation.shares import f1, share
from bot.petition.advice.command import Advise
from bot.settings import Settings

SPANS = ("place", "respondent", "when", "amount", "people")


def triage_report(path: Path, settings: Settings) -> dict[str, Any]:
    """Channel, agency, category, urgency and spans of `advise` on a labelled JSONL (keys of the codebook), 95 % intervals with
    the shares (Wilson). A channel or agency counts when it is the gold value or one of its accepted alternatives."""
    advise = Advise.ready(settings.data_dir / "models", settings.region)
    hits: Counter[str] = Counter()
    spans: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    n = 0
    with path.open(encoding="utf-8") as f:
        for line in filter(str.strip, f):
            gold = json.loads(line)
            today = date.fromisoformat(gold["date"]) if gold.get("date") else settings.today()
            out = advise.one(gold["id"], gold["text"], today)
            n += 1
            ok = {gold["channel"], *gold.get("channel_ok", ())}
            hits["channel@1"] += out["channel"] in ok
            hits["channel@3"] += bool(ok & {c["key"] for c in out["channels"][:3]})
            ok = {gold["agency"], *gold.get("agency_ok", ())}
            hits["agency@1"] += out["agency"] in ok
            hits["agency@3"] += bool(ok & {a["key"] for a in out["agencies"][:3]})
            hits["category"] += out["category"] == gold["category"]
            hits["urgent"] += out["urgent"] == gold["urgent"]
            for key in set(SPANS) - set(gold.get("spans_skip", ())):
                wanted, got = (gold.get("spans") or {}).get(key), out["spans"].get(key)
                spans[key][0] += bool(wanted)
                spans[key][1] += bool(got)
                spans[key][2] += overlap(wanted, got) >= 0.6
    report: dict[str, Any] = {"n": n}
    for key in ("channel@1", "channel@3", "agency@1", "agency@3", "category", "urgent"):
        report[key] = share(hits[key], n)
    if spans:
        report["spans micro-F1"] = round(f1(*(sum(s[i] for s in spans.values()) for i in range(3))), 3)
        report |= {f"span {k}": round(f1(*v), 3) for k, v in sorted(spans.items())}
    return report


def overlap(a: str | None, b: str | None) -> float:
    """2·common/(a+b) of the longest common blocks, 0 to 1."""
    if not a or not b:
        return 0.0
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return 2 * sum(x.size for x in blocks) / (len(a) + len(b))
