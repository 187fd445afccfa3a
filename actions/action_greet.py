"""action_greet: the greeting with the privacy notice; an unfinished draft is offered back."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, draft, form_open, services, strayed, utter
from bot.petition.message import Button, Message


class ActionGreet(PetitionAction):
    """Greets. In the middle of a form one short word is enough: the question comes back by itself."""

    quick = True

    def name(self) -> str:
        return "action_greet"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s = services()
        if form_open(tracker):
            utter(say, [answer(s.say.say("greeting_short"), "greet")])
            return strayed(tracker, say)
        if draft(tracker).started:
            buttons = (Button("接着办", "/resume"), Button("重新开始", "/start_over"))
            utter(
                say, [Message(s.say.say("resume_offer"), buttons, {"kind": "answer", "topic": "resume", "basis": []})]
            )
            return [SlotSet("awaiting", "resume")]
        utter(say, [answer(s.say.say("greeting"), "greet")])
        return []
