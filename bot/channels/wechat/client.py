"""Calls to the platform: every one with a time limit, one shared token, and errors that say whether trying again can help.

The token comes from `stable_token` and is shared by all workers through the database; a token that the platform calls bad (40001,
40014, 42001) is renewed once a call. JSON goes out as UTF-8: the platform shows `\\uXXXX` to people as it stands.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from bot.settings import WeChat
from bot.storage.wechat_links import TokenStore

TIMEOUT = aiohttp.ClientTimeout(total=8, connect=4)
MAX_MEDIA = 10 * 1024 * 1024
BAD_TOKEN = frozenset({40001, 40014, 42001})
#: System busy, rate of calls, time-out inside the platform: trying again helps.
_TRANSIENT = frozenset({-1, 45009, 45011, 50002})
#: Outside the window, the window's messages are used up: the follower must write first.
_NO_QUOTA = frozenset({45015, 45047})
#: Waiting for another worker that renews the token: so often, so long each.
_WAITS, _WAIT_SECONDS = 40, 0.1


class ApiError(Exception):
    """The platform refused, or did not answer (code 0). The text holds no content and no token."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(f"{code} {why}".strip())
        self.code = code

    @property
    def transient(self) -> bool:
        """Whether trying again later can help."""
        return self.code == 0 or self.code in _TRANSIENT or self.code in BAD_TOKEN

    @property
    def no_quota(self) -> bool:
        """Whether the follower must write before more can be sent."""
        return self.code in _NO_QUOTA


class Client:
    """The platform as one account sees it."""

    def __init__(self, account: WeChat, tokens: TokenStore, now: Callable[[], datetime]) -> None:
        self._account, self._tokens, self._now = account, tokens, now
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message. Raises ApiError."""
        await self._post(
            "/cgi-bin/message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}}
        )

    async def send_notice(self, openid: str, template: str, kind: str, fields: Mapping[str, str], url: str = "") -> str:
        """A template or subscription message; returns its id. Raises ApiError."""
        path = "/cgi-bin/message/subscribe/bizsend" if kind == "subscribe" else "/cgi-bin/message/template/send"
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template,
            "data": {k: {"value": v} for k, v in fields.items()},
        }
        if url:
            body["page" if kind == "subscribe" else "url"] = url
        return str((await self._post(path, body)).get("msgid", ""))

    async def media(self, media_id: str) -> bytes:
        """A picture or recording that a follower sent, at most 10 MB. Raises ApiError."""
        data: bytes = await self._once_more(lambda token: self._media(media_id, token))
        return data

    async def _media(self, media_id: str, token: str) -> bytes:
        query = {"access_token": token, "media_id": media_id}
        try:
            async with self._open().get(self._url("/cgi-bin/media/get"), params=query, allow_redirects=False) as r:
                if r.status != 200:
                    raise ApiError(0, f"HTTP {r.status}")
                data, kind = await _read(r, MAX_MEDIA), r.content_type
        except (aiohttp.ClientError, asyncio.TimeoutError) as e:
            raise ApiError(0, type(e).__name__) from None
        if kind in ("application/json", "text/plain"):
            _checked(data)
            raise ApiError(0, "no file")
        if len(data) > MAX_MEDIA:
            raise ApiError(40006, "too large")
        return data

    async def menu(self) -> dict[str, Any]:
        """The menu that the platform shows now, {} when there is none. Raises ApiError."""
        try:
            found = await self._once_more(lambda token: self._call("GET", "/cgi-bin/menu/get", None, token))
        except ApiError as e:
            if e.code == 46003:
                return {}
            raise
        return dict(found.get("menu") or {})

    async def set_menu(self, menu: Mapping[str, Any]) -> None:
        """Puts up the menu. Raises ApiError."""
        await self._post("/cgi-bin/menu/create", menu)

    async def show_turn(self, openid: str, key: str, messages: list[dict[str, Any]]) -> None:
        """The test hook of the simulator: the message objects behind a turn. Never called against the real platform."""
        body = {"openid": openid, "key": key, "messages": messages}
        await self._call("POST", "/simulator/turn", body, "test")

    async def token(self, bad: str | None = None) -> str:
        """The shared token, renewed when it is over or when the platform called it `bad`. Raises ApiError."""
        for _ in range(_WAITS):
            found = await asyncio.to_thread(self._tokens.current, self._now())
            if found and found != bad:
                return found
            forced = await asyncio.to_thread(self._tokens.claim, bad, self._now())
            if forced is not None:
                return await self._renew(forced)
            await asyncio.sleep(_WAIT_SECONDS)
        raise ApiError(0, "token is being renewed elsewhere")

    async def ask_token(self) -> None:
        """Asks the platform for the token whether or not one is at hand: a wrong secret shows. Raises ApiError."""
        await self._renew(False)

    async def _renew(self, forced: bool) -> str:
        body = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.app_secret,
            "force_refresh": forced,
        }
        try:
            found = await self._call("POST", "/cgi-bin/stable_token", body, "")
            token, seconds = str(found["access_token"]), int(found["expires_in"])
        except BaseException as e:
            await asyncio.to_thread(self._tokens.give_up)
            if isinstance(e, (KeyError, ValueError, TypeError)):
                raise ApiError(0, "no token in the answer") from None
            raise
        await asyncio.to_thread(self._tokens.save, token, seconds, forced, self._now())
        return token

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await self._once_more(lambda token: self._call("POST", path, body, token))
        return found

    async def _once_more(self, call: Callable[[str], Any]) -> Any:
        """The call, and once more with a new token when the platform calls the token bad."""
        token = await self.token()
        try:
            return await call(token)
        except ApiError as e:
            if e.code not in BAD_TOKEN:
                raise
        return await call(await self.token(bad=token))

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None, token: str) -> dict[str, Any]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        query = {"access_token": token} if token else {}
        try:
            async with self._open().request(
                method, self._url(path), params=query, data=data, headers=headers, allow_redirects=False
            ) as r:
                raw = await _read(r, 1024 * 1024)
                if r.status != 200:
                    raise ApiError(0, f"HTTP {r.status}")
        except (aiohttp.ClientError, asyncio.TimeoutError) as e:
            raise ApiError(0, type(e).__name__) from None
        return _checked(raw)

    def _url(self, path: str) -> str:
        return self._account.api_base + path

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        return self._session


def new_worker() -> str:
    """A name that no other process has had."""
    return secrets.token_hex(16)


async def _read(r: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, or its beginning and one byte when it is longer than `most`."""
    data = b""
    while len(data) <= most and (piece := await r.content.read(most + 1 - len(data))):
        data += piece
    return data


def _checked(raw: bytes) -> dict[str, Any]:
    """The answer as an object. Raises ApiError for an errcode, and for what is no JSON object."""
    try:
        found = json.loads(raw)
    except ValueError:
        raise ApiError(0, "no JSON") from None
    if not isinstance(found, dict):
        raise ApiError(0, "no object")
    code = found.get("errcode") or 0
    if code:
        # errmsg may quote what was sent, so only its first word is kept.
        raise ApiError(int(code), str(found.get("errmsg", "")).split(" ")[0][:40])
    return found
