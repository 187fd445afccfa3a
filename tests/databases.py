"""Fixtures: the same tests on SQLite and, where a server answers, on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore, EventLog
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade

POSTGRES = ("postgresql+psycopg2://postgres@127.0.0.1:5432/test", "postgresql+psycopg2:///test")


def postgres_schema() -> Iterator[str]:
    for base in POSTGRES:
        try:
            admin = create_engine(base, connect_args={"connect_timeout": 2})
            schema = "t" + uuid.uuid4().hex[:12]
            with admin.begin() as c:
                c.execute(text(f"CREATE SCHEMA {schema}"))
        except OperationalError:
            continue
        yield f"{base}?options=-csearch_path%3D{schema}"
        with admin.begin() as c:
            c.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()
        return
    pytest.skip("PostgreSQL does not answer on this machine: these tests ran on SQLite only")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'sufang.db'}"
    else:
        yield from postgres_schema()


@pytest.fixture
def keys() -> Keyring:
    return Keyring.of_text("a secret that only the tests know, long enough")


@pytest.fixture
def engine(url: str):
    upgrade(url)
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def cases(engine, keys) -> CaseStore:
    return CaseStore(engine, keys)


@pytest.fixture
def chat(engine, keys) -> ChatStore:
    return ChatStore(engine, keys)


@pytest.fixture
def log(engine, keys) -> EventLog:
    return EventLog(engine, keys)
