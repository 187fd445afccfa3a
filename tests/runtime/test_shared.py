"""What several processes share through a real Redis, and what they do without it."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import Citizen, Server
from tabs import Tab

from bot.channels.limits import Bucket
from bot.runtime import shared as shared_module
from bot.runtime.lock_store import WaitingLockStore
from bot.runtime.shared import Shared, SharedBucket, SharedLockStore

URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def two() -> AsyncIterator[tuple[Shared, Shared]]:
    """Two processes of one installation, as far as Redis can tell."""
    prefix = "test-" + secrets.token_hex(6)
    pair = Shared(URL, prefix), Shared(URL, prefix)
    if await pair[0].ask(lambda r: r.ping()) is None:
        pytest.skip("NO REDIS on loopback: what processes share was not tested")
    yield pair
    for one in pair:
        await one.close()


async def test_a_limit_counts_over_both(two: tuple[Shared, Shared]) -> None:
    a, b = (SharedBucket(s, "x", Bucket(0.1, 4)) for s in two)
    assert [await one.hold("k") for one in (a, b, a, b)] == [0, 0, 0, 0]
    assert 8 < await a.hold("k") <= 10
    assert 8 < await b.hold("k") <= 10
    assert await b.hold("another") == 0


async def test_one_holds_a_conversation_and_the_next_waits(two: tuple[Shared, Shared]) -> None:
    stores = [SharedLockStore(s) for s in two]
    inside, most, order = 0, 0, []

    async def turn(n: int) -> None:
        nonlocal inside, most
        async with stores[n % 2].lock("c"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            order.append(n)
            inside -= 1

    await asyncio.gather(*(turn(n) for n in range(12)))
    assert most == 1
    assert sorted(order) == list(range(12))
    async with stores[0].lock("c"), stores[1].lock("another"):
        pass


async def test_a_lock_is_given_back_only_by_its_holder(two: tuple[Shared, Shared]) -> None:
    a, b = two
    assert await a.hold("c", "mine") is True
    assert await b.hold("c", "theirs") is False
    await b.let_go("c", "theirs")
    assert await b.hold("c", "theirs") is False
    await a.let_go("c", "mine")
    assert await b.hold("c", "theirs") is True
    await b.let_go("c", "theirs")


async def test_a_lock_of_the_dead_runs_out(two: tuple[Shared, Shared], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_module, "LOCK_SECONDS", 1)
    assert await two[0].hold("c", "of the dead") is True
    async with SharedLockStore(two[1]).lock("c"):
        pass


async def test_without_redis_each_goes_on_alone_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    away = Shared(NOWHERE)
    bucket, locks = SharedBucket(away, "x", Bucket(0.1, 2)), SharedLockStore(away)
    with caplog.at_level(logging.WARNING):
        assert [await bucket.hold("k") for _ in range(2)] == [0, 0]
        assert await bucket.hold("k") > 0
        async with locks.lock("c"):
            pass
    assert isinstance(locks, WaitingLockStore)
    assert len([r for r in caplog.records if "redis is away" in r.message]) == 1
    await away.close()


async def test_two_servers_are_one_to_a_person(tmp_path: Path, two: tuple[Shared, Shared]) -> None:
    """Turns sent to both at once are all answered, in one order, and a tab at the other server hears each."""
    first = Server(tmp_path / "data", SUFANG_REDIS_URL=URL).start()
    second = Server(tmp_path / "data", SUFANG_REDIS_URL=URL)
    second.start()
    tab = None
    try:
        citizen = Citizen(first)
        tab = await Tab.open(second, citizen.token)

        def say(n: int) -> tuple[int, dict]:
            server = (first, second)[n % 2]
            return server.call(
                "POST", "/chat/messages", {"id": str(uuid.uuid4()), "text": f"第{n}句，你们几点上班"}, citizen.token
            )

        told = await asyncio.gather(*(asyncio.to_thread(say, n) for n in range(8)))
        assert [status for status, _ in told] == [200] * 8
        assert all(body["messages"] for _, body in told)
        heard = [await tab.heard() for _ in range(8)]
        assert {h["text"] for h in heard} == {f"第{n}句，你们几点上班" for n in range(8)}
        _, body = first.call("GET", "/chat/history", token=citizen.token)
        said = [m["text"] for m in body["messages"] if m["from"] == "user"]
        assert sorted(said) == sorted(h["text"] for h in heard)
    finally:
        if tab:
            await tab.close()
        first.stop()
        second.stop()
