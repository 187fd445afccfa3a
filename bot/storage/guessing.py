"""Guessing of numbers and codes is slowed and stopped, without a stranger being able to lock out the owner.

Counts of one day each, for numbers and codes: per conversation, per address (a keyed hash, so that new conversations bring nothing), per case number (so that
many addresses bring little) and over all (so that many addresses and many numbers bring little). A guess is counted before it is looked
at, so that many at once bring nothing either; while a count rests a right code is refused like a wrong one, so resting tells nothing.

The owner has two ways past what strangers have caused: the conversation in which the case was filed, and the telephone number given with
it; the way by telephone has a count of its own. Whoever holds number and code of somebody else must not find out by trying whose telephone
stands with the case: telephones tried with the right code are counted for themselves. A right answer for one's own case pays nothing back for guesses at others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.storage import models as t
from bot.storage.rows import utc

FORGET_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Count:
    """How many failures are free, and how long at most a rest is. A rest begins at 30 seconds and doubles."""

    free: int
    longest: timedelta

    def rest(self, failures: int) -> timedelta:
        """The rest after so many failures."""
        over = failures - self.free
        return timedelta(0) if over < 0 else min(self.longest, timedelta(seconds=30 * 2 ** min(over, 10)))


#: Kind of count (the first letter of `who`) → its limits. Of passwords: `u` an account, `d` a browser in which it was signed in before, `s` an address. Of filings: `f` the same words of the
#: same teller, `c` everything from one address, `e` files from one address (ten megabytes each: a disk is soon full); their rests are short, so that a crowd behind one address is slowed and not turned away.
#: An address may be that of a whole office or village: more is free there.
COUNTS = {
    "o": Count(5, timedelta(minutes=30)),
    "a": Count(30, timedelta(minutes=30)),
    "n": Count(20, timedelta(minutes=5)),
    "p": Count(10, timedelta(minutes=30)),
    "t": Count(5, timedelta(hours=6)),
    "g": Count(2_000, timedelta(minutes=1)),
    "u": Count(5, timedelta(minutes=15)),
    "d": Count(5, timedelta(minutes=15)),
    "s": Count(60, timedelta(minutes=15)),
    "f": Count(100, timedelta(minutes=1)),
    "c": Count(2_000, timedelta(minutes=1)),
    "e": Count(400, timedelta(minutes=2)),
}


def enter(c: Connection, who: list[str], now: datetime) -> timedelta:
    """Counts one guess under each of `who` (in one order for everybody), unless one of them rests: then how long it still does."""
    dialect = postgresql if c.dialect.name == "postgresql" else sqlite
    rows = [{"who": w, "failures": 0, "last_at": now} for w in who]
    c.execute(dialect.insert(t.attempts).on_conflict_do_nothing(), rows)
    wait = timedelta(0)
    for w in who:
        row = c.execute(select(t.attempts).where(t.attempts.c.who == w).with_for_update()).one()
        if row.failures and now - utc(row.last_at) <= FORGET_AFTER:
            wait = max(wait, utc(row.last_at) + COUNTS[w[0]].rest(row.failures) - now)
    if wait <= timedelta(0):
        more = {"failures": t.attempts.c.failures + 1, "last_at": now}
        c.execute(update(t.attempts).where(t.attempts.c.who.in_(who)).values(more))
    return wait


def right(c: Connection, who: list[str]) -> None:
    """The answer was right after all: the number is free again, and the guess that was counted beforehand is taken back elsewhere."""
    freed = [w for w in who if w[0] in "nptud"]
    c.execute(delete(t.attempts).where(t.attempts.c.who.in_(freed)))
    others = [w for w in who if w not in freed]
    c.execute(update(t.attempts).where(t.attempts.c.who.in_(others)).values(failures=t.attempts.c.failures - 1))


def looked_at(kind: str, hours: float) -> int:
    """How many guesses under one count are looked at within so many hours, by somebody who never rests longer than he must."""
    count, spent, failures = COUNTS[kind], 0.0, 0
    while spent <= hours * 3600:
        failures += 1
        spent += count.rest(failures).total_seconds()
    return failures
