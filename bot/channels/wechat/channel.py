"""The HTTP side of the official account: the platform's address `/channels/wechat`, and the way from the chat to the page."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.limits import TOKEN_DAYS, Bucket, Tokens, address_of
from bot.channels.turns import Handler, Turns
from bot.channels.wechat.client import Client, new_worker
from bot.channels.wechat.conversation import TAPS, Conversation
from bot.channels.wechat.inbox import ANSWER_WITHIN, TURN_LIMIT, Inbox
from bot.channels.wechat.office import office
from bot.channels.wechat.protocol import RECEIVED, Delivery, Protocol, Refused
from bot.channels.wechat.sender import Sender
from bot.petition.catalogue import catalogue
from bot.petition.errors import PetitionError
from bot.petition.progress import next_of
from bot.runtime.shared import Shared, SharedBucket, SharedLockStore
from bot.settings import Settings
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore
from bot.storage.open import open_cases, open_engine, open_keyring, upgrade
from bot.storage.wechat import WeChatStore
from bot.storage.wechat_links import Links, TokenStore
from bot.storage.wechat_out import OutgoingStore

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
#: Bytes of a ticket's JSON; what is longer is cut, and then no JSON.
MAX_TICKET = 1024
#: How long a stop waits for running turns.
STOP_SECONDS = 15.0
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class WeChatChannel(InputChannel):  # type: ignore[misc]
    """The follower's channel. Mounted when `SUFANG_WECHAT_TOKEN` is set."""

    @classmethod
    def name(cls) -> str:
        """Name in events and of the blueprint."""
        return "wechat"

    @classmethod
    def from_credentials(cls, credentials: Dict[str, Any] | None) -> InputChannel:
        """Built by Rasa or by our server; everything comes from the settings."""
        settings = Settings.from_env()
        upgrade(settings.database_url)
        engine, keys = open_engine(settings), open_keyring(settings)
        return cls(settings, engine, keys, open_cases(settings))

    def __init__(
        self, settings: Settings, engine: Any, keys: Any, cases: CaseStore, turn_limit: float = TURN_LIMIT
    ) -> None:
        assert settings.wechat is not None, "SUFANG_WECHAT_TOKEN is not set"
        self._settings, self._cases, self._turn_limit = settings, cases, turn_limit
        self._protocol = Protocol(settings.wechat)
        self._chat, self._links = ChatStore(engine, keys), Links(engine, keys)
        self._store, self._out = WeChatStore(engine, keys), OutgoingStore(engine, keys)
        self._tokens, self._worker = Tokens(keys), new_worker()
        self.turns = Turns(self._chat, self.name(), settings.now)
        self._client: Client | None = None
        if settings.wechat.app_secret:
            self._client = Client(settings.wechat, TokenStore(engine, keys, settings.wechat.app_id), settings.now)
        self._inbox: Inbox | None = None
        self._sessions = Bucket(1, 60)

    def url_prefix(self) -> str:
        """The account's server address."""
        return "/channels/wechat"

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """All routes, and the tasks that run beside them."""
        bp, say = Blueprint("wechat"), catalogue()
        conversation = Conversation(
            self._settings, self.turns, on_new_message, self._chat, self._cases, self._store, self._out, self._links,
            self._client, office(), say, self._following,
        )  # fmt: skip
        inbox = Inbox(
            self._store, conversation.process, lambda: say.say("wechat_lost"), self._settings.now, self._worker, self._turn_limit
        )  # fmt: skip
        self._inbox = inbox
        running: list[asyncio.Task[None]] = []

        async def start(app: Any, loop: asyncio.AbstractEventLoop) -> None:
            running.append(loop.create_task(inbox.recover()))
            if self._client is not None:
                sender = Sender(
                    self._store,
                    self._out,
                    self._client,
                    office(),
                    say,
                    self._following,
                    self._settings.now,
                    self._worker,
                )
                inbox.wake = sender.wake
                running.append(loop.create_task(sender.run()))

        async def stop(app: Any, loop: asyncio.AbstractEventLoop) -> None:
            await inbox.stop(STOP_SECONDS)
            for task in running:
                task.cancel()
            if self._client is not None:
                await self._client.close()

        bp.listener("after_server_start")(start)
        bp.listener("before_server_stop")(stop)

        def route(path: str, method: str, work: Callable[[Request], Awaitable[HTTPResponse | None]]) -> None:
            async def handler(request: Request) -> HTTPResponse | None:
                return await work(request)

            handler.__name__ = f"{method}_{path}".replace("/", "_").replace(".", "_")
            bp.add_route(handler, path, methods=[method])

        route("/", "GET", self._verify)
        route("/", "POST", self._receive)
        route("/session", "POST", self._session)
        route("/page", "GET", self._enter)
        route("/enter.js", "GET", self._script)
        return bp

    def _following(self, case_no: str) -> str:
        """The next step of a case, in words."""
        return str(next_of(self._cases.get(case_no), self._settings.today())["what"])

    # -- the platform -----------------------------------------------------------------------------------------------------

    async def _verify(self, request: Request) -> HTTPResponse:
        try:
            return response.text(self._protocol.verify(_query(request)))
        except Refused as e:
            return _refuse(e)

    async def _receive(self, request: Request) -> HTTPResponse | None:
        """Writes the delivery down, has it processed, and answers in time: with the answer, or that it was received."""
        deadline = asyncio.get_running_loop().time() + ANSWER_WITHIN
        try:
            delivery = self._protocol.open(_query(request), request.body)
        except Refused as e:
            return _refuse(e)
        try:
            key, said = await self._answered(delivery, deadline)
        except PetitionError as e:
            logger.error("a message was not taken: %s", type(e).__name__)
            said = [catalogue().say("wechat_busy")] if not delivery.content.kind.startswith("event:") else []
            key = ""
        if not said:
            return response.text(RECEIVED)
        text = "\n\n".join(said)
        body = self._protocol.reply(delivery, text)
        answer = await request.respond(HTTPResponse(body, content_type="application/xml; charset=utf-8"))
        await answer.send(end_stream=True)
        if key:
            await asyncio.shield(asyncio.to_thread(self._confirm, key))
        return None

    async def _answered(self, delivery: Delivery, deadline: float) -> tuple[str, list[str]]:
        assert self._inbox is not None
        now, content = self._settings.now(), delivery.content
        follower = await asyncio.to_thread(self._store.follower, delivery.openid, now)
        event = content.kind[6:] if content.kind.startswith("event:") else ""
        key = delivery.key if not event else f"{delivery.key}:{follower.who[:24]}"
        allows = "message" if not event else "tap" if event in TAPS else ""
        request = {"kind": content.kind, "text": content.text, "media": content.media, "extra": dict(content.extra)}
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        until = now + timedelta(seconds=left)
        await asyncio.to_thread(self._store.receive, key, follower.who, delivery.created, request, allows, now, until)
        said = await self._inbox.answer(key, follower.who, deadline)
        # Without customer-service messages the rest can only be asked for.
        if said and self._client is None and await asyncio.to_thread(self._out.held, follower.who) > 0:
            said = [*said, catalogue().say("wechat_more")]
        return key, said

    def _confirm(self, key: str) -> None:
        try:
            self._store.confirm(key, self._settings.now())
        except PetitionError:
            logger.warning("an answer was given and not recorded; it may be told twice")

    def share(self, shared: Shared) -> None:
        """Limits and locks are those of all processes from now on."""
        self._sessions = SharedBucket(shared, "tickets", self._sessions)
        self.turns.locks = SharedLockStore(shared)

    # -- from the chat to the page ------------------------------------------------------------------------------------------

    async def _session(self, request: Request) -> HTTPResponse:
        """A signed session for the conversation of a one-time ticket."""
        if self._settings.rate_limits_on and await self._sessions.hold(self._tokens.address(address_of(request))):
            return _json({"error": {"code": "rate", "message": catalogue().say("wechat_busy")}}, 429)
        try:
            ticket = str(json.loads(request.body[:MAX_TICKET])["ticket"])[:100]
            conversation = await asyncio.to_thread(self._links.redeem, ticket, self._settings.now())
        except (ValueError, KeyError, TypeError, RecursionError):
            conversation = None
        except PetitionError as e:
            return _json({"error": {"code": "store_down", "message": str(e)}}, 503)
        if conversation is None:
            return _json({"error": {"code": "ticket", "message": catalogue().say("wechat_ticket")}}, 401)
        return _json({"token": self._tokens.of(conversation), "expires_in": TOKEN_DAYS * 86_400})

    async def _enter(self, request: Request) -> HTTPResponse:
        page = await response.file(str(STATIC / "enter.html"), mime_type="text/html; charset=utf-8")
        page.headers.update(PAGE_HEADERS)
        return page

    async def _script(self, request: Request) -> HTTPResponse:
        return await response.file(str(STATIC / "enter.js"), mime_type="text/javascript; charset=utf-8")


def _query(request: Request) -> Dict[str, str]:
    """The query; of a repeated member the first counts."""
    return {k: v[0] for k, v in request.args.items() if v}


def _refuse(e: Refused) -> HTTPResponse:
    """Refused without a word of explanation to whoever it was."""
    logger.warning("refused: %s", e)
    return response.text("", status=403)


def _json(value: Any, status: int = 200) -> HTTPResponse:
    body = json.dumps(value, ensure_ascii=False)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HTTPResponse(body, status=status, headers=headers, content_type="application/json; charset=utf-8")
