"""action_cancel: stops asking; the draft stays for another time."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, draft, services, utter


class ActionCancel(PetitionAction):
    """Leaves the form in peace."""

    quick = True

    def name(self) -> str:
        return "action_cancel"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        key = "leave_goodbye" if draft(tracker).started else "nothing_pending"
        utter(say, [answer(services().say.say(key), "cancel")])
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("awaiting", None)]
