"""Faults under load: the server is killed at random points while many people talk, requests come twice, late, out of order and cut off.

`python -m faults.chaos --kills 500` from `tests/` (`make chaos`); tests/faults/test_chaos.py runs a short one. Afterwards:
every receipt ever shown exists exactly once, every case has its outbox row, numbers never repeat, no conversation has heard
another's words, and no message was left without an answer or a plain "send it again".
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving import Server
from sqlalchemy import create_engine, text

STORY = "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了，门牌{mark}号"
STEPS = (
    "帮我登记", "要求装净化设备", "信访会不会被打击报复", "昆明市五华区莲花街道翠湖里小区", "老灶台川菜馆", "李春梅", "13800001234", "确认提交",
    "我的件办到哪一步了",
)  # fmt: skip
#: Answers that tell a person to send the words again; everything else must be an answer.
AGAIN = frozenset([409, 429, 502, 503, 504])
MARK = re.compile(r"门牌(\w{8})号")


@dataclass
class Seen:
    """What all people saw."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    answered: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    repeated: int = 0


class Person:
    """Says a filing step by step; sends each message until it is answered, sometimes twice, late or cut off."""

    def __init__(self, port: int, rng: random.Random, seen: Seen, stop: asyncio.Event) -> None:
        self._port, self._rng, self._seen, self._stop = port, rng, seen, stop

    async def live(self) -> None:
        """Files one petition after the other."""
        while not self._stop.is_set():
            await self._file()

    async def _file(self) -> None:
        mark = uuid.uuid4().hex[:8]
        session = await self._until_answered("/chat/session", {}, "")
        if session is None:
            return
        for said in (STORY.format(mark=mark), *STEPS):
            answer = await self._until_answered(
                "/chat/messages", {"id": uuid.uuid4().hex, "text": said}, session["token"]
            )
            if answer is None:
                return
            self._check(answer["messages"], mark)

    def _check(self, messages: list[dict[str, Any]], mark: str) -> None:
        self._seen.answered += 1
        if not messages or not all(m.get("text") for m in messages):
            self._seen.wrong.append("an empty answer")
        whole = json.dumps(messages, ensure_ascii=False)
        if any(m != mark for m in MARK.findall(whole)):
            self._seen.wrong.append("another person's words")
        self._seen.receipts += [m["custom"] for m in messages if (m.get("custom") or {}).get("kind") == "receipt"]

    async def _until_answered(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any] | None:
        first: dict[str, Any] | None = None
        while not self._stop.is_set():
            fault = self._rng.random()
            if path == "/chat/messages" and fault < 0.05:  # the connection breaks in mid-reply
                await self._ask(path, body, token, cut=True)
                continue
            if path == "/chat/messages" and fault < 0.12:  # twice at once, one of them late
                late = asyncio.create_task(self._ask(path, body, token, delay=self._rng.random() * 0.2))
                first = await self._ask(path, body, token)
                second = await late
                if first and second:
                    self._seen.repeated += 1
                    if first != second:
                        self._seen.wrong.append("one id, two answers")
            else:
                first = await self._ask(path, body, token)
            if first is not None:
                return first
            await asyncio.sleep(0.1 + self._rng.random() * 0.3)
        return None

    async def _ask(
        self, path: str, body: dict[str, Any], token: str, cut: bool = False, delay: float = 0.0
    ) -> dict[str, Any] | None:
        """The answer, None when there is none yet and the message has to be sent again."""
        await asyncio.sleep(delay)
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), 5)
        except (OSError, asyncio.TimeoutError):
            return None
        try:
            data = json.dumps(body).encode()
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(data)}\r\n"
            head += f"Authorization: Bearer {token}\r\n" if token else ""
            writer.write(head.encode() + b"\r\n" + data)
            await writer.drain()
            if cut:
                await asyncio.sleep(self._rng.random() * 0.02)
                return None
            answer = await asyncio.wait_for(reader.read(), 60)
        except asyncio.TimeoutError:
            self._seen.wrong.append("silence for a minute")
            return None
        except OSError:
            return None
        finally:
            writer.close()
        head_bytes, _, content = answer.partition(b"\r\n\r\n")
        if not head_bytes.startswith(b"HTTP/1.1 "):
            return None
        status = int(head_bytes.split(b" ", 2)[1])
        length = re.search(rb"content-length: (\d+)", head_bytes, re.I)
        if length and len(content) < int(length[1]):
            return None  # the server died in mid-reply
        self._seen.statuses[status] += 1
        if status in (200, 201):
            value: dict[str, Any] = json.loads(content)
            return value
        if status not in AGAIN:
            self._seen.wrong.append(f"status {status}")
        elif b"message" not in content:
            self._seen.wrong.append(f"status {status} without a word")
        return None


def stored(url: str, seen: Seen) -> list[str]:
    """What is wrong in the database, against what people saw."""
    engine = create_engine(url)
    with engine.connect() as c:
        cases = [row[0] for row in c.execute(text("SELECT case_no FROM cases"))]
        outbox = Counter(row[0] for row in c.execute(text("SELECT case_no FROM outbox WHERE topic = 'filed'")))
        rows = c.execute(text("SELECT sender_id, n FROM tracker_events")).all()
        open_turns = c.execute(text("SELECT count(*) FROM chat_turns WHERE response IS NULL")).scalar_one()
    engine.dispose()
    wrong = []
    if len(cases) != len(set(cases)):
        wrong.append("a number was given twice")
    shown = Counter(r["case_no"] for r in seen.receipts)
    wrong += [f"receipt {number} was shown and is not stored" for number in shown if number not in set(cases)]
    by_number: dict[str, set[str]] = {}
    for r in seen.receipts:
        by_number.setdefault(r["case_no"], set()).add(r["query_code"])
    wrong += [f"receipt {number} with {len(codes)} codes" for number, codes in by_number.items() if len(codes) > 1]
    wrong += [f"receipt {number} was shown in {count} turns" for number, count in shown.items() if count > 1]
    wrong += [f"case {number} has {outbox[number]} outbox rows" for number in cases if outbox[number] != 1]
    if len(rows) != len(set(rows)):
        wrong.append("two turns at one place of a conversation")
    if open_turns:
        wrong.append(f"{open_turns} turns begun and never answered")
    return wrong


async def chaos(
    folder: Path, kills: int, people: int, seed: int, between: tuple[float, float], **settings: str
) -> tuple[Seen, list[str]]:
    """Kills the server `kills` times under the load of `people`; returns what was seen and everything that is wrong."""
    rng, seen, stop = random.Random(seed), Seen(), asyncio.Event()
    server = Server(folder, **settings)
    await asyncio.to_thread(server.start)
    crowd = [
        asyncio.create_task(Person(server.port, random.Random(rng.random()), seen, stop).live()) for _ in range(people)
    ]
    try:
        for n in range(kills):
            await asyncio.sleep(rng.uniform(*between))
            how = signal.SIGKILL if rng.random() < 0.8 else signal.SIGTERM
            await asyncio.to_thread(server.stop, how)
            await asyncio.to_thread(server.start)
            print(
                f"kill {n + 1}: {seen.answered} answers, {len(seen.receipts)} receipts, {dict(seen.statuses)}",
                file=sys.stderr,
            )
        await asyncio.sleep(between[1])
        stop.set()
        ended = await asyncio.gather(*crowd, return_exceptions=True)
        seen.wrong += [repr(e) for e in ended if isinstance(e, BaseException)]
    finally:
        await asyncio.to_thread(server.stop, signal.SIGTERM)
    url = settings.get("SUFANG_DATABASE_URL") or f"sqlite:///{folder / 'sufang.db'}"
    return seen, seen.wrong + stored(url, seen)


def main() -> int:
    """Runs it and says what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--between", type=float, nargs=2, default=(1.0, 6.0), help="seconds between two kills, from and to"
    )
    parser.add_argument("--database", default="", help="a PostgreSQL address; otherwise SQLite in a new folder")
    args = parser.parse_args()
    settings = {"SUFANG_DATABASE_URL": args.database} if args.database else {}
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        seen, wrong = asyncio.run(
            chaos(Path(folder), args.kills, args.people, args.seed, tuple(args.between), **settings)
        )
    print(
        f"seed {args.seed}: {args.kills} kills, {seen.answered} answers, {len(seen.receipts)} receipts, {seen.repeated} asked twice at once, statuses {dict(seen.statuses)}"
    )
    for line in wrong:
        print("WRONG", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
