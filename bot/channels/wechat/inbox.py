"""Each message once, answered in time: runs what was written down, wakes the requests that wait for it, takes over from the dead.

What is in memory here are hints (an event that wakes a waiting request, the set of running tasks). The truth is the database: losing
this process at any point loses no message and runs none twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from rasa.core.lock_store import LockError

from bot.channels.wechat.render import PAGE_BYTES
from bot.petition.errors import ConflictError, StoreUnavailable
from bot.storage.wechat import LEASE, ConflictingClaim, Incoming, WeChatStore

logger = logging.getLogger(__name__)

#: The platform hangs up after 5 s.
ANSWER_WITHIN = 4.5
#: A turn that takes longer is given up and said so.
TURN_LIMIT = 45.0
#: How often the database is asked whether another worker is done.
POLL = 0.25
#: How often a message is begun before its sender is told that it cannot be done (a message that kills its worker must not do so for ever).
MAX_ATTEMPTS = 4
#: How often is looked for messages that nobody processes.
RECOVERY = 2.0


@dataclass(frozen=True)
class Answer:
    """Pages to tell. `more`: tell first what was kept from before."""

    pages: tuple[str, ...] = ()
    more: bool = False


class Inbox:
    """The queue of incoming messages as one worker sees it."""

    def __init__(
        self,
        store: WeChatStore,
        process: Callable[[Incoming], Awaitable[Answer]],
        lost: Callable[[], str],
        now: Callable[[], datetime],
        worker: str,
        turn_limit: float = TURN_LIMIT,
    ) -> None:
        self._store, self._process, self._lost, self._now = store, process, lost, now
        self._worker, self._limit = worker, turn_limit
        self._finished: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        #: Called when something may be to be sent.
        self.wake: Callable[[], None] = lambda: None

    async def answer(self, key: str, who: str, deadline: float) -> list[str]:
        """The answer to give a delivery by `deadline` (the loop's time); [] when it is late or there is none. Raises StoreUnavailable."""
        loop = asyncio.get_running_loop()
        event = self._finished.get(key) or asyncio.Event()
        self._finished[key] = event
        while True:
            with contextlib.suppress(ConflictingClaim):
                found = await asyncio.to_thread(self._store.passive, key, PAGE_BYTES, self._now())
                if found is not None:
                    return found
                self.drain(who)
            left = deadline - loop.time()
            if left <= 0:
                return []
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(event.wait(), min(left, POLL))

    def drain(self, who: str) -> None:
        """Has the follower's messages processed, unless that is being done. The task is kept: nobody need wait for it."""
        if who not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._drain(who))
            self._tasks[who] = task
            task.add_done_callback(lambda done: self._ended(who, done))

    def _ended(self, who: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(who, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("messages were not processed, tried again soon: %s", type(error).__name__)

    async def _drain(self, who: str) -> None:
        if not await asyncio.to_thread(self._store.lease, who, self._worker, self._now()):
            return
        beat = asyncio.get_running_loop().create_task(self._beat(who))
        try:
            while (message := await asyncio.to_thread(self._store.next, who, self._now())) is not None:
                if not await self._one(message):
                    break
        finally:
            beat.cancel()
            await asyncio.to_thread(self._store.release, who, self._worker)

    async def _beat(self, who: str) -> None:
        """Renews the lease. Should the database be away for so long that it is lost, `finish` still ends a message only once."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            with contextlib.suppress(StoreUnavailable):
                await asyncio.to_thread(self._store.lease, who, self._worker, self._now())

    async def _one(self, message: Incoming) -> bool:
        """Processes one message; False when it has to wait."""
        answer = Answer((self._lost(),))
        if message.attempts <= MAX_ATTEMPTS:
            try:
                answer = await asyncio.wait_for(self._process(message), self._limit)
            except asyncio.TimeoutError:
                logger.error("a turn took longer than %.0f s and was given up", self._limit)
            except (StoreUnavailable, ConflictError, LockError) as e:
                logger.warning("a turn is tried again: %s", type(e).__name__)
                wait = timedelta(seconds=2**message.attempts / 4)
                await asyncio.to_thread(self._store.postpone, message.id, self._now() + wait)
                return False
            except Exception as e:
                logger.error("a turn failed: %s", type(e).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
        await asyncio.to_thread(self._store.finish, message, answer.pages, self._now(), answer.more)
        if (event := self._finished.get(message.key)) is not None:
            event.set()
        self.wake()
        return True

    async def recover(self) -> None:
        """For ever: processes what a crash, or a database that was away, left undone."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                for who in await asyncio.to_thread(self._store.undone, self._now()):
                    self.drain(who)
            await asyncio.sleep(RECOVERY)

    async def stop(self, seconds: float) -> None:
        """Lets running turns end, then leaves the rest to the next start."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in self._tasks.values():
            task.cancel()
