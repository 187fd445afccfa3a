"""Notices as template and subscription messages, and the commands, against the simulated platform."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from wechat_stage import ACCOUNT, ROOT, account, free_port

from bot.channels.wechat.client import ApiError, Client
from bot.channels.wechat.office import Office
from bot.channels.wechat.sender import Sender
from bot.channels.wechat.simulator import Platform
from bot.petition.case import Filing
from bot.petition.catalogue import catalogue
from bot.storage.cases import CaseStore
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade
from bot.storage.wechat import WeChatStore
from bot.storage.wechat_links import Links, TokenStore
from bot.storage.wechat_out import OutgoingStore

FIELDS = {"character_string1": "{case_no}", "phrase2": "{status}", "time3": "{day}", "thing4": "{next}"}
FAR = "有权处理的单位决定按哪一条途径处理这件事，并且书面告诉您"


def now() -> datetime:
    return datetime.now(timezone.utc)


class Post:
    """A sender in the test's own process, and a follower with a bound case."""

    def __init__(self, url: str, platform: Platform, office: Office) -> None:
        self.engine, self.keys, self.platform = make_engine(url), Keyring.of_text("x" * 40), platform
        self.store, self.out = WeChatStore(self.engine, self.keys), OutgoingStore(self.engine, self.keys)
        self.cases, self.links = CaseStore(self.engine, self.keys), Links(self.engine, self.keys)
        self.client = Client(platform.account, TokenStore(self.engine, self.keys, "app"), now)
        self.sender = Sender(self.store, self.out, self.client, office, catalogue(), lambda _: FAR, now, "w")
        self.task = asyncio.create_task(self.sender.run())

    def move(self, category: str = "申诉求决") -> str:
        filing = Filing("d" * 32, "web", "c", "petition", category, "住建", {"narrative": "桥塌了"})
        number = self.cases.file(filing, now(), date(2026, 11, 23)).case_no
        who = self.store.follower("o-zhang", now()).who
        self.links.bind(who, number, now())
        role = "discipline" if category == "检举控告" else "clerk"
        self.cases.transition(
            number, "dispatched", "李", role, {"kind": "转送", "agency": "住建"}, now(), date(2026, 11, 23)
        )
        return number

    async def close(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await self.client.close()
        self.engine.dispose()


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    port = free_port()
    platform = await Platform(account(f"http://127.0.0.1:{port}"), "http://127.0.0.1:9").start(port)
    platform.person("o-zhang")
    yield platform
    await platform.stop()


@pytest.mark.parametrize("kind", ["template", "subscribe"])
async def test_a_step_is_told_by_template_under_the_platforms_rules(
    tmp_path: Path, platform: Platform, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    upgrade(url)
    post = Post(url, platform, Office({}, kind, "TEMPLATE", FIELDS))
    number = post.move()
    shown = await platform.seen("o-zhang", "", 0)
    assert post.out.notices(now()) == 0  # the outbox is looked at again: nothing is told twice
    assert [s.via for s in platform.person("o-zhang").screen] == ["template"]
    assert shown[0].text.startswith(f"{number} | 已转送或交办 | ")
    assert shown[0].text.endswith("…")
    await post.close()


async def test_an_accusation_is_not_named_in_a_template(tmp_path: Path, platform: Platform) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    upgrade(url)
    post = Post(url, platform, Office({}, "template", "TEMPLATE", FIELDS))
    number = post.move("检举控告")
    shown = await platform.seen("o-zhang", "", 0)
    assert number not in shown[0].text
    assert "您的事项有更新" in shown[0].text
    assert "转送" not in shown[0].text
    await post.close()


async def test_a_template_that_the_platform_refuses_becomes_a_text_that_waits(
    tmp_path: Path, platform: Platform
) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    upgrade(url)
    post = Post(url, platform, Office({}, "template", "TEMPLATE", {"a": ""}))
    number = post.move()
    while not post.out.held(post.store.who("o-zhang")):
        await asyncio.sleep(0.1)
    while (row := _row(post))[1] != "kept":
        await asyncio.sleep(0.1)
    assert row == ("text", "kept", "no quota")
    who = post.store.who("o-zhang")
    post.store.receive("m:1", who, 1, {"kind": "text", "text": "在吗"}, "message", now(), now())
    message = post.store.next(who, now())
    assert message is not None
    post.store.finish(message, ["在的"], now())
    platform.person("o-zhang").quota, platform.person("o-zhang").until = 5, 10**12
    await platform.seen("o-zhang", "", 1)
    assert number in platform.person("o-zhang").screen[0].text
    await post.close()


def _row(post: Post) -> tuple[str, str, str | None]:
    with post.engine.connect() as c:
        return tuple(c.exec_driver_sql("SELECT kind, state, last_error FROM wechat_outgoing").one())


async def test_a_wrong_secret_is_said_and_no_call_goes_out(tmp_path: Path, platform: Platform) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    upgrade(url)
    engine, keys = make_engine(url), Keyring.of_text("x" * 40)
    wrong = Client(account(platform.account.api_base), TokenStore(engine, keys, "app"), now)
    platform.account = account("other")
    platform.account = type(platform.account)(**{**platform.account.__dict__, "app_secret": "another"})
    with pytest.raises(ApiError, match="40125"):
        await wrong.send_text("o-zhang", "您好")
    assert platform.calls["custom"] == 0
    await wrong.close()
    engine.dispose()


async def test_check_and_menu_against_the_platform(tmp_path: Path, platform: Platform) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("SUFANG_")} | ACCOUNT | {
        "SUFANG_ENV": "test", "SUFANG_DATA_DIR": str(tmp_path), "SUFANG_WECHAT_API_BASE": platform.account.api_base,
    }  # fmt: skip

    def run(what: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot", "wechat", what]
        return subprocess.run(
            command, cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=120, check=False
        )

    before = await asyncio.to_thread(run, "check")
    assert before.returncode == 1
    assert "sufang wechat menu" in before.stdout
    done = await asyncio.to_thread(run, "menu")
    assert done.returncode == 0, done.stderr
    assert platform.menu is not None
    after = await asyncio.to_thread(run, "check")
    assert after.returncode == 0, after.stdout + after.stderr
    assert "不行" not in after.stdout
    wrong = await asyncio.to_thread(lambda: run("check", SUFANG_WECHAT_APP_SECRET="wrong"))
    assert wrong.returncode == 1
    assert "AppSecret 不对" in wrong.stdout
    assert "wrong" not in wrong.stdout + wrong.stderr
    none = await asyncio.to_thread(
        lambda: run(
            "check",
            SUFANG_WECHAT_TOKEN="",
            SUFANG_WECHAT_AES_KEY="",
            SUFANG_WECHAT_APP_ID="",
            SUFANG_WECHAT_APP_SECRET="",
        )
    )
    assert none.returncode == 1
