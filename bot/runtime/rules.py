"""Rasa's rules, predicted from the last few states and not from the whole conversation.

A rule is at most as long as its key, so states further back than the longest rule cannot matter. What was predicted for the same
last states is kept. tests/runtime compare every prediction with the stock policy on random conversations.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Dict, Hashable, List, Tuple

from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTIVE_LOOP, LOOP_NAME, PREVIOUS_ACTION, SLOTS, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, ACTION_TEXT, TEXT

from bot.runtime.live_tracker import LiveTracker, Registers

logger = logging.getLogger(__name__)
Found = Tuple[str | None, str | None, bool]
#: Results that are kept; a conversation of a form has some hundred different tails of states.
MEMO = 5_000


class _Message:
    """As much of a tracker as `Domain._get_user_sub_state` looks at."""

    def __init__(self, message: Any) -> None:
        self.latest_message = message


class BoundedRulePolicy(RulePolicy):
    """A trained rule policy that looks at the last states only. For other trackers than `LiveTracker` it is the stock one."""

    @classmethod
    def of(cls, policy: RulePolicy) -> BoundedRulePolicy:
        """The same trained policy, bounded."""
        bounded = object.__new__(cls)
        bounded.__dict__.update(policy.__dict__)
        keys = [*policy.lookup.get(RULES, {}), *policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})]
        states = [json.loads(key) for key in keys]
        bounded._longest = 1 + max((len(s) for s in states), default=1)
        #: Whether some rule is about the words themselves: then what was found for other words says nothing.
        bounded._on_text = any(TEXT in state.get(USER, {}) for s in states for state in s)
        bounded._memo = {}
        return bounded

    _longest: int
    _on_text: bool
    _memo: Dict[Hashable, Found]

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: Dict[str, Any] | None = None,
    ) -> List[State]:
        if not isinstance(tracker, LiveTracker):
            return super()._prediction_states(tracker, domain, use_text_for_last_user_input, rule_only_data)
        states = [self._state(r, domain) for r in tracker.tail(self._longest)]
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states

    @staticmethod
    def _state(r: Registers, domain: Domain) -> State:
        parts = {
            USER: domain._get_user_sub_state(_Message(r.user)),
            SLOTS: dict(r.slots),
            PREVIOUS_ACTION: dict(r.action),
            ACTIVE_LOOP: dict(r.loop),
        }
        return {kind: part for kind, part in parts.items() if part}

    @staticmethod
    def format_tracker_states(states: List[Dict[str, Any]]) -> str:
        """Nothing: the stock text is for a debug line that is never printed here, and grows with the conversation."""
        return ""

    def _key(self, tracker: LiveTracker, text: bool) -> Hashable | None:
        """What a prediction depends on, None when that is not all told by the key."""
        if self._on_text:
            return None
        parts = []
        for r in tracker.tail(self._longest):
            u = r.user
            if u is None:
                said: Hashable = None
            elif not u.intent_name or u.use_text_for_featurization:
                return None
            else:
                names = tuple(str((e.get("entity"), e.get("role"), e.get("group"))) for e in u.entities)
                said = (u.intent_name, bool(u.text), u.use_text_for_featurization is None, names)
            action = r.action.get(ACTION_NAME) or r.action.get(ACTION_TEXT)
            parts.append((said, action, r.loop.get(LOOP_NAME), repr(r.slots) if r.slots else ""))
        return (text, tracker.active_loop_name, *parts)

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Found:
        if use_text_for_last_user_input and tracker.latest_action_name != ACTION_LISTEN_NAME:
            return None, None, False
        key = self._key(tracker, use_text_for_last_user_input) if isinstance(tracker, LiveTracker) else None
        if key is None:
            return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
        found = self._memo.get(key)
        if found is None:
            found = super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
            if len(self._memo) >= MEMO:
                self._memo.pop(next(iter(self._memo)))
            self._memo[key] = found
        return found

    def _rule_prediction(self, *args: Any, **kwargs: Any) -> PolicyPrediction:
        prediction = super()._rule_prediction(*args, **kwargs)
        prediction.policy_name = RulePolicy.__name__  # in the events it stays what it was trained as
        return prediction


class Rules:
    """Predicts as the model's graph does when its only policy is the stock RulePolicy."""

    def __init__(self, policy: BoundedRulePolicy, ensemble: DefaultPolicyPredictionEnsemble) -> None:
        self._policy, self._ensemble = policy, ensemble

    @classmethod
    def of(cls, runner: DaskGraphRunner) -> Rules | None:
        """The rules of a loaded model; None when it has other policies too, so that the graph has to be asked."""
        components = [node._component for node in runner._instantiated_nodes.values()]
        policies = [c for c in components if isinstance(c, Policy)]
        ensembles = [c for c in components if type(c) is DefaultPolicyPredictionEnsemble]
        if len(policies) != 1 or type(policies[0]) is not RulePolicy or len(ensembles) != 1:
            return None
        return cls(BoundedRulePolicy.of(policies[0]), ensembles[0])

    def predict(self, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        """The next action."""
        prediction = self._policy.predict_action_probabilities(tracker, domain)
        return self._ensemble.combine_predictions([prediction], tracker, domain)
