"""Every scenario of tests/scenarios against the real agent, on the in-memory and the SQL tracker.

A step: `say` (text) or `press` (a payload that must be on offer); then any of `kind`, `field`, `channel` (of the last message that
has it), `text` (parts that must be said), `not` (parts that must not), `fields` (values of the last summary).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

FILES = sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yml"))


def last(messages: list[dict[str, Any]], key: str) -> Any:
    return next((m["custom"][key] for m in reversed(messages) if key in (m.get("custom") or {})), None)


def test_there_are_scenarios_of_every_repair_pattern() -> None:
    assert len(FILES) >= 30
    assert {f.parent.name for f in FILES} >= {
        "happy_path",
        "corrections",
        "digressions",
        "cancellations",
        "disambiguation",
        "negations",
        "repeat",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_scenario(path: Path, talk: Any) -> None:
    receipt: dict[str, Any] = {}
    for number, step in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1):
        where = f"step {number}: {step}"
        if "press" in step:
            messages = talk.say(step.get("title", step["press"]), step["press"].lstrip("/"))
        else:
            messages = talk.say(step["say"].format(**receipt) if "{case_no}" in step["say"] else step["say"])
        assert messages, where
        assert all(m["text"].strip() for m in messages), where
        heard = "\n".join(m["text"] for m in messages)
        if "kind" in step:
            assert step["kind"] in [(m.get("custom") or {}).get("kind") for m in messages], f"{where}\n{heard}"
        for key in ("field", "channel"):
            if key in step:
                assert last(messages, key) in (step[key] if isinstance(step[key], list) else [step[key]]), (
                    f"{where}\n{heard}"
                )
        for part in step.get("text", []):
            assert part in heard, f"{where}\n{heard}"
        for part in step.get("not", []):
            assert part not in heard, f"{where}\n{heard}"
        for key, value in step.get("fields", {}).items():
            assert (last(messages, "fields") or {}).get(key) == value, f"{where}\n{last(messages, 'fields')}"
        for m in messages:
            if (m.get("custom") or {}).get("kind") == "receipt":
                receipt = m["custom"]
