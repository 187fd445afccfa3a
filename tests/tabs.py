"""A browser tab as the server sees it: a live connection over a bare web socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from serving import Server
from websockets.client import WebSocketClientProtocol, connect


class Refused(Exception):
    """The server let the connection not in; carries its error object."""


class Tab:
    """A live connection that remembers what it heard. Speaks socket.io 5 over a bare web socket (its protocol is four prefixes)."""

    def __init__(self, socket: WebSocketClientProtocol) -> None:
        self._socket, self._n, self._answers = socket, 0, {}
        self.turns: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.typing: list[Any] = []
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, server: Server, token: str = "", origin: str = "") -> Tab:
        url = server.base.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
        headers = {"Origin": origin} if origin else {}
        one = cls(await connect(url, extra_headers=headers, ping_interval=None, open_timeout=30, close_timeout=5))
        assert (await one._next()).startswith("0{")
        await one._socket.send("40" + json.dumps({"token": token} if token else {}))
        first = await one._next()
        if first.startswith("44"):
            raise Refused(first[2:])
        one._task = asyncio.create_task(one._listen())
        return one

    async def _next(self) -> str:
        return str(await asyncio.wait_for(self._socket.recv(), 30))

    async def _listen(self) -> None:
        async for packet in self._socket:
            text = str(packet)
            if text == "2":
                await self._socket.send("3")
            elif text.startswith("42"):
                event, data = json.loads(text[2:])
                self.turns.put_nowait(data) if event == "turn" else self.typing.append(data)
            elif text.startswith("43"):
                number, _, rest = text[2:].partition("[")
                self._answers[int(number)].set_result(json.loads("[" + rest)[0])

    async def ask(self, event: str, body: Any) -> Any:
        """Sends an event and waits for its acknowledgement."""
        self._n += 1
        self._answers[self._n] = asyncio.get_running_loop().create_future()
        await self._socket.send(f"42{self._n}" + json.dumps([event, body]))
        return await asyncio.wait_for(self._answers[self._n], 60)

    async def heard(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.turns.get(), 30)

    async def closed(self) -> None:
        await asyncio.wait_for(self._socket.wait_closed(), 30)

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
        await self._socket.close()
