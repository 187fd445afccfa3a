"""Fixtures: a platform in the test, and workers as processes of their own that may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.wechat.simulator import Platform
from bot.settings import WeChat
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade

ROOT = Path(__file__).parents[1]
SECRET = "a secret that only the tests know, long enough"
ACCOUNT = {
    "SUFANG_WECHAT_TOKEN": "spamtest",
    "SUFANG_WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "SUFANG_WECHAT_APP_ID": "wx2c2769f8efd9abc2",
    "SUFANG_WECHAT_APP_SECRET": "only-for-tests",
}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def account(api: str = "http://127.0.0.1:1") -> WeChat:
    a = ACCOUNT
    return WeChat(
        a["SUFANG_WECHAT_TOKEN"], a["SUFANG_WECHAT_AES_KEY"], a["SUFANG_WECHAT_APP_ID"], a["SUFANG_WECHAT_APP_SECRET"], api
    )  # fmt: skip


class Worker:
    """One process with the scripted bot."""

    def __init__(self, data: Path, url: str, api: str, turn_limit: float = 45.0, **settings: str) -> None:
        self.data, self.port, self.limit = data, free_port(), turn_limit
        data.mkdir(parents=True, exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUFANG_")}
        self.env = env | ACCOUNT | {
            "SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_DATA_DIR": str(data), "SUFANG_DATABASE_URL": url,
            "SUFANG_SECRET_KEY": SECRET, "SUFANG_WECHAT_API_BASE": api,
        } | settings  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/channels/wechat"

    def start(self) -> Worker:
        with (self.data / f"worker-{self.port}.log").open("ab") as log:
            command = [sys.executable, str(ROOT / "tests" / "wechat" / "scripted.py"), str(self.port), str(self.limit)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError((self.data / f"worker-{self.port}.log").read_text()[-3000:])
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise RuntimeError("the worker did not start")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)


class Stage:
    """A platform with workers on one database."""

    def __init__(self, platform: Platform, api: str, url: str, data: Path) -> None:
        self.platform, self.api, self.url, self.data = platform, api, url, data
        self.workers: list[Worker] = []
        self.engine = make_engine(url)
        self.keys = Keyring.of_text(SECRET)

    async def worker(self, turn_limit: float = 45.0, **settings: str) -> Worker:
        worker = Worker(self.data, self.url, self.api, turn_limit, **settings)
        await asyncio.to_thread(worker.start)
        self.workers.append(worker)
        self.platform.bot = worker.address
        return worker

    def rows(self, query: str) -> list[tuple]:
        with self.engine.connect() as c:
            return [tuple(r) for r in c.exec_driver_sql(query).all()]

    async def until(self, query: str, seconds: float = 60.0) -> None:
        """Waits until a query finds something."""
        for _ in range(int(seconds * 10)):
            if await asyncio.to_thread(self.rows, query):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(query)

    def turns(self, text: str) -> int:
        """How often the bot heard a text."""
        from bot.storage.chat import EventLog

        log = EventLog(self.engine, self.keys)
        return sum(
            f'"{text}"' in row.encode().decode("unicode_escape") for who in log.senders() for row in log.read(who)
        )


@pytest.fixture
async def stage(url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    upgrade(url)
    port = free_port()
    api = f"http://127.0.0.1:{port}"
    platform = await Platform(account(api), "").start(port)
    stage = Stage(platform, api, url, tmp_path / "data")
    yield stage
    for worker in stage.workers:
        await asyncio.to_thread(worker.stop)
    await platform.stop()
    stage.engine.dispose()
