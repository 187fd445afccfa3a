"""Fetching what a follower sent: whatever the message and the platform's answer say, nothing but the platform is called."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.wechat.client import MAX_MEDIA, ApiError, Client
from bot.settings import WeChat


class Tokens:
    """A token store that always has one."""

    def current(self, now: datetime) -> str:
        return "token"


async def fetched(media_id: str, answer: Any) -> tuple[bytes | ApiError, list[str], list[str]]:
    """What `media` gives when the platform answers by `answer(inside)`; the paths asked of the platform and of an inner service."""
    asked: list[str] = []
    inner: list[str] = []

    async def inside(request: web.Request) -> web.Response:
        inner.append(request.path_qs)
        return web.Response(body=b"secrets of the cloud", content_type="image/jpeg")

    secret_app = web.Application()
    secret_app.router.add_route("*", "/{path:.*}", inside)
    async with TestServer(secret_app) as secret:

        async def platform(request: web.Request) -> web.StreamResponse:
            asked.append(f"{request.path}?{dict(request.query)}")
            answered: web.StreamResponse = answer(str(secret.make_url("/latest/meta-data")))
            return answered

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", platform)
        async with TestServer(app) as server:
            account = WeChat("t" * 8, app_id="app", app_secret="s", api_base=str(server.make_url("")).rstrip("/"))
            client = Client(account, Tokens(), lambda: datetime.now(timezone.utc))
            try:
                got: bytes | ApiError = await client.media(media_id.replace("INNER", str(secret.make_url("/x"))))
            except ApiError as e:
                got = e
            finally:
                await client.close()
    return got, asked, inner


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    got, asked, inner = asyncio.run(fetched("m1", lambda to: web.Response(status=status, headers={"Location": to})))
    assert isinstance(got, ApiError)
    assert (len(asked), inner) == (1, [])


def test_an_address_in_the_answer_is_not_fetched() -> None:
    """The platform answers so for videos."""
    got, _, inner = asyncio.run(fetched("m1", lambda to: web.json_response({"video_url": to, "down_url": to})))
    assert isinstance(got, ApiError)
    assert inner == []


@pytest.mark.parametrize(
    "media_id",
    [
        "INNER",
        "@INNER",
        "x&access_token=&url=INNER",
        "../../latest",
        "x#INNER",
        "//INNER",
        "x\r\nHost: inner.example\r\n\r\n",
        "\u202ex",
    ],
)
def test_an_id_is_a_value_and_no_address(media_id: str) -> None:
    got, asked, inner = asyncio.run(
        fetched(media_id, lambda to: web.Response(body=b"\xff\xd8\xff", content_type="image/jpeg"))
    )
    assert got == b"\xff\xd8\xff"
    assert inner == []
    assert len(asked) == 1
    assert asked[0].startswith("/cgi-bin/media/get?{'access_token': 'token', 'media_id': ")


def test_a_file_without_end_is_cut_off() -> None:
    got, _, _ = asyncio.run(
        fetched("m1", lambda to: web.Response(body=b"\0" * (MAX_MEDIA + 2), content_type="image/jpeg"))
    )
    assert isinstance(got, ApiError)
