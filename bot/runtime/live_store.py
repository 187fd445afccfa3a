"""Conversations kept in memory and written through: a turn is read from memory and answered after its commit.

One process owns a conversation (the proxy sees to it). If another wrote to it all the same, the database refuses the second writer
(the number of the first event is unique), the turn fails with a conflict, and the conversation is read anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Dict, List, Set

from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.petition.errors import ConflictError
from bot.runtime.live_tracker import LiveTracker
from bot.runtime.tracker_store import EncryptedTrackerStore, trimmed
from bot.storage.chat import EventLog
from bot.storage.turns import GroupWriter, Past, Turn, TurnLog, Write

#: Events kept in memory, over all conversations; measured about 6 KB each with everything that hangs on them.
KEPT_EVENTS = 15_000


@dataclass
class Conversation:
    """One conversation in memory. answers: what the latest messages got; cut: messages begun by an earlier version, unanswered."""

    tracker: LiveTracker
    turns: Dict[str, str] = field(default_factory=dict)
    last: List[Dict[str, Any]] = field(default_factory=list)
    cut: Set[str] = field(default_factory=set)
    answers: OrderedDict[str, List[Dict[str, Any]]] = field(default_factory=OrderedDict)


class LiveTrackerStore(EncryptedTrackerStore):
    """The store of `sufang serve`."""

    def __init__(self, domain: Domain | None, log: EventLog, turns: TurnLog, kept_events: int = KEPT_EVENTS) -> None:
        super().__init__(domain, log=log)
        self._turns, self._writer = turns, GroupWriter(turns)
        self._live: OrderedDict[str, Conversation] = OrderedDict()
        self._events, self._kept = 0, kept_events

    # -- memory -----------------------------------------------------------------------------------------------------------

    async def conversation(self, sender: str, new: bool = False) -> Conversation:
        """A conversation, from memory or the database. `new`: it was begun just now, so there is nothing to read.

        Raises StoreUnavailable.
        """
        found = self._live.get(sender)
        if found is not None:
            self._live.move_to_end(sender)
            return found
        past = Past() if new else await asyncio.to_thread(self._turns.read, sender)
        found = self._live.get(sender)  # somebody else may have read it meanwhile
        if found is None:
            tracker = LiveTracker(sender, self.domain.slots)
            for event in self.events_from(past.events):
                tracker.update(event)
            tracker.stored = len(tracker.events)
            found = self._live[sender] = Conversation(tracker, past.turns, past.last, past.cut)
            self._events += tracker.stored
            self._make_room(sender)
        return found

    def _make_room(self, but: str) -> None:
        while self._events > self._kept and len(self._live) > 1:
            oldest = next(iter(self._live))
            if oldest == but:
                return
            self.evict(oldest)

    def evict(self, sender: str) -> None:
        """Forgets what is in memory of a conversation; the next turn reads the database."""
        gone = self._live.pop(sender, None)
        if gone is not None:
            self._events -= gone.tracker.stored

    async def live(self, sender: str) -> LiveTracker:
        """The conversation's tracker, empty when the conversation is new."""
        return (await self.conversation(sender)).tracker

    async def given(self, sender: str, message_id: str, hashed: str, new: bool = False) -> List[Dict[str, Any]] | None:
        """What a message with this id got before, None when it has no answer yet. Raises ConflictError when it was another message."""
        found = await self.conversation(sender, new)
        before = found.turns.get(message_id)
        if before is None:
            return None
        if before != hashed:
            raise ConflictError("这个消息编号已经用过了。")
        if message_id in found.cut:
            return None
        answer = found.answers.get(message_id)
        return answer if answer is not None else await asyncio.to_thread(self._turns.response, sender, message_id)

    async def is_cut(self, sender: str, message_id: str) -> bool:
        """Whether a turn was begun in a former life of the server, and its answer never written."""
        return message_id in (await self.conversation(sender)).cut

    async def offered(self, sender: str) -> List[Dict[str, Any]]:
        """The messages said last, with the buttons that are on offer."""
        return (await self.conversation(sender)).last

    # -- writing ----------------------------------------------------------------------------------------------------------

    async def save_turn(self, tracker: DialogueStateTracker, turn: Turn | None) -> None:
        """Commits the new events of a tracker and the turn. Raises StoreUnavailable or ConflictError: then nothing was kept."""
        if not isinstance(tracker, LiveTracker):
            await super().save(tracker)
            return
        if self.event_broker:
            await self.stream_events(tracker)
        sender, first, count = tracker.sender_id, tracker.stored, len(tracker.events)
        await self._commit(Write(sender, first, [trimmed(e) for e in tracker.event_dicts()[first:count]], turn))
        tracker.stored = count
        kept = self._live.get(sender)
        if kept is None or kept.tracker is not tracker:
            return
        self._events += count - first
        if turn:
            kept.turns[turn.message_id] = turn.hashed
            kept.last = kept.answers[turn.message_id] = turn.response
            while len(kept.answers) > 3:
                kept.answers.popitem(last=False)
        self._make_room(sender)

    async def _commit(self, write: Write) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish(error: Exception | None) -> None:
            if not done.done():
                done.set_exception(error) if error else done.set_result(None)

        self._writer.put(write, lambda error: loop.call_soon_threadsafe(finish, error))
        await done

    async def probe(self) -> None:
        """Writes and takes back a row the way that turns are written. Raises StoreUnavailable when that does not work."""
        await self._commit(Write("", 0, []))

    def figures(self) -> Dict[str, float]:
        """For the metrics: conversations and events in memory, commits made and turns in them."""
        writer = self._writer
        return {
            "conversations_in_memory": len(self._live), "events_in_memory": self._events,
            "commits": writer.commits, "written_turns": writer.written,
        }  # fmt: skip

    def close(self) -> None:
        """Writes what is waiting."""
        self._writer.close()

    # -- Rasa's interface -------------------------------------------------------------------------------------------------

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the new events."""
        await self.save_turn(tracker, None)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation, None when there is none."""
        tracker = await self.live(sender_id)
        return tracker if tracker.events else None

    async def exists(self, conversation_id: str) -> bool:
        """Whether anything is stored of it."""
        return bool((await self.live(conversation_id)).stored)

    async def delete(self, sender_id: str) -> None:
        """Forgets a conversation."""
        self.evict(sender_id)
        await super().delete(sender_id)
