"""How long what is kept: one table (`retention.yml`) that code enforces (个人信息保护法 19, 47; 档案法 14; 网络安全法 23)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import delete, func, select
from sqlalchemy.engine import Engine

from bot.storage import audit
from bot.storage import drafts as _  # noqa: F401  its tables belong to the schema
from bot.storage import models as t
from bot.storage.chat import ChatStore
from bot.storage.crypto import Keyring
from bot.storage.open import transaction

TABLE = Path(__file__).with_name("retention.yml")
ARCHIVE = "archive"
#: Logs are kept at least so long (网络安全法 23).
LOG_DAYS_AT_LEAST = 180
#: Tables whose rows do not go one by one: those of a conversation go together, those of the log with an entry that says so.
_BY_OTHERS = ("chat_turns", "tracker_events", "chat_attachments", "access_log")


@dataclass(frozen=True)
class Rule:
    """How long columns of a table stay. `days`: None = archive; `since`: the column that it is counted from."""

    table: str
    columns: tuple[str, ...]
    purpose: str
    basis: str
    days: int | None
    since: str


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The table. Raises KeyError or ValueError when it is wrong."""
    out = []
    for row in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        days = None if row["keep"] == ARCHIVE else int(row["keep"])
        out.append(Rule(row["table"], tuple(row["columns"]), row["purpose"], row["basis"], days, row.get("from", "")))
    return tuple(out)


def days_of(table: str) -> int:
    """How many days rows of `table` are kept. Raises KeyError for what is archive."""
    return next(r.days for r in rules() if r.table == table and r.days is not None)


def enforce(engine: Engine, keys: Keyring, files: Path, now: datetime) -> Counter[str]:
    """Deletes what is older than the table says. Returns rows (conversations, for the chat) per table."""
    gone: Counter[str] = Counter()
    chat = ChatStore(engine, keys)
    gone["chat_turns"] = chat.purge(now - timedelta(days=days_of("chat_turns")), files)
    with transaction(engine) as c:
        for rule in rules():
            if rule.days is not None and rule.table not in _BY_OTHERS:
                table = t.metadata.tables[rule.table]
                old = table.c[rule.since] < now - timedelta(days=rule.days)
                gone[rule.table] = c.execute(delete(table).where(old)).rowcount
    gone["access_log"] = _old_looks(engine, keys, now - timedelta(days=days_of("access_log")))
    return gone


def _old_looks(engine: Engine, keys: Keyring, before: datetime) -> int:
    """Old looks go with an entry of the audit chain that says so: a gap that is not announced is tampering."""
    log = t.access_log
    with transaction(engine) as c:
        last = c.execute(select(func.max(log.c.id)).where(log.c.at < before)).scalar()
        if last is None:
            return 0
        audit.append(c, keys, audit.PURGED, str(last), {"through": last})
        return int(c.execute(delete(log).where(log.c.id <= last)).rowcount)
