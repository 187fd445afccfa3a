"""action_emergency: numbers first, what to do this minute, a human next; the form stops."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, draft, services, slot_events, topic_of, utter
from bot.petition.message import Message

NUMBERS = {
    "self_harm": ["110", "120", "12356"],
    "violence": ["110", "120", "12338"],
    "child": ["110", "120", "12355"],
    "threat_to_others": ["110", "12356"],
    "fire_medical": ["119", "120", "110"],
    "missing": ["110"],
}


class ActionEmergency(PetitionAction):
    """Danger to life or body comes before every form (信访工作条例 25); what was told is kept for afterwards."""

    quick = True

    def name(self) -> str:
        return "action_emergency"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        kind = topic_of(tracker) or "violence"
        again = tracker.get_slot("danger") == kind
        text = (
            services().say.say(f"emergency_{kind}")
            if not again
            else services().say.say("emergency_again", numbers="、".join(NUMBERS[kind]))
        )
        utter(say, [Message(text, (), {"kind": "emergency", "numbers": NUMBERS[kind]})])
        kept = services().intake.keep(draft(tracker), act_of(tracker), services().today())
        return [*slot_events(tracker, kept), SlotSet("danger", kind), ActiveLoop(None), SlotSet("requested_slot", None)]
