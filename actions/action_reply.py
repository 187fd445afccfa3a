"""action_reply: thanks, goodbye, anger, chat: a short human word from the catalogue."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, draft, services, slot_events, strayed, utter


class ActionReply(PetitionAction):
    """The catalogue's text `reply_<intent>`."""

    quick = True

    def name(self) -> str:
        return "action_reply"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        intent = act_of(tracker).intent
        utter(say, [answer(services().say.say(f"reply_{intent}"), intent)])
        if intent == "distress":
            low = draft(tracker).copy()
            low.despair = True
            return slot_events(tracker, low)
        return [*strayed(tracker, say), *([SlotSet("awaiting", None)] if intent == "goodbye" else [])]
