"""Custom actions in Rasa's own process: no socket, no second server, no person's words on a wire."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, ClassVar, Dict, List, Type

from rasa.core.actions.action import ActionExecutionRejection as Rejection
from rasa.core.actions.action import RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot.runtime.live_tracker import LiveTracker

logger = logging.getLogger(__name__)


def event_classes() -> Dict[str, Type[Event]]:
    """Event type → class. Rasa searches all subclasses for every event instead."""
    return {c.type_name: c for c in all_subclasses(Event) if getattr(c, "type_name", None)}


class InProcessEndpoint(EndpointConfig):
    """An action endpoint that runs the SDK's executor instead of an HTTP request.

    A failing action does not end in silence: it is logged by its name and the type of its error alone, and the person is told.
    """

    def __init__(
        self, package: str = "actions", apology: str = "系统出了点问题，刚才这句没有处理好，请再说一遍。"
    ) -> None:
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(package)
        self._apology = apology

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any | None:
        """Runs `next_action`. A rejection is told as Rasa expects it of a server: as a 400."""
        call = kwargs.get("json") or {}
        try:
            return await self.execute(call)
        except ActionExecutionRejection as e:
            body = {"action_name": e.action_name, "error": str(e)}
            raise ClientResponseError(400, str(e), json.dumps(body)) from e

    async def execute(self, call: Dict[str, Any]) -> Any:
        """Runs an action of the SDK. Raises ActionExecutionRejection and ActionNotFoundException; any other failure is told."""
        name = str(call.get("next_action"))
        try:
            if self.is_quick(name):
                return await self._executor.run(call)
            # Actions that block (SQL, scrypt) run beside the event loop.
            return await asyncio.to_thread(lambda: asyncio.run(self._executor.run(call)))
        except (ActionExecutionRejection, ActionNotFoundException):
            raise
        except Exception as e:
            logger.error("action %s failed: %s", name, type(e).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
            custom = {"kind": "error", "code": "action_failed", "retry": True}
            return {"events": [], "responses": [{"text": self._apology, "custom": custom}]}

    def is_quick(self, name: str) -> bool:
        """Whether the action says of itself (`quick = True`) that it computes only, so that it needs no thread."""
        run = self._executor.actions.get(name)
        return bool(getattr(getattr(run, "__self__", None), "quick", False))


class InProcessAction(RemoteAction):
    """A custom action called as a function: no JSON, no schema check; its events are made by a table of types."""

    _types = event_classes()
    _domains: ClassVar[Dict[int, Any]] = {}

    def _call(self, tracker: DialogueStateTracker, domain: Domain) -> Dict[str, Any]:
        """As `_action_call_format`, without copying the history."""
        message = tracker.latest_message
        said: Dict[str, Any] | None = None
        if message:
            said = {**message.parse_data, "entities": message.entities}
        loop = tracker.active_loop
        state = {
            "sender_id": tracker.sender_id,
            "slots": tracker.current_slot_values(),
            "latest_message": said,
            "paused": tracker.is_paused(),
            "events": tracker.event_dicts()
            if isinstance(tracker, LiveTracker)
            else [e.as_dict() for e in tracker.events],
            "followup_action": tracker.followup_action,
            "active_loop": dict(loop.__dict__) if loop else {},
            "latest_action_name": tracker.latest_action_name,
        }
        return {
            "next_action": self._name,
            "sender_id": tracker.sender_id,
            "tracker": state,
            "domain": self._domain(domain),
        }

    def _domain(self, domain: Domain) -> Any:
        """The domain as a dictionary, made once."""
        kept = self._domains.get(id(domain))
        if kept is None or kept[0] is not domain:
            self._domains.clear()
            kept = self._domains[id(domain)] = (domain, domain.as_dict())
        return kept[1]

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        """Runs the action. Raises Rasa's ActionExecutionRejection when the action rejects."""
        endpoint = self.action_endpoint
        if not isinstance(endpoint, InProcessEndpoint):
            return list(await super().run(output_channel, nlg, tracker, domain))
        try:
            result = await endpoint.execute(self._call(tracker, domain))
        except ActionExecutionRejection as e:
            raise Rejection(e.action_name, str(e)) from e
        said: List[Event] = list(await self._utter_responses(result["responses"], output_channel, nlg, tracker))
        return said + [self._event(e) for e in result["events"]]

    def _event(self, data: Dict[str, Any]) -> Event:
        cls = self._types.get(data["event"])
        if cls is None:
            raise ValueError(f"Unknown event name '{data['event']}'.")
        event = cls._from_parameters(data)
        assert event is not None
        return event


class InProcessForm(FormAction):
    """A form whose helpers copy the conversation instead of replaying it, and whose actions are functions.

    idle_extraction: whether `action_extract_slots` has nothing to do in this domain.
    """

    idle_extraction = False

    def _temporary_tracker(
        self, current_tracker: DialogueStateTracker, additional_events: List[Event], domain: Domain
    ) -> DialogueStateTracker:
        if not isinstance(current_tracker, LiveTracker):
            return super()._temporary_tracker(current_tracker, additional_events, domain)
        tracker = current_tracker.since_restart()
        requested = self.get_slot_to_fill(current_tracker)
        for event in (SlotSet(REQUESTED_SLOT, requested), ActionExecuted(self.name()), *additional_events):
            tracker.update(event)
        return tracker

    async def activate(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        """As stock, without an extraction that has nothing to extract."""
        if not self.idle_extraction:
            return list(await super().activate(output_channel, nlg, tracker, domain))
        filled = {
            s: tracker.get_slot(s) for s in self.required_slots(domain) if not self._should_request_slot(tracker, s)
        }
        return await self.validate_slots(filled, tracker, domain, output_channel, nlg)

    async def validate_slots(
        self,
        slot_candidates: Dict[str, Any],
        tracker: DialogueStateTracker,
        domain: Domain,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
    ) -> List[Event]:
        """As stock, with the action called in process."""
        name = f"validate_{self.name()}"
        if name not in domain.action_names_or_texts:
            return []
        events: List[Event] = [SlotSet(key, value) for key, value in slot_candidates.items()]
        temporary = self._temporary_tracker(tracker, events, domain)
        return await InProcessAction(name, self.action_endpoint).run(output_channel, nlg, temporary, domain)

    async def _ask_for_slot(
        self,
        domain: Domain,
        nlg: NaturalLanguageGenerator,
        output_channel: OutputChannel,
        slot_name: str,
        tracker: DialogueStateTracker,
    ) -> List[Event]:
        name = self._name_of_utterance(domain, slot_name)
        if not name or name.startswith("utter_"):
            return list(await super()._ask_for_slot(domain, nlg, output_channel, slot_name, tracker))
        return await InProcessAction(name, self.action_endpoint).run(output_channel, nlg, tracker, domain)

    async def _validate_if_required(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
    ) -> List[Event]:
        """As stock, without the copy of the message for a debug line."""
        if not tracker.active_loop or (
            tracker.latest_action_name == ACTION_LISTEN_NAME and not tracker.is_active_loop_interrupted
        ):
            return list(await self.validate(tracker, domain, output_channel, nlg))
        return await self.validate_slots({}, tracker, domain, output_channel, nlg)
