"""What extraction returns: a value with the place in the text that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """One value found in a text.

    field: a field key of the contracts. value: its canonical form (dates `YYYY[-MM[-DD]]`, money a number of yuan, counts an
    integer, phones digits, `prior` one key, booleans for `anonymous`/`publicity`, otherwise a string).
    text, start, end: the characters of the raw input, code points. confidence: 0 to 1.
    """

    field: str
    value: Any
    text: str
    start: int
    end: int
    confidence: float = 1.0
    note: str = ""
