"""validate_petition_form: takes the turn in and names the next question."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, draft, services, slot_events
from bot.petition.dialogue.gate import TAKEN_IN


class ValidatePetitionForm(PetitionAction):
    """The form's required slots are computed by the core: the one that is pending, or none.

    A turn that the gate read as an interruption changes nothing here, so that Rasa rejects the form's run and the rule of that
    interruption speaks first; the form then comes back to the same question.
    """

    quick = True

    def name(self) -> str:
        return "validate_petition_form"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        intake, before, turn = services().intake, draft(tracker), act_of(tracker)
        events: list[Event] = []
        after = before
        if turn.intent in TAKEN_IN | {"resume"}:
            after = intake.hear(before, turn, services().today()) if turn.intent != "resume" else before
            events = slot_events(tracker, after)
        pending = intake.pending(after)
        if pending is None:
            events.append(SlotSet("outcome", after.choice))
        return [*events, SlotSet("requested_slot", pending)]
