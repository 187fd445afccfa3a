"""The actions through the SDK's executor, without Rasa."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory):
    import os

    folder = tmp_path_factory.mktemp("data")
    os.environ |= {"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_DATA_DIR": str(folder)}
    from rasa_sdk.executor import ActionExecutor

    from actions import base
    from bot.settings import Settings
    from bot.storage.open import upgrade

    base.services.cache_clear()
    upgrade(Settings.from_env().database_url)
    (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
    runner = ActionExecutor()
    runner.register_package("actions")
    yield runner
    base.services.cache_clear()
    for name in ("SUFANG_ENV", "SUFANG_NOW", "SUFANG_DATA_DIR"):
        del os.environ[name]


class Person:
    """Keeps slots as Rasa would and runs one action after a turn."""

    def __init__(self, executor, sender: str = "p1") -> None:
        self.executor, self.sender, self.slots, self.n, self.loop = executor, sender, {}, 0, {}

    def run(self, action: str, intent: str = "inform", text: str = "", entities=()) -> list[dict]:
        self.n += 1
        latest = {"text": text, "intent": {"name": intent}, "entities": list(entities), "message_id": f"m{self.n}"}
        events = [{"event": "user", "text": text, "message_id": f"m{self.n}", "timestamp": self.n}]
        tracker = {
            "sender_id": self.sender,
            "slots": dict(self.slots),
            "latest_message": latest,
            "events": events,
            "active_loop": self.loop,
            "paused": False,
        }
        done = asyncio.run(self.executor.run({"next_action": action, "tracker": tracker, "domain": {}}))
        for e in done["events"]:
            if e["event"] == "slot":
                self.slots[e["name"]] = e["value"]
        return done["responses"]

    def form(self, intent: str, text: str) -> str | None:
        self.loop = {"name": "petition_form"}
        self.run("validate_petition_form", intent, text)
        return self.slots.get("requested_slot")


STORY = "楼下川菜馆油烟往我家窗户灌，从今年三月开始的，在五华区莲花街道翠湖里小区，我叫李春梅，电话13800001234，要求装净化设备"


def filed(executor, sender: str) -> Person:
    p = Person(executor, sender)
    p.form("inform", STORY)
    pending = p.form("file_it", "帮我登记")
    while pending not in ("confirm", None):
        pending = p.form("inform", "老灶川菜馆" if pending == "respondent" else "12户")
    assert p.form("affirm", "确认提交") is None
    assert p.slots["outcome"] == "file"
    return p


def test_nothing_of_rasa_is_loaded() -> None:
    """In a process of its own: beside it other tests may have loaded Rasa."""
    script = (
        "import sys; from rasa_sdk.executor import ActionExecutor; ActionExecutor().register_package('actions'); "
        "assert not {'rasa', 'tensorflow'} & set(sys.modules); assert 'actions.base' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_action_of_the_domain_exists(executor) -> None:
    import yaml

    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["actions"]) <= set(executor.actions)


def test_a_filing_gives_a_receipt_and_keeps_only_contact_data(executor) -> None:
    p = filed(executor, "p-file")
    receipt = p.run("action_file_case")[0]["custom"]
    assert receipt["kind"] == "receipt"
    assert p.slots["narrative"] is None
    assert p.slots["name"] == "李春梅"
    assert p.slots["last_case"]["case_no"] == receipt["case_no"]


def test_progress_of_ones_own_case_and_nothing_for_a_wrong_code(executor) -> None:
    p = filed(executor, "p-progress")
    receipt = p.run("action_file_case")[0]["custom"]
    said = p.run("action_progress", "ask_progress", f"编号{receipt['case_no']} 查询码{receipt['query_code']}")
    assert said[0]["custom"]["kind"] == "progress"
    assert "油烟" not in str(said)
    stranger = Person(executor, "p-stranger")
    wrong = stranger.run("action_progress", "ask_progress", f"编号{receipt['case_no']} 查询码000000")
    assert wrong[0]["custom"]["kind"] == "answer"
    assert "没有查到" in wrong[0]["text"]


@pytest.mark.parametrize(
    ("intent", "text", "part"),
    [
        ("urge", "催一下", "催办"),
        ("rate", "满意", "满意"),
        ("supplement", "补充：他们昨天又排烟了，有视频", "补充"),
        ("withdraw", "撤回", "撤回"),
    ],
)
def test_requests_about_a_filed_case(executor, intent: str, text: str, part: str) -> None:
    p = filed(executor, f"p-{intent}")
    p.run("action_file_case")
    assert part in p.run("action_case_request", intent, text)[0]["text"]


def test_requests_without_a_case_ask_for_its_number(executor) -> None:
    assert "编号和查询码" in Person(executor, "p-none").run("action_case_request", "urge", "催一下")[0]["text"]


def test_an_interruption_changes_nothing(executor) -> None:
    p = Person(executor, "p-faq")
    p.form("inform", STORY)
    before = dict(p.slots)
    p.form("faq", "要钱吗")
    assert p.slots == before


def test_answers_carry_their_basis(executor) -> None:
    said = Person(executor, "p-answer").run("action_answer", "faq", "要钱吗", [{"entity": "topic", "value": "cost"}])[0]
    assert said["custom"]["kind"] == "answer"
    assert said["custom"]["basis"]
    assert "不收费" in said["text"]


def test_danger_gives_numbers_and_stops_the_form(executor) -> None:
    p = Person(executor, "p-danger")
    p.loop = {"name": "petition_form"}
    said = p.run("action_emergency", "emergency", "他在砸门", [{"entity": "topic", "value": "violence"}])[0]
    assert said["custom"]["numbers"][0] == "110"
    assert p.slots["requested_slot"] is None


def test_a_store_that_is_down_is_said(executor, monkeypatch: pytest.MonkeyPatch) -> None:
    from actions import base
    from bot.petition.errors import StoreUnavailable

    p = filed(executor, "p-down")

    def down(*args: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(base.services().cases, "file", down)
    said = p.run("action_file_case")[0]
    assert said["custom"]["kind"] == "error"
    assert p.slots["narrative"]


def test_not_understanding_ends_with_a_human(executor) -> None:
    p = Person(executor, "p-lost")
    kinds = [p.run("action_fallback", "nlu_fallback", "呜哩哇啦")[0]["custom"]["kind"] for _ in range(3)]
    assert kinds == ["answer", "answer", "handoff"]
