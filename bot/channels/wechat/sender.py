"""Sends what a request could not carry: late answers, further pages, notices. In order, within the quota, recorded, tried again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.channels.wechat.client import ApiError, Client
from bot.channels.wechat.office import Office, notice_text, notice_values
from bot.petition.catalogue import Catalogue
from bot.petition.errors import PetitionError
from bot.petition.lifecycle import STATUS_NAMES
from bot.storage.wechat import WeChatStore
from bot.storage.wechat_out import MAX_SENDS, Outgoing, OutgoingStore

logger = logging.getLogger(__name__)

#: How often is looked for what is due when nobody wakes the sender, and for notices in the outbox.
LOOK, NOTICES, PURGE = 1.0, 5.0, 3600.0
#: How many followers are sent to at a time.
AT_ONCE = 8


class Sender:
    """The outgoing queue as one worker sees it. Several workers share it."""

    def __init__(
        self,
        store: WeChatStore,
        out: OutgoingStore,
        client: Client,
        office: Office,
        say: Catalogue,
        following: Callable[[str], str],
        now: Callable[[], datetime],
        worker: str,
    ) -> None:
        self._store, self._out, self._client, self._office, self._say = store, out, client, office, say
        self._following, self._now, self._worker = following, now, worker
        self._woken = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """For ever: sends what is due."""
        noticed = purged = 0.0
        while True:
            try:
                if time.monotonic() - noticed > NOTICES:
                    noticed = time.monotonic()
                    await asyncio.to_thread(self._out.notices, self._now())
                if time.monotonic() - purged > PURGE:
                    purged = time.monotonic()
                    await asyncio.to_thread(self._out.purge, self._now())
                for who in await asyncio.to_thread(self._out.due, self._now()):
                    self._start(who)
            except PetitionError as e:
                logger.warning("nothing was sent, tried again soon: %s", type(e).__name__)
            try:
                await asyncio.wait_for(self._woken.wait(), LOOK)
            except asyncio.TimeoutError:
                continue
            self._woken.clear()
            await asyncio.sleep(0.05)

    def _start(self, who: str) -> None:
        if who not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._send_all(who))
            self._tasks[who] = task
            task.add_done_callback(lambda _: self._tasks.pop(who, None))

    async def _send_all(self, who: str) -> None:
        """Everything that is due for one follower, in order."""
        try:
            async with self._places:
                while await asyncio.to_thread(self._store.lease, who, self._worker, self._now(), "sending"):
                    claimed = await asyncio.to_thread(self._out.claim, who, self._now())
                    if claimed is None:
                        break
                    await self._send(*claimed)
                await asyncio.to_thread(self._store.release, who, self._worker, "sending")
        except PetitionError as e:
            logger.warning("a message was not sent, tried again soon: %s", type(e).__name__)

    async def _send(self, message: Outgoing, blocked: str) -> None:
        out = self._out
        if blocked:
            await asyncio.to_thread(out.keep, message.id, blocked)
            return
        try:
            msgid = await (self._text(message) if message.kind == "text" else self._notice(message))
        except ApiError as e:
            await self._not_sent(message, e)
            return
        except asyncio.CancelledError:
            raise
        except Exception as e:
            await self._not_sent(message, ApiError(0, type(e).__name__))
            return
        if msgid is not None:
            await asyncio.to_thread(out.sent, message.id, self._now(), msgid)

    async def _text(self, message: Outgoing) -> str | None:
        text = str(message.body)
        left = await asyncio.to_thread(self._out.left, message.who, self._now())
        if left == 0 and await asyncio.to_thread(self._out.held, message.who) > 0:
            text += "\n" + self._say.say("wechat_more")
        await self._client.send_text(await asyncio.to_thread(self._store.openid, message.who), text)
        return ""

    async def _notice(self, message: Outgoing) -> str | None:
        """As a template message if the office has one; returns None when it became a text instead."""
        values = notice_values(message.body, self._say, STATUS_NAMES, self._following(str(message.body["case_no"])))
        if self._office.template:
            openid = await asyncio.to_thread(self._store.openid, message.who)
            fields = self._office.notice_fields(values)
            try:
                return await self._client.send_notice(openid, self._office.template, self._office.kind, fields)
            except ApiError as e:
                if e.transient and message.attempts < MAX_SENDS:
                    raise
                logger.warning("a notice goes as a text: %s", e.code)
        text = notice_text(message.body, self._say, values)
        await asyncio.to_thread(self._out.as_text, message.id, text, self._now())
        return None

    async def _not_sent(self, message: Outgoing, e: ApiError) -> None:
        """Recorded as failed; tried again with back-off if that can help, else kept until the follower writes."""
        out = self._out
        logger.warning("a message was not sent: %s", e.code)
        if e.no_quota:
            await asyncio.to_thread(out.exhausted, message.who)
            await asyncio.to_thread(out.keep, message.id, str(e))
            return
        again = e.transient and message.attempts < MAX_SENDS
        at = self._now() + timedelta(seconds=min(3600, 2 * 3 ** (message.attempts - 1))) if again else None
        if again and message.kind == "text":
            await asyncio.to_thread(out.refund, message.who)
        await asyncio.to_thread(out.failed, message.id, str(e), at)
