"""Both databases, and an office on each."""

from __future__ import annotations

import pytest
from databases import cases, chat, engine, keys, log, url  # noqa: F401

from desk.office import Day, Office


@pytest.fixture
def office(engine, keys, advisor) -> Office:  # noqa: F811
    return Office(engine, keys, advisor, Day())
