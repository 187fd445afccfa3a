"""The patched check of action results takes and refuses what stock's takes and refuses, in the same words."""

from __future__ import annotations

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction

from bot.runtime import patches

GOOD = [
    {"events": [], "responses": []},
    {"events": [{"event": "slot", "name": "x", "value": [1]}], "responses": [{"text": "好"}]},
    {"events": [{"event": "form", "name": None}, {"event": "action", "name": "a"}]},
]
BAD = [
    {"events": {}},
    {"events": [{"name": "no type"}]},
    {"events": [{"event": "nothing known"}]},
    {"events": [{"event": "slot"}]},
    {"responses": "words"},
    {"responses": ["words"]},
]


@pytest.fixture
def patched():
    assert patches.apply()
    yield RemoteAction("a", None)
    patches.undo()


@pytest.mark.parametrize("result", GOOD)
def test_what_stock_takes_is_taken(patched: RemoteAction, result: dict) -> None:
    assert patched._validate_action_result(result) is True
    patches.undo()
    assert patched._validate_action_result(result) is True


@pytest.mark.parametrize("result", BAD)
def test_what_stock_refuses_is_refused_in_the_same_words(patched: RemoteAction, result: dict) -> None:
    with pytest.raises(jsonschema.ValidationError) as ours:
        patched._validate_action_result(result)
    patches.undo()
    with pytest.raises(jsonschema.ValidationError) as stock:
        patched._validate_action_result(result)
    assert ours.value.message == stock.value.message


def test_another_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RemoteAction._validate_action_result
    monkeypatch.setattr(patches, "VERSION", "3.6.22")
    assert patches.apply() is False
    assert RemoteAction._validate_action_result is before
