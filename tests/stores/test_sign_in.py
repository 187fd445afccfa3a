"""Signing in: many tries at once, from one address, and that no stranger shuts an owner out."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from bot.petition.errors import PetitionError, TooManyAttempts
from bot.storage import guessing
from bot.storage.staff import KNOWN, StaffStore

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
def staff(engine, keys, monkeypatch: pytest.MonkeyPatch) -> StaffStore:
    """Accounts 小周 and 老王 whose passwords are what `add` gave; checking one takes a moment and no memory."""

    def right(self: StaffStore, stored: str, password: str) -> bool:
        time.sleep(0.01)
        return stored == "hash of " + password

    monkeypatch.setattr(StaffStore, "_right", right)
    store = StaffStore(engine, keys)
    monkeypatch.setattr(store._hasher.__class__, "hash", lambda self, text: "hash of " + text)
    store.passwords = {n: store.add(n, "clerk", "", NOW) for n in ("小周", "老王")}
    return store


def looked_at(staff: StaffStore, name: str, password: str = "wrong", now: datetime = NOW, **how: str) -> bool:
    try:
        staff.sign_in(name, password, now, **how)
    except TooManyAttempts:
        return False
    except PetitionError:
        pass
    return True


def test_many_tries_at_once_are_counted_one_by_one(staff: StaffStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda n: looked_at(staff, "小周", f"guess {n}"), range(24)))
    assert sum(tries) <= guessing.COUNTS["u"].free


def test_a_day_of_tries_at_one_account_is_a_hundred(staff: StaffStore) -> None:
    assert guessing.looked_at("u", 24) < 120


def test_one_address_cannot_try_one_password_on_everybody(staff: StaffStore) -> None:
    tries = sum(looked_at(staff, f"somebody {n}", address="192.0.2.7") for n in range(100))
    assert tries == guessing.COUNTS["s"].free
    assert not looked_at(staff, "小周", staff.passwords["小周"], address="192.0.2.7")
    assert looked_at(staff, "小周", staff.passwords["小周"], address="192.0.2.8")


def test_a_stranger_does_not_shut_out_the_owner(staff: StaffStore) -> None:
    password = staff.passwords["小周"]
    known = staff.device_of("小周", NOW)
    later = NOW
    for n in range(30):  # goes on for hours, so that the account rests all the time
        later += timedelta(minutes=1)
        looked_at(staff, "小周", now=later, address=f"198.51.100.{n}")
    assert not looked_at(staff, "小周", password, later)
    assert staff.sign_in("小周", password, later, device=known)[1].staff.name == "小周"
    for device in (staff.device_of("老王", NOW), "x.y.z", known[:-1] + "x"):
        assert not looked_at(staff, "小周", password, later, device=device)


def test_a_known_browser_has_a_count_of_its_own_and_an_end(staff: StaffStore) -> None:
    known = staff.device_of("小周", NOW)
    assert sum(looked_at(staff, "小周", device=known) for _ in range(20)) == guessing.COUNTS["d"].free
    assert looked_at(staff, "小周", staff.passwords["小周"])  # the thief of a cookie does not make the account rest
    after = NOW + KNOWN + timedelta(seconds=1)
    assert sum(looked_at(staff, "小周", now=after, device=known) for _ in range(20)) == guessing.COUNTS["u"].free
    assert not looked_at(staff, "小周", now=after)
