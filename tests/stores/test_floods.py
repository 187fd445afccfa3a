"""Many filings from one place: a flood is held, a crowd behind one address is not turned away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

import pytest
from filings import FIELDS, filing

from bot.petition.errors import StoreUnavailable
from bot.petition.origin import ADDRESS
from bot.storage import guessing
from bot.storage.cases import CaseStore

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One address for everybody, and ten of the same where the system lets a hundred through."""
    monkeypatch.setitem(guessing.COUNTS, "f", guessing.Count(10, timedelta(minutes=1)))
    token = ADDRESS.set("one address")
    yield
    ADDRESS.reset(token)


def filed(cases: CaseStore, n: int, now: datetime = NOW, **fields: str) -> bool:
    try:
        cases.file(filing(f"{n:032d}", conversation=f"c{n}", fields={**FIELDS, **fields}), now, TODAY)
    except StoreUnavailable:
        return False
    return True


def test_a_crowd_with_one_text_behind_one_address_passes(cases: CaseStore) -> None:
    assert all(filed(cases, n, phone=f"1380000{n:04d}") for n in range(60))


def test_the_same_teller_with_the_same_words_is_held_and_let_on_a_minute_later(cases: CaseStore) -> None:
    free = guessing.COUNTS["f"].free
    assert [filed(cases, n) for n in range(free + 5)] == [True] * free + [False] * 5
    assert filed(cases, 100, narrative="另外一件事：路灯坏了")
    assert filed(cases, free, NOW + timedelta(minutes=1, seconds=1))
    assert len(cases.find(limit=100)) == free + 2


def test_unnamed_floods_are_held_by_their_address(cases: CaseStore) -> None:
    nobody = {"phone": "", "name": ""}
    assert sum(filed(cases, n, narrative="  ".join("骗 子"), **nobody) for n in range(30)) == guessing.COUNTS["f"].free
    ADDRESS.set("another address")
    assert filed(cases, 40, narrative="骗子", **nobody)


def test_generated_load_is_not_held(cases: CaseStore) -> None:
    cases.holds_floods = False
    assert all(filed(cases, n) for n in range(20))


def test_a_draft_that_is_filed_already_is_no_flood(cases: CaseStore) -> None:
    assert all(filed(cases, 1) for _ in range(30))
    assert len(cases.find()) == 1


def test_one_address_files_so_many_a_day_and_no_flood(cases: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(guessing.COUNTS, "c", guessing.Count(20, timedelta(minutes=1)))
    assert sum(filed(cases, n, narrative=f"第{n}件", phone=f"1380000{n:04d}") for n in range(40)) == 20
    ADDRESS.set("")  # the counter of the office has no address: whoever comes is registered
    assert filed(cases, 50, narrative="来访的一件")
