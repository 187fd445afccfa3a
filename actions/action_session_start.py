"""action_session_start: a new session keeps the draft and offers it back; it never carries a pending question over."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, draft


class ActionSessionStart(PetitionAction):
    """Carries all slots but `requested_slot`: left behind, it would make the next words an answer to a question long gone."""

    quick = True

    def name(self) -> str:
        return "action_session_start"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        kept = {
            k: v
            for k, v in tracker.slots.items()
            if v is not None and k not in ("requested_slot", "awaiting", "danger")
        }
        if draft(tracker).started:
            kept["awaiting"] = "resume"
        return [SessionStarted(), *(SlotSet(k, v) for k, v in kept.items()), ActionExecuted("action_listen")]
