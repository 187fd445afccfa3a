"""action_fallback: not understood; the second time with choices, the third time with a human."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, act_of, answer, draft, services, slot_events, utter
from bot.petition.dialogue.gate import FAQ
from bot.petition.message import Button, Message

#: From this probability on a meaning is worth offering, and how many are.
LIKELY, MOST = 0.15, 2


def _guesses(tracker: Tracker) -> tuple[Button, ...]:
    """The likeliest meanings as buttons, each with its name."""
    out, s = [], services()
    for label in tracker.latest_message.get("intent_ranking") or []:
        name, p = label.get("name", ""), label.get("confidence", 0.0)
        topic = s.knowledge.answers.get(name[len(FAQ) :]) if name.startswith(FAQ) else None
        if p < LIKELY:
            continue
        if topic:
            out.append(Button(topic.title, f'/faq{{"topic": "{topic.id}"}}'))
        elif f"guess_{name}" in s.say:
            out.append(Button(s.say.say(f"guess_{name}"), f"/{name}"))
    return tuple(out[:MOST])


class ActionFallback(PetitionAction):
    """The same misunderstanding at most twice."""

    quick = True

    def name(self) -> str:
        return "action_fallback"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, d = services(), draft(tracker).copy()
        filed = tracker.get_slot("last_case")
        if filed and act_of(tracker).intent == "affirm":
            utter(say, [answer(s.say.say("filed_already", case_no=filed["case_no"]), "filed")])
            return []
        d.misses += 1
        guesses = _guesses(tracker) if d.misses == 1 else ()
        if guesses:
            utter(
                say,
                [
                    Message(
                        s.say.say("did_you_mean", choices="、".join(b.title for b in guesses)),
                        guesses,
                        {"kind": "answer", "topic": "fallback", "basis": []},
                    )
                ],
            )
        elif d.misses == 1:
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
