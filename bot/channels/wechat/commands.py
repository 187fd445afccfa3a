"""`sufang wechat check | menu | demo`."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.settings import Settings, WeChat

#: How long a line of the demonstration waits for an answer.
DEMO_WAIT = 60.0
START_WAIT = 300.0


def add_parser(commands: Any) -> None:
    """Adds the command."""
    wechat = commands.add_parser("wechat", help="公众号：检查设置、菜单、在终端里当一回关注者")
    what = wechat.add_subparsers(dest="what", required=True)
    what.add_parser("check", help="检查设置、加解密、令牌和菜单")
    what.add_parser("menu", help="把 knowledge/wechat.yml 里的菜单发布到公众号")
    demo = what.add_parser("demo", help="在本机模拟微信平台，终端里直接对话（不需要公众号）")
    demo.add_argument("--mode", choices=["safe", "compatible", "plain"], default="safe", help="消息加解密方式")
    wechat.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: Settings) -> int:
    if args.what == "demo":
        return asyncio.run(_demo(args.mode))
    if settings.wechat is None:
        print("没有设 SUFANG_WECHAT_TOKEN，公众号没有接入。各项设置见 sufang serve --help", file=sys.stderr)
        return 1
    return asyncio.run(_check(settings, settings.wechat) if args.what == "check" else _menu(settings, settings.wechat))


def _client(settings: Settings, account: WeChat) -> Any:
    from bot.channels.wechat.client import Client
    from bot.storage.open import open_engine, open_keyring, upgrade
    from bot.storage.wechat_links import TokenStore

    upgrade(settings.database_url)
    store = TokenStore(open_engine(settings), open_keyring(settings), account.app_id)
    return Client(account, store, settings.now)


def _said(good: bool, text: str) -> bool:
    print(f"{'好    ' if good else '不行  '}{text}")
    return good


async def _check(settings: Settings, account: WeChat) -> int:
    """Goes through it in the order in which a mistake would show."""
    from bot.channels.wechat.client import ApiError
    from bot.channels.wechat.office import office
    from bot.knowledge.loader import KnowledgeError
    from bot.petition.errors import PetitionError

    good = _said(
        _round_trip(account), "签名" + ("和加解密" if account.aes_key else "（没有设 AES_KEY，只能用明文模式）")
    )
    try:
        wanted = office().menu_object()
    except KnowledgeError as e:
        return 0 if _said(False, str(e)) else 1
    _said(True, "通知模板：" + (office().template or "没有设，进展用普通消息告诉，过了 48 小时的等群众下次来信再给"))
    if not account.app_secret:
        _said(True, "没有设 APP_SECRET：只有被动回复，超过 4.5 秒的回答等群众下次来信再给；没有通知和菜单")
        return 0 if good else 1
    client = _client(settings, account)
    try:
        await client.ask_token()
        good = _said(True, "令牌 access_token") and good
        shown = await client.menu()
        names = [b.get("name") for b in shown.get("button", [])]
        same = names == [b["name"] for b in wanted["button"]]
        good = (
            _said(same, "菜单" if same else f"菜单和设置的不一样（现在是 {names or '空的'}），发布：sufang wechat menu")
            and good
        )
    except ApiError as e:
        hint = {40164: "，请在公众平台把本机出口地址加进 IP 白名单", 40125: "，AppSecret 不对", 40013: "，AppID 不对"}
        good = _said(False, f"平台没有答应：{e}{hint.get(e.code, '')}")
    except PetitionError as e:
        good = _said(False, str(e))
    finally:
        await client.close()
    return 0 if good else 1


def _round_trip(account: WeChat) -> bool:
    """Signs and seals a message as the platform does, and opens it as the channel does."""
    import time

    from bot.channels.wechat.protocol import Protocol, Refused, sealed_query, sign, xml_of

    protocol, stamp, nonce = Protocol(account), str(int(time.time())), secrets.token_hex(4)
    fields = {
        "ToUserName": "a",
        "FromUserName": "b",
        "CreateTime": stamp,
        "MsgType": "text",
        "Content": "核对",
        "MsgId": "1",
    }
    xml = xml_of(fields)
    query = {"timestamp": stamp, "nonce": nonce, "signature": sign(account.token, stamp, nonce)}
    try:
        if account.aes_key:
            sealed = protocol.encrypt(xml)
            query |= sealed_query(account.token, stamp, nonce, sealed)
            xml = xml_of({"Encrypt": sealed})
        delivery = protocol.open(query, xml.encode())
        back = protocol.read_reply(protocol.reply(delivery, "收到"), delivery.encrypted)
    except Refused:
        return False
    return delivery.content.text == "核对" and back == "收到"


async def _menu(settings: Settings, account: WeChat) -> int:
    from bot.channels.wechat.client import ApiError
    from bot.channels.wechat.office import office
    from bot.knowledge.loader import KnowledgeError
    from bot.petition.errors import PetitionError

    if not account.app_secret:
        print("没有设 SUFANG_WECHAT_APP_SECRET，不能发布菜单", file=sys.stderr)
        return 1
    client = _client(settings, account)
    try:
        await client.set_menu(office().menu_object())
    except (ApiError, KnowledgeError, PetitionError) as e:
        print(f"菜单没有发布：{e}", file=sys.stderr)
        return 1
    finally:
        await client.close()
    print("菜单已发布：" + "、".join(office().menu), file=sys.stderr)
    return 0


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def _demo(mode: str) -> int:
    """A platform and a server of its own with data that is thrown away; the terminal is the follower's phone."""
    from bot.channels.wechat.simulator import Platform

    api_port, port, desk = _free_port(), _free_port(), _free_port()
    account = WeChat(
        "demo", secrets.token_hex(32)[:43], "wxdemo", secrets.token_hex(16), f"http://127.0.0.1:{api_port}"
    )
    platform = Platform(account, f"http://127.0.0.1:{port}/channels/wechat", mode)
    await platform.start(api_port)
    with tempfile.TemporaryDirectory() as folder:
        mine = {
            "PYTHONWARNINGS": "ignore",
            "SUFANG_ENV": "test", "SUFANG_PORT": str(port), "SUFANG_DESK_PORT": str(desk), "SUFANG_DATA_DIR": folder,
            "SUFANG_WECHAT_TOKEN": account.token, "SUFANG_WECHAT_AES_KEY": account.aes_key, "SUFANG_WECHAT_APP_ID": account.app_id,
            "SUFANG_WECHAT_APP_SECRET": account.app_secret, "SUFANG_WECHAT_API_BASE": account.api_base,
            "SUFANG_WECHAT_PAGE_URL": f"http://127.0.0.1:{port}",
        }  # fmt: skip
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith("SUFANG_") or k in ("SUFANG_NOW", "SUFANG_REGION")
        }
        print("正在启动（第一次要训练，约一分钟）…", file=sys.stderr)
        server = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], cwd=Path.cwd(), env=kept | mine, stdout=subprocess.DEVNULL
        )
        try:
            if not await _ready(server, port):
                print("没有启动", file=sys.stderr)
                return 1
            await _chat(platform)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait, 60)
            await platform.stop()
    return 0


async def _ready(server: subprocess.Popen[bytes], port: int) -> bool:
    import aiohttp

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        for _ in range(int(START_WAIT * 2)):
            if server.poll() is not None:
                return False
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as r:
                    if r.status == 200:
                        return True
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.5)
    return False


async def _chat(platform: Any) -> None:
    """Lines in, bubbles out; menu entries by their name, /退 to stop following, empty input or Ctrl-D to leave."""
    from bot.channels.wechat.office import office

    me = "o-demo"
    names = " ".join(f"[{n}]" for n in office().menu)
    print(f"您是公众号的关注者，直接打字。菜单：{names}（打名字就是点它）。Ctrl-D 结束。", file=sys.stderr)
    shown = 0
    await platform.event(me, "subscribe")
    while True:
        for bubble in platform.person(me).screen[shown:]:
            print(f"〔{bubble.via}〕{bubble.text}\n", flush=True)
        shown = len(platform.person(me).screen)
        line = await asyncio.to_thread(_line)
        if line is None:
            return
        if not line.strip():
            continue
        await (platform.tap(me, line.strip()) if line.strip() in office().menu else platform.say(me, line))
        if len(platform.person(me).screen) == shown:
            try:
                await platform.seen(me, "", shown, DEMO_WAIT)
            except asyncio.TimeoutError:
                print("（没有回答）", file=sys.stderr)


def _line() -> str | None:
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None
