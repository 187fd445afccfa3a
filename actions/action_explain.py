"""action_explain: why a question is asked, the question once more, the summary so far, the basis, the papers."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, draft, services, utter
from bot.petition.dialogue.explain import explain


class ActionExplain(PetitionAction):
    """Explains from the draft in hand."""

    quick = True

    def name(self) -> str:
        return "action_explain"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s = services()
        text = explain(act_of(tracker).intent, draft(tracker), s.intake, s.say, s.today())
        utter(say, [answer(text, act_of(tracker).intent)])
        return []
