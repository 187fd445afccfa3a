"""Where the present request came from, as a keyed hash, for limits on guessing. Kept for the request only, never stored with a conversation.

An address must not be used to find out who somebody is (检举控告 may be anonymous), so nothing but its keyed hash ever gets here.
"""

from __future__ import annotations

from contextvars import ContextVar

#: The hashed address of the request that is being answered, "" where there is none (command line, tests).
ADDRESS: ContextVar[str] = ContextVar("sufang_address", default="")
