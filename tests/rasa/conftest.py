"""The real agent with the trained model, on either tracker store."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class Talk:
    """One person talking to the agent."""

    def __init__(self, agent: Any, sender: str, loop: asyncio.AbstractEventLoop) -> None:
        self.agent, self.sender, self.loop, self.n, self.offered = agent, sender, loop, 0, {}

    def say(self, text: str, intent: str | None = None) -> list[dict[str, Any]]:
        from rasa.core.channels.channel import UserMessage

        from bot.channels.output import MessageCollector
        from bot.channels.turns import plain_text

        self.n += 1
        out = MessageCollector()
        parsed = {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": []} if intent else None
        message = UserMessage(
            text if intent else plain_text(text),
            out,
            self.sender,
            parse_data=parsed,
            message_id=f"{self.sender}-{self.n}",
        )
        self.loop.run_until_complete(self.agent.handle_message(message))
        return out.messages

    def slots(self) -> dict[str, Any]:
        tracker = self.loop.run_until_complete(self.agent.tracker_store.get_or_create_tracker(self.sender))
        return tracker.current_slot_values()


@pytest.fixture(scope="session")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def model() -> Path:
    from bot.model import ensure_model
    from bot.settings import Settings

    path = ensure_model(Settings.from_env({"SUFANG_DATA_DIR": str(ROOT / "var")}))
    assert path is not None
    return path


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("rasa")
    (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
    os.environ |= {"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_DATA_DIR": str(folder)}
    yield folder
    for name in ("SUFANG_ENV", "SUFANG_NOW", "SUFANG_DATA_DIR"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def loaded(model: Path, data_dir: Path):
    """The agent, loaded once; its store is set by `agent`."""
    from actions import base
    from bot.server import quiet
    from bot.settings import Settings
    from bot.storage.open import upgrade

    quiet()
    base.services.cache_clear()
    upgrade(Settings.from_env().database_url)
    from rasa.core.agent import Agent

    from bot.runtime.in_process import InProcessEndpoint
    from bot.runtime.lock_store import WaitingLockStore

    return Agent.load(str(model), action_endpoint=InProcessEndpoint(), lock_store=WaitingLockStore())


@pytest.fixture(scope="session")
def live(model: Path, loaded: Any):
    """The agent of `sufang serve`."""
    from bot.runtime.in_process import InProcessEndpoint
    from bot.runtime.live_store import LiveTrackerStore
    from bot.runtime.lock_store import WaitingLockStore
    from bot.runtime.processor import FastAgent
    from bot.settings import Settings
    from bot.storage.chat import EventLog
    from bot.storage.open import open_engine, open_keyring
    from bot.storage.turns import TurnLog

    settings = Settings.from_env()
    engine, keys = open_engine(settings), open_keyring(settings)
    store = LiveTrackerStore(None, EventLog(engine, keys), TurnLog(engine, keys))
    yield FastAgent.of(model, store, WaitingLockStore(), InProcessEndpoint())
    store.close()


@pytest.fixture(params=["memory", "sql", "live"])
def agent(request: pytest.FixtureRequest, loaded: Any):
    if request.param == "live":
        return request.getfixturevalue("live")
    from rasa.core.tracker_store import InMemoryTrackerStore

    from bot.runtime.tracker_store import EncryptedTrackerStore

    store = InMemoryTrackerStore(loaded.domain) if request.param == "memory" else EncryptedTrackerStore(loaded.domain)
    loaded.tracker_store = loaded.processor.tracker_store = store
    return loaded


@pytest.fixture
def talk(agent: Any, loop: asyncio.AbstractEventLoop, request: pytest.FixtureRequest) -> Talk:
    return Talk(agent, f"{abs(hash(request.node.name)):x}", loop)
