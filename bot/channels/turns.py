"""One turn, once, whatever channel it comes from: the same id again gets what it got before, also after a crash."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Dict, List, Tuple

from rasa.core.channels.channel import UserMessage

from bot.channels.output import MessageCollector
from bot.petition.catalogue import catalogue
from bot.runtime.lock_store import WaitingLockStore
from bot.storage.chat import ChatStore

Handler = Callable[[UserMessage], Awaitable[Any]]
Messages = List[Dict[str, Any]]
_PAYLOAD = re.compile(r"^/(?P<intent>\w+)(?P<entities>\{.*\})?$", re.S)


class Turns:
    """Runs the turns of one channel. `recover` finds what a turn that was already processed said: (conversation, message id) → messages, [] if it was not."""

    def __init__(self, chat: ChatStore, channel: str, now: Callable[[], datetime]) -> None:
        self._chat, self._channel, self._now = chat, channel, now
        self._locks = WaitingLockStore()
        self.recover: Callable[[str, str], Awaitable[Messages]] | None = None
        #: How many turns were answered by this process.
        self.count = 0

    async def run(
        self, handle: Handler, conversation: str, key: str, what: Dict[str, Any], said: str, how: Dict[str, Any]
    ) -> Messages:
        """One turn, once. `what` is kept and compared when the id comes again; `how` says what `said` is: `intent` (a name, no
        text), `payload` (True), `attachments` (ids). Nothing is answered before it is stored. Raises PetitionError.
        """
        async with self._locks.lock(conversation):
            new, given = await asyncio.to_thread(self._chat.begin, conversation, key, what, self._now())
            if given is not None:
                return given
            message = await self._user_message(conversation, key, said, how)
            out = message.output_channel
            assert isinstance(out, MessageCollector)
            # A crash may have come between the turn and its answer: then it is not done twice, its answer is found again.
            out.messages = [] if new or self.recover is None else await self.recover(conversation, message.message_id)
            if not out.messages:
                await handle(message)
            messages = out.messages or [
                {
                    "text": catalogue().say("not_understood"),
                    "custom": {"kind": "error", "code": "no_answer", "retry": True},
                }
            ]
            await asyncio.to_thread(self._chat.finish, conversation, key, messages)
            self.count += 1
            return messages

    async def offered(self, conversation: str) -> List[Dict[str, str]]:
        """The buttons that are on offer: those of the answer given last."""
        said = await asyncio.to_thread(self._chat.last_response, conversation)
        return [b for m in said for b in m.get("buttons", ())]

    async def _user_message(self, conversation: str, key: str, said: str, how: Dict[str, Any]) -> UserMessage:
        out = MessageCollector()
        parsed: Dict[str, Any] | None = None
        if how.get("intent"):
            parsed = {"text": "", "intent": {"name": how["intent"], "confidence": 1.0}, "entities": []}
        elif how.get("payload"):
            said, parsed = await self._pressed(conversation, said)
        if how.get("attachments"):
            names = await asyncio.to_thread(self._chat.attachment_names, conversation, how["attachments"])
            said += "".join(f"\n（附件：{n}）" for n in names)
        # A text that looks like a command must stay a text: Rasa would read /intent{…} as one.
        said = "／" + said.lstrip()[1:] if said.lstrip().startswith("/") else said
        return UserMessage(
            said,
            out,
            conversation,
            parse_data=parsed,
            input_channel=self._channel,
            message_id=f"{conversation[:8]}:{key}",
        )

    async def _pressed(self, conversation: str, payload: str) -> Tuple[str, Dict[str, Any] | None]:
        """A button counts only while it is on offer; anything else is a text that somebody typed."""
        titles = {b["payload"]: b["title"] for b in await self.offered(conversation)}
        m = _PAYLOAD.match(payload)
        if payload not in titles or not m:
            return payload, None
        entities = [
            {"entity": k, "value": v, "start": 0, "end": 0} for k, v in json.loads(m["entities"] or "{}").items()
        ]
        return titles[payload], {
            "text": titles[payload],
            "intent": {"name": m["intent"], "confidence": 1.0},
            "entities": entities,
        }

    async def tell(self, conversation: str, key: str, what: Dict[str, Any], messages: Messages) -> None:
        """Keeps an answer that the channel itself gives like one of the bot's, so that its buttons are on offer."""
        async with self._locks.lock(conversation):
            await asyncio.to_thread(self._chat.begin, conversation, key, what, self._now())
            await asyncio.to_thread(self._chat.finish, conversation, key, messages)
            self.forget(conversation)

    def forget(self, conversation: str) -> None:
        """Somebody else may have spoken in the conversation: a store that keeps it in memory reads it again."""
        memory: Any = getattr(self, "live", None)
        if memory is not None:
            memory.evict(conversation)
