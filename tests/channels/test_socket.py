"""The live connection: what is said over it counts for the address that it comes from, as over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import MagicMock

from bot.channels.limits import Tokens
from bot.channels.socket import SocketChannel
from bot.petition.origin import ADDRESS
from bot.settings import Settings
from bot.storage.crypto import Keyring


def test_a_message_over_the_live_connection_carries_its_address(monkeypatch: Any) -> None:
    tokens, seen = Tokens(Keyring(b"k" * 32)), []
    channel = SocketChannel(Settings(env="test"), MagicMock(), MagicMock(), tokens, MagicMock())
    handlers: dict[str, Any] = {}
    monkeypatch.setattr(channel._io, "on", lambda event, work: handlers.update({event: work}))

    async def session(sid: str) -> dict[str, str]:
        return {"address": {"a": "192.0.2.1", "b": "192.0.2.2"}[sid], "conversation": "c"}

    async def take(*_: Any) -> list[Any]:
        seen.append(ADDRESS.get())
        return []

    monkeypatch.setattr(channel._io, "get_session", session)
    monkeypatch.setattr(channel, "take", take)
    channel.blueprint(MagicMock())

    async def both() -> None:
        await asyncio.gather(*(asyncio.create_task(handlers["message"](sid, {"id": "1", "text": "x"})) for sid in "ab"))

    asyncio.run(both())
    assert seen == [tokens.address("192.0.2.1"), tokens.address("192.0.2.2")]
