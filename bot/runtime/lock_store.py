"""One conversation, one turn at a time: waiters are woken at once instead of asking again every second."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any, AsyncGenerator, Dict

from rasa.core.lock import TicketLock
from rasa.core.lock_store import InMemoryLockStore, LockError

#: How long a message waits for the one before it.
MAX_WAIT_SECONDS = 60.0


class WaitingLockStore(InMemoryLockStore):
    """An asyncio lock a conversation; dropped when nobody holds or wants it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self._held: Dict[str, asyncio.Lock] = {}
        self._wanted: Dict[str, int] = {}

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 60.0, wait_time_in_seconds: float = 1.0
    ) -> AsyncGenerator[TicketLock | None, None]:
        """Holds the conversation. Raises LockError when it is not free in time."""
        lock = self._held.setdefault(conversation_id, asyncio.Lock())
        self._wanted[conversation_id] = self._wanted.get(conversation_id, 0) + 1
        try:
            try:
                if lock.locked():
                    await asyncio.wait_for(lock.acquire(), MAX_WAIT_SECONDS)
                else:
                    await lock.acquire()  # free: taken at once, without a task for the time limit
            except asyncio.TimeoutError as e:
                raise LockError(f"conversation was not free within {MAX_WAIT_SECONDS:.0f} s") from e
            try:
                yield None
            finally:
                lock.release()
        finally:
            self._wanted[conversation_id] -= 1
            if not self._wanted[conversation_id]:
                del self._wanted[conversation_id]
                self._held.pop(conversation_id, None)
