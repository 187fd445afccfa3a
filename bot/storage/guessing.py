"""Guessing of numbers and codes is slowed, then stopped for a while; never for good, so that a stranger cannot lock the owner out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from bot.storage import models as t
from bot.storage.rows import utc

#: Failures after which guessing is slowed, per conversation and per case number.
FREE_FAILURES = 5
MAX_WAIT = timedelta(minutes=30)
FORGET_AFTER = timedelta(hours=24)


def wait(c: Connection, who: str, now: datetime) -> timedelta:
    """How long `who` has to wait. `o:` is an origin, `n:` a number."""
    row = c.execute(select(t.attempts).where(t.attempts.c.who == who)).first()
    if row is None or now - utc(row.last_at) > FORGET_AFTER:
        return timedelta(0)
    # A number may be tried from many places: it is slowed later and less than a single origin.
    over = row.failures - (FREE_FAILURES if who.startswith("o:") else 4 * FREE_FAILURES)
    if over < 0:
        return timedelta(0)
    limit = MAX_WAIT if who.startswith("o:") else MAX_WAIT / 6
    return max(timedelta(0), utc(row.last_at) + min(limit, timedelta(seconds=30 * 2 ** min(over, 10))) - now)


def failed(c: Connection, who: str, now: datetime) -> None:
    """Counts one failure."""
    row = c.execute(select(t.attempts).where(t.attempts.c.who == who).with_for_update()).first()
    if row is None:
        c.execute(insert(t.attempts).values(who=who, failures=1, last_at=now))
    else:
        failures = 1 if now - utc(row.last_at) > FORGET_AFTER else row.failures + 1
        c.execute(update(t.attempts).where(t.attempts.c.who == who).values(failures=failures, last_at=now))
