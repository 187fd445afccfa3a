"""action_resume: takes an unfinished draft up again; what was said meanwhile is not lost."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, draft, services, slot_events, utter
from bot.petition.dialogue.gate import YES


class ActionResume(PetitionAction):
    """Words other than yes are told to the draft as well."""

    quick = True

    def name(self) -> str:
        return "action_resume"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, before, turn = services(), draft(tracker), act_of(tracker)
        utter(say, [answer(s.say.say("resumed"), "resume")])
        after = s.intake.take_up(before, s.today())
        if turn.text and turn.text not in YES and "继续" not in turn.text and "接着" not in turn.text:
            after = s.intake.hear(after, turn, s.today())
        return slot_events(tracker, after, awaiting=None)
