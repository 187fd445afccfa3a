"""The same chat over socket.io as outsiders see it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from serving import Citizen, Server
from websockets.client import WebSocketClientProtocol, connect
from websockets.exceptions import ConnectionClosed, InvalidStatusCode

STORY = "楼下饭店的油烟天天往我家窗户里灌，物业说管不了"


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


Opener = Callable[..., Awaitable[Tab]]


@pytest.fixture
async def tab(server: Server) -> AsyncIterator[Opener]:
    tabs: list[Tab] = []

    async def opened(token: str = "", origin: str = "") -> Tab:
        tabs.append(await Tab.open(server, token, origin))
        return tabs[-1]

    yield opened
    for one in tabs:
        await one.close()


def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Awaitable[Any]:
    """The calls over HTTP block; the tabs must go on listening."""
    return asyncio.to_thread(work, *args, **kwargs)


async def test_what_one_tab_says_is_seen_in_all_tabs_of_the_conversation_and_in_no_other(
    server: Server, tab: Opener
) -> None:
    citizen, stranger = Citizen(server), Citizen(server)
    first, second, other = await tab(citizen.token), await tab(citizen.token), await tab(stranger.token)
    key = uuid.uuid4().hex
    answer = await first.ask("message", {"id": key, "text": STORY})
    assert answer["messages"][-1]["custom"]["kind"] == "advice"
    assert await second.heard() == {"id": key, "text": STORY, "messages": answer["messages"]}
    assert {"id": key, "on": True} in second.typing
    await in_thread(citizen.send, "http", text="有哪些材料要带")
    assert {(await one.heard())["id"] for one in (first, second)} == {"http"}
    await in_thread(stranger.send, "theirs", text="你好")
    assert (await other.heard())["id"] == "theirs"
    assert all(one.turns.empty() for one in (first, second, other))


async def test_the_same_id_over_both_ways_is_one_turn(server: Server, tab: Opener) -> None:
    citizen = Citizen(server)
    live = await tab(citizen.token)
    over_http = (await in_thread(citizen.send, "k", text=STORY))[1]
    assert await live.ask("message", {"id": "k", "text": STORY}) == over_http
    assert (await live.ask("message", {"id": "k", "text": "别的话"}))["status"] == 409
    assert [m["text"] for m in (await live.ask("history", {}))["messages"] if m["from"] == "user"] == [STORY]


async def test_what_was_said_while_a_tab_was_away_is_asked_for(server: Server, tab: Opener) -> None:
    citizen = Citizen(server)
    live = await tab(citizen.token)
    await in_thread(citizen.say, STORY)
    last = (await live.ask("history", {"after": 0}))["messages"][-1]["n"]
    await live.close()
    await in_thread(citizen.send, "away", payload="/file_it")
    again = await tab(citizen.token)
    missed = (await again.ask("history", {"after": last}))["messages"]
    assert [(m["from"], m["id"]) for m in missed] == [("user", "away"), ("bot", "away")]
    assert missed[0]["text"] == "帮我登记"
    assert missed[1]["custom"]["kind"] == "ask"


async def test_a_session_is_made_by_the_server_and_only_with_its_token_is_it_heard(server: Server, tab: Opener) -> None:
    live = await tab()
    assert (await live.ask("message", {"id": "1", "text": "你好"}))["error"]["code"] == "token"
    opened = await live.ask("session", {})
    assert opened["messages"]
    assert (await live.ask("message", {"id": "1", "text": "你好"}))["messages"]
    forged = opened["token"][:-3] + "abc"
    with pytest.raises(Refused):
        await tab(forged)


async def test_a_foreign_page_is_refused_and_a_program_is_not(server: Server, tab: Opener) -> None:
    token = Citizen(server).token
    with pytest.raises(InvalidStatusCode):
        await tab(token, "https://evil.example")
    polling = "/socket.io/?EIO=4&transport=polling"
    assert server.call("GET", polling, headers={"Origin": "https://evil.example"})[0] == 400
    assert server.call("GET", polling, headers={"Origin": server.base})[0] == 200
    for origin in (server.base, ""):
        assert (await (await tab(token, origin)).ask("message", {"id": "1", "text": "你好"}))["messages"]


@pytest.mark.parametrize(
    ("event", "body", "status"),
    [
        ("message", {"id": "1"}, 400), ("message", {"id": 1, "text": "a"}, 400), ("message", [1], 400), ("message", "x", 400), ("message", None, 400),
        ("message", {"id": "1", "text": "长" * 5001}, 413), ("message", {"id": "1", "text": " "}, 400), ("history", {"after": "x"}, 400), ("history", {"after": -1}, 400),
    ],
)  # fmt: skip
async def test_bad_input_gets_the_same_errors_as_over_http(
    server: Server, tab: Opener, event: str, body: Any, status: int
) -> None:
    answer = await (await tab(Citizen(server).token)).ask(event, body)
    assert answer["status"] == status
    assert any("\u4e00" <= ch <= "\u9fff" for ch in answer["error"]["message"])


async def test_too_much_at_once_closes_the_connection(server: Server, tab: Opener) -> None:
    live = await tab(Citizen(server).token)
    with pytest.raises((ConnectionClosed, asyncio.TimeoutError)):
        await asyncio.wait_for(live.ask("message", {"id": "1", "text": "x" * 100_000}), 5)
    await live.closed()
    assert server.call("GET", "/healthz")[0] == 200
