"""Calls through the real brokers: a killed worker, a stopped broker and a poison file lose nothing and double nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hotline.making import calls, write
from hotline.proxy import Proxy

pytest.importorskip("dramatiq", reason="the extra `queue` is not installed")

from bot.hotline.queueing import announce_waiting, announcer, make_broker
from bot.storage.crypto import Keyring
from bot.storage.drafts import DraftStore
from bot.storage.open import make_engine, upgrade

ROOT = Path(__file__).parent.parent.parent
CALLS = calls()
BROKERS = {"rabbitmq": "amqp://guest:guest@127.0.0.1:5672", "redis": "redis://127.0.0.1:6379/5"}
SECRET = "a secret that only the tests know, long enough"
NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)


def answers(url: str) -> bool:
    host, port = url.rsplit("@")[-1].removeprefix("redis://").removesuffix("/5").split(":")
    with closing(socket.socket()) as s:
        s.settimeout(2)
        return s.connect_ex((host, int(port))) == 0


def until(met: Callable[[], bool], seconds: float = 90) -> bool:
    """Waits for something that other processes do; polls a few times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.3)
    return met()


class Line:
    """A database, a broker, a queue of its own, and workers."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url, self.queue, self.folder = url, f"hotline-{uuid.uuid4().hex[:10]}", folder
        self.database = f"sqlite:///{folder / 'q.db'}"
        upgrade(self.database)
        self.store = DraftStore(make_engine(self.database), Keyring.of_text(SECRET))
        self.workers: list[subprocess.Popen[bytes]] = []
        (folder / "models").symlink_to(ROOT / "var" / "models")

    def start(self, look_every: str = "600") -> subprocess.Popen[bytes]:
        env = os.environ | {
            "SUFANG_DATA_DIR": str(self.folder), "SUFANG_DATABASE_URL": self.database, "SUFANG_BROKER_URL": self.url, "SUFANG_SECRET_KEY": SECRET,
            "HOTLINE_QUEUE": self.queue, "HOTLINE_LOOK_EVERY": look_every, "PYTHONHASHSEED": "0",
        }  # fmt: skip
        made = subprocess.Popen(
            [sys.executable, "-m", "dramatiq", "bot.hotline.worker", "-p", "1", "-t", "1", "--worker-shutdown-timeout", "2000"],
            cwd=ROOT, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=(self.folder / "worker.log").open("ab"),
        )  # fmt: skip
        self.workers.append(made)
        return made

    def receive(self, number: int, call: dict[str, Any]) -> str:
        path = write(self.folder, f"{call['id']}{number}", call["format"], call["turns"])
        return self.store.receive(
            path.name, f"2026-11-{number % 28 + 1:02d}T10:00:00", call["hotline"], path.read_bytes(), NOW
        )

    def states(self, keys: list[str]) -> set[str]:
        return {self.store.arrival(k).state for k in keys}

    def drafts(self) -> int:
        return sum(len(self.store.find(who, limit=1000)) for who in (False, True))

    def close(self) -> None:
        for w in self.workers:
            if w.poll() is None:
                os.killpg(w.pid, signal.SIGKILL)
            w.wait(20)
        if answers(self.url):
            broker = make_broker(self.url)
            for name in (self.queue, f"{self.queue}.DQ", f"{self.queue}.XQ"):
                if self.url.startswith("amqp"):
                    broker.channel.queue_delete(name)
            if self.url.startswith("redis"):
                for key in broker.client.scan_iter(f"dramatiq:*{self.queue}*"):
                    broker.client.delete(key)
            broker.close()


@pytest.fixture(params=BROKERS)
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    url = BROKERS[request.param]
    if not answers(url):
        pytest.skip(f"{request.param} does not answer on this machine: these tests did not run")
    made = Line(tmp_path, url)
    yield made
    made.close()


def test_calls_become_drafts_once_and_poison_is_shown(line: Line) -> None:
    keys = [line.receive(i, c) for i, c in enumerate(CALLS)]
    poison = line.store.receive("poison.json", "", "", b'{"Result": {"Sentences": [1]}}', NOW)
    announce = announcer(line.url, line.queue)
    for key in (*keys, poison, *keys):  # every call is announced twice
        announce(key)
    line.start()
    assert until(lambda: not line.store.waiting()), (line.folder / "worker.log").read_text()[-2000:]
    assert line.states(keys) == {"done"}
    assert line.drafts() == len(CALLS)
    dead = line.store.dead()
    assert [d["id"] for d in dead] == [poison]
    assert "Sentences[0]" in dead[0]["reason"]


def test_a_killed_worker_loses_and_doubles_nothing(line: Line) -> None:
    keys = [line.receive(i, CALLS[i % len(CALLS)]) for i in range(60)]
    announce = announcer(line.url, line.queue)
    for key in keys:
        announce(key)
    first = line.start()
    assert until(lambda: len(line.store.waiting()) < 55), (line.folder / "worker.log").read_text()[-2000:]
    os.killpg(first.pid, signal.SIGKILL)  # in the middle of the work
    first.wait(20)
    assert line.store.waiting(), "it was killed too late to show anything"
    # What the dead worker held comes back by the broker (RabbitMQ) or by the next look into the inbox (both).
    line.start(look_every="2")
    assert until(lambda: not line.store.waiting()), (line.folder / "worker.log").read_text()[-2000:]
    assert line.states(keys) == {"done"}
    assert line.drafts() == len(keys)


def test_calls_that_come_while_the_broker_is_down_are_made_later(tmp_path: Path, line: Line) -> None:
    with closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    scheme = line.url.split("://")[0]
    down = f"{scheme}://127.0.0.1:{port}" + ("/5" if scheme == "redis" else "")
    keys = [line.receive(i, c) for i, c in enumerate(CALLS[:4])]
    announce = announcer(down, line.queue)
    for key in keys:
        announce(key)  # nobody hears it, and that is no error
    assert line.states(keys) == {"waiting"}
    assert announce_waiting(make_broker(line.url), line.store.waiting(), line.queue) == 4
    line.start()
    assert until(lambda: not line.store.waiting()), (line.folder / "worker.log").read_text()[-2000:]
    assert line.drafts() == 4


def test_a_broker_that_goes_away_in_the_middle_and_comes_back_loses_and_doubles_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, line: Line
) -> None:
    """As when the broker is stopped and started: the line to it is cut under a working worker, and mended later."""
    port = int(line.url.removesuffix("/5").rsplit(":", 1)[1])
    proxy = Proxy(port)
    request.addfinalizer(proxy.cut)
    direct, line.url = line.url, line.url.replace(f":{port}", f":{proxy.port}")
    try:
        keys = [line.receive(i, CALLS[i % len(CALLS)]) for i in range(60)]
        announce = announcer(line.url, line.queue)
        for key in keys:
            announce(key)
        worker = line.start(look_every="2")
        assert until(lambda: len(line.store.waiting()) < 55), (tmp_path / "worker.log").read_text()[-2000:]
        proxy.cut()
        left = len(line.store.waiting())
        assert left, "it was cut too late to show anything"
        late = line.receive(61, CALLS[0])
        poison = line.store.receive("poison.json", "", "", b'{"Result": {"Sentences": [1]}}', NOW)
        for key in (late, poison):
            announce(key)  # nobody hears it, and that is no error
        proxy.mend()
        announce(late)  # the same announcer finds the broker again
        assert until(lambda: not line.store.waiting()), (tmp_path / "worker.log").read_text()[-2000:]
        assert worker.poll() is None, "the worker did not outlive the broker"
        assert line.states([*keys, late]) == {"done"}
        assert line.drafts() == len(keys) + 1
        assert [d["id"] for d in line.store.dead()] == [poison]
    finally:
        line.url = direct


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a Redis of the test's own, without anything kept on disk, on one free port."""
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine: this test did not run")
    with closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        options = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(tmp_path),
        ]
        running.append(subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL))
        assert until(lambda: answers(f"redis://127.0.0.1:{port}/5"), 20)
        return running[-1]

    start.url = f"redis://127.0.0.1:{port}/5"  # type: ignore[attr-defined]
    yield start
    for r in running:
        if r.poll() is None:
            r.kill()
        r.wait(10)


def test_a_broker_that_stops_and_forgets_everything_loses_no_call(tmp_path: Path, own_redis: Any) -> None:
    broker = own_redis()
    line = Line(tmp_path, own_redis.url)
    try:
        keys = [line.receive(i, CALLS[i % len(CALLS)]) for i in range(40)]
        announce = announcer(line.url, line.queue)
        for key in keys:
            announce(key)
        line.start(look_every="2")
        assert until(lambda: len(line.store.waiting()) < 38), (tmp_path / "worker.log").read_text()[-2000:]
        broker.kill()  # with its queue
        broker.wait(10)
        late = line.receive(41, CALLS[0])
        announce(late)
        own_redis()
        assert until(lambda: not line.store.waiting()), (tmp_path / "worker.log").read_text()[-2000:]
        assert line.states([*keys, late]) == {"done"}
        assert line.drafts() == len(keys) + 1
    finally:
        line.close()
