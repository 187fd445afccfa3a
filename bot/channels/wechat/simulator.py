"""A WeChat platform on this machine: behaves as the real one does towards a server, so that everything can be tried without an account.

Towards the bot: plain, compatible and safe mode, three tries of 5 s, one passive reply shown for one message, repeated and
disordered deliveries on request. Its interface: `stable_token` with expiry, customer-service messages with their quotas, templates,
media, menu, with the platform's error codes. Test hook: `POST /simulator/turn` tells the message objects behind each turn.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.channels.wechat.protocol import RECEIVED, Protocol, sealed_query, sign, xml_of
from bot.settings import WeChat

TRIES, PATIENCE = 3, 5.0
QUOTA, QUOTA_SECONDS = 5, 48 * 3600
TAP_QUOTA, TAP_SECONDS = 3, 60
TEXT_BYTES = 2048
ACCOUNT = "gh_simulator"
#: What the platform shows when a server answers nonsense or not at all.
UNAVAILABLE = "该公众号提供的服务出现故障，请稍后再试"


@dataclass
class Shown:
    """One bubble on a follower's screen. via: passive, service, template or platform."""

    text: str
    via: str
    key: str = ""


@dataclass
class Person:
    """A follower: what the screen shows, and what may still be sent."""

    openid: str
    screen: list[Shown] = field(default_factory=list)
    quota: int = 0
    until: float = 0.0
    following: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, text: str, via: str, key: str = "") -> None:
        """A bubble appears."""
        self.screen.append(Shown(text, via, key))
        self.news.set()


class Platform:
    """The platform for one account, whose server is at `bot` (http://…/channels/wechat). mode: plain, compatible or safe."""

    def __init__(self, account: WeChat, bot: str, mode: str = "safe", patience: float = PATIENCE) -> None:
        self.account, self.bot, self.mode, self.patience, self.tries = account, bot, mode, patience, TRIES
        self._protocol = Protocol(account)
        self.people: dict[str, Person] = {}
        #: MsgId → message objects of the turn, as the test hook told them.
        self.turns: dict[str, list[dict[str, Any]]] = {}
        self._told: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        #: Error codes that the next customer-service messages get; 0 hangs up.
        self.failures: list[int] = []
        self.media: dict[str, tuple[str, bytes]] = {}
        self.menu: dict[str, Any] | None = None
        self.calls: defaultdict[str, int] = defaultdict(int)
        self.token, self.token_until = "", 0.0
        self._ids = itertools.count(random.randrange(10**9, 10**10))
        self._shown: set[str] = set()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    # -- life ---------------------------------------------------------------------------------------------------------------

    async def start(self, port: int, host: str = "127.0.0.1") -> Platform:
        """Opens the platform's interface."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/cgi-bin/stable_token", self._stable_token),
                web.post("/cgi-bin/message/custom/send", self._custom_send),
                web.post("/cgi-bin/message/template/send", self._template_send),
                web.post("/cgi-bin/message/subscribe/bizsend", self._template_send),
                web.get("/cgi-bin/media/get", self._media_get),
                web.post("/cgi-bin/menu/create", self._menu_create),
                web.get("/cgi-bin/menu/get", self._menu_get),
                web.post("/simulator/turn", self._turn),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self._session = aiohttp.ClientSession()
        return self

    async def stop(self) -> None:
        """Closes it."""
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    def person(self, openid: str) -> Person:
        """A follower."""
        return self.people.setdefault(openid, Person(openid))

    # -- what followers do --------------------------------------------------------------------------------------------------

    async def say(self, openid: str, text: str, **how: Any) -> str:
        """A text; returns the message's id when the platform has done with it."""
        return await self.send(openid, {"MsgType": "text", "Content": text}, **how)

    async def tap(self, openid: str, key: str, **how: Any) -> str:
        """A tap on the menu."""
        return await self.event(openid, "CLICK", key, **how)

    async def event(self, openid: str, name: str, key: str = "", **how: Any) -> str:
        """An event."""
        return await self.send(openid, {"MsgType": "event", "Event": name, "EventKey": key}, **how)

    async def picture(self, openid: str, data: bytes, content_type: str = "image/jpeg", **how: Any) -> str:
        """A picture, which the bot must fetch."""
        media = secrets.token_hex(8)
        self.media[media] = (content_type, data)
        fields = {"MsgType": "image", "PicUrl": "http://127.0.0.1/never-fetched", "MediaId": media}
        return await self.send(openid, fields, **how)

    async def send(
        self,
        openid: str,
        fields: Mapping[str, str],
        msg_id: str | None = None,
        copies: int = 1,
        created: int | None = None,
        to: str = "",
    ) -> str:
        """A message to the bot: up to three tries, `copies` deliveries at once. Returns its MsgId ("" for an event)."""
        person = self.person(openid)
        event = fields["MsgType"] == "event"
        number = "" if event else (msg_id or str(next(self._ids)))
        self._allow(person, fields)
        xml = xml_of(
            {
                "ToUserName": ACCOUNT,
                "FromUserName": openid,
                "CreateTime": str(created if created is not None else int(time.time())),
                **fields,
                **({"MsgId": number} if number else {}),
            }
        )
        await asyncio.gather(*(self._deliver(person, xml, number, to) for _ in range(copies)))
        return number

    def _allow(self, person: Person, fields: Mapping[str, str]) -> None:
        name = fields.get("Event", "").lower()
        if fields["MsgType"] != "event":
            person.quota, person.until = QUOTA, time.monotonic() + QUOTA_SECONDS
        elif name in ("click", "subscribe", "scan") and (person.quota < TAP_QUOTA or person.until < time.monotonic()):
            person.quota, person.until = TAP_QUOTA, time.monotonic() + TAP_SECONDS
        if name in ("subscribe", "unsubscribe"):
            person.following = name == "subscribe"

    async def _deliver(self, person: Person, xml: str, number: str, to: str) -> None:
        """Tries `patience` apart, whether the server hung up or was silent."""
        for _ in range(self.tries):
            next_try = time.monotonic() + self.patience
            try:
                body = await asyncio.wait_for(self._post(to or self.bot, xml), self.patience)
            except (asyncio.TimeoutError, aiohttp.ClientError, OSError):
                await asyncio.sleep(max(0.0, next_try - time.monotonic()))
                continue
            if body in ("", RECEIVED):
                return
            text = self._read(body)
            if text is None or len(text.encode()) > TEXT_BYTES:
                person.show(UNAVAILABLE, "platform", number)
            elif not number or number not in self._shown:
                self._shown.add(number)
                person.show(text, "passive", number)
            return
        person.show(UNAVAILABLE, "platform", number)

    async def _post(self, bot: str, xml: str) -> str:
        assert self._session is not None
        stamp, nonce = str(int(time.time())), secrets.token_hex(4)
        query = {"timestamp": stamp, "nonce": nonce, "signature": sign(self.account.token, stamp, nonce)}
        if self.mode != "plain":
            sealed = self._protocol.encrypt(xml)
            query |= sealed_query(self.account.token, stamp, nonce, sealed)
            part = f"<Encrypt><![CDATA[{sealed}]]></Encrypt>"
            xml = (
                xml.replace("</xml>", part + "</xml>")
                if self.mode == "compatible"
                else f"<xml><ToUserName>{ACCOUNT}</ToUserName>{part}</xml>"
            )
        async with self._session.post(bot, params=query, data=xml.encode()) as r:
            if r.status != 200:
                raise aiohttp.ClientError(str(r.status))
            return await r.text()

    def _read(self, body: str) -> str | None:
        """The text of a passive reply, as the platform opens it; None when it cannot."""
        return self._protocol.read_reply(body, encrypted=self.mode != "plain")

    async def turn(self, number: str, seconds: float = 60.0) -> list[dict[str, Any]]:
        """The message objects behind a message, when the test hook has told them."""
        await asyncio.wait_for(self._told[number].wait(), seconds)
        return self.turns[number]

    async def seen(self, openid: str, number: str, count: int, seconds: float = 60.0) -> list[Shown]:
        """What the screen shows from bubble `count` on, when something is there."""
        person = self.person(openid)
        deadline = time.monotonic() + seconds
        while len(person.screen) <= count:
            person.news.clear()
            await asyncio.wait_for(person.news.wait(), max(0.0, deadline - time.monotonic()))
        return person.screen[count:]

    # -- the platform's interface -----------------------------------------------------------------------------------------

    def expire_token(self) -> None:
        """The token ends before its time."""
        self.token, self.token_until = "", 0.0

    async def _stable_token(self, request: web.Request) -> web.Response:
        self.calls["token"] += 1
        body = await request.json()
        if (body.get("appid"), body.get("secret")) != (self.account.app_id, self.account.app_secret):
            return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
        if body.get("force_refresh") or self.token_until <= time.monotonic():
            self.token, self.token_until = secrets.token_urlsafe(32), time.monotonic() + 7200
        return web.json_response({"access_token": self.token, "expires_in": 7200})

    def _refused(self, request: web.Request) -> web.Response | None:
        if not self.token or request.query.get("access_token") != self.token:
            self.calls["bad token"] += 1
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        return None

    async def _custom_send(self, request: web.Request) -> web.Response:
        self.calls["custom"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        if self.failures:
            code = self.failures.pop(0)
            if code == 0:
                assert request.transport is not None
                request.transport.close()
            return web.json_response({"errcode": code, "errmsg": "simulated"})
        raw = await request.text()
        body = await request.json()
        person = self.people.get(str(body.get("touser")))
        text = str((body.get("text") or {}).get("content") or "")
        if person is None:
            return web.json_response({"errcode": 40003, "errmsg": "invalid openid"})
        if not person.following:
            return web.json_response({"errcode": 43004, "errmsg": "require subscribe"})
        if person.until <= time.monotonic():
            return web.json_response({"errcode": 45015, "errmsg": "response out of time limit"})
        if person.quota <= 0:
            return web.json_response({"errcode": 45047, "errmsg": "out of response count limit"})
        if not text or len(text.encode()) > TEXT_BYTES:
            return web.json_response({"errcode": 45002, "errmsg": "content size out of limit"})
        person.quota -= 1
        # The platform shows escapes as they stand.
        person.show(raw if "\\u" in raw else text, "service")
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _template_send(self, request: web.Request) -> web.Response:
        self.calls["template"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        body = await request.json()
        person = self.people.get(str(body.get("touser")))
        values = [str(v.get("value", "")) for v in (body.get("data") or {}).values()]
        if person is None or not person.following:
            return web.json_response({"errcode": 43004, "errmsg": "require subscribe"})
        if not body.get("template_id") or any(not v or len(v) > 20 or "\n" in v for v in values):
            return web.json_response({"errcode": 47003, "errmsg": "argument invalid"})
        person.show(" | ".join(values), "template")
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": next(self._ids)})

    async def _media_get(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.media.get(request.query.get("media_id", ""))
        if found is None:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=found[1], content_type=found[0])

    async def _menu_create(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        self.menu = await request.json()
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _menu_get(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        if self.menu is None:
            return web.json_response({"errcode": 46003, "errmsg": "menu no exist"})
        return web.json_response({"menu": self.menu})

    async def _turn(self, request: web.Request) -> web.Response:
        body = await request.json()
        number = str(body["key"]).removeprefix("m:")
        self.turns[number] = body["messages"]
        self._told[number].set()
        return web.json_response({"errcode": 0})
