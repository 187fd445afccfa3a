"""Micro-benchmarks: `python -m pytest benchmarks/test_micro.py -p no:cacheprovider`. They measure and assert nothing about time."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("pytest_benchmark")
ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 23)
STORY = "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了，找了街道两次也没有人来，希望能让他们装净化设备"


@pytest.fixture(scope="session")
def advisor():
    from bot.knowledge.loader import knowledge
    from bot.petition.advice.command import advisor_of

    k = knowledge()
    return advisor_of(k, ROOT / "var" / "models")


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("micro")
    (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
    os.environ |= {"SUFANG_ENV": "test", "SUFANG_NOW": TODAY.isoformat(), "SUFANG_DATA_DIR": str(folder)}
    from bot.model import ensure_model
    from bot.server import build
    from bot.settings import Settings

    settings = Settings.from_env()
    model = ensure_model(settings)
    assert model
    yield build(settings, model).ctx.agent
    for name in ("SUFANG_ENV", "SUFANG_NOW", "SUFANG_DATA_DIR"):
        os.environ.pop(name, None)


def test_advice(benchmark, advisor) -> None:
    assert benchmark(advisor.advise, STORY, TODAY, {}).channel


def test_parse(benchmark, agent) -> None:
    from rasa.core.channels.channel import UserMessage

    from bot.runtime.live_tracker import LiveTracker

    tracker = LiveTracker("c", agent.domain.slots)
    parsed = benchmark(agent.processor._parse_message_with_graph, UserMessage(STORY), tracker)
    assert parsed["intent"]["name"] == "inform"


@pytest.mark.parametrize("turns", [5, 200])
def test_predict_and_copy(benchmark, agent, turns: int) -> None:
    from rasa.shared.core.events import ActionExecuted, DefinePrevUserUtteredFeaturization, UserUttered

    from bot.runtime.live_tracker import LiveTracker

    tracker = LiveTracker("c", agent.domain.slots)
    for _ in range(turns):
        tracker.update(ActionExecuted("action_greet"))
        tracker.update(ActionExecuted("action_listen"))
        tracker.update(UserUttered("你好", {"name": "greet", "confidence": 1.0}))
        tracker.update(DefinePrevUserUtteredFeaturization(False))

    def both() -> str:
        tracker.copy()
        prediction = agent.processor._rules.predict(tracker, agent.domain)
        return str(agent.domain.action_names_or_texts[prediction.max_confidence_index])

    assert benchmark(both) == "action_greet"


@pytest.mark.parametrize("group", [1, 20])
def test_store_commit(benchmark, tmp_path: Path, group: int) -> None:
    from itertools import count

    from bot.storage.crypto import Keyring
    from bot.storage.open import make_engine, upgrade
    from bot.storage.turns import TurnLog, Write

    url = f"sqlite:///{tmp_path / 'micro.db'}"
    upgrade(url)
    log, numbers = TurnLog(make_engine(url), Keyring.of_text("a secret of the benchmark, long enough")), count()
    events = [{"event": "user", "text": STORY, "timestamp": 1.0}] * 6
    done = benchmark(lambda: log.write([Write(f"c{next(numbers)}", 0, events) for _ in range(group)]))
    assert done == [None] * group


def test_encrypt_and_decrypt(benchmark) -> None:
    from bot.storage.crypto import Keyring

    keys = Keyring.of_text("a secret of the benchmark, long enough")
    assert benchmark(lambda: keys.decrypt(keys.encrypt({"text": STORY}, "place"), "place")) == {"text": STORY}
