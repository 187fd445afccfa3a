"""What several processes share through Redis when SUFANG_REDIS_URL is set: rate limits, the lock of a conversation, open tabs.

Without it each process has its own, which is right for one process, and for several behind a proxy that keeps a conversation at one of
them. Redis never holds what must not be lost: when it is away each process goes on with its own limits and locks, and says so in the log
once a minute. The fence against a holder whose lock ran out is the database: the number of a turn's first event is unique, so the later
of two writers is refused and the turn is done again on what the other wrote (see live_store.py).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import asynccontextmanager
from typing import Any, AsyncGenerator, Callable

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError

from bot.channels.limits import Bucket
from bot.runtime.lock_store import MAX_WAIT_SECONDS, WaitingLockStore

logger = logging.getLogger(__name__)
#: A holder's lock runs out after so many seconds; longer than any turn may take.
LOCK_SECONDS = 70
#: First and longest pause between two looks at a lock that another process has.
LOOK, MOST_LOOK = 0.005, 0.1
#: Seconds that an answer of Redis may take; after that it counts as away.
PATIENCE = 0.5
#: After a failure Redis is left alone for so many seconds, so that its absence costs no turn its patience.
PAUSE = 5.0

#: Token bucket by the clock of Redis: KEYS[1] the bucket, ARGV rate a second, burst and cost; milliseconds to wait, 0 when that is allowed.
_TAKE = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local rate, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local old = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = math.min(burst, (tonumber(old[1]) or burst) + (now - (tonumber(old[2]) or now)) * rate)
local wait = 0
if level >= cost then level = level - cost else wait = math.ceil((cost - level) / rate * 1000) end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return wait
"""
#: Takes the lock away only from the one who holds it.
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Shared:
    """A connection to Redis that is allowed to be away. `url`: redis:// or rediss://; `prefix` keeps installations apart."""

    def __init__(self, url: str, prefix: str = "sufang") -> None:
        from redis import asyncio as aioredis

        self._redis = aioredis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self.url, self.prefix = url, prefix
        self._away_until = 0.0
        self._said = 0.0
        self._take, self._release = self._redis.register_script(_TAKE), self._redis.register_script(_RELEASE)

    async def ask(self, work: Callable[[Any], Any]) -> Any:
        """What `work` gets from Redis; None when it is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return await work(self._redis)
        except Exception as e:
            # The library raises a family of its own beside OSError and TimeoutError; whatever it is, Redis is of no help now.
            now = time.monotonic()
            self._away_until = now + PAUSE
            if now - self._said > 60 or not self._said:
                self._said = now
                logger.warning("redis is away (%s): limits and locks are each process's own for now", type(e).__name__)
            return None

    async def take(self, name: str, key: str, rate: float, burst: float, cost: float = 1.0) -> float | None:
        """Seconds until one more, or `cost` more, is allowed, 0 when it is now, None when Redis is away."""
        bucket = f"{self.prefix}:limit:{name}:{key}"
        wait = await self.ask(lambda _: self._take(keys=[bucket], args=[rate, burst, cost]))
        return None if wait is None else int(wait) / 1000

    async def hold(self, name: str, token: str) -> bool | None:
        """Takes the lock `name`; False when somebody has it, None when Redis is away."""
        key = f"{self.prefix}:lock:{name}"
        told = await self.ask(lambda r: _said(r.set(key, token, nx=True, ex=LOCK_SECONDS)))
        return None if told is None else told == "yes"

    async def let_go(self, name: str, token: str) -> None:
        """Gives the lock back if it is still held by `token`."""
        await self.ask(lambda _: self._release(keys=[f"{self.prefix}:lock:{name}"], args=[token]))

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.close()


async def _said(answer: Any) -> str:
    """SET … NX answers nothing when the key is there; that must not look like no answer."""
    return "yes" if await answer else "no"


class SharedBucket(Bucket):
    """One bucket for all processes; this process's own while Redis is away."""

    def __init__(self, shared: Shared, name: str, like: Bucket) -> None:
        super().__init__(like.rate, like.burst)
        self._shared, self._name = shared, name

    async def hold(self, key: str, cost: float = 1.0) -> float:
        """As `Bucket.hold`."""
        wait = await self._shared.take(self._name, key, self.rate, self.burst, cost)
        return self.wait(key, cost) if wait is None else wait


class SharedLockStore(WaitingLockStore):
    """The conversation's lock in this process and then among all of them."""

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 60.0, wait_time_in_seconds: float = 1.0
    ) -> AsyncGenerator[TicketLock | None, None]:
        """Holds the conversation. Raises LockError when it is not free in time."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as held:
            token, until, pause = secrets.token_hex(8), time.monotonic() + MAX_WAIT_SECONDS, LOOK
            while await self._shared.hold(conversation_id, token) is False:
                if time.monotonic() > until:
                    raise LockError(f"conversation was not free within {MAX_WAIT_SECONDS:.0f} s")
                await asyncio.sleep(pause)
                pause = min(MOST_LOOK, pause * 2)
            try:
                yield held
            finally:
                await self._shared.let_go(conversation_id, token)
