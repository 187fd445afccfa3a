"""action_leave_intake: the person will not file for now; what was told stays as a draft."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, draft, services, slot_events, utter


class ActionLeaveIntake(PetitionAction):
    """Says goodbye without a word against it; 帮我登记 later takes the draft up where it was left."""

    quick = True

    def name(self) -> str:
        return "action_leave_intake"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        kept = draft(tracker).copy()
        kept.choice, kept.notes = "", []
        utter(say, [answer(services().say.say("leave_goodbye"), "leave")])
        return [*slot_events(tracker, kept), SlotSet("outcome", None)]
