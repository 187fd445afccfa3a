"""action_start_over: forgets the draft and begins anew."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, services, slot_events, utter
from bot.petition.dialogue.draft import Draft


class ActionStartOver(PetitionAction):
    """Clears every value of the draft and asks for the story."""

    quick = True

    def name(self) -> str:
        return "action_start_over"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        utter(say, [answer(services().say.say("start_over_done"), "start_over")])
        return [
            *slot_events(tracker, Draft(), awaiting=None, danger=None),
            ActiveLoop(None),
            SlotSet("requested_slot", None),
        ]
