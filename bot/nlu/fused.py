"""One NLU component for all of it: normalise, score intents, and let the gate read the turn in its context.

Fused because each Rasa component costs a pass over the message, and because the gate needs the tracker: it must know what was
just asked (a story is never swallowed by a question that it happens to contain).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.knowledge.loader import ROOT, knowledge
from bot.nlu.scene import scene_of
from bot.petition import peril
from bot.petition.dialogue import gate, intents
from bot.petition.dialogue.intents import IntentModel
from bot.settings import Settings


class OnDemand(Mapping[str, float]):
    """What the intent model says, asked when it is first looked at: most answers of a form are read by their shape alone."""

    def __init__(self, ask: Callable[[], Mapping[str, float]]) -> None:
        self._ask = ask
        self.known: Mapping[str, float] = {}

    def _asked(self) -> Mapping[str, float]:
        if not self.known:
            self.known = self._ask()
        return self.known

    def __getitem__(self, label: str) -> float:
        return self._asked()[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._asked())

    def __len__(self) -> int:
        return len(self._asked())


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FusedNLU(GraphComponent):
    """Sets `intent`, `intent_ranking` and, for `faq`, the entity `topic`."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """No options: what could be tuned is data."""
        return {}

    @staticmethod
    def required_packages() -> List[str]:
        """Packages that training needs beside the standard library."""
        return ["sklearn", "numpy"]

    def __init__(self, storage: ModelStorage, resource: Resource, model: IntentModel | None = None) -> None:
        self._storage, self._resource, self._model = storage, resource, model
        self._settings = Settings.from_env()

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FusedNLU:
        """A new, untrained component."""
        return cls(model_storage, resource)

    @staticmethod
    def fingerprint_addon(config: Dict[str, Any]) -> str | None:
        """The knowledge base is training data too, so it belongs into the fingerprint."""
        digest = hashlib.sha256()
        for folder in ("answers", "disputes"):
            for path in sorted(Path(ROOT / folder).glob("*.yml")):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the intent model from the intents' examples and the knowledge base."""
        rows = [(e.get(TEXT), e.get(INTENT)) for e in training_data.intent_examples]
        self._model = intents.train_intents(knowledge(), rows)
        self.persist()
        return self._resource

    def persist(self) -> None:
        """Writes the model into Rasa's model archive."""
        if self._model is not None:
            with self._storage.write_to(self._resource) as folder:
                self._model.save(Path(folder))

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FusedNLU:
        """Reads the model; a missing or broken one is an error, never an untrained classifier (it would answer nonsense)."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, IntentModel.load(Path(folder)))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training needs no features from here."""
        return training_data

    @cached_property
    def _peril(self) -> peril.Peril:
        return peril.ready(knowledge(), self._settings.data_dir / "models")

    def process(self, messages: List[Message], tracker: DialogueStateTracker | None = None) -> List[Message]:
        """Reads each message in the context of the conversation; without a tracker it is read as a first turn."""
        scene = scene_of(tracker.current_slot_values() if tracker else {}, bool(tracker and tracker.active_loop_name))
        for message in messages:
            text = message.get(TEXT) or ""
            scores = OnDemand(partial(self._model.scores, text) if self._model else dict)
            reading = gate.read(text, scores, scene, self._settings.today(), self._peril.read)
            ranking = [{INTENT_NAME_KEY: k, PREDICTED_CONFIDENCE_KEY: p} for k, p in islice(scores.known.items(), 5)]
            message.set(
                INTENT,
                {INTENT_NAME_KEY: reading.intent, PREDICTED_CONFIDENCE_KEY: reading.confidence},
                add_to_output=True,
            )
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            if reading.topic:
                entity = {"entity": "topic", "value": reading.topic, "start": 0, "end": 0, "extractor": "FusedNLU"}
                message.set(ENTITIES, [entity], add_to_output=True)
        return messages
