"""One call from the inbox to its draft: the one idempotent function behind the call-back, the queue and the backfill.

A call that is done is not done again; what cannot be read is given up at once, with its reason; a failure of ours is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.hotline.draft import draft, linked
from bot.hotline.formats import TranscriptError, parse
from bot.hotline.repeats import Repeats
from bot.hotline.roles import turn_roles
from bot.petition.advice.engine import Advisor
from bot.storage.drafts import DONE, DraftStore
from bot.storage.retention import days_of


class Intake:
    """Makes drafts of what recognisers sent. `index`: the file of the calls read so far."""

    def __init__(
        self, store: DraftStore, advisor: Callable[[], Advisor], index: Path, now: Callable[[], datetime]
    ) -> None:
        self.store, self._advisor, self._index, self._now = store, advisor, index, now
        #: Tells a queue of a new call; None: the call is worked off where it arrives.
        self.announce: Callable[[str], None] | None = None

    def receive(self, name: str, call_time: str, hotline: str, body: bytes) -> str:
        """Keeps a transcript; gives its id in the inbox."""
        return self.store.receive(name, call_time, hotline, body, self._now())

    def process(self, key: str) -> str:
        """The id of the call's draft, "" when it was given up. Raises what went wrong on our side, to be tried again."""
        arrival = self.store.arrival(key)
        if arrival.state != "waiting":
            return arrival.draft_id if arrival.state == DONE else ""
        try:
            call = parse(arrival.name, arrival.body)
            record = draft(call, arrival.name, self._advisor(), arrival.call_time, arrival.hotline)
        except TranscriptError as e:
            self.store.failed(key, str(e), final=True)
            return ""
        except Exception as e:
            if self.store.failed(key, f"没有处理成（{type(e).__name__}）", final=False):
                return ""
            raise
        turns = list(zip(turn_roles(call), (t.text for t in call.turns), strict=True))
        with Repeats(self._index, self.store.keys) as repeats:
            repeats.forget(days_of("hotline_drafts"))
            record = linked(record, repeats, self.store.key_of(record, turns), apart=True)
        return self.store.put(record, turns, self._now(), key)
