"""One turn, once, whatever channel it comes from: the same id again gets what it got before, also after a crash."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Dict, List, Tuple

from rasa.core.channels.channel import UserMessage

from bot.channels.output import MessageCollector, unanswered
from bot.petition.errors import ConflictError
from bot.runtime.live_store import LiveTrackerStore
from bot.runtime.lock_store import WaitingLockStore
from bot.storage.chat import ChatStore
from bot.storage.turns import Turn

Handler = Callable[[UserMessage], Awaitable[Any]]
Messages = List[Dict[str, Any]]
_PAYLOAD = re.compile(r"^/(?P<intent>\w+)(?P<entities>\{.*\})?$", re.S)


def plain_text(said: str) -> str:
    """A text that looks like a command stays a text: Rasa would read /intent{…} as one."""
    return "／" + said.lstrip()[1:] if said.lstrip().startswith("/") else said


class Turns:
    """Runs the turns of one channel."""

    def __init__(self, chat: ChatStore, channel: str, now: Callable[[], datetime]) -> None:
        self._chat, self._channel, self._now = chat, channel, now
        #: One turn of a conversation at a time: in this process, or in all that share a store of locks.
        self.locks = WaitingLockStore()
        #: The store of our own server: it keeps conversations in memory and commits a turn with its answer. Without it (`rasa run`)
        #: a turn is written in two steps.
        self.live: LiveTrackerStore | None = None
        #: For stores that write a turn in two steps: finds what a turn that was already processed said, [] if it was not.
        self.recover: Callable[[str, str], Awaitable[Messages]] | None = None
        #: How many turns were answered by this process.
        self.count = 0

    async def run(
        self, handle: Handler, conversation: str, key: str, what: Dict[str, Any], said: str, how: Dict[str, Any]
    ) -> Messages:
        """One turn, once. `what` is kept and compared when the id comes again; `how` says what `said` is: `intent` (a name, no
        text), `payload` (True), `attachments` (ids). Nothing is answered before it is stored. Raises PetitionError.
        """
        async with self.locks.lock(conversation):
            if self.live is None:
                return await self._in_two_steps(handle, conversation, key, what, said, how)
            try:
                return await self._at_once(self.live, handle, conversation, key, what, said, how)
            except ConflictError:
                # Another process wrote to the conversation since it was read: nothing of this turn was kept. Once more, on what is there now.
                self.live.evict(conversation)
                return await self._at_once(self.live, handle, conversation, key, what, said, how)

    async def _in_two_steps(
        self, handle: Handler, conversation: str, key: str, what: Dict[str, Any], said: str, how: Dict[str, Any]
    ) -> Messages:
        """The turn by `rasa run`, whose stores know nothing of each other: begun, done, finished."""
        new, given = await asyncio.to_thread(self._chat.begin, conversation, key, what, self._now())
        if given is not None:
            return given
        message, out = await self._user_message(conversation, key, said, how)
        # A crash may have come between the turn and its answer: then it is not done twice, its answer is found again.
        out.messages = [] if new or self.recover is None else await self.recover(conversation, str(message.message_id))
        if not out.messages:
            await handle(message)
        messages = out.messages or [unanswered()]
        await asyncio.to_thread(self._chat.finish, conversation, key, messages)
        self.count += 1
        return messages

    async def _at_once(
        self,
        live: LiveTrackerStore,
        handle: Handler,
        conversation: str,
        key: str,
        what: Dict[str, Any],
        said: str,
        how: Dict[str, Any],
    ) -> Messages:
        """The turn and its answer in one commit: there is no half of it to be found again."""
        turn = Turn(key, what, self._now(), [])
        given = await live.given(conversation, key, turn.hashed, new=key == "session")
        if given is not None:
            return given
        message, out = await self._user_message(conversation, key, said, how)
        cut = await live.is_cut(conversation, key)
        if cut:
            out.messages = await live.said(conversation, message.message_id)
        else:
            out.keep = lambda messages: replace(turn, response=messages)
        if not out.messages:
            await handle(message)
        if cut:
            await asyncio.to_thread(self._chat.finish, conversation, key, out.messages)
            live.evict(conversation)
        self.count += 1
        return out.messages

    async def offered(self, conversation: str) -> List[Dict[str, str]]:
        """The buttons that are on offer: those of the answer given last."""
        if self.live is not None:
            said = await self.live.offered(conversation)
        else:
            said = await asyncio.to_thread(self._chat.last_response, conversation)
        return [b for m in said for b in m.get("buttons", ())]

    async def _user_message(
        self, conversation: str, key: str, said: str, how: Dict[str, Any]
    ) -> Tuple[UserMessage, MessageCollector]:
        out = MessageCollector()
        parsed: Dict[str, Any] | None = None
        if how.get("intent"):
            parsed = {"text": "", "intent": {"name": how["intent"], "confidence": 1.0}, "entities": []}
        elif how.get("payload"):
            said, parsed = await self._pressed(conversation, said)
        if how.get("attachments"):
            names = await asyncio.to_thread(self._chat.attachment_names, conversation, how["attachments"])
            said += "".join(f"\n（附件：{n}）" for n in names)
        said = plain_text(said)
        name = f"{conversation[:8]}:{key}"
        return UserMessage(
            said, out, conversation, parse_data=parsed, input_channel=self._channel, message_id=name
        ), out

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
        async with self.locks.lock(conversation):
            await asyncio.to_thread(self._chat.begin, conversation, key, what, self._now())
            await asyncio.to_thread(self._chat.finish, conversation, key, messages)
            self.forget(conversation)

    def forget(self, conversation: str) -> None:
        """Somebody else may have spoken in the conversation: a store that keeps it in memory reads it again."""
        if self.live is not None:
            self.live.evict(conversation)
