"""Long messages count for more than short ones: one address does not take the processor from everybody."""

from __future__ import annotations

import asyncio
from unittest.mock import MagicMock

import pytest

from bot.channels.limits import Bucket, Tokens
from bot.channels.web import MAX_TEXT, Refusal, WebChannel, letters
from bot.settings import Settings
from bot.storage.crypto import Keyring


def test_a_bucket_counts_what_something_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("bot.channels.limits.time.monotonic", lambda: now[0])
    bucket = Bucket(10, 100)
    assert [bucket.wait("a", 50) for _ in range(3)] == [0.0, 0.0, 5.0]
    assert bucket.wait("a") == 0.1
    assert bucket.wait("b", 100) == 0.0
    now[0] = 5.0
    assert bucket.wait("a", 50) == 0.0
    assert bucket.wait("a") == pytest.approx(0.1)


def test_what_is_said_is_counted_and_nonsense_counts_as_one() -> None:
    assert letters({"text": "油烟" * 10}) == 20
    assert letters({"payload": "/affirm"}) == 7
    assert letters({"text": "长" * 10**5}) == MAX_TEXT
    for nonsense in ({}, {"text": None}, {"text": ["x"] * 99}, {"payload": 7}, {"text": ""}):
        assert letters(nonsense) == 1


def test_many_long_messages_wait_and_two_hundred_short_ones_do_not() -> None:
    settings = Settings()
    assert settings.rate_limits_on
    channel = WebChannel(settings, MagicMock(), MagicMock(), Tokens(Keyring(b"k" * 32)), MagicMock())

    async def say(address: str, count: int, length: int) -> None:
        for _ in range(count):
            await channel._limit(channel._messages, address)
            await channel._limit(channel._letters, address, letters({"text": "油" * length}))

    asyncio.run(say("192.0.2.1", 200, 200))
    asyncio.run(say("192.0.2.2", 12, MAX_TEXT))
    with pytest.raises(Refusal) as e:
        asyncio.run(say("192.0.2.2", 2, MAX_TEXT))
    assert (e.value.status, e.value.code) == (429, "rate")
    assert 0 < e.value.retry_after <= 5
