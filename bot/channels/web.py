"""Chat over HTTP (contracts, section 3): signed conversations, idempotent ids, limits, plain errors, never an empty reply."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import re
from typing import Any, Awaitable, Callable, Dict, List, Tuple

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, response
from sanic.headers import parse_content_header
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels import materials, person, uploads
from bot.channels.assets import Assets, packed
from bot.channels.limits import Bucket, Tokens, address_of, media_type, origin_allowed
from bot.channels.scan import ScannerDown, infected
from bot.channels.turns import Handler, Turns
from bot.knowledge.region import regional
from bot.petition.catalogue import catalogue
from bot.petition.errors import ConflictError, NotFound, PetitionError, StoreUnavailable, TooManyAttempts
from bot.petition.origin import ADDRESS
from bot.petition.progress import progress_object
from bot.runtime.load import Busy, Load
from bot.runtime.shared import Shared, SharedBucket, SharedLockStore
from bot.settings import Settings
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore
from bot.storage.notices import NoticeStore
from bot.storage.open import open_cases, open_engine, open_keyring
from bot.storage.rights import Rights

logger = logging.getLogger(__name__)

MAX_TEXT = 5_000
#: Seconds that the stores have to answer a readiness check.
READY_WITHIN = 5.0
MAX_FILE = 10 * 1024 * 1024
#: Bytes of a JSON body: 5,000 characters, each written as two escapes, and 20 attachment ids fit twice.
MAX_JSON = 128 * 1024
#: Members of a form with a file, and bytes of the head of each.
MAX_PARTS, MAX_HEAD = 8, 4096
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
MESSAGES = {
    "malformed": "这条消息没有看懂，请重新发一次。",
    "empty": "您还没有写内容，写一两句话再发就行。",
    "token": "这次对话已经过期，请刷新页面重新开始。",
    "origin": "这个网站没有接入许可。",
    "not_found": "没有这个地址。",
    "too_long": "一次最多 5000 个字，请分几次发。",
    "too_big": "文件不能超过 10 MB。",
    "too_many": "这次对话里的文件已经够多了，其余的请直接交给登记的单位。",
    "type": "这种文件收不了，请发图片、PDF 或录音。",
    "virus": "这个文件没有通过安全检查，请换一个。",
    "scan": "附件检查暂时用不了，这个文件没有收下，请稍后再发一次。",
    "busy": "现在人多，请过几秒钟再发一次。",
    "rate": "发得太快了，请稍等一下再发。",
    "progress": "没有查到，请核对编号和查询码。",
    "attempts": "查询次数太多，请过一会儿再试。",
}
#: Codes of what never reaches a handler of ours.
_CODES = {404: "not_found", 405: "not_found", 413: "too_big"}


class Refusal(Exception):
    """A request that is answered with an error: HTTP status, code and a sentence in plain Chinese."""

    def __init__(self, status: int, code: str, message: str = "", retry_after: float = 0.0) -> None:
        super().__init__(code)
        self.status, self.code, self.retry_after = status, code, retry_after
        self.message = message or MESSAGES[code]


class WebChannel(InputChannel):
    """The citizen's channel. In credentials.yml: `bot.channels.web.WebChannel: {}`."""

    @classmethod
    def name(cls) -> str:
        """Name in events and of the blueprint."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: Dict[str, Any] | None) -> InputChannel:
        """Built by Rasa; everything comes from the settings."""
        settings = Settings.from_env()
        keys = open_keyring(settings)
        engine = open_engine(settings)
        channel = cls(settings, ChatStore(engine, keys), open_cases(settings), Tokens(keys), Rights(engine, keys))
        channel.notices = NoticeStore(engine, keys, channel._cases)
        return channel

    def __init__(self, settings: Settings, chat: ChatStore, cases: CaseStore, tokens: Tokens, rights: Rights) -> None:
        self._rights = rights
        self._settings, self._chat, self._cases, self._tokens = settings, chat, cases, tokens
        self._messages, self._sessions = Bucket(20, 200), Bucket(1, 60)
        #: Characters: reading 5,000 takes up to half a second of processor, so twelve such at once and then one in three seconds. What
        #: people write, fifty characters on the average, never comes near.
        self._letters = Bucket(2_000, 60_000)
        self.turns = Turns(chat, self.name(), settings.now)
        self.counters: Dict[str, int] = {"turns": 0, "errors": 0, "sessions": 0, "refused": 0}
        self.load = Load(self.counters)
        self.ready = False
        #: What the desk tells a conversation unasked.
        self.notices: NoticeStore | None = None
        #: `rasa run` has a page of its own at the root; our server gives the root to the citizens.
        self.page_path = "/chat/"
        self._assets = Assets(settings)

    def share(self, shared: Shared) -> None:
        """Limits and locks are those of all processes from now on."""
        self._messages = SharedBucket(shared, "messages", self._messages)
        self._sessions = SharedBucket(shared, "sessions", self._sessions)
        self._letters = SharedBucket(shared, "letters", self._letters)
        self.turns.locks = SharedLockStore(shared)

    def url_prefix(self) -> str:
        """The page is at the root."""
        return "/"

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """All routes."""
        bp = Blueprint("web")

        def route(path: str, method: str, work: Callable[[Request], Awaitable[HTTPResponse]]) -> None:
            async def guarded(request: Request, **_: str) -> HTTPResponse:
                return await self._guard(request, work)

            guarded.__name__ = f"{method}_{path}".replace("/", "_")
            bp.add_route(guarded, path, methods=[method])

        route("/chat/session", "POST", lambda r: self._session(r, on_new_message))
        route("/chat/messages", "POST", lambda r: self._message(r, on_new_message))
        route("/chat/attachments", "POST", self._attachment)
        route("/chat/history", "GET", self._history)
        route("/api/progress", "POST", self._progress)
        route("/api/person", "POST", self._person)
        route("/healthz", "GET", self._health)
        route("/readyz", "GET", self._ready)
        route("/metrics", "GET", self._metrics)
        route(self.page_path, "GET", self._page)
        route("/embed", "GET", self._page)
        route("/materials/<procedure>", "GET", self._materials)
        route("/static/<name>", "GET", self._file)
        for path in ("/chat/session", "/chat/messages", "/chat/attachments", "/chat/history", "/api/progress"):
            route(path, "OPTIONS", self._preflight)
        return bp

    # -- around every request -------------------------------------------------------------------------------------------

    async def _guard(self, request: Request, work: Callable[[Request], Awaitable[HTTPResponse]]) -> HTTPResponse:
        """Checks the origin, runs `work`, and turns every failure into the error object."""
        try:
            if not origin_allowed(
                request.headers.get("Origin"), request.headers.get("Host", ""), self._settings.allowed_origins
            ):
                raise Refusal(403, "origin")
            ADDRESS.set(self._tokens.address(address_of(request)))
            done = await work(request)
        except Exception as e:
            done = self._refuse(self.refusal(e, f"{request.method} {request.path}"))
        packed(done, request.headers.get("Accept-Encoding", ""))
        self._dress(request, done)
        origin = request.headers.get("Origin")
        if origin and origin.rstrip("/") in self._settings.allowed_origins:
            done.headers["Access-Control-Allow-Origin"] = origin
            done.headers["Access-Control-Expose-Headers"] = "Retry-After"
            done.headers["Vary"] = ", ".join(filter(None, (done.headers.get("Vary"), "Origin")))
        return done

    def refusal(self, e: Exception, where: str) -> Refusal:
        """How any failure is told to the person; what nobody foresaw is logged by its type, never by its words."""
        if isinstance(e, Refusal):
            return e
        if isinstance(e, TooManyAttempts):
            return Refusal(429, "attempts", retry_after=e.retry_after)
        if isinstance(e, Busy):
            return Refusal(429, "busy", retry_after=e.retry_after)
        if isinstance(e, ConflictError):
            return Refusal(409, "conflict", str(e))
        if isinstance(e, ScannerDown):
            return Refusal(503, "scan")
        if isinstance(e, PetitionError):
            return Refusal(
                503, "store_down", str(e) if isinstance(e, StoreUnavailable) else catalogue().say("store_down")
            )
        logger.error("%s failed: %s", where, type(e).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
        self.counters["errors"] += 1
        return Refusal(503, "failed", catalogue().say("store_down"))

    def _dress(self, request: Request, done: HTTPResponse) -> HTTPResponse:
        done.headers.setdefault("Content-Security-Policy", self._assets.policy(request.headers.get("Host", "")))
        for name, value in HEADERS.items():
            done.headers.setdefault(name, value)
        return done

    def no_route(self, request: Request, e: Any) -> HTTPResponse:
        """What Sanic itself refuses (no such address or method, too large, malformed), in the words and headers of everything else."""
        status = int(getattr(e, "status_code", 500))
        status, code = (status, _CODES.get(status, "malformed")) if 400 <= status < 500 else (503, "failed")
        message = MESSAGES.get(code) or catalogue().say("store_down")
        return self._dress(request, self._refuse(Refusal(status, code, message)))

    def _refuse(self, e: Refusal) -> HTTPResponse:
        self.counters["refused"] += 1
        headers = {"Retry-After": str(max(1, math.ceil(e.retry_after)))} if e.status == 429 else {}
        return _json({"error": {"code": e.code, "message": e.message}}, e.status, headers)

    async def _limit(self, bucket: Bucket, address: str, cost: float = 1.0) -> None:
        wait = await bucket.hold(self._tokens.address(address), cost) if self._settings.rate_limits_on else 0.0
        if wait:
            raise Refusal(429, "rate", retry_after=wait)

    def _conversation(self, request: Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        conversation = self._tokens.conversation(token.strip()) if scheme.lower() == "bearer" else None
        if conversation is None:
            raise Refusal(401, "token")
        return conversation

    # -- chat -----------------------------------------------------------------------------------------------------------

    async def _session(self, request: Request, handle: Handler) -> HTTPResponse:
        await self._limit(self._sessions, address_of(request))
        if request.body and not isinstance(_body(request), dict):
            raise Refusal(400, "malformed")
        return _json((await self.open_session(handle))[1], 201)

    async def open_session(self, handle: Handler) -> Tuple[str, Dict[str, Any]]:
        """A new conversation: its id and what the person gets: token and greeting."""
        conversation, token = self._tokens.new()
        messages = await self._turn(handle, conversation, "session", {"greet": True}, "", {"intent": "greet_session"})
        self.counters["sessions"] += 1
        return conversation, {"token": token, "expires_in": 7 * 86_400, "messages": messages}

    async def _message(self, request: Request, handle: Handler) -> HTTPResponse:
        conversation = self._conversation(request)
        await self._limit(self._messages, address_of(request))
        body = _body(request)
        await self._limit(self._letters, address_of(request), letters(body))
        return _json({"messages": await self.take(handle, conversation, body)})

    async def take(self, handle: Handler, conversation: str, body: Dict[str, Any]) -> List[Dict[str, Any]]:
        """One message of a person as it came in, checked; returns what the bot says. Raises Refusal."""
        key, text, payload = body.get("id"), body.get("text"), body.get("payload")
        if (
            not isinstance(key, str)
            or not 0 < len(key) <= 100
            or not key.isprintable()
            or (text is None) == (payload is None)
            or not isinstance(text if payload is None else payload, str)
        ):
            raise Refusal(400, "malformed")
        said = str(text if payload is None else payload)
        if len(said) > MAX_TEXT:
            raise Refusal(413, "too_long")
        if not said.strip():
            raise Refusal(400, "empty")
        attachments = body.get("attachments") or []
        if (
            not isinstance(attachments, list)
            or any(not isinstance(a, str) for a in attachments)
            or len(attachments) > 20
        ):
            raise Refusal(400, "malformed")
        what = {"payload": said} if payload is not None else {"text": said}
        if attachments:
            what["attachments"] = json.dumps(attachments)
        return await self._turn(
            handle, conversation, "m:" + key, what, said, {"payload": payload is not None, "attachments": attachments}
        )

    async def _turn(
        self, handle: Handler, conversation: str, key: str, what: Dict[str, Any], said: str, how: Dict[str, Any]
    ) -> List[Dict[str, Any]]:
        """One turn, once."""
        with self.load.turn():
            messages = await self.turns.run(handle, conversation, key, what, said, how)
        self.counters["turns"] = self.turns.count
        return messages

    async def _attachment(self, request: Request) -> HTTPResponse:
        conversation = self._conversation(request)
        await self._limit(self._messages, address_of(request))
        _check_form(request)
        files = request.files.get("file") if request.files else None
        if files is None:
            raise Refusal(400, "malformed")
        if len(files.body) > MAX_FILE:
            raise Refusal(413, "too_big")
        kind = media_type(files.body)
        if kind is None:
            raise Refusal(415, "type")
        if self._settings.clamd and await infected(self._settings.clamd, files.body):
            raise Refusal(415, "virus")
        try:
            data = uploads.clean(files.body, kind)
        except uploads.BadFile as e:
            raise Refusal(415, "type") from e
        if await asyncio.to_thread(self._chat.attachment_count, conversation) >= uploads.MAX_FILES:
            raise Refusal(413, "too_many")
        if self._settings.rate_limits_on and (
            wait := await asyncio.to_thread(self._chat.hold_files, self._settings.now())
        ):
            raise Refusal(429, "rate", retry_after=wait)
        name = uploads.plain_name(files.name or "") or "附件"
        kept = await asyncio.to_thread(
            self._chat.add_attachment,
            conversation,
            name,
            data,
            kind,
            self._settings.data_dir / "attachments",
            self._settings.now(),
        )
        return _json(kept, 201)

    async def _history(self, request: Request) -> HTTPResponse:
        conversation = self._conversation(request)
        after = request.args.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,15}", after):
            raise Refusal(400, "malformed")
        return _json({"messages": await self.told(conversation, int(after))})

    async def told(self, conversation: str, after: int) -> List[Dict[str, Any]]:
        """What was said on both sides after the turn numbered `after`. A pressed button stands with its title."""
        messages: List[Dict[str, Any]] = []
        offered = await asyncio.to_thread(self._chat.last_response, conversation, after) if after else []
        for turn in await asyncio.to_thread(self._chat.history, conversation, after):
            said = turn["request"].get("text")
            if "payload" in turn["request"]:
                titles = {b["payload"]: b["title"] for m in offered for b in m.get("buttons", ())}
                said = titles.get(turn["request"]["payload"])
            where = {"n": turn["n"], "id": turn["id"].removeprefix("m:")}
            if said:
                messages.append({"from": "user", "text": said, **where})
            messages += [{**m, "from": "bot", **where} for m in turn["response"]]
            offered = turn["response"]
        if self.notices:  # a page that asks for what is new gets only new ones, a page that was opened again gets all
            last = max([after] + [m["n"] for m in messages])
            told = await asyncio.to_thread(self.notices.of_conversation, conversation, self._settings.now(), after > 0)
            messages += [{**m, "from": "bot", "n": last} for m in told]
        return messages

    # -- progress and operation -----------------------------------------------------------------------------------------

    async def _progress(self, request: Request) -> HTTPResponse:
        await self._limit(self._messages, address_of(request))
        body = _body(request)
        number, code, phone = body.get("case_no"), body.get("query_code"), body.get("phone", "")
        if any(not isinstance(v, str) or len(v) > 40 for v in (number, code, phone)):
            raise Refusal(400, "malformed")
        view = await asyncio.to_thread(self._cases.progress, number, code, self._settings.now(), "", phone)
        if view is None:
            raise Refusal(404, "progress")
        return _json(progress_object(view, self._settings.today()))

    async def _person(self, request: Request) -> HTTPResponse:
        await self._limit(self._messages, address_of(request))
        conversation = self._conversation(request) if request.headers.get("Authorization") else ""
        files, now, today = self._settings.data_dir / "attachments", self._settings.now(), self._settings.today()
        body = _body(request)
        try:
            async with self.turns.locks.lock(conversation) if conversation else contextlib.nullcontext():
                try:
                    done = await asyncio.to_thread(person.asked, self._rights, body, conversation, files, now, today)
                finally:
                    if conversation:  # what was deleted must not be told, or written again, from memory
                        self.turns.forget(conversation)
        except NotFound as e:
            raise Refusal(404, "progress", str(e)) from e
        except (StoreUnavailable, TooManyAttempts, ConflictError):
            raise
        except PetitionError as e:
            raise Refusal(400, "malformed", str(e)) from e
        if done is None:
            raise Refusal(400, "malformed")
        return _json(done)

    async def _health(self, request: Request) -> HTTPResponse:
        return _json({"status": "ok"})

    async def _ready(self, request: Request) -> HTTPResponse:
        if not self.ready:
            raise Refusal(503, "starting", "正在启动。")
        self.load.ready.set(0)
        checks = [asyncio.to_thread(self._cases.search.find, "", 1)]
        if self.turns.live is not None:
            checks.append(self.turns.live.probe())
        try:
            await asyncio.wait_for(asyncio.gather(*checks), READY_WITHIN)
        except (PetitionError, asyncio.TimeoutError) as e:
            raise Refusal(503, "store_down", catalogue().say("store_down")) from e
        self.load.ready.set(1)
        return _json({"status": "ready"})

    async def _metrics(self, request: Request) -> HTTPResponse:
        return response.raw(self.load.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    async def _materials(self, request: Request) -> HTTPResponse:
        k = regional(self._settings.region)
        procedure = k.procedures.get(request.path.rpartition("/")[2])
        if procedure is None:
            raise Refusal(404, "not_found")
        return response.html(materials.page(k, procedure, self._settings.today()))

    async def _page(self, request: Request) -> HTTPResponse:
        return self._assets.page(request.headers.get("Host", ""), request.headers.get("Accept-Encoding", ""))

    async def _file(self, request: Request) -> HTTPResponse:
        found = self._assets.file(
            request.path.rpartition("/")[2],
            request.headers.get("Accept-Encoding", ""),
            request.headers.get("If-None-Match", ""),
        )
        if found is None:
            raise Refusal(404, "not_found")
        return found

    async def _preflight(self, request: Request) -> HTTPResponse:
        """Only a listed site may ask with a token; the origin was checked before."""
        allow = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        return response.empty(204, headers=allow)


def _check_form(request: Request) -> None:
    """Raises Refusal for what is no form of a few members with short heads.

    Sanic takes a form apart in plain Python before anybody can count: ten megabytes of tiny members or lines would hold up everybody
    for as long as a minute.
    """
    kind, told = parse_content_header(request.headers.get("Content-Type", ""))
    boundary = str(told.get("boundary") or "").encode()
    if kind != "multipart/form-data" or not boundary or request.body.count(boundary) > MAX_PARTS + 1:
        raise Refusal(400, "malformed")
    if any(part.find(b"\r\n\r\n", 0, MAX_HEAD) < 0 for part in request.body.split(boundary)[1:-1]):
        raise Refusal(400, "malformed")


def letters(body: Dict[str, Any]) -> int:
    """How many characters somebody says, at least one; more than may be said are refused unread."""
    return max(1, *(min(len(v), MAX_TEXT) for k in ("text", "payload") if isinstance(v := body.get(k, ""), str)), 0)


def _body(request: Request) -> Dict[str, Any]:
    """The JSON object of a request. What is longer than any message is not read: reading it would hold up everybody."""
    if len(request.body) > MAX_JSON:
        raise Refusal(413, "too_long")
    try:
        value = json.loads(request.body)
        json.dumps(value, ensure_ascii=False).encode()  # half characters (lone surrogates) can be stored nowhere
    except (ValueError, RecursionError) as e:
        raise Refusal(400, "malformed") from e
    if not isinstance(value, dict):
        raise Refusal(400, "malformed")
    return value


def _json(value: Any, status: int = 200, headers: Dict[str, str] | None = None) -> HTTPResponse:
    """JSON with the characters as they are."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HTTPResponse(body, status=status, headers=headers or {}, content_type="application/json; charset=utf-8")
