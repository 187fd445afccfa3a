"""action_case_request: urging, supplementing, withdrawing, rating, and applying for review of a filed case."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, services, utter
from bot.petition.dialogue.requests import lacks, request
from bot.petition.errors import PetitionError, StoreUnavailable


class ActionCaseRequest(PetitionAction):
    """Works on the case that this conversation filed or looked up with its code; otherwise asks for number and code first."""

    def name(self) -> str:
        return "action_case_request"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, turn, case = services(), act_of(tracker), tracker.get_slot("last_case")
        if not case:
            utter(say, [answer(s.say.say("progress_ask"), "progress_ask")])
            return [SlotSet("awaiting", "progress")]
        try:
            asked = turn.intent, turn.text, case["case_no"]
            text = request(*asked, s.cases, s.say, s.now(), s.today(), tracker.sender_id)
        except StoreUnavailable:
            raise
        except PetitionError as e:
            text = str(e)
        utter(say, [answer(text, turn.intent)])
        return [SlotSet("awaiting", turn.intent if lacks(turn.intent, turn.text) else None)]
