"""Case numbers and query codes: digits only, so that they can be told over the phone."""

from __future__ import annotations

import re
import secrets
from datetime import date

#: Damm's quasigroup of order 10 (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004): the check digit finds every single wrong
#: digit and every swap of neighbours.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
MAX_SEQUENCE = 99_999


def _check(digits: str) -> str:
    row = 0
    for d in digits:
        row = int(_DAMM[row][int(d)])
    return str(row)


def make_case_no(day: date, sequence: int) -> str:
    """YYMMDD, five digits of the day's sequence, a check digit. Raises ValueError when the day's numbers are used up."""
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"sequence out of range: {sequence}")
    body = f"{day:%y%m%d}{sequence:05d}"
    return body + _check(body)


def normalise_case_no(text: str) -> str:
    """The digits of a number as people copy it."""
    return re.sub(r"\D", "", text)


def valid_case_no(text: str) -> bool:
    """Whether it is twelve digits with the right check digit."""
    return bool(re.fullmatch(r"\d{12}", text)) and _check(text) == "0"


def new_query_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06d}"
