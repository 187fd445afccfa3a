"""Case numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition.numbers import make_case_no, new_query_code, normalise_case_no, valid_case_no

numbers = st.builds(make_case_no, st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 99_999))


@given(numbers)
def test_a_number_is_twelve_digits_and_valid(number: str) -> None:
    assert len(number) == 12
    assert number.isdigit()
    assert valid_case_no(number)


@given(numbers, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(number: str, place: int, shift: int) -> None:
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not valid_case_no(wrong)


@given(numbers, st.integers(0, 10))
def test_swapped_neighbours_are_noticed(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not valid_case_no(swapped)


def test_numbers_are_taken_as_people_copy_them() -> None:
    number = make_case_no(date(2026, 11, 23), 17)
    assert normalise_case_no(f"XF {number[:6]}-{number[6:]}") == number


def test_a_day_has_so_many_numbers_and_no_more() -> None:
    with pytest.raises(ValueError, match="out of range"):
        make_case_no(date(2026, 11, 23), 100_000)


def test_query_codes_are_six_digits() -> None:
    assert all(len(c) == 6 and c.isdigit() for c in (new_query_code() for _ in range(200)))
