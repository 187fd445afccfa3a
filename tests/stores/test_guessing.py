"""Guessing numbers and codes: what a million tries find, and that nobody can lock the owner out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone

import pytest

from bot.petition.case import Filing
from bot.petition.errors import NotFound, TooManyAttempts
from bot.petition.origin import ADDRESS
from bot.storage import guessing
from bot.storage.cases import CaseStore
from bot.storage.rights import Rights

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
FIELDS = {"narrative": "楼下饭店油烟", "phone": "13800001234"}


def file(cases: CaseStore, n: int = 0):
    return cases.file(Filing(f"{n:032d}", "web", f"c{n}", "enforcement", "申诉求决", "城管", FIELDS), NOW, TODAY)


def guesses(right: str, start: int = 0) -> Iterator[str]:
    return (g for i in range(start, 1_000_000) if (g := f"{i:06d}") != right)


def test_of_a_million_guesses_in_a_day_a_few_thousand_are_looked_at() -> None:
    """Whatever the addresses, conversations and numbers: the count over all bounds the day. Six digits: 10**6 codes."""
    looked_at = guessing.looked_at("g", 24)
    assert looked_at < 4_000
    assert looked_at / 10**6 < 0.004  # the chance of finding anything at all in a day of attack
    # One number, from anywhere, for the sixty days that a case takes: less than one in fifty.
    assert guessing.looked_at("n", 24) * 60 / 10**6 < 0.02
    # One address, whatever it tries, in a year.
    assert guessing.looked_at("a", 24) * 365 / 10**6 < 0.04


def test_new_conversations_from_one_address_bring_nothing(cases: CaseStore) -> None:
    receipts = [file(cases, i) for i in range(40)]
    ADDRESS.set("attacker")
    looked_at = 0
    for i, guess in enumerate(guesses("")):
        if i == 200:
            break
        receipt = receipts[i % 40]
        try:
            if guess != receipt.query_code:
                assert cases.progress(receipt.case_no, guess, NOW, f"fresh conversation {i}") is None
                looked_at += 1
        except TooManyAttempts:
            pass
    ADDRESS.set("")
    assert looked_at <= guessing.COUNTS["a"].free


def test_a_case_of_ones_own_pays_for_no_guesses_at_others(cases: CaseStore) -> None:
    own, other = file(cases, 1), file(cases, 2)
    looked_at = 0
    for i, guess in enumerate(guesses(other.query_code)):
        if i == 100:
            break
        try:
            cases.progress(other.case_no, guess, NOW, "c1")
            looked_at += 1
            cases.progress(own.case_no, own.query_code, NOW, "c1")
        except TooManyAttempts:
            pass
    assert looked_at <= guessing.COUNTS["o"].free


def test_many_guesses_at_once_are_counted_one_by_one(cases: CaseStore) -> None:
    receipt = file(cases)

    def one(guess: str) -> bool:
        try:
            cases.progress(receipt.case_no, guess, NOW, "stranger")
        except TooManyAttempts:
            return False
        return True

    codes = [g for g, _ in zip(guesses(receipt.query_code), range(24), strict=False)]
    with ThreadPoolExecutor(8) as pool:
        looked_at = sum(pool.map(one, codes))
    assert looked_at <= guessing.COUNTS["o"].free


@pytest.fixture
def besieged(cases: CaseStore):
    """A case whose number strangers from many addresses have been trying, so that it rests."""
    receipt = file(cases)
    for i, guess in enumerate(guesses(receipt.query_code)):
        try:
            cases.progress(receipt.case_no, guess, NOW, f"stranger {i}")
        except TooManyAttempts:
            return receipt
    raise AssertionError("the number never rested")


def test_a_right_code_from_nowhere_rests_with_the_number(cases: CaseStore, besieged) -> None:
    with pytest.raises(TooManyAttempts):
        cases.progress(besieged.case_no, besieged.query_code, NOW, "somewhere else")


def test_the_owner_gets_in_from_the_conversation_of_the_filing(cases: CaseStore, besieged) -> None:
    assert cases.progress(besieged.case_no, besieged.query_code, NOW, "c0") is not None


def test_the_owner_gets_in_with_the_phone_and_a_wrong_phone_helps_nobody(cases: CaseStore, besieged) -> None:
    with pytest.raises(TooManyAttempts):
        cases.progress(besieged.case_no, besieged.query_code, NOW, "new phone", "13900000000")
    assert cases.progress(besieged.case_no, besieged.query_code, NOW, "new phone", "13800001234") is not None


def test_the_way_by_phone_has_a_count_of_its_own(cases: CaseStore, besieged) -> None:
    looked_at = 0
    for i, guess in enumerate(guesses(besieged.query_code, 1000)):
        if i == 50:
            break
        try:
            cases.progress(besieged.case_no, guess, NOW, f"knows the phone {i}", "13800001234")
            looked_at += 1
        except TooManyAttempts:
            pass
    assert looked_at <= guessing.COUNTS["p"].free


def test_who_holds_the_code_cannot_try_out_telephones(cases: CaseStore, engine, keys) -> None:
    """The slip with number and code was found; whose telephone stands with the case is what its finder wants to know."""
    receipt, rights = file(cases), Rights(engine, keys)
    told = set()
    for i in range(60):
        ADDRESS.set(f"address {i % 10}")
        try:
            rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, "", f"139{i:08d}")
        except NotFound:
            told.add(i)
        except TooManyAttempts:
            pass
        cases.progress(
            receipt.case_no, receipt.query_code, NOW, "", f"139{i:08d}"
        )  # a right code pays for no telephones
    assert len(told) <= guessing.COUNTS["t"].free
    with pytest.raises(TooManyAttempts):
        rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, "", "13800001234")
    assert rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, "c0", "")["case_no"] == receipt.case_no
    ADDRESS.set("")


def test_while_a_number_rests_no_telephone_is_found_by_trying(cases: CaseStore, besieged) -> None:
    for i in range(20):
        with pytest.raises(TooManyAttempts):
            cases.progress(besieged.case_no, besieged.query_code, NOW, f"finder {i}", f"139{i:08d}")
    with pytest.raises(TooManyAttempts):
        cases.progress(besieged.case_no, besieged.query_code, NOW, "finder", "13800001234")


def test_strangers_without_the_code_do_not_close_the_way_by_phone(cases: CaseStore, besieged) -> None:
    for i in range(20):
        with pytest.raises(TooManyAttempts):
            cases.progress(besieged.case_no, "000000", NOW, f"stranger {i}", f"139{i:08d}")
    assert cases.progress(besieged.case_no, besieged.query_code, NOW, "owner", "13800001234") is not None


def test_a_rest_ends_and_the_next_day_begins_anew(cases: CaseStore, besieged) -> None:
    later = NOW + guessing.COUNTS["n"].longest + timedelta(seconds=1)
    assert cases.progress(besieged.case_no, besieged.query_code, later, "later") is not None
