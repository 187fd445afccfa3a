"""Rasa's agent and message processor without what they do again at every turn. What they do is the same: tests/runtime compare.

Every override names what it leaves out. Rasa's classes are subclassed at their own seams; nothing of Rasa is replaced.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

from rasa.core.actions.action import Action, RemoteAction, action_for_name_or_text
from rasa.core.actions.forms import FormAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.exceptions import ActionLimitReached, ModelNotFound
from rasa.plugin import plugin_manager
from rasa.shared.constants import DEFAULT_SENDER_ID
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    ACTION_VALIDATE_SLOT_MAPPINGS,
    DEFAULT_SLOT_NAMES,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActionExecutionRejected, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.runtime.in_process import InProcessAction, InProcessEndpoint, InProcessForm
from bot.runtime.live_store import LiveTrackerStore
from bot.runtime.live_tracker import LiveTracker
from bot.runtime.rules import Rules


class ServingStorage(LocalModelStorage):
    """A model for serving: the schema of its training, which names classes that would load TensorFlow, is not read."""

    @classmethod
    def _load_metadata(cls, directory: Path) -> ModelMetadata:
        import rasa.shared.utils.io
        from rasa.engine.storage.local_model_storage import MODEL_ARCHIVE_METADATA_FILE

        data = rasa.shared.utils.io.read_json_file(directory / MODEL_ARCHIVE_METADATA_FILE)
        data["train_schema"] = {"nodes": {}}
        return ModelMetadata.from_dict(data)


class DirectRunner(DaskGraphRunner):
    """Runs the nodes of the graph one after the other; Dask makes a scheduler for each message."""

    _orders: Dict[Tuple[str, ...], List[Tuple[str, List[str]]]]

    def _order(self, targets: List[str]) -> List[Tuple[str, List[str]]]:
        """Node and its needs, in an order in which the needs of each come before it."""
        nodes = self._graph_schema.minimal_graph_schema(targets).nodes
        order: List[Tuple[str, List[str]]] = []
        placed: Set[str] = set()
        while len(placed) < len(nodes):
            ready = [
                n
                for n in nodes
                if n not in placed and all(p in placed or p not in nodes for p in nodes[n].needs.values())
            ]
            for name in ready:
                order.append((name, list(nodes[name].needs.values())))
            placed.update(ready)
        return order

    def run(self, inputs: Dict[str, Any] | None = None, targets: List[str] | None = None) -> Dict[str, Any]:
        """As Rasa's."""
        wanted = targets or self._graph_schema.target_names
        cache = self.__dict__.setdefault("_orders", {})
        order = cache.get(tuple(wanted))
        if order is None:
            order = cache[tuple(wanted)] = self._order(wanted)
        done: Dict[str, Tuple[str, Any]] = {k: (k, v) for k, v in (inputs or {}).items()}
        for name, needs in order:
            done[name] = self._instantiated_nodes[name](*[done[n] for n in needs])
        return {name: done[name][1] for name in wanted}


def extracts_nothing(domain: Domain) -> bool:
    """Whether `action_extract_slots` has nothing to do in this domain: every slot is set by custom actions only."""
    slots = [s for s in domain.slots if s.name not in DEFAULT_SLOT_NAMES]
    idle = all(m.get("type") == "custom" and not m.get("action") for s in slots for m in s.mappings)
    return idle and ACTION_VALIDATE_SLOT_MAPPINGS not in domain.user_actions


class FastProcessor(MessageProcessor):
    """Handles messages."""

    tracker_store: LiveTrackerStore

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actions: Dict[str, Action] = {}
        self._rules = Rules.of(self.graph_runner) if isinstance(self.graph_runner, DaskGraphRunner) else None
        self._idle_extraction = extracts_nothing(self.domain)
        self._known = (set(self.domain.intents), set(self.domain.entities))
        self._anonymises = plugin_manager().hook.get_anonymization_pipeline() is not None

    @staticmethod
    def _load_model(model_path: Any) -> Tuple[str, ModelMetadata, DaskGraphRunner]:
        """As Rasa's, for exactly this file, with our runner and storage."""
        if not Path(model_path).is_file():
            raise ModelNotFound(f"No model found at path '{model_path}'.")
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            try:
                metadata, runner = loader.load_predict_graph_runner(
                    Path(folder), Path(model_path), ServingStorage, DirectRunner
                )
            except tarfile.ReadError as e:
                raise ModelNotFound(f"Model {model_path} can not be loaded.") from e
        assert isinstance(runner, DirectRunner)
        return Path(model_path).name, metadata, runner

    # -- a turn -----------------------------------------------------------------------------------------------------------

    async def handle_message(self, message: UserMessage) -> List[Dict[str, Any]] | None:
        """As Rasa's. Whatever fails in a turn, the half of it that is in memory is forgotten: the next one reads the database."""
        try:
            tracker = await self.log_message(message, should_save_tracker=False)
            tracker = await self.run_action_extract_slots(message.output_channel, tracker)
            await self._run_prediction_loop(message.output_channel, tracker)
            await self.run_anonymization_pipeline(tracker)
            close = getattr(message.output_channel, "close_turn", None)
            await self.tracker_store.save_turn(tracker, close() if close else None)
        except BaseException:
            self.tracker_store.evict(message.sender_id)
            raise
        return None

    async def get_tracker(self, conversation_id: str) -> DialogueStateTracker:
        """The live tracker, new when the conversation is."""
        tracker = await self.tracker_store.live(conversation_id or DEFAULT_SENDER_ID)
        tracker.model_id = self.model_metadata.model_id
        if tracker.assistant_id is None:
            tracker.assistant_id = self.model_metadata.assistant_id
        return tracker

    async def _update_tracker_session(
        self, tracker: DialogueStateTracker, output_channel: OutputChannel, metadata: Dict[str, Any] | None = None
    ) -> None:
        if isinstance(tracker, LiveTracker) and tracker.has_applied_events() and not self._has_session_expired(tracker):
            return
        await super()._update_tracker_session(tracker, output_channel, metadata)

    async def run_anonymization_pipeline(self, tracker: DialogueStateTracker) -> None:
        """Asks the plug-ins once, not every turn."""
        if self._anonymises:
            await super().run_anonymization_pipeline(tracker)

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Skipped where the domain leaves it nothing to do."""
        if self._idle_extraction:
            return tracker
        return await super().run_action_extract_slots(output_channel, tracker)

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> Dict[str, Any]:
        """As Rasa's, without copies for a debug line."""
        if self.http_interpreter or tracker is None:
            return dict(await super().parse_message(message, tracker, only_output_properties))
        parsed = self._parse_message_with_graph(message, tracker, only_output_properties)
        self._update_full_retrieval_intent(parsed)
        self._check_for_unseen_features(parsed)
        return parsed

    def _check_for_unseen_features(self, parse_data: Dict[str, Any]) -> None:
        """Rasa builds an empty domain each time to learn that ours is not empty; the warning itself stays."""
        intents, entities = self._known
        if parse_data["intent"]["name"] not in intents or any(
            e["entity"] not in entities for e in parse_data["entities"] or ()
        ):
            super()._check_for_unseen_features(parse_data)

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """A debug line with everything that was told: never wanted."""

    # -- actions ----------------------------------------------------------------------------------------------------------

    def _get_action(self, action_name: str) -> Action:
        """Each action is made once; Rasa makes twelve default actions to find one."""
        action = self._actions.get(action_name)
        if action is None:
            action = self._actions[action_name] = self._make_action(action_name)
        return action

    def _make_action(self, name: str) -> Action:
        action = action_for_name_or_text(name, self.domain, self.action_endpoint)
        if not isinstance(self.action_endpoint, InProcessEndpoint):
            return action
        if type(action) is RemoteAction:
            return InProcessAction(name, self.action_endpoint)
        if type(action) is FormAction:
            form = InProcessForm(name, self.action_endpoint)
            form.idle_extraction = self._idle_extraction
            return form
        return action

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> Tuple[Action, PolicyPrediction]:
        """As Rasa's, with actions made once."""
        again = self.should_predict_another_action(tracker.latest_action_name)
        if self.is_action_limit_reached(tracker, again):
            raise ActionLimitReached("The limit of actions to predict has been reached.")
        prediction = self._predict_next_with_tracker(tracker)
        return self._get_action(self.domain.action_names_or_texts[prediction.max_confidence_index]), prediction

    def _predict_next_with_tracker(self, tracker: DialogueStateTracker) -> PolicyPrediction:
        if self._rules is None or tracker.followup_action:
            return super()._predict_next_with_tracker(tracker)
        return self._rules.predict(tracker, self.domain)

    def is_action_limit_reached(self, tracker: DialogueStateTracker, should_predict_another_action: bool) -> bool:
        """As Rasa's, without copying the history."""
        if not should_predict_another_action:
            return False
        predicted = 0
        for event in reversed(tracker.events):
            if type(event) is ActionExecuted:
                if event.action_name in (ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME):
                    break
                predicted += 1
        return bool(predicted >= self.max_number_of_predictions)

    def _log_action_on_tracker(
        self, tracker: DialogueStateTracker, action: Action, events: List[Event] | None, prediction: PolicyPrediction
    ) -> None:
        """As Rasa's, without deep copies of all events for debug lines."""
        events = events or []
        if not any(isinstance(e, ActionExecutionRejected) for e in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events, self.domain)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """`action_listen` does nothing, so it needs no copy of the conversation to do it on."""
        if action.name() == ACTION_LISTEN_NAME:
            self._log_action_on_tracker(tracker, action, [], prediction)
            return False
        return bool(await super()._run_action(action, tracker, output_channel, nlg, prediction))


class FastAgent(Agent):
    """An agent with the processor above, on a store that fails aloud (Rasa wraps stores into one that forgets)."""

    @classmethod
    def of(cls, model: Path, store: LiveTrackerStore, lock_store: Any, endpoint: InProcessEndpoint) -> FastAgent:
        """Loads a model. Raises ModelNotFound."""
        agent = cls(tracker_store=store, lock_store=lock_store, action_endpoint=endpoint)
        agent.load_model(model)
        return agent

    def load_model(self, model_path: Any, fingerprint: str | None = None) -> None:
        """As Rasa's."""
        self.processor = FastProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses

    @staticmethod
    def _create_tracker_store(store: Any, domain: Domain) -> Any:
        if store is None:
            raise ValueError("a store is needed")
        return store
