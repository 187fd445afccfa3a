"""action_progress: how a case stands, by number and query code."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, services, utter
from bot.petition.errors import TooManyAttempts
from bot.petition.progress import progress_message
from bot.petition.understand import contacts


class ActionProgress(PetitionAction):
    """Both number and code are needed; a wrong number and a wrong code get the same answer."""

    def name(self) -> str:
        return "action_progress"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, text = services(), act_of(tracker).text
        numbers, codes = contacts.find_case_numbers(text), contacts.find_query_codes(text)
        last = tracker.get_slot("last_case") or {}
        number = numbers[0].value if numbers else tracker.get_slot("asked_case") or last.get("case_no")
        code = codes[0].value if codes else (last.get("query_code") if number == last.get("case_no") else None)
        if not number or not code:
            key = "progress_ask_code" if number else "progress_ask"
            utter(say, [answer(s.say.say(key), "progress_ask", s.knowledge.answers["progress_how"].basis)])
            return [SlotSet("awaiting", "progress"), SlotSet("asked_case", number)]
        phones = contacts.find_phones(text)
        try:
            view = s.cases.progress(number, code, s.now(), tracker.sender_id, str(phones[0].value) if phones else "")
        except TooManyAttempts as e:
            utter(say, [answer(s.say.say("too_many_attempts", minutes=max(1, round(e.retry_after / 60))), "progress")])
            return []
        if view is None:
            utter(say, [answer(s.say.say("progress_not_found"), "progress")])
            return [SlotSet("awaiting", "progress"), SlotSet("asked_case", None)]
        utter(say, [progress_message(view, s.today())])
        case = {"case_no": number, "query_code": code}
        return [SlotSet("awaiting", None), SlotSet("asked_case", None), SlotSet("last_case", case)]
