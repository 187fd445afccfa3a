"""Serving: wiring only. One process, one worker; chat, page and progress on one port."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

from bot.petition.errors import PetitionError
from bot.settings import Settings

REQUEST_MAX_SIZE = 11 * 1024 * 1024


def quiet() -> None:
    """No telemetry, no words of a person in any log, no progress chatter: set before Rasa is imported."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    import warnings

    warnings.simplefilter("ignore")
    from rasa.utils.log_utils import configure_structlog

    from bot.runtime import logs

    configure_structlog(logging.WARNING)
    logs.configure()


def build(settings: Settings, model: Path) -> Any:
    """The Sanic app with agent and channel. Raises PetitionError when a store does not answer, OSError when the model is missing."""
    if not model.is_file():  # Rasa would load the newest archive of the folder instead
        raise FileNotFoundError(model)
    if settings.lazy_import_on:
        from bot.runtime import lazy_import

        lazy_import.install()
    quiet()
    from rasa.core.channels import channel as rasa_channel
    from sanic import Sanic
    from sanic.exceptions import SanicException

    from bot.channels.socket import SocketChannel
    from bot.runtime import patches
    from bot.runtime.in_process import InProcessEndpoint
    from bot.runtime.live_store import LiveTrackerStore
    from bot.runtime.lock_store import WaitingLockStore
    from bot.runtime.processor import FastAgent
    from bot.storage.chat import EventLog
    from bot.storage.open import open_engine, open_keyring, prepare
    from bot.storage.turns import TurnLog

    if settings.patches_on:
        patches.apply()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENAS, 1)  # one heap for all threads: they wait for the disk, not for memory
    prepare(settings)
    engine, keys = open_engine(settings), open_keyring(settings)
    store = LiveTrackerStore(None, EventLog(engine, keys), TurnLog(engine, keys))
    agent = FastAgent.of(model, store, WaitingLockStore(), InProcessEndpoint())

    app = Sanic("sufang", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = REQUEST_MAX_SIZE
    app.config.REQUEST_TIMEOUT = app.config.RESPONSE_TIMEOUT = 60
    app.config.KEEP_ALIVE_TIMEOUT = 30
    app.config.ACCESS_LOG = False
    app.config.PROXIES_COUNT = settings.proxies or None
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 20
    web = SocketChannel.from_credentials(None)
    web.page_path = "/"
    channels: list[Any] = [web]
    if settings.wechat:
        from bot.channels.wechat.channel import WeChatChannel

        channels.append(WeChatChannel.from_credentials(None))
    rasa_channel.register(channels, app, route="/")
    for channel in channels:
        channel.turns.live = store
    if settings.redis_url:
        from bot.runtime.shared import Shared

        shared = Shared(settings.redis_url)
        for channel in channels:
            channel.share(shared)
    for figure in store.figures():
        web.load.watch(f"sufang_{figure}", f"{figure} of this process", lambda name=figure: store.figures()[name])
    app.error_handler.add(SanicException, web.no_route)
    app.ctx.agent, app.ctx.web = agent, web
    return app


#: M_ARENA_MAX of glibc's malloc.h.
_ARENAS = -8


def _give_back() -> None:
    """Hands memory that only the start needed (models being read, archives unpacked) back to the system, where glibc is."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


async def warm_up(app: Any) -> None:
    """A first turn costs half a second of loading; it is spent before anybody waits for it. It is not kept."""
    from rasa.core.channels.channel import UserMessage

    from bot.channels.output import MessageCollector
    from bot.petition.encoder import encoder
    from bot.petition.understand import shapes

    name = "warm-up"
    await app.ctx.agent.handle_message(UserMessage("楼下饭店油烟直往我家灌", MessageCollector(), name))
    await app.ctx.agent.tracker_store.delete(name)
    shapes.everyday()
    if encode := encoder():  # read now, so that what its reading needed is given back too
        encode(["你好"])
    gc.collect()
    _give_back()
    gc.freeze()
    app.ctx.web.ready = True


async def forget_old_drafts(settings: Settings) -> None:
    """Once an hour deletes what is older than the retention table says, and writes down where the audit chain ends."""
    from bot.storage import audit, retention
    from bot.storage.open import open_engine, open_keyring

    engine, keys = open_engine(settings), open_keyring(settings)
    while True:
        try:
            files = settings.data_dir / "attachments"
            await asyncio.to_thread(retention.enforce, engine, keys, files, settings.now())
            await asyncio.to_thread(audit.anchor, engine, settings.data_dir / "audit.anchors")
        except (PetitionError, OSError):
            logging.getLogger(__name__).warning("old data was not deleted; tried again in an hour")
        await asyncio.sleep(3600)


async def start_desk(settings: Settings, listener: socket.socket) -> tuple[Any, Any]:
    """The desk on its own port, in this process; returns the runner that stops it and the clockwork that runs beside it."""
    from aiohttp import web

    from actions.base import services
    from bot.desk.app import build as build_desk
    from bot.desk.clockwork import Clockwork
    from bot.desk.service import Desk
    from bot.hotline.intake import Intake
    from bot.storage.drafts import DraftStore
    from bot.storage.open import open_engine, open_keyring
    from bot.storage.stores import Stores
    from bot.upstream.sender import Sender

    s = services()
    stores = Stores.of(open_engine(settings), open_keyring(settings), settings.data_dir / "attachments")
    desk = Desk(stores, s.intake.advisor, settings.today, settings.now)
    intake = Intake(
        DraftStore(open_engine(settings), open_keyring(settings)),
        lambda: s.intake.advisor,
        settings.data_dir / "hotline.index",
        settings.now,
    )
    if settings.broker_url:
        from bot.hotline.queueing import announcer

        intake.announce = announcer(settings.broker_url)
    runner = web.AppRunner(build_desk(desk, settings, intake), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    sender = Sender(stores, settings.upstream_url, settings.upstream_token, settings.now, settings.private_hosts)
    return runner, Clockwork(stores, sender, settings.today, settings.now)


def serve(settings: Settings, model: Path, with_desk: bool = True) -> int:
    """Serves until Ctrl-C or SIGTERM; running turns are finished first."""
    listeners: list[socket.socket] = []
    ports = [("SUFANG_PORT", settings.port)] + ([("SUFANG_DESK_PORT", settings.desk_port)] if with_desk else [])
    for name, port in ports:
        try:
            listeners.append(_listen(settings.host, port))
        except OSError as e:
            if name == "SUFANG_DESK_PORT" and not os.environ.get(name):  # nobody chose it, so any free one will do
                listeners.append(_listen(settings.host, 0))
                continue
            print(f"端口 {port} 用不了（{e.strerror}）。可以换一个：{name}={port + 10} make serve", file=sys.stderr)
            return 1
    listener = listeners[0]
    desk_port = listeners[1].getsockname()[1] if with_desk else 0
    print("正在启动（约半分钟）…", file=sys.stderr)
    try:
        app = build(settings, model)
    except PetitionError as e:
        print(f"没有启动：{e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"没有启动：找不到模型 {e}", file=sys.stderr)
        return 1

    @app.before_server_stop
    async def _stopping(app: Any, loop: asyncio.AbstractEventLoop) -> None:
        app.ctx.keeper.cancel()
        if with_desk:
            app.ctx.clock.cancel()
            await app.ctx.desk.cleanup()
        await asyncio.to_thread(app.ctx.agent.tracker_store.close)

    @app.after_server_start
    async def _started(app: Any, loop: asyncio.AbstractEventLoop) -> None:
        await warm_up(app)
        if with_desk:
            app.ctx.desk, app.ctx.clockwork = await start_desk(settings, listeners[1])
            app.ctx.clock = loop.create_task(app.ctx.clockwork.run())
        app.ctx.keeper = loop.create_task(forget_old_drafts(settings))
        base = f"http://{settings.host}:{settings.port}"
        print(
            f"诉访通已启动\n  群众页面  {base}/\n  工作台    http://{settings.host}:{desk_port}/desk/（第一个用户：.venv/bin/sufang user add 名字 --role admin）\n  数据      {settings.data_dir}\n  按 Ctrl-C 停止",
            flush=True,
        )

    with contextlib.suppress(KeyboardInterrupt):
        app.run(sock=listener, workers=1, access_log=False, debug=False, motd=False) if _has_motd(app) else app.run(
            sock=listener, workers=1, access_log=False, debug=False
        )
    print("已停止", file=sys.stderr)
    return 0


def _has_motd(app: Any) -> bool:
    import inspect

    return "motd" in inspect.signature(app.run).parameters


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener
