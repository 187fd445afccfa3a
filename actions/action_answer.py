"""action_answer: answers a question that people ask in between, with its basis."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, PetitionAction, answer, draft, services, topic_of, utter


class ActionAnswer(PetitionAction):
    """The text of the topic, in the variant of the matter in hand."""

    quick = True

    def name(self) -> str:
        return "action_answer"

    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        s, topic = services(), topic_of(tracker)
        a = s.knowledge.answers.get(topic)
        if a is None:
            utter(say, [answer(s.say.say("not_understood"), "fallback")])
            return []
        basis = s.knowledge.cite(a.basis, s.today())
        text = a.variants.get(draft(tracker).channel, a.text)
        cited = f"\n依据：{'、'.join(map(str, basis))}" if basis else ""
        utter(say, [answer(text + cited, topic, basis)])
        return []
