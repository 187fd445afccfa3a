"""Conversations in memory: written before they are answered, forgotten when a turn fails, bounded, never mixed with another writer's."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered

from bot.petition.errors import ConflictError, StoreUnavailable
from bot.runtime.live_store import LiveTrackerStore
from bot.storage.chat import EventLog
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade
from bot.storage.turns import Turn, TurnLog

DOMAIN = Domain.from_yaml(
    'version: "3.1"\nslots: {place: {type: any, influence_conversation: false, mappings: [{type: custom}]}}\n'
)
KEYS = Keyring.of_text("a secret that only the tests know, long enough")


def make(folder: Path, kept: int = 1000) -> LiveTrackerStore:
    url = f"sqlite:///{folder / 'live.db'}"
    upgrade(url)
    engine = make_engine(url)
    return LiveTrackerStore(DOMAIN, EventLog(engine, KEYS), TurnLog(engine, KEYS), kept)


@pytest.fixture
def store(tmp_path: Path):
    store = make(tmp_path)
    yield store
    store.close()


def turn(key: str, said: str = "你好") -> Turn:
    return Turn(key, {"text": said}, datetime.now(timezone.utc), [{"text": "您好 " + key}])


async def say(store: LiveTrackerStore, sender: str, key: str) -> None:
    tracker = await store.live(sender)
    tracker.update(UserUttered("words " + key, {"name": "inform"}))
    tracker.update(SlotSet("place", key))
    tracker.update(ActionExecuted("action_listen"))
    await store.save_turn(tracker, turn(key))


async def test_what_was_said_is_there_after_a_restart(store: LiveTrackerStore, tmp_path: Path) -> None:
    await say(store, "c", "m1")
    await say(store, "c", "m2")
    again = make(tmp_path)
    tracker = await again.live("c")
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["words m1", "words m2"]
    assert tracker.get_slot("place") == "m2"
    assert await again.given("c", "m1", turn("m1").hashed) == [{"text": "您好 m1"}]
    assert await again.offered("c") == [{"text": "您好 m2"}]
    with pytest.raises(ConflictError):
        await again.given("c", "m1", turn("m1", "anders").hashed)
    again.close()


async def test_an_unknown_conversation_is_none_and_does_not_exist(store: LiveTrackerStore) -> None:
    assert await store.retrieve("nobody") is None
    assert not await store.exists("nobody")
    assert await store.given("nobody", "m", "h") is None


async def test_a_turn_that_failed_is_not_half_in_memory(store: LiveTrackerStore) -> None:
    await say(store, "c", "m1")
    tracker = await store.live("c")
    tracker.update(SlotSet("place", "half a turn"))
    store.evict("c")  # what the processor does when anything fails
    assert (await store.live("c")).get_slot("place") == "m1"


async def test_nothing_is_answered_before_its_commit(store: LiveTrackerStore) -> None:
    store._turns.write = lambda writes: [StoreUnavailable()] * len(writes)  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await say(store, "c", "m1")
    store.evict("c")
    assert await store.given("c", "m1", turn("m1").hashed) is None


async def test_two_processes_on_one_conversation_the_second_is_refused(store: LiveTrackerStore, tmp_path: Path) -> None:
    other = make(tmp_path)
    await say(store, "c", "m1")
    await say(other, "c", "m2")
    with pytest.raises(ConflictError):
        await say(store, "c", "m3")
    store.evict("c")
    await say(store, "c", "m3")
    tracker = await store.live("c")
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["words m1", "words m2", "words m3"]
    other.close()


async def test_memory_is_bounded_and_what_left_it_is_read_again(tmp_path: Path) -> None:
    store = make(tmp_path, kept=30)
    for i in range(40):
        await say(store, f"c{i}", "m1")
    figures = store.figures()
    assert figures["events_in_memory"] <= 33
    assert figures["conversations_in_memory"] <= 11
    await say(store, "c0", "m2")
    assert len((await store.live("c0")).events) == 6
    store.close()


async def test_the_count_of_events_in_memory_is_what_is_in_memory(store: LiveTrackerStore) -> None:
    await asyncio.gather(*(say(store, f"c{i}", "m1") for i in range(20)))
    for i in range(0, 20, 2):
        store.evict(f"c{i}")
    assert store.figures()["events_in_memory"] == sum(c.tracker.stored for c in store._live.values()) == 30


async def test_a_forgotten_conversation_is_new(store: LiveTrackerStore) -> None:
    await say(store, "c", "m1")
    await store.delete("c")
    assert await store.retrieve("c") is None


async def test_readiness_fails_when_nothing_can_be_written(store: LiveTrackerStore) -> None:
    await store.probe()
    store._turns.write = lambda writes: [StoreUnavailable()] * len(writes)  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await store.probe()
