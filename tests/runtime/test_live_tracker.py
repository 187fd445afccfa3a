"""`LiveTracker` against `DialogueStateTracker`: the same events, in any order, give the same conversation."""

from __future__ import annotations

import copy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    EntitiesAdded,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from bot.runtime.live_tracker import LiveTracker

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [greet, inform, faq]
entities: [topic]
slots:
  outcome: {type: categorical, values: [file, leave], mappings: [{type: custom}]}
  sure: {type: bool, initial_value: true, mappings: [{type: custom}]}
  story: {type: any, influence_conversation: false, mappings: [{type: custom}]}
forms:
  one: {required_slots: [story]}
  two: {required_slots: [story]}
actions: [action_a, action_b]
"""
)


def _user(intent: str, topic: bool) -> UserUttered:
    entities = [{"entity": "topic", "value": "x"}] if topic else []
    return UserUttered("words", {"name": intent, "confidence": 0.9}, entities)


EVENTS = st.one_of(
    st.builds(_user, st.sampled_from(["greet", "inform", "faq"]), st.booleans()),
    st.builds(ActionExecuted, st.sampled_from(["action_listen", "action_a", "action_b", "one", "two", "one"])),
    st.builds(ActiveLoop, st.sampled_from(["one", "one", "two", None])),
    st.builds(SlotSet, st.just("outcome"), st.sampled_from(["file", "leave", None, "should_not_be_set"])),
    st.builds(SlotSet, st.just("sure"), st.sampled_from([True, False, None])),
    st.builds(SlotSet, st.just("story"), st.text(max_size=3)),
    st.builds(ActionExecutionRejected, st.sampled_from(["one", "two"])),
    st.builds(DefinePrevUserUtteredFeaturization, st.just(False)),
    st.builds(LoopInterrupted, st.booleans()),
    st.builds(FollowupAction, st.sampled_from(["action_a", "one"])),
    st.builds(EntitiesAdded, st.just([{"entity": "topic", "value": "y"}])),
    st.builds(BotUttered, st.just("answer")),
    st.sampled_from([SessionStarted, Restarted, AllSlotsReset, UserUtteranceReverted, ActionReverted]).map(
        lambda c: c()
    ),
)
#: What forms do: a run, a turn, a run again, so that the rare paths are walked often.
TURN = st.sampled_from(["one", "two"]).map(
    lambda form: [
        ActionExecuted("action_listen"),
        _user("inform", False),
        DefinePrevUserUtteredFeaturization(False),
        ActionExecuted(form),
        SlotSet("story", "s"),
    ]
)
HISTORY = st.lists(st.one_of(EVENTS.map(lambda e: [e]), TURN), max_size=25).map(
    lambda parts: [e for p in parts for e in p]
)


def told(tracker: DialogueStateTracker) -> dict:
    loop = tracker.active_loop
    return {
        "applied": tracker.applied_events(),
        "states": tracker.past_states(DOMAIN),
        "slots": tracker.current_slot_values(),
        "set": {k: s.has_been_set for k, s in tracker.slots.items()},
        "loop": (loop.name, loop.is_interrupted, loop.rejected) if loop else None,
        "action": tracker.latest_action,
        "followup": tracker.followup_action,
        "message": tracker.latest_message,
        "last": tracker.get_last_event_for(UserUttered),
        "restart": tracker.idx_after_latest_restart(),
        "dicts": tracker.current_state(EventVerbosity.ALL)["events"],
    }


def both(history: list[Event]) -> tuple[DialogueStateTracker, LiveTracker]:
    stock, live = DialogueStateTracker("c", DOMAIN.slots), LiveTracker("c", DOMAIN.slots)
    for event in history:
        for tracker in (stock, live):
            tracker.update(copy.deepcopy(event))
    return stock, live


@settings(max_examples=150, deadline=None)
@given(HISTORY)
def test_the_same_events_make_the_same_conversation(history: list[Event]) -> None:
    stock, live = both(history)
    assert told(live) == told(stock)
    assert live.event_dicts() == [e.as_dict() for e in stock.events]


@settings(max_examples=150, deadline=None)
@example([ActionExecuted("action_listen"), EntitiesAdded([{"entity": "topic", "value": "y"}])])
@example([EntitiesAdded([{"entity": "topic", "value": "y"}])])
@given(HISTORY)
def test_the_last_states_are_the_tail_of_all(history: list[Event]) -> None:
    from bot.runtime.rules import BoundedRulePolicy

    stock, live = both(history)
    states = [BoundedRulePolicy._state(r, DOMAIN) for r in live.tail(4)]
    assert states == stock.past_states(DOMAIN)[-4:]


@settings(max_examples=150, deadline=None)
@example([ActionExecuted("action_listen"), _user("greet", False)], [DefinePrevUserUtteredFeaturization(False)])
@example([], [ActionExecuted("action_listen"), EntitiesAdded([{"entity": "topic", "value": "y"}])])
@given(HISTORY, HISTORY)
def test_a_copy_is_what_a_replay_makes_and_goes_its_own_way(history: list[Event], more: list[Event]) -> None:
    stock, live = both(history)
    before = live.applied_events()
    one, other = stock.copy(), live.copy()
    assert told(other) == told(one)
    for event in more:
        one.update(copy.deepcopy(event))
        other.update(copy.deepcopy(event))
    assert told(other) == told(one)
    # Rasa shares the events with a copy, and two kinds change the message before them: also here, and nothing else.
    assert told(live) == told(stock)
    assert live.events == stock.events
    assert live.applied_events() == before


def test_ids_of_the_model_are_in_the_events_and_not_in_a_copy() -> None:
    live = LiveTracker("c", DOMAIN.slots)
    live.model_id, live.assistant_id = "m", "a"
    live.update(ActionExecuted("action_a"))
    assert live.events[-1].metadata == {"model_id": "m", "assistant_id": "a"}
    copied = live.copy()
    copied.update(ActionExecuted("action_b"))
    assert copied.events[-1].metadata == {}


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(ValueError, match="Event"):
        LiveTracker("c", DOMAIN.slots).update("words")  # type: ignore[arg-type]
