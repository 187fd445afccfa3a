"""action_fallback: not understood; the second time with choices, the third time with a human."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, draft, services, slot_events, utter
from bot.petition.message import Button, Message


class ActionFallback(PetitionAction):
    """The same misunderstanding at most twice."""

    quick = True

    def name(self) -> str:
        return "action_fallback"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, d = services(), draft(tracker).copy()
        d.misses += 1
        if d.misses == 1:
            utter(say, [answer(s.say.say("not_understood"), "fallback")])
        elif d.misses == 2:
            buttons = (Button("反映问题", "/file_it"), Button("查进度", "/ask_progress"), Button("找人工", "/human"))
            utter(
                say,
                [
                    Message(
                        s.say.say("not_understood_again"), buttons, {"kind": "answer", "topic": "fallback", "basis": []}
                    )
                ],
            )
        else:
            d.misses = 0
            custom = {"kind": "handoff", "to": "12345", "hours": s.say.say("handoff_hours")}
            utter(say, [Message(s.say.say("handoff"), (), custom)])
        return slot_events(tracker, d)
