"""A tracker that keeps what Rasa's own tracker computes again from the whole history at every look.

Rasa's `applied_events`, `copy` and the states for the policies replay every event since the session began, several times a turn,
so a turn costs more the longer a person talks. Here each event is worked in once. The results are the same: tests/runtime compare
them with `DialogueStateTracker` event by event.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Dict, Iterable, List, NamedTuple, Set, Tuple, Type

from rasa.shared.constants import ASSISTANT_ID_KEY
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, LOOP_NAME, SHOULD_NOT_BE_SET
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    DefinePrevUserUtteredFeaturization,
    EntitiesAdded,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity, TrackerActiveLoop
from rasa.shared.nlu.constants import ACTION_NAME, METADATA_MODEL_ID


class Registers(NamedTuple):
    """What a dialogue state is made of, after an event: each is set by the last event of its kind.

    user: the last message, None before the first. action: as in `latest_action`. loop: the sub-state of the active loop.
    slots: the sub-state of the featurised slots.
    """

    user: UserUttered | None
    action: Dict[str, str]
    loop: Dict[str, str | None]
    slots: Dict[str, Any]


class _Unsaid(UserUttered):
    """The message that nobody has sent: Rasa puts entities on it that are added before the first one."""


def _clone(slot: Slot) -> Slot:
    """A copy of a slot. Slots are never changed in place here, so that trackers can share them."""
    new = object.__new__(type(slot))
    new.__dict__.update(slot.__dict__)
    return new


def _feature(slot: Slot) -> Any:
    """The slot's part of a state as `Domain._get_slots_sub_state` makes it, None when it has none."""
    if slot.value == SHOULD_NOT_BE_SET:
        return SHOULD_NOT_BE_SET
    feature = slot.as_feature()
    return tuple(feature) if any(feature) else None


#: Kinds of events that matter here. `isinstance` on Rasa's abstract events is slow, and is asked for each event many times.
_KINDS = (
    ActionExecuted,
    UserUttered,
    DefinePrevUserUtteredFeaturization,
    SlotSet,
    ActiveLoop,
    ActionExecutionRejected,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    ActionReverted,
    AllSlotsReset,
    EntitiesAdded,
)
_KIND_OF: Dict[type, type] = {}
#: Events that a further run of a loop takes back (as `_undo_till_previous_loop_execution`).
_TAKEN_BACK = frozenset((ActionExecuted, UserUttered, DefinePrevUserUtteredFeaturization))
#: Events after which nothing before them applies.
_FRESH = frozenset((Restarted, SessionStarted))


def _kind(event: Event) -> type:
    """The class of `_KINDS` that an event belongs to, `Event` for all others."""
    cls = type(event)
    found = _KIND_OF.get(cls)
    if found is None:
        found = _KIND_OF[cls] = next((k for k in _KINDS if issubclass(cls, k)), Event)
    return found


class LiveTracker(DialogueStateTracker):
    """A conversation in memory. `stored`: how many of its events are in the database."""

    def __init__(self, sender_id: str, slots: Iterable[Slot] | None, *ignored: Any, **options: Any) -> None:
        self._initial: Dict[str, Slot] = {}
        for slot in slots or ():
            fresh = self._initial[slot.name] = _clone(slot)
            fresh.reset()
        self._featured = [name for name, slot in self._initial.items() if slot.as_feature()]
        self._start = Registers(None, {}, {}, self._slots_of(self._initial))
        self._forget()
        self._loops: Set[str] = set()
        self._restart = 0
        self._dicts: List[Dict[str, Any]] = []
        self.stored = 0
        super().__init__(sender_id, ())

    # -- what the applied events are ------------------------------------------------------------------------------------

    def _forget(self) -> None:
        """No event applies any more: the beginning, a restart, a new session."""
        self._applied: List[Event] = []
        self._after: List[Registers] = []
        self._actions: List[int] = []
        #: (loop, n): nothing before the n-th applied event is left that a further run of the loop would take back.
        self._clean: Tuple[str, int] | None = None

    def _slots_of(self, slots: Dict[str, Slot]) -> Dict[str, Any]:
        out = {name: _feature(slots[name]) for name in self._featured}
        return {name: feature for name, feature in out.items() if feature is not None}

    def _step(self, before: Registers, event: Event) -> Registers:
        kind = _kind(event)
        if kind is SlotSet:
            return self._set(before, event)
        if kind is UserUttered:
            return before._replace(user=event)
        if kind is ActionExecuted:
            return before._replace(action=event.as_sub_state())
        if kind is ActiveLoop:
            return before._replace(loop={} if event.name is None else {LOOP_NAME: event.name})
        if kind is AllSlotsReset:
            return before._replace(slots=self._start.slots)
        if kind is EntitiesAdded and (before.user is None or isinstance(before.user, _Unsaid)):
            if before.action.get(ACTION_NAME) != ACTION_LISTEN_NAME:
                return before
            message = _Unsaid(None)  # those of a real message are put on it by `apply_to`
            message.entities = [*(before.user.entities if before.user else ()), *event.entities]
            return before._replace(user=message)
        return before

    def _set(self, before: Registers, event: SlotSet) -> Registers:
        if event.key not in self._featured:
            return before
        slot = _clone(self._initial[event.key])
        slot.value = event.value
        slots = {k: v for k, v in before.slots.items() if k != event.key}
        feature = _feature(slot)
        if feature is not None:
            slots[event.key] = feature
        return before._replace(slots=slots)

    def _push(self, event: Event) -> None:
        if _kind(event) is ActionExecuted:
            self._actions.append(len(self._applied))
        self._after.append(self._step(self._after[-1] if self._after else self._start, event))
        self._applied.append(event)

    def _cut(self, length: int) -> None:
        del self._applied[length:], self._after[length:]
        while self._actions and self._actions[-1] >= length:
            self._actions.pop()
        if self._clean and self._clean[1] > length:
            self._clean = None

    def _undo(self, kind: Type[Event]) -> None:
        """Takes back everything from the last event of a kind on; everything, when there is none."""
        i = len(self._applied) - 1
        while i > 0 and _kind(self._applied[i]) is not kind:
            i -= 1
        self._cut(max(i, 0))

    def _track(self, event: Event) -> None:
        """Works one event in. The cases are those of `DialogueStateTracker.applied_events`."""
        kind = _kind(event)
        if kind in _FRESH:
            self._forget()
        elif kind is ActionReverted:
            self._undo(ActionExecuted)
        elif kind is UserUtteranceReverted:
            self._undo(UserUttered)
            self._undo(ActionExecuted)
        elif kind is ActionExecuted and event.action_name in self._loops:
            last = self._last_run(event.action_name)
            if last is None:
                self._push(event)
            else:
                self._take_back(event.action_name, last)
        else:
            self._push(event)

    def _last_run(self, loop: str) -> int | None:
        """From which applied event on a further run of the loop takes messages and actions back.

        None when this run is the loop's first, or comes after an unhappy path (`_first_loop_execution_or_unhappy_path`).
        """
        clean = self._clean[1] if self._clean and self._clean[0] == loop else 0
        following: str | None = None
        for i in range(len(self._applied) - 1, -1, -1):
            if clean and i < clean:
                return clean
            event = self._applied[i]
            kind = _kind(event)
            if kind is ActiveLoop:
                if event.name is None:
                    return None
            elif kind is ActionExecutionRejected:
                if event.action_name == loop:
                    return None
            elif kind is UserUttered:
                if following is not None and following != loop:
                    return None
            elif kind is ActionExecuted:
                if event.action_name == loop:
                    return i + 1
                following = event.action_name
        return None

    def _take_back(self, loop: str, start: int) -> None:
        kept = [e for e in self._applied[start:] if _kind(e) not in _TAKEN_BACK]
        self._cut(start)
        for event in kept:
            self._push(event)
        self._clean = (loop, len(self._applied))

    def _retrack(self) -> None:
        """From the beginning: a loop became known whose earlier runs counted as plain actions until now."""
        self._forget()
        for event in self.events:
            self._track(event)

    def update(self, event: Event, domain: Domain | None = None) -> None:
        """As Rasa's; the event is worked in once."""
        if not isinstance(event, Event):
            raise ValueError("event to log must be an instance of a subclass of Event.")
        if self.model_id and METADATA_MODEL_ID not in event.metadata:
            event.metadata = {**event.metadata, METADATA_MODEL_ID: self.model_id}
        if self.assistant_id and ASSISTANT_ID_KEY not in event.metadata:
            event.metadata = {**event.metadata, ASSISTANT_ID_KEY: self.assistant_id}
        self.events.append(event)
        kind = _kind(event)
        if kind is Restarted:
            self._restart = len(self.events)
        elif kind is EntitiesAdded:
            self._dicts.clear()  # it changes an earlier event
        if kind is ActiveLoop and event.name and event.name not in self._loops:
            self._loops.add(event.name)
            self._retrack()
        else:
            self._track(event)
        event.apply_to(self)

    # -- what Rasa asks ---------------------------------------------------------------------------------------------------

    def applied_events(self) -> List[Event]:
        """The events that count, without what was taken back."""
        return list(self._applied)

    def has_applied_events(self) -> bool:
        """Whether anything counts."""
        return bool(self._applied)

    def tail(self, count: int) -> List[Registers]:
        """The last `count` dialogue states: before each action, and now."""
        chosen = self._actions[-(count - 1) :] if count > 1 else []
        return [self._after[i - 1] if i else self._start for i in chosen] + [self.registers]

    @property
    def registers(self) -> Registers:
        """The dialogue state now."""
        return self._after[-1] if self._after else self._start

    def event_dicts(self) -> List[Dict[str, Any]]:
        """All events as dictionaries, each made once. They are shared: nobody may change them."""
        done = len(self._dicts)
        if done < len(self.events):
            n = len(self.events)
            self._dicts += [self.events[i].as_dict() for i in range(done - n, 0)]
        return self._dicts

    def idx_after_latest_restart(self) -> int:
        """Index of the event after the last restart."""
        return self._restart

    def _events_for_verbosity(self, event_verbosity: EventVerbosity) -> List[Event] | None:
        if event_verbosity == EventVerbosity.APPLIED:
            return self._applied
        return super()._events_for_verbosity(event_verbosity)

    def get_last_event_for(
        self,
        event_type: Any,
        action_names_to_exclude: Any = None,
        skip: int = 0,
        event_verbosity: EventVerbosity = EventVerbosity.APPLIED,
    ) -> Any:
        """As Rasa's; the last message is known without a search."""
        if event_type is UserUttered and not skip and event_verbosity == EventVerbosity.APPLIED:
            user = self.registers.user
            return None if isinstance(user, _Unsaid) else user
        return super().get_last_event_for(event_type, action_names_to_exclude, skip, event_verbosity)

    def _set_slot(self, key: str, value: Any) -> None:
        slot = self.slots.get(key)
        if slot is None:
            super()._set_slot(key, value)  # says that there is no such slot
            return
        new = self.slots[key] = _clone(slot)
        new.value = value

    def _reset_slots(self) -> None:
        self.slots = dict(self._initial)

    def init_copy(self) -> LiveTracker:
        """An empty tracker of the same conversation."""
        return LiveTracker(self.sender_id, self._initial.values())

    def copy(self) -> LiveTracker:
        """The same conversation, independent from here on; nothing is replayed. As Rasa's, it forgets the ids of the model."""
        new = object.__new__(LiveTracker)
        new.__dict__.update(self.__dict__)
        new.events = deque(self.events)
        new._applied, new._after, new._actions = list(self._applied), list(self._after), list(self._actions)
        new._loops = set(self._loops)
        new._dicts = list(self.event_dicts())
        new.slots = dict(self.slots)
        if self.latest_message.text is None and not any(e is self.latest_message for e in self.events):
            new.latest_message = UserUttered.empty()  # no event, so each tracker has one of its own
            new.latest_message.entities = list(self.latest_message.entities)
        if self.active_loop is not None:
            loop = self.active_loop
            new.active_loop = TrackerActiveLoop(loop.name, loop.is_interrupted, loop.rejected, loop.trigger_message)
        new.followup_action = self._replayed_followup()
        new.model_id = new.assistant_id = None
        return new

    def since_restart(self) -> LiveTracker:
        """What `from_events` makes of the events after the last restart."""
        if not self._restart:
            return self.copy()
        new = self.init_copy()
        for event in self.events_after_latest_restart():
            new.update(event)
        return new

    def _replayed_followup(self) -> str | None:
        """The follow-up action that a replay would end with: the processor clears it without an event."""
        for event in reversed(self.events):
            if isinstance(event, FollowupAction):
                return str(event.action_name)
            if isinstance(event, (ActionExecuted, UserUttered)):
                return None
            if isinstance(event, Restarted):
                return str(ACTION_SESSION_START_NAME)
            if isinstance(event, (SessionStarted, UserUtteranceReverted, ActionReverted)):
                break  # those reset and replay: leave it to the general case
        else:
            return str(ACTION_LISTEN_NAME)
        replayed = DialogueStateTracker(self.sender_id, self._initial.values())
        for event in self.events:
            replayed.update(event)
        return replayed.followup_action
