"""action_relieved: danger or despair is over; glad of it, the number once more, and an offer to go on."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, draft, form_open, services, slot_events, topic_of, utter
from bot.petition.message import Button, Message


class ActionRelieved(PetitionAction):
    """In a form the question comes back by itself; otherwise what was told is offered back, and nothing is pressed."""

    quick = True

    def name(self) -> str:
        return "action_relieved"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, d = services(), draft(tracker).copy()
        d.despair = False
        parts, buttons, awaiting = [s.say.say(f"relieved_{topic_of(tracker) or 'self_harm'}")], (), None
        if d.started and not form_open(tracker):
            parts.append(s.say.say("relieved_offer"))
            buttons, awaiting = (Button("接着办", "/resume"), Button("先歇一歇", "/cancel")), "calm"
        elif not form_open(tracker):
            parts.append(s.say.say("relieved_open"))
        utter(say, [Message("".join(parts), buttons, {"kind": "answer", "topic": "relieved", "basis": []})])
        return [*slot_events(tracker, d), SlotSet("danger", None), SlotSet("awaiting", awaiting)]
