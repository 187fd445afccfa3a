"""Too much work is refused with a wait, and the figures tell what happened."""

from __future__ import annotations

import json
import logging

import pytest

from bot.runtime.load import Busy, Load
from bot.runtime.logs import JsonLines

CANARY = "金丝雀李春梅13800001234"


def test_one_turn_too_many_is_told_to_come_back_and_the_next_is_taken() -> None:
    load = Load({}, most=2)
    with load.turn(), load.turn():
        with pytest.raises(Busy) as refused, load.turn():
            raise AssertionError("was let in")
        assert refused.value.retry_after >= 1
    with load.turn():
        assert load.now == 1
    assert load.now == 0


def test_the_figures_count_turns_failures_and_what_was_shed() -> None:
    load = Load({"turns": 3}, most=1)
    with load.turn(), pytest.raises(Busy), load.turn():
        pass
    with pytest.raises(ValueError, match="x"), load.turn():
        raise ValueError("x " + CANARY)
    text = load.text().decode()
    for line in ("sufang_turns_total 3.0", "sufang_shed_total 1.0", 'sufang_failed_turns_total{kind="ValueError"} 1.0'):
        assert line in text
    assert "sufang_turn_seconds_count 2.0" in text
    assert CANARY not in text


def record(name: str, message: str, *args: object) -> dict:
    try:
        raise ValueError(CANARY)
    except ValueError:
        import sys

        made = logging.getLogger(name).makeRecord(name, logging.ERROR, "f.py", 7, message, args, sys.exc_info())
    return json.loads(JsonLines().format(made))


def test_a_library_s_words_and_the_text_of_an_error_are_in_no_line() -> None:
    theirs = record("rasa.core.processor", "slots: %s", CANARY)
    assert CANARY not in json.dumps(theirs, ensure_ascii=False)
    assert (theirs["place"], theirs["error"]) == ("f:7", "ValueError")


def test_our_own_line_says_what_happened() -> None:
    ours = record("bot.channels.web", "%s failed", "action_ask")
    assert ours["message"] == "action_ask failed"
    assert CANARY not in json.dumps(ours, ensure_ascii=False)
