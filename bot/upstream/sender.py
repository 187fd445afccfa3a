"""Delivery over HTTP: at least once, in order, each parcel under one key; what cannot arrive is laid aside for a person."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import aiohttp

from bot.knowledge.loader import knowledge
from bot.petition.case import CaseView
from bot.petition.errors import NotFound
from bot.petition.roles import ACCUSATION
from bot.storage.outbox import Parcel, body_of
from bot.storage.stores import Stores
from bot.upstream import targets
from bot.upstream.mapping import petition

#: Seconds for a whole call.
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
UPSTREAM = ("filed", "moved")
#: Answers that say "not now"; every other 4xx says "never", and 409 "I have it already".
_LATER = frozenset({408, 425, 429})


class Undeliverable(Exception):
    """Sending it again would not help."""


class Sender:
    """Sends the upstream parcels and the webhooks that are due. `url` "": there is no platform, its parcels wait.

    The platform's address is the operator's; those of webhooks may be inner ones only if their host is in `private` (see `targets`).
    """

    def __init__(
        self, stores: Stores, url: str, token: str, now: Callable[[], datetime], private: Collection[str] = ()
    ) -> None:
        self._private = private
        self._stores, self._outbox, self._url, self._token, self._now = (
            stores,
            stores.outbox,
            url.rstrip("/"),
            token,
            now,
        )

    async def run_once(self, session: aiohttp.ClientSession) -> int:
        """Sends what is due, a batch of each kind; how many arrived."""
        sent = 0
        if self._url:
            sent += await self._batch(session, self._send_upstream, UPSTREAM, False)
        return sent + await self._batch(session, self._send_hook, (), True)

    async def _batch(self, session: aiohttp.ClientSession, send: Any, topics: tuple[str, ...], hooks: bool) -> int:
        parcels = await asyncio.to_thread(self._outbox.claim, topics, self._now(), 20, hooks)
        done = await asyncio.gather(*(self._deliver(session, send, p) for p in parcels))
        return sum(done)

    async def _deliver(self, session: aiohttp.ClientSession, send: Any, parcel: Parcel) -> bool:
        wait, final = 0.0, False
        try:
            status, wait = await send(session, parcel)
            if status < 300 or status == 409:
                await asyncio.to_thread(self._outbox.done, parcel, self._now())
                return True
            error, final = f"HTTP {status}", 400 <= status < 500 and status not in _LATER
        except Undeliverable as e:
            error, final = str(e), True
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as e:
            cause = e.os_error if isinstance(e, aiohttp.ClientConnectorError) else e
            final = isinstance(cause, targets.Refused)
            error = str(cause) if final else type(e).__name__
        await asyncio.to_thread(self._outbox.failed, parcel, error, self._now(), final, wait)
        return False

    async def _send_upstream(self, session: aiohttp.ClientSession, parcel: Parcel) -> tuple[int, float]:
        body = await asyncio.to_thread(self._upstream_body, parcel)
        path = "petitions" if parcel.topic == "filed" else f"petitions/{parcel.case_no}/events"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return await self._post(session, f"{self._url}/{path}", body_of(body), headers, parcel)

    def _upstream_body(self, parcel: Parcel) -> dict[str, Any]:
        try:
            view: CaseView = self._stores.cases.get(parcel.case_no)
        except NotFound as e:
            raise Undeliverable("没有这件事") from e
        if view.category == ACCUSATION:
            raise Undeliverable("检举控告不外送")
        if parcel.topic == "filed":
            cases, number = self._stores.cases, view.case_no
            dispute = knowledge().disputes.get(str(cases.advice(number, "system").get("dispute") or ""))
            return dict(petition(view, cases.content(number, "system"), dispute.content if dispute else ""))
        return {"xfjbh": parcel.case_no, **parcel.payload}

    async def _send_hook(self, session: aiohttp.ClientSession, parcel: Parcel) -> tuple[int, float]:
        hook = await asyncio.to_thread(self._outbox.hook, int(parcel.topic.partition(":")[2]))
        if hook is None:
            raise Undeliverable("回调地址已停用")
        url, secret = hook
        body = body_of({"case_no": parcel.case_no, **parcel.payload})
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        await targets.refuse_inside(url, self._private)
        async with targets.session(self._private) as guarded:
            return await self._post(guarded, url, body, {"X-Sufang-Signature": f"sha256={signature}"}, parcel)

    async def _post(
        self, session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str], parcel: Parcel
    ) -> tuple[int, float]:  # fmt: skip
        told = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": parcel.key, **headers}
        async with session.post(url, data=body, headers=told, timeout=TIMEOUT, allow_redirects=False) as answer:
            after = answer.headers.get("Retry-After", "")
            return answer.status, float(after) if after.isdecimal() else 0.0
