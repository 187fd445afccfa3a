"""The desk as it is served: on its own port, with the clockwork beside it."""

from __future__ import annotations

import asyncio
import socket
from datetime import date, timedelta
from pathlib import Path

import aiohttp
import pytest
from filings import filing

import actions.base
from bot.desk import clockwork
from bot.server import start_desk
from bot.settings import Settings
from bot.storage.open import make_engine, open_keyring, upgrade
from bot.storage.stores import Stores


def test_reminders_and_parcels_go_by_themselves(tmp_path: Path, advisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clockwork, "PULSE", 0.05)
    day = date(2026, 11, 23)
    settings = Settings(env="test", data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'd.db'}", fixed_today=day)
    upgrade(settings.database_url)
    stores = Stores.of(make_engine(settings.database_url), open_keyring(settings))

    class Served:
        intake = type("Intake", (), {"advisor": advisor})

    monkeypatch.setattr(actions.base, "services", lambda: Served)
    late = stores.cases.file(filing(), settings.now(), day - timedelta(days=20)).case_no
    stores.cases.transition(late, "notified", "小周", "clerk", {}, settings.now(), day - timedelta(days=20))
    waiting = stores.cases.file(filing("w" * 32), settings.now(), day - timedelta(days=20)).case_no

    async def work() -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        runner, clock = await start_desk(settings, listener)
        async with clock.running(), aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/desk/login") as answer:
                assert answer.status == 200
            for _ in range(400):
                await asyncio.sleep(0.05)
                if not stores.outbox.waiting(("notice",)) and stores.notices.standing(day):
                    break
        await runner.cleanup()

    asyncio.run(work())
    assert [r.case.case_no for r in stores.notices.standing(day)] == [waiting]
    assert stores.outbox.waiting(("notice",)) == 0  # kept to be read on the page
    assert stores.outbox.waiting(("filed", "moved")) == 3  # no platform is set: kept
