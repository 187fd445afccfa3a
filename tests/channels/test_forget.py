"""Who has his conversation deleted is not told from memory what was deleted."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from bot.channels.limits import Tokens
from bot.channels.web import WebChannel
from bot.petition.errors import StoreUnavailable
from bot.settings import Settings
from bot.storage.crypto import Keyring


def channel_and_request(done: list[str], body: dict[str, Any]) -> tuple[WebChannel, Any, str]:
    tokens, rights = Tokens(Keyring(b"k" * 32)), MagicMock()
    channel = WebChannel(Settings(env="test"), MagicMock(), MagicMock(), tokens, rights)
    conversation, token = tokens.new()
    channel.turns.live = MagicMock()
    channel.turns.live.evict.side_effect = lambda c: done.append(f"evicted {c}")

    def forget(c: str, _: Any) -> str:
        done.append(f"deleted {c}")
        return "好"

    rights.forget_conversation.side_effect = forget
    request = SimpleNamespace(
        body=json.dumps(body).encode(), headers={"Authorization": f"Bearer {token}"}, remote_addr="", ip="192.0.2.1"
    )
    return channel, request, conversation


def test_memory_is_forgotten_after_the_database() -> None:
    done: list[str] = []
    channel, request, conversation = channel_and_request(done, {"do": "forget"})
    assert asyncio.run(channel._person(request)).status == 200
    assert done == [f"deleted {conversation}", f"evicted {conversation}"]


def test_memory_is_forgotten_also_when_deleting_failed_half_way() -> None:
    done: list[str] = []
    channel, request, conversation = channel_and_request(done, {"do": "forget"})
    channel._rights.forget_conversation.side_effect = StoreUnavailable()  # type: ignore[attr-defined]
    with pytest.raises(StoreUnavailable):
        asyncio.run(channel._person(request))
    assert done == [f"evicted {conversation}"]


def test_it_waits_for_the_turn_that_is_being_worked_on() -> None:
    done: list[str] = []
    channel, request, conversation = channel_and_request(done, {"do": "forget"})

    async def both() -> None:
        async with channel.turns.locks.lock(conversation):
            asked = asyncio.create_task(channel._person(request))
            await asyncio.sleep(0.05)
            done.append("turn")
        await asked

    asyncio.run(both())
    assert done == ["turn", f"deleted {conversation}", f"evicted {conversation}"]
