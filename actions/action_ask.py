"""action_ask_<slot>: one action for each thing that the form may ask, made from the table of fields."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, draft, form_open, services, utter
from bot.nlu.scene import VALUE_SLOTS
from bot.petition.dialogue.asking import CHOICE, CONFIRM, FACT

ASKABLE = (FACT, CHOICE, CONFIRM, *VALUE_SLOTS)


def _came_back(tracker: Tracker) -> bool:
    """Whether an interruption was answered in this turn, so that the question is put once more."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action_execution_rejected":
            return True
    return False


def _ask(self: PetitionAction, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
    utter(
        say, services().intake.ask(draft(tracker), services().today(), again=_came_back(tracker) and form_open(tracker))
    )
    return []


for _slot in ASKABLE:
    _name = f"action_ask_{_slot}"
    globals()[f"Ask_{_slot}"] = type(
        f"Ask_{_slot}",
        (PetitionAction,),
        {"__doc__": f"Asks for {_slot}.", "name": lambda self, n=_name: n, "act": _ask, "quick": True},
    )
