"""Stores that fail in mid-use: a full disk, connections cut by the database. Nothing is half written, and it goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import postgres_schema
from sqlalchemy import event, text

from bot.petition.errors import StoreUnavailable
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade
from bot.storage.turns import TurnLog, Write

KEYS = Keyring.of_text("a secret that only the tests know, long enough")


def write(turns: TurnLog, sender: str, first: int = 0) -> Exception | None:
    return turns.write([Write(sender, first, [{"event": "user", "text": "楼下油烟" * 500}])])[0]


def test_a_full_disk_is_said_keeps_what_was_answered_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    upgrade(url)
    small = make_engine(url)
    event.listen(small, "connect", lambda connection, record: connection.execute("PRAGMA max_page_count = 120"))
    turns = TurnLog(small, KEYS)
    results = [write(turns, f"c{i}") for i in range(200)]
    kept = [i for i, e in enumerate(results) if e is None]
    assert kept
    assert len(kept) < 200
    assert all(e is None or isinstance(e, StoreUnavailable) for e in results)
    assert isinstance(turns.write([Write("", 0, [])])[0], StoreUnavailable), "not ready while nothing can be written"
    small.dispose()
    roomy = TurnLog(make_engine(url), KEYS)
    assert [i for i in range(200) if roomy.read(f"c{i}").events] == kept
    assert write(roomy, "later") is None
    assert roomy.write([Write("", 0, [])]) == [None]


@pytest.fixture
def postgres():
    yield from postgres_schema()


def test_connections_that_the_database_cut_are_opened_again(postgres: str) -> None:
    upgrade(postgres)
    ours, administrator = make_engine(postgres), make_engine(postgres)
    turns = TurnLog(ours, KEYS)
    for i in range(5):
        assert write(turns, "c", i) is None
        with ours.connect() as c:
            pid = c.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with administrator.begin() as c:
            assert c.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid}).scalar_one()
    assert len(turns.read("c").events) == 5
    ours.dispose()
    administrator.dispose()
