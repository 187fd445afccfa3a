"""A light client: on a machine with few cores a heavy one would be measured instead of the server."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any

from benchmarks.conversations import Step

TIMEOUT = 300.0


class Connection:
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any, token: str = "") -> tuple[int, Any]:
        """(status, JSON of the answer)."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        writer.write(head.encode() + b"\r\n" + data)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT)
        fields = dict(
            line.lower().split(": ", 1) for line in answer.decode("latin-1").split("\r\n")[1:] if ": " in line
        )
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection") == "close":
            self.close()
        return int(answer.split(b" ", 2)[1]), json.loads(body or b"null")

    def close(self) -> None:
        """Closes it; the next request opens another."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


class Talk:
    """One conversation. said: the messages of every turn; seconds: how long each took; failed: turns without a proper answer."""

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self.said: list[list[dict[str, Any]]] = []
        self.seconds: list[float] = []
        self.failed = 0

    async def begin(self) -> None:
        """The greeting."""
        await self._timed(self._greet())

    async def say(self, step: Step) -> None:
        """One turn. A button that is not on offer, an error and an empty answer count as failed; the talk goes on."""
        if step.press and step.press not in {b["payload"] for m in self.said[-1] for b in m.get("buttons", ())}:
            self.failed += 1
        await self._timed(self._send(step))

    async def _timed(self, turn: Any) -> None:
        started = time.perf_counter()
        try:
            messages = await turn
        except ValueError:
            messages = []
        self.failed += not messages
        self.seconds.append(time.perf_counter() - started)
        self.said.append(messages)

    async def _greet(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def _send(self, step: Step) -> list[dict[str, Any]]:
        raise NotImplementedError

    def close(self) -> None:
        """Ends it."""
        self._connection.close()


class OurTalk(Talk):
    """Over the documented chat API."""

    async def _greet(self) -> list[dict[str, Any]]:
        status, answer = await self._connection.post("/chat/session", {})
        if status != 201:
            raise ValueError(answer)
        self._token = answer["token"]
        return list(answer["messages"])

    async def _send(self, step: Step) -> list[dict[str, Any]]:
        body = {"id": uuid.uuid4().hex, **({"payload": step.press} if step.press else {"text": step.text})}
        status, answer = await self._connection.post("/chat/messages", body, self._token)
        if status != 200:
            raise ValueError(answer)
        return list(answer["messages"])


class StockTalk(Talk):
    """Over Rasa's REST channel."""

    async def _greet(self) -> list[dict[str, Any]]:
        self._sender = uuid.uuid4().hex
        return await self._post("/greet_session")

    async def _send(self, step: Step) -> list[dict[str, Any]]:
        return await self._post(step.press or step.text)

    async def _post(self, message: str) -> list[dict[str, Any]]:
        status, answer = await self._connection.post(
            "/webhooks/rest/webhook", {"sender": self._sender, "message": message}
        )
        if status != 200:
            raise ValueError(answer)
        messages: list[dict[str, Any]] = []
        for part in answer:  # the REST channel sends text and custom of one response as two
            if "text" in part:
                messages.append({k: part[k] for k in ("text", "buttons") if k in part})
            elif messages:
                messages[-1]["custom"] = part.get("custom")
        return messages
