"""What the pages and the API share: the application's parts, the session cookie, threads."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.desk.service import Desk, Forbidden
from bot.petition.errors import PetitionError
from bot.settings import Settings
from bot.storage.staff import Session

COOKIE = "sufang_desk"
DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
PAPERS: web.AppKey[Any] = web.AppKey("papers", object)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)


#: What no person types: control characters but for line ends and tabs, and halves of surrogate pairs.
_UNTYPED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Unauthorised(PetitionError):
    """Nobody is signed in."""


def dumps(value: Any) -> str:
    """JSON with readable Chinese."""
    return json.dumps(value, ensure_ascii=False)


def typed(value: Any) -> Any:
    """The value without characters that no person types, at any depth."""
    if isinstance(value, str):
        return _UNTYPED.sub("", value)
    if isinstance(value, list):
        return [typed(v) for v in value]
    return {typed(k): typed(v) for k, v in value.items()} if isinstance(value, dict) else value


def same_origin(request: web.Request) -> None:
    """Raises Forbidden for a request that a page of another site makes."""
    origin = request.headers.get("Origin")
    if origin and origin.partition("://")[2] != request.host:
        raise Forbidden("这个网站没有接入许可。")


async def run(work: Callable[..., Any], *args: Any) -> Any:
    """Runs a call of the service in a thread."""
    return await asyncio.to_thread(work, *args)


async def session_of(request: web.Request) -> Session | None:
    """The session of the request's cookie."""
    cookie = request.cookies.get(COOKIE)
    return await run(request.app[DESK].staff.session, cookie, request.app[SETTINGS].now()) if cookie else None


def set_cookie(request: web.Request, answer: web.StreamResponse, session_id: str) -> None:
    """The session's cookie: not for scripts, not for other sites, over TLS where the page came over TLS."""
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    answer.set_cookie(COOKIE, session_id, httponly=True, samesite="Strict", path="/desk", secure=secure)
