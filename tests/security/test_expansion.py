"""One character may stand for eighteen: a text does not grow with them without end."""

from __future__ import annotations

import pytest

from bot.petition.understand.text import MAX_MORE, clean


@pytest.mark.parametrize("ch", ["\ufdfa", "\ufdfb", "\u3316", "\u2167", "\u247d"])
def test_a_text_of_characters_that_unfold_stays_bounded(ch: str) -> None:
    raw = ch * 5000
    cleaned = clean(raw)
    assert len(cleaned.text) <= len(raw) + MAX_MORE
    assert cleaned.span(0, len(cleaned.text)) == (0, len(raw))


def test_what_people_write_still_unfolds() -> None:
    assert clean("⑴欠了３万元，第Ⅷ栋，㈱㍿").text == "(1)欠了3万元，第VIII栋，(株)株式会社"
