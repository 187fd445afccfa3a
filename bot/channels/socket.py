"""The same chat over socket.io: what one tab says is seen in all tabs of the conversation, and nothing has to be asked for.

Rasa's own socketio channel believes whatever session id a client names and switches the check of origins off. Here a connection shows the
signed token of `POST /chat/session`, and every event goes through the same checks, limits and turn-once logic as the HTTP call of that name.
A reply that was sent while a tab was away is not lost: turns are stored before they are sent, and the tab asks for what came after the last it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextvars import ContextVar
from typing import Any, Awaitable, Callable, Dict, List

from sanic import Blueprint, Sanic
from socketio import AsyncManager, AsyncRedisManager, AsyncServer
from socketio.exceptions import ConnectionRefusedError

from bot.channels.limits import address_of, origin_allowed
from bot.channels.web import Handler, Refusal, WebChannel, letters
from bot.petition.origin import ADDRESS

logger = logging.getLogger(__name__)

#: 5,000 characters and 20 attachment ids fit well; engine.io closes a connection that sends more.
MAX_EVENT = 64 * 1024
PATH = "socket.io"
LEAVE_SECONDS = 3.0
#: The connection whose event is being worked on: it gets its answer as the acknowledgement, and on a slow line not twice.
_asking: ContextVar[str | None] = ContextVar("asking", default=None)


class _LiveBlueprint(Blueprint):
    """Puts the engine.io route beside the routes of the channel."""

    def __init__(self, inner: Blueprint, io: AsyncServer) -> None:
        super().__init__("live")
        self.ctx.inner, self.ctx.io = inner, io  # Sanic allows no attributes of one's own

    def register(self, app: Sanic, options: Dict[str, Any]) -> None:
        """Called by Sanic."""
        self.ctx.io.attach(app, PATH)
        super().register(app, options)
        app.blueprint(self.ctx.inner, url_prefix=options.get("url_prefix"))

        @app.before_server_stop
        async def _leave(app: Sanic, loop: Any) -> None:
            if self.ctx.io.eio.sockets:
                # Tabs come back by themselves; an open socket would hold the shutdown. engine.io waits without end for what a
                # broken connection never takes.
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.ctx.io.eio.disconnect(), LEAVE_SECONDS)


class SocketChannel(WebChannel):
    """The citizen's channel with live connections. In credentials.yml: `bot.channels.socket.SocketChannel: {}`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._io = AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=self._welcome,
            cors_credentials=False,
            max_http_buffer_size=MAX_EVENT,
            ping_interval=25,
            ping_timeout=20,
            client_manager=_rooms(self._settings.redis_url),
        )

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The HTTP routes and the live connection."""
        io = self._io
        io.on("connect", self._connect)

        def on(event: str, work: Callable[[str, Dict[str, Any], Dict[str, Any]], Awaitable[Dict[str, Any]]]) -> None:
            async def guarded(sid: str, body: Any = None) -> Dict[str, Any]:
                _asking.set(sid)
                try:
                    who = await io.get_session(sid)
                    ADDRESS.set(self._tokens.address(who["address"]))  # guesses count here as over HTTP
                    if not isinstance(body, dict):
                        raise Refusal(400, "malformed")
                    return await work(sid, who, body)
                except Exception as e:
                    return self._error(self.refusal(e, f"event {event}"))

            io.on(event, guarded)

        async def session(sid: str, who: Dict[str, Any], body: Dict[str, Any]) -> Dict[str, Any]:
            await self._limit(self._sessions, who["address"])
            conversation, opened = await self.open_session(on_new_message)
            await self._enter(sid, who, conversation)
            return opened

        async def message(sid: str, who: Dict[str, Any], body: Dict[str, Any]) -> Dict[str, Any]:
            conversation = _conversation(who)
            await self._limit(self._messages, who["address"])
            await self._limit(self._letters, who["address"], letters(body))
            return {"messages": await self.take(on_new_message, conversation, body)}

        async def history(sid: str, who: Dict[str, Any], body: Dict[str, Any]) -> Dict[str, Any]:
            conversation = _conversation(who)
            await self._limit(self._messages, who["address"])
            after = body.get("after", 0)
            if not isinstance(after, int) or not 0 <= after < 10**15:
                raise Refusal(400, "malformed")
            return {"messages": await self.told(conversation, after)}

        on("session", session)
        on("message", message)
        on("history", history)
        return _LiveBlueprint(super().blueprint(on_new_message), io)

    def _welcome(self, origin: str, environ: Dict[str, Any]) -> bool:
        return origin_allowed(origin, environ.get("HTTP_HOST", ""), self._settings.allowed_origins)

    async def _connect(self, sid: str, environ: Dict[str, Any], auth: Any) -> None:
        address = address_of(environ["sanic.request"])  # engine.io itself puts 127.0.0.1 for everybody
        try:
            await self._limit(self._messages, address)  # a connection is no new session: tabs come back often
            token = auth.get("token") if isinstance(auth, dict) else None
            conversation = self._tokens.conversation(token) if isinstance(token, str) and token else None
            if token and conversation is None:
                raise Refusal(401, "token")
        except Refusal as e:
            raise ConnectionRefusedError(e.message, self._error(e)) from e
        await self._enter(sid, {"address": address}, conversation)

    async def _enter(self, sid: str, who: Dict[str, Any], conversation: str | None) -> None:
        if who.get("conversation"):
            await self._io.leave_room(sid, who["conversation"])
        await self._io.save_session(sid, {**who, "conversation": conversation})
        if conversation:
            await self._io.enter_room(sid, conversation)

    def _error(self, e: Refusal) -> Dict[str, Any]:
        self.counters["refused"] += 1
        return {"error": {"code": e.code, "message": e.message}, "status": e.status, "retry_after": e.retry_after}

    async def _turn(
        self, handle: Handler, conversation: str, key: str, what: Dict[str, Any], said: str, how: Dict[str, Any]
    ) -> List[Dict[str, Any]]:
        """The turn as ever; every other open tab sees that it is being worked on, and what came of it once it is stored."""
        id = key.removeprefix("m:")
        await self._tell(conversation, "typing", {"id": id, "on": True})
        try:
            messages = await super()._turn(handle, conversation, key, what, said, how)
        except BaseException:
            await self._tell(conversation, "typing", {"id": id, "on": False})
            raise
        shown = {k: v for k, v in what.items() if k in ("text", "payload")}
        await self._tell(conversation, "turn", {"id": id, **shown, "messages": messages})
        return messages

    async def _tell(self, conversation: str, event: str, data: Dict[str, Any]) -> None:
        try:
            await self._io.emit(event, data, room=conversation, skip_sid=_asking.get())
        except Exception as e:  # the turn is stored; a tab that missed this asks for it
            logger.warning("event %s was not sent: %s", event, type(e).__name__)


def _rooms(redis_url: str) -> AsyncManager:
    """Who is connected where: of this process, or of all that speak through one Redis. Then an answer reaches tabs at any of them."""
    return (
        AsyncRedisManager(redis_url, channel="sufang:rooms", redis_options={"socket_connect_timeout": 1})
        if redis_url
        else AsyncManager()
    )


def _conversation(who: Dict[str, Any]) -> str:
    conversation = who.get("conversation")
    if not isinstance(conversation, str):
        raise Refusal(401, "token")
    return conversation
