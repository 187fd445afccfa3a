"""The same chat over socket.io as outsiders see it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from serving import Citizen, Server
from tabs import Refused, Tab
from websockets.exceptions import ConnectionClosed, InvalidStatusCode

STORY = "楼下饭店的油烟天天往我家窗户里灌，物业说管不了"


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
