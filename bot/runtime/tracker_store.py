"""A tracker store that never forgets in silence: encrypted append-only rows, and an error when the database does not answer.

Rasa's own fail-safe store answers an outage with an empty conversation, so that the next words go into the wrong slot. Here an
outage is raised, and the channel says that nothing was processed.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Dict, Iterable, List

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

from bot.petition.errors import ConflictError
from bot.runtime.in_process import event_classes
from bot.settings import Settings
from bot.storage.chat import EventLog
from bot.storage.open import open_engine, open_keyring, upgrade

#: Parts of a user event that no rule ever reads again.
_DROPPED = ("text_tokens", "response_selector")


def trimmed(data: Dict[str, Any]) -> Dict[str, Any]:
    """An event without what is never read again."""
    parse = data.get("parse_data")
    if not isinstance(parse, dict):
        return data
    kept = {k: v for k, v in parse.items() if k not in _DROPPED}
    kept["intent_ranking"] = parse.get("intent_ranking", [])[:3]
    return {**data, "parse_data": kept}


def encode(event: Event) -> str:
    """One event as JSON, without what is never read again."""
    return json.dumps(trimmed(event.as_dict()), ensure_ascii=False, separators=(",", ":"), default=str)


class EncryptedTrackerStore(TrackerStore):
    """Conversations as sealed rows of `EventLog`.

    In endpoints.yml: `type: bot.runtime.tracker_store.EncryptedTrackerStore`; database and key come from the settings.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        log: EventLog | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs = {k: v for k, v in kwargs.items() if k in ("retrieve_events_from_previous_conversation_sessions",)}
        super().__init__(domain, event_broker, **kwargs)
        self._log = log or self._from_settings()
        self._types = event_classes()
        self._known: Dict[str, int] = {}

    @staticmethod
    def _from_settings() -> EventLog:
        settings = Settings.from_env()
        upgrade(settings.database_url)
        return EventLog(open_engine(settings), open_keyring(settings))

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the events that are new since the conversation was read. Raises StoreUnavailable or ConflictError."""
        sender, events = tracker.sender_id, list(tracker.events)
        if self.event_broker:
            await self.stream_events(tracker)
        written = self._known.get(sender)
        if written is None or written > len(events):
            written = len(await asyncio.to_thread(self._log.read, sender))
        payloads = [encode(e) for e in events[written:]]
        try:
            await asyncio.to_thread(self._log.append, sender, written, payloads)
        except BaseException:
            self._known.pop(sender, None)
            raise
        self._known[sender] = len(events)
        if len(self._known) > 10_000:
            self._known.pop(next(iter(self._known)))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation, or None when there is none. Raises StoreUnavailable when the database does not answer."""
        rows = await asyncio.to_thread(self._log.read, sender_id)
        self._known[sender_id] = len(rows)
        if not rows:
            return None
        events = self.events_from(json.loads(row) for row in rows)
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """All sessions are kept in one, so this is the same."""
        return await self.retrieve(conversation_id)

    def events_from(self, stored: Iterable[Dict[str, Any]]) -> List[Event]:
        """Rasa's events from their dictionaries. Raises ConflictError for an event that this version does not know."""
        events: List[Event] = []
        for data in stored:
            cls = self._types.get(str(data.get("event")))
            event = cls._from_parameters(data) if cls else None
            if event is None:
                raise ConflictError("这段对话的记录读不出来。")
            events.append(event)
        return events

    async def said(self, sender_id: str, message_id: str) -> List[Dict[str, Any]]:
        """What the bot said in the turn of a message, [] when that turn is not stored."""
        messages: List[Dict[str, Any]] = []
        inside = False
        for row in await asyncio.to_thread(self._log.read, sender_id):
            data = json.loads(row)
            if data.get("event") == "user":
                inside = data.get("message_id") == message_id
            elif inside and data.get("event") == "bot":
                extra = {k: v for k, v in (data.get("data") or {}).items() if k in ("buttons", "custom") and v}
                messages.append({"text": data.get("text") or "", **extra})
        return messages

    async def delete(self, sender_id: str) -> None:
        """Forgets a conversation."""
        self._known.pop(sender_id, None)
        await asyncio.to_thread(self._log.delete, sender_id)

    async def keys(self) -> Iterable[str]:
        """All conversations."""
        return await asyncio.to_thread(self._log.senders)
