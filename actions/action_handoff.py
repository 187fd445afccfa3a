"""action_handoff: the person wants a human."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, services, utter
from bot.petition.message import Message


class ActionHandoff(PetitionAction):
    """Says where and when a human is there; in a form the question comes back by itself, so nothing is lost by waiting."""

    quick = True

    def name(self) -> str:
        return "action_handoff"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        text = services().say.say("handoff")
        utter(
            say, [Message(text, (), {"kind": "handoff", "to": "12345", "hours": services().say.say("handoff_hours")})]
        )
        return []
