"""What every action shares: the services, the draft in the slots, and a boundary that turns a failure into words."""

from __future__ import annotations

import abc
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.knowledge.loader import Knowledge
from bot.knowledge.region import load_region, regional
from bot.nlu.scene import draft_of, slots_of
from bot.petition.advice.command import advisor_of
from bot.petition.catalogue import Catalogue, catalogue
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.gate import ASTRAY
from bot.petition.dialogue.intake import Act, Intake
from bot.petition.errors import StoreUnavailable
from bot.petition.fields import labels
from bot.petition.message import Message
from bot.settings import Settings
from bot.storage.cases import CaseStore
from bot.storage.open import open_cases

logger = logging.getLogger(__name__)
Event = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """Everything that actions call. Built once a process."""

    settings: Settings
    knowledge: Knowledge
    say: Catalogue
    intake: Intake
    cases: CaseStore

    def today(self) -> date:
        """The legal today."""
        return self.settings.today()

    def now(self) -> datetime:
        """The real time, for events and limits."""
        return datetime.now(timezone.utc)


@lru_cache(maxsize=1)
def services() -> Services:
    """The services of this process."""
    settings = Settings.from_env()
    region = load_region(settings.region) if settings.region else None
    k = regional(settings.region)
    advisor = advisor_of(k, settings.data_dir / "models")
    return Services(settings, k, catalogue(), Intake(advisor, catalogue(), region), open_cases(settings))


class PetitionAction(Action, abc.ABC):
    """Base of all actions: `act` does the work; whatever goes wrong in it is said, never swallowed.

    quick: the action computes only, it waits for no database and no network; then it runs without a thread of its own.
    """

    quick = False

    @abc.abstractmethod
    def act(self, tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
        """Does the work and returns events."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        """Runs `act`. A store that is down is told in plain words and the turn changes nothing."""
        try:
            return self.act(tracker, dispatcher)
        except StoreUnavailable:
            logger.error("store unavailable in %s", self.name())
            utter(
                dispatcher,
                [Message(catalogue().say("store_down"), (), {"kind": "error", "code": "store_down", "retry": True})],
            )
            return []


def utter(dispatcher: CollectingDispatcher, messages: Iterable[Message]) -> None:
    """Sends message objects."""
    for m in messages:
        out = m.as_dict()
        dispatcher.utter_message(text=out["text"], buttons=out.get("buttons"), json_message=out.get("custom"))


def answer(text: str, topic: str, basis: Iterable[Any] = ()) -> Message:
    """An `answer` message."""
    cited = [{"law": b.law, "article": b.article, "part": b.part} for b in basis]
    return Message(text, (), {"kind": "answer", "topic": topic, "basis": cited})


def draft(tracker: Tracker) -> Draft:
    """The draft in hand."""
    return draft_of(tracker.slots)


def slot_events(tracker: Tracker, after: Draft, **others: Any) -> list[Event]:
    """SlotSet events for what differs from the tracker."""
    wanted = slots_of(after) | others
    return [SlotSet(k, v) for k, v in wanted.items() if tracker.slots.get(k) != v]


def form_open(tracker: Tracker) -> bool:
    """Whether the petition form is active."""
    return bool((tracker.active_loop or {}).get("name"))


def strayed(tracker: Tracker, say: CollectingDispatcher) -> list[Event]:
    """What changes when the form was answered with chat: no question is put in the same words without end."""
    if not form_open(tracker) or act_of(tracker).intent not in ASTRAY:
        return []
    s, before = services(), draft(tracker)
    after, asked = s.intake.stray(before), s.intake.pending(before)
    if asked in after.unknown:
        utter(say, [answer(s.say.say("left_open", label=labels()[asked]), "left_open")])
    return slot_events(tracker, after)


def act_of(tracker: Tracker) -> Act:
    """The turn as the gate read it. A button's meaning comes as entities of its payload."""
    message = tracker.latest_message or {}
    turn = next((e for e in reversed(tracker.events) if e.get("event") == "user"), {})
    entities = {e["entity"]: e["value"] for e in message.get("entities") or [] if "entity" in e}
    return Act(
        intent=(message.get("intent") or {}).get("name") or "inform",
        text=(message.get("text") or "").strip(),
        id=str(message.get("message_id") or turn.get("message_id") or turn.get("timestamp") or ""),
        value=str(entities.get("value") or ""),
    )


def topic_of(tracker: Tracker) -> str:
    """The topic that the gate attached to a question or danger."""
    return next(
        (str(e["value"]) for e in tracker.latest_message.get("entities") or [] if e.get("entity") == "topic"), ""
    )
