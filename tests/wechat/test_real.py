"""A whole filing in WeChat with the real bot: numbers instead of buttons, and a worker that is killed at the wrong moment."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import Server
from wechat_stage import ACCOUNT, account, free_port

from bot.channels.wechat.simulator import Platform

ME = "o-chunmei"


class Phone:
    """A follower of the real bot."""

    def __init__(self, server: Server, platform: Platform) -> None:
        self.server, self.platform = server, platform

    async def say(self, text: str) -> str:
        """Says something; returns what appeared."""
        count = len(self.platform.person(ME).screen)
        number = await self.platform.say(ME, text)
        return "\n".join(s.text for s in await self.platform.seen(ME, number, count))


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    port = free_port()
    api = f"http://127.0.0.1:{port}"
    server = Server(tmp_path / "data", **ACCOUNT, SUFANG_WECHAT_API_BASE=api)
    platform = await Platform(account(api), f"{server.base}/channels/wechat").start(port)
    await asyncio.to_thread(server.start)
    yield Phone(server, platform)
    if server.process is not None and server.process.poll() is None:
        await asyncio.to_thread(server.stop)
    await platform.stop()


async def test_a_case_is_filed_with_numbers_listed_and_found_again_after_a_kill(phone: Phone) -> None:
    advice = await phone.say("楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了")
    assert "1. 帮我登记" in advice
    await phone.say("1")
    for text in ("要求装净化设备", "昆明市五华区莲花街道翠湖里小区", "老灶台川菜馆"):
        await phone.say(text)
    await asyncio.to_thread(phone.server.stop, signal.SIGKILL)
    await asyncio.to_thread(phone.server.start)
    await phone.say("李春梅")
    summary = await phone.say("13800001234")
    assert "② 诉求：要求装净化设备" in summary
    assert "1. 确认提交" in summary
    receipt = await phone.say("一")
    assert "登记好了" in receipt
    assert "已绑定到您的微信" in receipt
    with sqlite3.connect(phone.server.data / "sufang.db") as db:
        assert db.execute("SELECT source, count(*) FROM cases").fetchall() == [("wechat", 1)]
    db.close()
    assert "已登记" in await phone.say("我的件")
    assert "现在的状态是：已登记" in await phone.say("1")


async def test_a_number_and_a_refused_message_id_are_nothing_new(phone: Phone) -> None:
    await phone.platform.say(ME, "楼下饭店的油烟天天往我家窗户里灌", msg_id="77", copies=4)
    await phone.platform.say(ME, "楼下饭店的油烟天天往我家窗户里灌", msg_id="77")
    assert [s.via for s in phone.platform.person(ME).screen] == ["passive"]
