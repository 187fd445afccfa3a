"""Changing keys. Data keys: new ones are made, every sealed value is sealed again, old ones go when nothing refers to them.

Stopped at any moment, it goes on where it was: a value that already carries the new key is passed over, and values are exchanged only if
nobody has changed them meanwhile. Old data keys are kept while any value refers to them, and a day longer, for processes that still hold them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, delete, func, insert, select, tuple_, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from bot.storage import models as t
from bot.storage.audit import purpose_of
from bot.storage.crypto import PURPOSES, ROOT, DecryptionError, Keyring, key_of
from bot.storage.drafts import hotline_drafts, hotline_inbox, purpose_of_call
from bot.storage.files import purpose_of as purpose_of_file
from bot.storage.files import reseal as reseal_file
from bot.storage.open import reading, transaction

BATCH = 200
#: How long an unused data key is kept for processes that have not looked again.
GRACE = timedelta(days=1)
Place = Callable[[Row[Any]], str]
Purpose = Callable[[Connection, Row[Any]], str]


@dataclass(frozen=True)
class Sealed:
    """A sealed column: its table, where its values are bound to, and what for."""

    column: Column[Any]
    place: Place
    purpose: Purpose = lambda c, r: "field"

    @property
    def table(self) -> Table:
        """The table of the column."""
        table: Table = self.column.table
        return table


def _of_case(c: Connection, row: Row[Any]) -> str:
    category = row._mapping.get("category")
    if category is None:
        category = c.execute(select(t.cases.c.category).where(t.cases.c.case_no == row.case_no)).scalar_one()
    return purpose_of(str(category))


#: Every sealed column. A column of bytes that is not here keeps its key alive, and a test says so.
SEALED: tuple[Sealed, ...] = (
    Sealed(t.cases.c.content, lambda r: f"cases/{r.case_no}/content", _of_case),
    Sealed(t.cases.c.advice, lambda r: f"cases/{r.case_no}/advice", _of_case),
    Sealed(t.events.c.detail, lambda r: f"events/{r.case_no}/{r.seq}", _of_case),
    Sealed(t.outbox.c.payload, lambda r: f"outbox/{r.case_no}"),
    Sealed(t.chat_turns.c.request, lambda r: f"turns/{r.conversation}/{r.message_id}/request"),
    Sealed(t.chat_turns.c.response, lambda r: f"turns/{r.conversation}/{r.message_id}/response"),
    Sealed(t.chat_attachments.c.name, lambda r: f"attachments/{r.id}", lambda c, r: purpose_of_file(c, r.id)),
    Sealed(t.access_log.c.detail, lambda r: "access_log", lambda c, r: "audit"),
    Sealed(t.tracker_events.c.payload, lambda r: f"tracker/{r.sender_id}/{r.n}"),
    Sealed(t.notices.c.message, lambda r: f"notices/{r.case_no}"),
    Sealed(t.documents.c.content, lambda r: f"documents/{r.case_no}/{r.number}", _of_case),
    Sealed(t.documents.c.file, lambda r: f"documents/{r.case_no}/{r.number}/file", _of_case),
    Sealed(t.webhooks.c.url, lambda r: "webhooks"),
    Sealed(t.webhooks.c.secret, lambda r: "webhooks"),
    Sealed(t.wechat_users.c.openid, lambda r: f"wechat_users/{r.who}"),
    Sealed(t.wechat_inbox.c.request, lambda r: f"wechat_inbox/{r.key}"),
    Sealed(t.wechat_outgoing.c.body, lambda r: str(r.place)),
    Sealed(t.wechat_tokens.c.token, lambda r: f"wechat_tokens/{r.app_id}"),
    Sealed(hotline_inbox.c.body, lambda r: f"hotline_inbox/{r.id}", purpose_of_call),
    Sealed(hotline_drafts.c.content, lambda r: f"hotline_drafts/{r.id}", _of_case),
    Sealed(hotline_drafts.c.final, lambda r: f"hotline_drafts/{r.id}/final", _of_case),
)
#: Bytes that are sealed by other means.
NOT_SEALED = (t.data_keys.c.wrapped,)


@dataclass
class Done:
    """What a run did: values sealed again, values that could not be opened, data keys destroyed, columns nobody listed."""

    resealed: int = 0
    unreadable: int = 0
    destroyed: int = 0
    unlisted: tuple[str, ...] = ()


def ensure(engine: Engine, keys: Keyring) -> None:
    """The first data keys of an installation, and the root wrapped beside them. Two processes that start at once make them once."""
    keys.refresh()
    if keys.current("field") is not None:
        return
    root = keys.root()
    try:
        with transaction(engine) as c:
            _add(c, keys, ROOT, root)
            for purpose in PURPOSES:
                _add(c, keys, purpose, secrets.token_bytes(32))
    except IntegrityError:
        pass  # somebody else was first: theirs are the keys
    keys.refresh()


def _add(c: Connection, keys: Keyring, purpose: str, key: bytes) -> int:
    key_id = int(c.execute(select(func.coalesce(func.max(t.data_keys.c.id), 0))).scalar_one()) + 1
    now = datetime.now(timezone.utc)
    wrapped = keys.wrap(key, key_id, purpose)
    c.execute(insert(t.data_keys).values(id=key_id, purpose=purpose, wrapped=wrapped, created_at=now))
    return key_id


def begin(engine: Engine, keys: Keyring) -> None:
    """New data keys for everything sealed from now on."""
    ensure(engine, keys)
    with transaction(engine) as c:
        for purpose in PURPOSES:
            _add(c, keys, purpose, secrets.token_bytes(32))
    keys.refresh()


def reseal(engine: Engine, keys: Keyring, files: Path, step: Callable[[int], None] = lambda n: None) -> Done:
    """Seals with the newest data keys whatever is not yet. May be stopped and run again. `step` hears how many are done."""
    keys.refresh()
    done = Done(unlisted=unlisted())
    for sealed in SEALED:
        for batch in _batches(engine, sealed):
            with transaction(engine) as c:
                for row in batch:
                    _reseal_row(c, keys, sealed, row, done)
            step(done.resealed)
    for path in sorted(files.iterdir()) if files.is_dir() else []:
        with reading(engine) as c:
            purpose = purpose_of_file(c, path.name)
        _reseal_file(keys, path, purpose, done)
        step(done.resealed)
    return done


def unlisted() -> tuple[str, ...]:
    """Columns of bytes that no list names."""
    named = {s.column for s in SEALED} | set(NOT_SEALED)
    columns = (c for table in t.metadata.sorted_tables for c in table.columns)
    return tuple(f"{c.table.name}.{c.name}" for c in columns if isinstance(c.type, LargeBinary) and c not in named)


def _batches(engine: Engine, sealed: Sealed) -> Iterator[list[Row[Any]]]:
    """The rows of a table by primary key, so many at a time."""
    key = list(sealed.table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        query = select(sealed.table).order_by(*key).limit(BATCH)
        query = query if after is None else query.where(tuple_(*key) > tuple_(*after))
        with transaction(engine) as c:
            rows = c.execute(query).all()
        if not rows:
            return
        after = tuple(rows[-1]._mapping[k.name] for k in key)
        yield rows


def _reseal_row(c: Connection, keys: Keyring, sealed: Sealed, row: Row[Any], done: Done) -> None:
    old = row._mapping[sealed.column.name]
    if old is None:
        return
    purpose, place = sealed.purpose(c, row), sealed.place(row)
    try:
        if key_of(bytes(old)) == keys.current(purpose):
            return
        value = keys.decrypt(old, place, purpose)
    except DecryptionError:
        done.unreadable += 1
        return
    query = update(sealed.table).values({sealed.column.name: keys.encrypt(value, place, purpose)})
    for k in sealed.table.primary_key.columns:
        query = query.where(k == row._mapping[k.name])
    done.resealed += c.execute(query.where(sealed.column == old)).rowcount


def _reseal_file(keys: Keyring, path: Path, purpose: str, done: Done) -> None:
    try:
        if path.suffix or key_of(path.read_bytes()) == keys.current(purpose):
            return
        reseal_file(keys, path, purpose)
        done.resealed += 1
    except FileNotFoundError:
        return
    except DecryptionError:
        done.unreadable += 1


def finish(engine: Engine, keys: Keyring, files: Path, now: datetime) -> int:
    """Destroys data keys that nothing refers to, the newest of each purpose and the grace period apart. Returns how many."""
    used = set(_used(engine, files))
    gone = 0
    with transaction(engine) as c:
        rows = c.execute(select(t.data_keys).order_by(t.data_keys.c.id)).all()
        made = {
            r.purpose: r.created_at if r.created_at.tzinfo else r.created_at.replace(tzinfo=timezone.utc) for r in rows
        }
        newest = {r.purpose: r.id for r in rows}
        for r in rows:
            old = r.purpose != ROOT and r.id != newest[r.purpose] and now - made[r.purpose] > GRACE
            if old and r.id not in used:
                c.execute(delete(t.data_keys).where(t.data_keys.c.id == r.id))
                gone += 1
    return gone


def _used(engine: Engine, files: Path) -> Iterator[int]:
    """The data keys that any value refers to, listed column or not."""
    for table in t.metadata.sorted_tables:
        for column in (c for c in table.columns if isinstance(c.type, LargeBinary) and c not in NOT_SEALED):
            with transaction(engine) as c:
                for value in c.execute(
                    select(func.substr(column, 1, 6)).where(column.isnot(None)).distinct()
                ).scalars():
                    yield from _id_of(bytes(value))
    for path in files.iterdir() if files.is_dir() else []:
        yield from _id_of(path.read_bytes()[:6])


def _id_of(start: bytes) -> Iterator[int]:
    try:
        key_id = key_of(start)
    except DecryptionError:
        return
    if key_id is not None:
        yield key_id


# -- the master key -----------------------------------------------------------------------------------------------------


def change_master(engine: Engine, old: Keyring, new: Keyring) -> int:
    """Wraps every data key with another master, all at once or not at all. Returns how many. Running processes must be restarted."""
    ensure(engine, old)
    with transaction(engine) as c:
        rows = c.execute(select(t.data_keys).with_for_update()).all()
        for r in rows:
            key = old.unwrap(bytes(r.wrapped), r.id, r.purpose)
            wrapped = new.wrap(key, r.id, r.purpose)
            c.execute(update(t.data_keys).where(t.data_keys.c.id == r.id).values(wrapped=wrapped))
    return len(rows)


def opens(engine: Engine, keys: Keyring) -> bool:
    """Whether this master opens the data keys of the database."""
    with transaction(engine) as c:
        row = c.execute(select(t.data_keys).limit(1)).first()
    try:
        return row is None or bool(keys.unwrap(bytes(row.wrapped), row.id, row.purpose))
    except DecryptionError:
        return False


def replace_key_file(path: Path, new: Path) -> None:
    """The new key file takes the place of the old, which stays beside it until the operator has stored the new one."""
    path.replace(path.with_suffix(".old"))
    new.replace(path)
