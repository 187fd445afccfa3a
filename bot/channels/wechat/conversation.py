"""What a follower's message means here, and how the answer looks: the bot's turn for words, a sensible sentence for everything else.

Knows no petition rule: a number becomes the button that it stands for, a place its name, a picture an attachment; the rest is the bot's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.channels import uploads
from bot.channels.limits import media_type
from bot.channels.scan import ScannerDown, infected
from bot.channels.turns import Handler, Messages, Turns
from bot.channels.wechat import render
from bot.channels.wechat.client import ApiError, Client
from bot.channels.wechat.inbox import Answer
from bot.channels.wechat.office import Office, notice_text, notice_values
from bot.petition.catalogue import Catalogue
from bot.petition.errors import StoreUnavailable, TooManyAttempts
from bot.petition.lifecycle import STATUS_NAMES
from bot.petition.understand import contacts
from bot.settings import Settings
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore
from bot.storage.wechat import Incoming, WeChatStore
from bot.storage.wechat_links import Links
from bot.storage.wechat_out import OutgoingStore

MAX_TEXT = 5_000
#: What follows a subscription or a scan of our code; other events are the platform's own business.
_GREETED = frozenset({"subscribe", "subscribe_scan"})
#: Events by which a follower allows a few messages.
TAPS = frozenset({"subscribe", "subscribe_scan", "scan", "click"})
_MORE = re.compile(r"^(?:更多|继续看|接着看|下一页|more)[。.!！]?$", re.I)
_MINE = re.compile(r"^我的(?:件|案子|事项|登记)[。.!！]?$")
_PAGE = re.compile(r"^(?:网页(?:填写|版)?|打开网页)[。.!！]?$")
_UNBIND = re.compile(r"^(?:解除绑定|解绑|取消绑定)[。.!！]?$")
_BIND = re.compile(r"^绑定(?P<rest>[\s\S]{0,80})$")


class Conversation:
    """Turns messages into answers. `following`: the next step of a case, in words."""

    def __init__(
        self,
        settings: Settings,
        turns: Turns,
        handle: Handler,
        chat: ChatStore,
        cases: CaseStore,
        store: WeChatStore,
        out: OutgoingStore,
        links: Links,
        client: Client | None,
        office: Office,
        say: Catalogue,
        following: Callable[[str], str],
    ) -> None:
        self._settings, self._turns, self._handle, self._chat, self._cases = settings, turns, handle, chat, cases
        self._store, self._out, self._links, self._client, self._office = store, out, links, client, office
        self._say, self._following = say, following

    async def process(self, message: Incoming) -> Answer:
        """The answer to one message. Raises PetitionError when nothing was processed."""
        kind, what = message.request["kind"], message.request
        if kind.startswith("event:"):
            return await self._event(message, kind[6:], what.get("text", ""))
        if kind == "text" or (kind == "voice" and what.get("text")):
            return await self._words(message, str(what.get("text", "")))
        if kind == "location" and what.get("text"):
            return await self._words(message, str(what["text"]))
        if kind in ("image", "voice"):
            return await self._file(message, kind, str(what.get("media", "")))
        key = {
            "location": "wechat_location_bare",
            "link": "wechat_link",
            "file": "wechat_file",
            "video": "wechat_video",
        }
        return self._said(key.get(kind, "wechat_unknown"))

    async def _conversation(self, who: str) -> str:
        """The follower's conversation, read anew: another worker, or the page, may have spoken in it since this one did."""
        conversation = await asyncio.to_thread(self._store.conversation, who)
        self._turns.forget(conversation)
        return conversation

    def _said(self, key: str, **values: Any) -> Answer:
        return Answer((self._say.say(key, **values),))

    # -- words ----------------------------------------------------------------------------------------------------------

    async def _words(self, message: Incoming, text: str) -> Answer:
        text = text.strip()[:MAX_TEXT]
        if not text:
            return self._said("wechat_empty")
        if _MORE.match(text):
            held = await asyncio.to_thread(self._out.held, message.who)
            return Answer((), more=True) if held else self._said("wechat_no_more")
        for pattern, work in self._commands():
            if m := pattern.match(text):
                return await work(message, m)
        return await self._turn(message, text)

    def _commands(self) -> tuple[tuple[re.Pattern[str], Callable[[Incoming, re.Match[str]], Awaitable[Answer]]], ...]:
        return ((_MINE, self._mine), (_PAGE, self._page), (_UNBIND, self._unbind), (_BIND, self._bind))

    async def _turn(self, message: Incoming, text: str) -> Answer:
        conversation = await self._conversation(message.who)
        button = render.chosen(text, await self._turns.offered(conversation))
        said, how = (text, {}) if button is None else (button["payload"], {"payload": True})
        messages = await self._run(message, conversation, {"text": text}, said, how)
        extra = await self._after(message, messages)
        return Answer(tuple(render.pages([*messages, *extra], self._say)))

    async def _run(
        self, message: Incoming, conversation: str, what: dict[str, Any], said: str, how: Mapping[str, Any]
    ) -> Messages:
        messages = await self._turns.run(self._handle, conversation, "w:" + message.key, what, said, dict(how))
        account = self._settings.wechat
        if self._client and account and account.loopback and self._settings.env == "test":
            openid = await asyncio.to_thread(self._store.openid, message.who)
            with contextlib.suppress(
                ApiError
            ):  # the platform on this machine may be another program than our simulator
                await self._client.show_turn(openid, message.key, messages)
        return messages

    async def _after(self, message: Incoming, messages: Messages) -> Messages:
        """A case that was filed here is bound; one that was looked up with its code can be."""
        custom = [m.get("custom") or {} for m in messages]
        for c in custom:
            if c.get("kind") == "receipt":
                await asyncio.to_thread(self._links.bind, message.who, c["case_no"], self._settings.now())
                return [{"text": self._say.say("wechat_bound_receipt")}]
            if c.get("kind") == "progress":
                bound = await asyncio.to_thread(self._links.bound, message.who)
                if all(b.case_no != c["case_no"] for b in bound):
                    return [{"text": self._say.say("wechat_bind_hint")}]
        return []

    # -- the follower's own cases -----------------------------------------------------------------------------------------

    async def _mine(self, message: Incoming, _: re.Match[str] | None = None) -> Answer:
        """The list is an answer like the bot's, so that its numbers are on offer."""
        cases = await asyncio.to_thread(self._links.bound, message.who)
        if not cases:
            return self._said("wechat_mine_none")
        buttons = [
            {
                "title": self._say.say(
                    "wechat_mine_secret" if b.secret else "wechat_mine_item",
                    case_no=b.case_no,
                    status=STATUS_NAMES[b.status],
                ),
                "payload": self._say.say("wechat_mine_say", case_no=b.case_no, query_code=b.query_code),
            }
            for b in cases
        ]
        conversation = await asyncio.to_thread(self._store.conversation, message.who)
        answer: Messages = [{"text": self._say.say("wechat_mine"), "buttons": buttons}]
        key, what = "w:" + message.key, {"text": self._say.say("wechat_mine")}
        await self._turns.tell(conversation, key, what, answer)
        return Answer(tuple(render.pages(answer, self._say)))

    async def _bind(self, message: Incoming, m: re.Match[str]) -> Answer:
        """By number and code; without them, the case that was just looked up with its code."""
        conversation = await asyncio.to_thread(self._store.conversation, message.who)
        numbers, codes = contacts.find_case_numbers(m["rest"]), contacts.find_query_codes(m["rest"])
        number = ""
        if numbers and codes:
            now = self._settings.now()
            try:
                view = await asyncio.to_thread(self._cases.progress, numbers[0].value, codes[0].value, now, message.who)
            except TooManyAttempts as e:
                return self._said("too_many_attempts", minutes=max(1, round(e.retry_after / 60)))
            if view is None:
                return self._said("progress_not_found")
            number = view.case_no
        elif not m["rest"].strip():
            last = await asyncio.to_thread(self._chat.last_response, conversation)
            shown = [c["case_no"] for x in last if (c := x.get("custom") or {}).get("kind") in ("progress", "receipt")]
            number = shown[-1] if shown else ""
        elif not numbers and not codes:
            return await self._turn(message, m[0])
        if not number:
            return self._said("wechat_bind_how")
        await asyncio.to_thread(self._links.bind, message.who, number, self._settings.now())
        return self._said("wechat_bound", case_no=number)

    async def _unbind(self, message: Incoming, _: re.Match[str]) -> Answer:
        count = await asyncio.to_thread(self._links.unbind, message.who)
        return self._said("wechat_unbound", count=count)

    async def _page(self, message: Incoming, _: re.Match[str]) -> Answer:
        """A link to the page with the same conversation: once, for half an hour."""
        account = self._settings.wechat
        if account is None or not account.page_url:
            return self._said("wechat_no_page")
        conversation = await asyncio.to_thread(self._store.conversation, message.who)
        ticket = await asyncio.to_thread(self._links.ticket, conversation, self._settings.now())
        return self._said("wechat_page", url=f"{account.page_url}/channels/wechat/page#{ticket}")

    # -- everything else --------------------------------------------------------------------------------------------------

    async def _event(self, message: Incoming, name: str, key: str) -> Answer:
        if name == "click":
            does, value = self._office.menu.get(key, ("say", key))
            return await self._mine(message) if does == "do" else await self._words(message, value)
        if name in _GREETED:
            await asyncio.to_thread(self._store.subscribed, message.who, True)
            conversation = await self._conversation(message.who)
            how = {"intent": "greet_session"}
            messages = await self._run(message, conversation, {"greet": True}, "", how)
            account = self._settings.wechat
            extra = [{"text": self._say.say("wechat_page_hint")}] if account and account.page_url else []
            return Answer(tuple(render.pages([*messages, *extra], self._say)))
        if name == "scan":
            return self._said("wechat_scan")
        if name == "unsubscribe":
            await asyncio.to_thread(self._store.subscribed, message.who, False)
        elif name == "templatesendjobfinish":
            await self._notice_result(message)
        return Answer()

    async def _notice_result(self, message: Incoming) -> None:
        """A notice that did not arrive is told as a text."""
        extra = message.request.get("extra") or {}
        if str(extra.get("Status", "")).startswith("success"):
            return
        notice = await asyncio.to_thread(self._out.notice, str(extra.get("MsgID", "")))
        if notice is not None and notice.who == message.who:
            following = await asyncio.to_thread(self._following, str(notice.body["case_no"]))
            values = notice_values(notice.body, self._say, STATUS_NAMES, following)
            text = notice_text(notice.body, self._say, values)
            await asyncio.to_thread(self._out.as_text, notice.id, text, self._settings.now())

    async def _file(self, message: Incoming, kind: str, media_id: str) -> Answer:
        """Pictures and unheard recordings become attachments of the conversation: known by their content, at most 10 MB."""
        if self._client is None or not media_id:
            return self._said("wechat_image_failed" if kind == "image" else "wechat_voice_unheard")
        try:
            data = await self._client.media(media_id)
        except ApiError as e:
            if e.transient and message.attempts < 3:
                raise StoreUnavailable() from e
            return self._said("wechat_image_failed" if kind == "image" else "wechat_voice_failed")
        found = media_type(data)
        if found is None or (kind == "image") != found.startswith("image/"):
            return self._said("wechat_image_type" if kind == "image" else "wechat_voice_failed")
        try:  # what came through the platform is a stranger's file like any other
            if self._settings.clamd and await infected(self._settings.clamd, data):
                return self._said("wechat_image_type" if kind == "image" else "wechat_voice_failed")
            data = uploads.clean(data, found)
        except uploads.BadFile:
            return self._said("wechat_image_type" if kind == "image" else "wechat_voice_failed")
        except ScannerDown as e:
            raise StoreUnavailable() from e
        conversation = await asyncio.to_thread(self._store.conversation, message.who)
        # Named after the message: a message that is processed once more after a crash is not kept twice.
        name = f"{kind}-{message.key.removeprefix('m:')}.{found.partition('/')[2]}"
        folder, now = self._settings.data_dir / "attachments", self._settings.now()
        kept = await asyncio.to_thread(self._chat.all_attachment_names, conversation)
        if name not in kept and len(kept) >= uploads.MAX_FILES:
            return self._said("wechat_files_enough")
        if name not in kept:
            await asyncio.to_thread(self._chat.add_attachment, conversation, name, data, found, folder, now)
        count = len(await asyncio.to_thread(self._chat.all_attachment_names, conversation))
        if kind != "image":
            return self._said("wechat_voice_unheard")
        # Whose case is filed may mean that one or a new matter; only his words can tell.
        filed = await asyncio.to_thread(self._links.bound, message.who)
        return self._said("wechat_image_after" if filed else "wechat_image", n=count)
