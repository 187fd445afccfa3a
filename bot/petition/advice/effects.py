"""What a change of the knowledge base does: the worked cases, and the advice on a sample of stories before and after it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge.loader import ROOT, Knowledge
from bot.knowledge.region import region_folder
from bot.petition.advice import wording
from bot.petition.advice.command import advisor_of
from bot.petition.advice.engine import Advisor
from bot.petition.catalogue import Catalogue, catalogue
from bot.petition.keys import CHANNELS
from bot.settings import Settings

#: Own stories taken of each channel.
PER_CHANNEL = 12
BASELINE = "baseline.json"


def baseline_path(region: str) -> Path:
    """Where the accepted outcomes are kept: beside the knowledge that they belong to, or beside the region's file.

    Not in the folder of data: that one belongs to one running installation, while whoever edits the knowledge may sit elsewhere,
    and the outcomes have to be copied, reviewed and restored together with the texts that cause them.
    """
    return (region_folder(region) if region else ROOT) / BASELINE


def sample(knowledge: Knowledge) -> dict[str, str]:
    """The worked cases and up to PER_CHANNEL stories of each channel, the same ones every time, by a name or their beginning."""
    out = {case.id: case.text for case in knowledge.cases}
    for channel in CHANNELS:
        own = [s.text for s in knowledge.stories if s.channel == channel]
        for text in sorted(own, key=lambda t: hashlib.sha256(t.encode()).hexdigest())[:PER_CHANNEL]:
            out[text[:24]] = text
    return out


def outcomes(advisor: Advisor, texts: Mapping[str, str], today: date) -> dict[str, str]:
    """Per story what the person would be told first: channel, procedure, agency, time limit, basis."""
    out = {}
    for key, text in texts.items():
        a = advisor.advise(text, today)
        first = a.channels[0]
        parts = [CHANNELS[a.channel], first.procedure.name, a.agency, first.clock.text if first.clock else "无期限"]
        out[key] = " · ".join([*parts, "、".join(map(str, first.basis))])
    return out


def wrong_cases(advisor: Advisor, today: date, say: Catalogue | None = None) -> dict[str, str]:
    """The worked cases whose advice is not right on `today`, with what is wrong about it."""
    out = {}
    for case in advisor.knowledge.cases:
        advice = advisor.advise(case.text, today)
        cited = {b for c in advice.channels for b in c.basis}
        wanted = advisor.knowledge.cite(case.cites, today)
        if advice.channel not in case.channels:
            out[case.id] = f"应当走{CHANNELS[case.channels[0]]}，现在是{CHANNELS[advice.channel]}"
        elif not re.search(case.says, wording.message(advice, say or catalogue(), today).text):
            out[case.id] = f"没有说到“{case.says}”"
        elif wanted and not cited & set(wanted):
            out[case.id] = f"没有引用{'或者'.join(map(str, wanted))}"
    return out


def report(
    knowledge: Knowledge,
    settings: Settings,
    rows: Sequence[Mapping[str, Any]],
    accept: bool,
    baseline: Path | None = None,
) -> Iterator[str]:
    """The worked cases that an edit has turned, then lines of `before → after` against the accepted baseline.

    `accept` makes the present the baseline. `rows` add stories. `baseline`: another place for it than `baseline_path`.
    """
    today = settings.today()
    advisor = advisor_of(knowledge, settings.data_dir / "models")
    wrong = wrong_cases(advisor, today)
    for key, what in wrong.items():
        yield f"标准案例“{key}”：{what}"
    yield f"{len(knowledge.cases)} 个标准案例，{len(knowledge.cases) - len(wrong)} 个全对"
    texts = sample(knowledge) | {str(r.get("id") or r["text"][:24]): r["text"] for r in rows}
    after = outcomes(advisor, texts, today)
    path = baseline or baseline_path(settings.region)
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    before: dict[str, str] = kept.get("outcomes", {})
    changed = [k for k in after if k in before and before[k] != after[k]]
    for key in changed:
        yield f"{key}\n  之前：{before[key]}\n  现在：{after[key]}"
    new = sum(k not in before for k in after)
    if before:
        yield f"和 {kept['day']} 的基准对比了 {len(after) - new} 个故事，{len(changed)} 个的答复变了" + (
            f"；{new} 个是新的" if new else ""
        )
    elif not accept:
        yield f"还没有基准（{path}），看过没问题就加 --accept 记下"
    if accept:
        _write(path, {"day": today.isoformat(), "outcomes": dict(sorted(after.items()))})
        yield f"已记为基准：{path}"


def _write(path: Path, kept: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
