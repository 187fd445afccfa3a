"""What the pages and the API share: the application's parts, the session cookie, threads."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.desk.service import Desk, Forbidden
from bot.petition.errors import PetitionError
from bot.petition.origin import line_of
from bot.settings import Settings
from bot.storage.staff import KNOWN, Session

COOKIE = "sufang_desk"
#: Stays when a session ends: the browser in which an account was signed in before (see `StaffStore.sign_in`).
DEVICE_COOKIE = "sufang_device"
DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
PAPERS: web.AppKey[Any] = web.AppKey("papers", object)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)


#: What no person types: control characters but for line ends and tabs, and halves of surrogate pairs.
_UNTYPED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


#: Members of a form.
MAX_MEMBERS = 200
#: What aiohttp's reader raises for broken parts, headers and charsets of a form.
_BROKEN = (HttpProcessingError, ValueError, LookupError, AssertionError, RuntimeError)


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


async def posted(request: web.Request) -> Any:
    """The form of a request. Raises PetitionError for a body that is none.

    It is read before anybody is known to be signed in. Ours have a few dozen members and no files; a megabyte of tiny ones would hold
    up everybody for seconds.
    """
    try:
        if request.content_type == "multipart/form-data" or (await request.read()).count(b"&") > MAX_MEMBERS:
            raise ValueError
        return await request.post()
    except _BROKEN:
        raise PetitionError("这张表单不完整，没有办成，请退回去重新提交。") from None


async def run(work: Callable[..., Any], *args: Any) -> Any:
    """Runs a call of the service in a thread."""
    return await asyncio.to_thread(work, *args)


async def session_of(request: web.Request) -> Session | None:
    """The session of the request's cookie."""
    cookie = request.cookies.get(COOKIE)
    return await run(request.app[DESK].staff.session, cookie, request.app[SETTINGS].now()) if cookie else None


async def sign_in(request: web.Request, name: str, password: str) -> tuple[Session, dict[str, str]]:
    """A new session, and the cookies that its browser gets. Raises as `StaffStore.sign_in`."""
    staff, now = request.app[DESK].staff, request.app[SETTINGS].now()
    device = request.cookies.get(DEVICE_COOKIE, "")[:200]
    session_id, session = await run(staff.sign_in, name, password, now, _address(request), device)
    return session, {COOKIE: session_id, DEVICE_COOKIE: staff.device_of(name, now)}


def _address(request: web.Request) -> str:
    """Whom limits count: behind our own proxies (SUFANG_PROXIES) the address that they tell, else the other end of the connection."""
    lines = request.headers.getall(
        "X-Forwarded-For", []
    )  # some proxies add a line of their own to what a client made up
    told = [a.strip() for line in lines for a in line.split(",") if a.strip()]
    proxies = request.app[SETTINGS].proxies
    return line_of(told[-proxies] if 0 < proxies <= len(told) else request.remote or "")


def set_cookies(request: web.Request, answer: web.StreamResponse, cookies: dict[str, str]) -> None:
    """Cookies that are not for scripts, not for other sites, over TLS where the page came over TLS."""
    secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    for name, value in cookies.items():
        age = int(KNOWN.total_seconds()) if name == DEVICE_COOKIE else None
        answer.set_cookie(name, value, httponly=True, samesite="Strict", path="/desk", secure=secure, max_age=age)
