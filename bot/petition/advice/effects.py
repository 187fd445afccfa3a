"""What a change of the knowledge base does: the advice on a sample of stories before and after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge.loader import Knowledge
from bot.petition.advice.engine import Advisor
from bot.petition.advice.triage import Triage, load_or_train
from bot.petition.keys import CHANNELS
from bot.settings import Settings

#: Own stories taken of each channel.
PER_CHANNEL = 12
BASELINE = "knowledge-baseline.json"


def sample(knowledge: Knowledge) -> dict[str, str]:
    """Up to PER_CHANNEL stories of each channel, the same ones every time, by the beginning of their text."""
    out = {}
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


def report(knowledge: Knowledge, settings: Settings, rows: Sequence[Mapping[str, Any]], accept: bool) -> Iterator[str]:
    """Lines of `before → after` against the accepted baseline in the data folder; `accept` makes the present the baseline.

    The baseline is per folder of data, so that an office compares with what it last accepted. `rows` add stories.
    """
    advisor = Advisor(knowledge, Triage(knowledge, load_or_train(knowledge, settings.data_dir / "models")))
    texts = sample(knowledge) | {str(r.get("id") or r["text"][:24]): r["text"] for r in rows}
    after = outcomes(advisor, texts, settings.today())
    path = settings.data_dir / BASELINE
    before: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    changed = [k for k in after if k in before and before[k] != after[k]]
    for key in changed:
        yield f"{key}\n  之前：{before[key]}\n  现在：{after[key]}"
    new = sum(k not in before for k in after)
    yield f"对比了 {len(after) - new} 个故事，{len(changed)} 个的答复变了" + (f"；{new} 个是新的" if new else "")
    if accept or not before:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, before | after)
        yield f"已记为基准：{path.name}"


def _write(path: Path, outcomes_: Mapping[str, str]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(outcomes_, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)
