"""How fast the desk is with many cases: queue pages and searches over HTTP, the median and the 95th percentile,
and the CPU time of client and desk together, which a busy machine changes little.

    .venv/bin/python benchmarks/desk.py --cases 100000 [--database-url postgresql+psycopg2://…] [--keep FOLDER]

The cases are invented from the stories of the knowledge base, with places, names and numbers of their own. They are written in large
transactions and with a cheap query-code hash, because filing is not what is measured here; everything that is read is as it is filed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from datetime import date, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from sqlite3 import sqlite_version
from typing import Any
from urllib.parse import quote

from aiohttp.test_utils import TestClient, TestServer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, insert, select  # noqa: E402

from benchmarks.side_by_side import machine  # noqa: E402
from bot.desk.app import build  # noqa: E402
from bot.desk.service import Desk  # noqa: E402
from bot.knowledge.loader import knowledge  # noqa: E402
from bot.petition import lifecycle  # noqa: E402
from bot.petition.advice.command import advisor_of  # noqa: E402
from bot.petition.case import Filing  # noqa: E402
from bot.petition.keys import category_of  # noqa: E402
from bot.petition.numbers import make_case_no  # noqa: E402
from bot.petition.report import weekly  # noqa: E402
from bot.settings import Settings  # noqa: E402
from bot.storage import models as t  # noqa: E402
from bot.storage.notices import BEFORE, kind_of  # noqa: E402
from bot.storage.open import open_engine, open_keyring, prepare, transaction  # noqa: E402
from bot.storage.rows import purpose  # noqa: E402
from bot.storage.stores import Stores  # noqa: E402

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)
DAYS, BATCH = 365, 5000
TOWNS = [
    f"云溪市{d}{t}"
    for d in ("青石区", "白塔县", "望江区", "柳河县")
    for t in ("莲花街道", "东风镇", "石桥乡", "新桥街道", "双河镇")
]
ESTATES = [
    a + b for a in "金玉紫翠丽和富锦龙凤阳月星云" for b in ("湖花园", "江小区", "山家园", "苑新村", "景城", "桥里")
]
SURNAMES, GIVEN = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜",
    "安宁和平康泰明远文静思嘉禾志强秀英建国丽娟海燕玉兰晓东",
)
#: What a working office looks like: most cases are over.
STATUSES = ("closed",) * 12 + (
    "registered",
    "dispatched",
    "notified",
    "accepted",
    "handling",
    "handling",
    "replied",
    "replied",
)
PATHS = {
    "registered": (), "dispatched": ("dispatched",), "notified": ("dispatched", "notified"),
    "accepted": ("dispatched", "notified", "accepted"), "handling": ("dispatched", "notified", "accepted", "handling"),
    "replied": ("dispatched", "notified", "accepted", "handling", "replied"),
    "closed": ("dispatched", "notified", "accepted", "handling", "replied", "closed"),
}  # fmt: skip
WORDS = (
    "电梯",
    "拖欠工资",
    "噪声",
    "小区物业",
    "征地补偿",
    "油烟扰民",
    "李家村",
    "退休金",
    "路灯不亮",
    "金湖花园",
    "没有这样的词组",
    "白塔县东风镇 拖欠",
)


def fill(stores: Stores, engine, number: int) -> None:
    """Files and works `number` cases."""
    stories = [s for s in knowledge().stories if s.channel not in ("none", "emergency", "consultation")]
    chance, cases = random.Random(7), stores.cases
    began = time.perf_counter()
    for start in range(0, number, BATCH):
        rows: dict[str, list[dict]] = {"cases": [], "events": [], "terms": [], "reminders": []}
        for i in range(start, min(start + BATCH, number)):
            _one(cases, rows, chance, chance.choice(stories), i, TODAY - timedelta(days=DAYS - i * DAYS // number))
        with transaction(engine) as c:
            c.execute(insert(t.cases), rows["cases"])
            c.execute(insert(t.events), rows["events"])
            c.execute(insert(t.reminders), rows["reminders"])
            # The index grows everywhere at once: in the order of its key it is written much faster.
            c.execute(insert(t.case_terms), sorted(rows["terms"], key=lambda r: (r["term"], r["case_no"])))
        print(f"\r{start + BATCH} cases, {time.perf_counter() - began:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)


def _settle(engine) -> None:
    """What a working database has behind it by itself: statistics, and a log that is written back into the file. Not in a transaction."""
    connection = engine.raw_connection()
    try:
        if engine.name == "postgresql":
            connection.rollback()
            connection.autocommit = True
        connection.cursor().execute("ANALYZE" if engine.name == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.invalidate()


def _one(cases, rows: dict[str, list[dict]], chance: random.Random, story, i: int, filed: date) -> None:
    place = chance.choice(TOWNS) + chance.choice(ESTATES)
    fields = {"narrative": f"{place}{story.text}", "demand": "请依法处理并答复", "place": place}
    category = category_of(story.channel)
    if category != "检举控告":
        name = chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2))
        fields |= {"name": name, "phone": f"13{chance.randint(0, 999999999):09d}", "publicity": chance.choice("是否否")}
    filing = Filing(f"bench-{i}", "web", f"bench-{i}", story.channel, category, story.agency, fields, story.urgent)
    number = make_case_no(filed, i % 90_000 + 1)
    row = cases.values_of(filing, number, filed)
    status = chance.choice(STATUSES) if category == "申诉求决" else "registered"
    moves, day = [("registered", filed)], filed
    for to in PATHS[status]:
        day = min(TODAY, day + timedelta(days=chance.randint(1, 14)))
        moves.append((to, day))
    seal = purpose(category)
    for seq, (to, on) in enumerate(moves, 1):
        sealed = cases._keys.encrypt({"note": ""}, f"events/{number}/{seq}", seal)
        when = datetime(on.year, on.month, on.day, 3, tzinfo=timezone.utc)
        source = moves[seq - 2][0] if seq > 1 else None
        values = {"case_no": number, "seq": seq, "event": "transition", "source": source, "target": to}
        rows["events"].append({**values, "at": when, "by": "bench", "detail": sealed})
    step = lifecycle.next_step(lifecycle.standing_of(category, filed, moves))
    rows["cases"].append({**row, "status": status, "due": step.due, "owed_by": step.by, "version": len(moves)})
    if step.due and step.due <= TODAY + timedelta(days=BEFORE) and step.by in ("office", "agency"):
        told = {"case_no": number, "due": step.due, "kind": kind_of(step.by, step.due, TODAY), "at": NOW}
        rows["reminders"].append({**told, "to_whom": story.agency if step.by == "agency" else step.by})
    if category != "检举控告":
        rows["terms"] += cases.search.rows_of(number, fields)


async def measure(stores: Stores, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each kind of request, as a client sees them."""
    advisor = advisor_of(knowledge(), ROOT / "var" / "models")
    desk = Desk(stores, advisor, lambda: TODAY, lambda: NOW)
    settings = Settings(env="test", fixed_today=TODAY)
    object.__setattr__(settings, "now", lambda: NOW)
    chance = random.Random(3)
    some = [v.case_no for v in stores.cases.find(limit=200)]
    async with TestClient(TestServer(build(desk, settings))) as client:
        out: dict[str, dict[str, float]] = {}
        for role, agency in (("clerk", ""), ("handler", "住建"), ("supervisor", ""), ("discipline", "")):
            name = f"bench-{role}-{time.time_ns()}"
            first = stores.staff.add(name, role, agency, NOW)
            stores.staff.change_password(name, first, "a long password")
            client.session.cookie_jar.clear()
            await client.post("/desk/login", data={"name": name, "password": "a long password"})
            secret = role == "discipline"
            mine = stores.cases.find(agency=agency, **{"category" if secret else "not_category": "检举控告"}, limit=200)
            mine = [v.case_no for v in mine]
            kinds = {
                "queue": lambda: "/desk/",
                "queue, filtered": lambda: f"/desk/?status={chance.choice(list(PATHS))}",
                "queue, overdue": lambda: "/desk/?due=overdue",
                "queue, deep page": lambda: f"/desk/?cursor={chance.choice(some)}",
                "search": lambda: f"/desk/?text={quote(chance.choice(WORDS))}",
                "search, filtered": lambda: f"/desk/?status=handling&text={quote(chance.choice(WORDS))}",
                "case page": lambda mine=mine: f"/desk/cases/{chance.choice(mine)}",
                "reminders": lambda: "/desk/reminders",
            }
            for kind, url in kinds.items():
                took, used = [], []
                for _ in range(rounds):
                    path = url()
                    began, cpu = time.perf_counter(), time.process_time()
                    async with client.get(path) as answer:
                        await answer.read()
                        assert answer.status == 200, path
                    took.append(1000 * (time.perf_counter() - began))
                    used.append(1000 * (time.process_time() - cpu))
                out[f"{role}: {kind}"] = {
                    "p50": statistics.median(took), "p95": _p95(took), "cpu": statistics.mean(used), "cpu_p95": _p95(used),
                }  # fmt: skip
        return out


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def _with_circumstances(args: argparse.Namespace, figures: dict[str, dict[str, float]]) -> dict[str, Any]:
    """The figures with when, on what and with what they were measured."""
    versions = {n: version(n) for n in ("SQLAlchemy", "aiohttp", "Jinja2", "cryptography")} | {"SQLite": sqlite_version}
    rounded = {k: {n: round(v, 1) for n, v in f.items()} for k, f in figures.items()}
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    what = {"cases": args.cases, "rounds": args.rounds, "database": args.database_url.partition(":")[0] or "sqlite"}
    return {"at": at, "machine": machine(), "versions": versions} | what | {"milliseconds": rounded}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60, help="requests of each kind")
    parser.add_argument("--database-url", default="", help="SQLite in a temporary folder unless given")
    parser.add_argument("--keep", type=Path, help="folder that keeps the database for the next run")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        url = args.database_url or f"sqlite:///{folder / 'bench.db'}"
        settings = Settings(env="test", data_dir=folder, database_url=url, fixed_today=TODAY)
        prepare(settings)
        engine = open_engine(settings)
        stores = Stores.of(engine, open_keyring(settings))
        with engine.begin() as c:
            there = c.execute(select(func.count()).select_from(t.cases)).scalar_one()
        if there < args.cases:
            fill(stores, engine, args.cases)
            _settle(engine)
        figures = asyncio.run(measure(stores, args.rounds))
        began, cpu = time.perf_counter(), time.process_time()
        weekly(stores.figures, TODAY)
        took, used = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - cpu)
        figures["weekly report (once)"] = {"p50": took, "p95": took, "cpu": used, "cpu_p95": used}
    if args.json:
        print(json.dumps(_with_circumstances(args, figures), ensure_ascii=False, indent=1))
    else:
        for name, f in figures.items():
            cpu = f"CPU {f['cpu']:7.1f} ms, p95 {f['cpu_p95']:7.1f} ms"
            print(f"{name:32} p50 {f['p50']:8.1f} ms   p95 {f['p95']:8.1f} ms   {cpu}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
