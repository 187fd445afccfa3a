"""action_file_case: files the petition in one transaction and gives number, query code and the next date."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, draft, services, slot_events, utter
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.filing import filing_of, receipt_message


class ActionFileCase(PetitionAction):
    """Unique by draft: a repeated 确认提交 gets the same number. The next matter starts with the person's contact data only."""

    def name(self) -> str:
        return "action_file_case"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, done = services(), draft(tracker)
        advice = s.intake.advice(done, s.today())
        source = tracker.get_latest_input_channel() or "web"
        receipt = s.cases.file(filing_of(done, advice, tracker.sender_id, s.now(), source), s.now(), s.today())
        utter(say, [receipt_message(receipt, done, s.say)])
        following = Draft(values=done.contact(), sure=list(done.contact()), others=done.others)
        case = {"case_no": receipt.case_no, "query_code": receipt.query_code}
        return [*slot_events(tracker, following), SlotSet("outcome", None), SlotSet("last_case", case)]
