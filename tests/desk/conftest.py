"""Both databases, and an office on each."""

from __future__ import annotations

import pytest
from databases import cases, chat, engine, log, url  # noqa: F401

from bot.storage import rotation
from bot.storage.crypto import Keyring
from bot.storage.open import wrapped_keys
from desk.office import Day, Office


@pytest.fixture
def keys(engine) -> Keyring:  # noqa: F811
    """Keys as an installation has them: each purpose with a data key of its own, so that a value tells what it is sealed with."""
    keys = Keyring.of_text("a secret that only the tests know, long enough", lambda: wrapped_keys(engine))
    rotation.ensure(engine, keys)
    return keys


@pytest.fixture
def office(engine, keys, advisor) -> Office:  # noqa: F811
    return Office(engine, keys, advisor, Day())
