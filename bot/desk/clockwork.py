"""What happens at the desk by itself: reminders by the legal day, notices pushed to channels that can push, parcels sent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import aiohttp

from bot.petition.errors import PetitionError
from bot.storage.stores import Stores
from bot.upstream.sender import Sender

logger = logging.getLogger(__name__)
#: Seconds between two looks at the outbox; between two looks at the calendar; a day's change is seen at the next look.
PULSE, REMIND_EVERY = 5.0, 600.0
#: Pushes a message to the conversation behind this keyed hash; False: it could not, the notice stays readable in progress.
Push = Callable[[str, dict[str, Any]], Awaitable[bool]]


class Clockwork:
    """Runs beside the desk. Several processes may run it on one database: rows are claimed, reminders are unique."""

    def __init__(
        self, stores: Stores, sender: Sender, today: Callable[[], date], now: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._stores, self._sender, self._today, self._now = stores, sender, today, now
        #: Source of a case → how its channel pushes. A channel that is only looked at (the web page) has none.
        self.push: dict[str, Push] = {}
        self._reminded: tuple[float, date] | None = None

    async def run(self) -> None:
        """Until it is cancelled. A store or platform that is down is tried again at the next pulse."""
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    await self.tick(session)
                except PetitionError as e:
                    logger.warning("the clockwork waits: %s", type(e).__name__)
                except Exception as e:
                    logger.error("the clockwork stumbled: %s", type(e).__name__)
                await asyncio.sleep(PULSE)

    async def tick(self, session: aiohttp.ClientSession) -> None:
        """One pulse."""
        at, day = asyncio.get_running_loop().time(), self._today()
        if self._reminded is None or self._reminded[1] != day or at - self._reminded[0] >= REMIND_EVERY:
            await asyncio.to_thread(self._stores.notices.remind, self._now(), day)
            self._reminded = (at, day)
        await self.push_notices()
        await self._sender.run_once(session)

    async def push_notices(self) -> None:
        """Hands the waiting notices to their channels; a notice of a channel without push is only kept to be read."""
        outbox = self._stores.outbox
        for parcel in await asyncio.to_thread(outbox.claim, ("notice",), self._now(), 100):
            told = await asyncio.to_thread(self._stores.notices.pushed, int(parcel.payload["notice"]))
            push = self.push.get(told[0]) if told else None
            try:
                done = push is None or told is None or await asyncio.wait_for(push(told[1], told[2]), 20)
                error = "渠道没有收下"
            except Exception as e:
                done, error = False, type(e).__name__
            if done:
                await asyncio.to_thread(outbox.done, parcel, self._now())
            else:
                await asyncio.to_thread(outbox.failed, parcel, error, self._now())

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """Runs it as a task of this loop."""
        task = asyncio.create_task(self.run())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
