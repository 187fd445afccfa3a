"""An office with one account of each role, driven over HTTP, on a legal day and a clock that can be moved."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta, timezone
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from bot.desk.app import build
from bot.desk.service import Desk
from bot.settings import Settings
from bot.storage.stores import Stores

LIFT = {
    "narrative": "阳光花园三号楼电梯坏了两个月，物业一直不修，老人下不了楼",
    "demand": "请住建部门督促物业修好",
    "place": "云溪市青石区阳光花园",
    "respondent": "安心物业公司",
    "name": "李春梅",
    "phone": "13800001234",
}
BRIBE = {
    "narrative": "我举报镇财政所所长收工程老板的回扣，虚报绿化工程量，贪污公款",
    "demand": "请纪委查处",
    "place": "云溪市白塔县",
    "respondent": "白塔镇财政所所长",
}
STAFF = (
    ("clerk", "clerk", ""), ("h住建", "handler", "住建"), ("h城管", "handler", "城管"), ("h信访", "handler", "信访局"),
    ("boss", "supervisor", ""), ("disc", "discipline", ""), ("aud", "auditor", ""), ("root", "admin", ""),
)  # fmt: skip


class Day:
    """The legal day of a test and a real clock that can be moved."""

    def __init__(self) -> None:
        self.date, self.time = date(2026, 11, 23), datetime(2026, 11, 23, 2, tzinfo=timezone.utc)

    def pass_days(self, days: int) -> None:
        self.date += timedelta(days=days)
        self.time += timedelta(days=days)


class Office:
    """A desk with one account of each role, driven over HTTP."""

    def __init__(self, engine, keys, advisor, day: Day) -> None:
        self.stores = Stores.of(engine, keys)
        self.staff, self.cases, self.day = self.stores.staff, self.stores.cases, day
        self.desk = Desk(self.stores, advisor, lambda: day.date, lambda: day.time)
        self.settings = Settings(env="test", fixed_today=day.date)
        object.__setattr__(self.settings, "now", lambda: day.time)
        self.app = build(self.desk, self.settings)
        self.tokens = {n: self.staff.add(n, role, agency, day.time, token=True) for n, role, agency in STAFF}

    def run(self, work) -> Any:
        async def go() -> Any:
            async with TestClient(TestServer(self.app)) as client:
                self.client = client
                return await work(self)

        return asyncio.run(go())

    async def call(self, who: str, method: str, path: str, **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        sent = {"json": body} if body else {}
        answer = await self.client.request(method, f"/desk/api/v1/{path}", headers=headers, **sent)
        return answer.status, await answer.json()

    async def must(self, who: str, method: str, path: str, **body: Any) -> Any:
        """The answer of a call that has to go well."""
        status, told = await self.call(who, method, path, **body)
        assert status in (200, 201), (path, body, told)
        return told

    async def register(self, who: str = "clerk", fields: dict | None = None) -> str:
        return (await self.must(who, "POST", "cases", source="来访", fields=fields or LIFT))["case_no"]

    async def move(self, who: str, number: str, to: str, **data: Any) -> tuple[int, Any]:
        return await self.call(who, "POST", f"cases/{number}/transitions", to=to, **data)

    async def dispatched(self, fields: dict | None = None) -> str:
        number = await self.register("clerk", fields)
        assert (await self.move("clerk", number, "dispatched", kind="转送", agency="住建"))[0] == 200
        return number

    async def walk(self, number: str, *steps: str, who: str = "h住建") -> None:
        """Takes steps that need nothing."""
        for to in steps:
            status, told = await self.move(who, number, to)
            assert status == 200, (to, told)

    async def replied(self) -> str:
        number = await self.dispatched()
        await self.walk(number, "notified", "accepted", "handling", "replied")
        return number

    async def paper(self, who: str, number: str, kind: str, **told: str) -> tuple[int, Any]:
        return await self.call(who, "POST", f"cases/{number}/documents", kind=kind, told=told)
