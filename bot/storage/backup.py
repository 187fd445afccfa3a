"""Backup and restore of a whole installation: database and attachments, in one encrypted file.

Consistent while the service runs (one snapshot: a read transaction of SQLite's WAL, REPEATABLE READ on PostgreSQL), independent of the database
that it came from, sealed piece by piece so that a truncated, reordered or changed file is refused. The key comes from the master key alone,
so the master must be kept somewhere else than the backups: without it nothing comes back.

Restoring goes into an empty database only. Numbers that may have been given to people after the backup are not given again: the sequences of the
days since then and the outbox jump ahead. Outbox rows keep their ids, so a receiver that knows them by `key_of_row` sees no message twice.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

from alembic import command
from alembic.config import Config
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import MetaData, create_engine, func, insert, select, text
from sqlalchemy.engine import Connection, Engine, make_url

from bot.petition.errors import PetitionError
from bot.petition.numbers import MAX_SEQUENCE
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import MIGRATIONS, make_engine

MAGIC = b"SUFANG-BACKUP-1\n"
FORMAT = 1
PIECE = 1 << 18
#: A restored day goes on from here, or so far ahead if it was beyond: numbers given after the backup were below.
DAY_RESERVE, DAY_JUMP, OUTBOX_JUMP = 50_000, 10_000, 1_000_000
#: Tables whose rows mean nothing on another day: sessions of the staff end with a restore.
_SKIPPED = ("staff_sessions", "alembic_version")
_READ_ONLY_PG = "SET TRANSACTION READ ONLY"


class BackupError(PetitionError):
    """The file is not a whole backup of this installation, or there is data where it should go."""


@dataclass
class Report:
    """What a backup holds: rows per table, files, when it was made, its schema."""

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    made_at: str = ""
    revision: str = ""


# -- the sealed file ----------------------------------------------------------------------------------------------------


class _Writer:
    """Seals what is written piece by piece: AES-256-GCM, nonce = random prefix, counter, last-piece flag."""

    def __init__(self, out: BinaryIO, keys: Keyring) -> None:
        salt, self._prefix = secrets.token_bytes(16), secrets.token_bytes(7)
        self._out, self._aead, self._n, self._buffer = out, AESGCM(keys.backup_key(salt)), 0, bytearray()
        out.write(MAGIC + salt + self._prefix)

    def line(self, value: Any) -> None:
        """One record."""
        self._buffer += json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        while len(self._buffer) > PIECE:
            self._piece(bytes(self._buffer[:PIECE]), False)
            del self._buffer[:PIECE]

    def close(self) -> None:
        """The last piece, marked as such."""
        self._piece(bytes(self._buffer), True)

    def _piece(self, data: bytes, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._prefix, self._n, last), data, None)
        self._out.write(struct.pack(">I", len(sealed)) + sealed)
        self._n += 1


def _nonce(prefix: bytes, n: int, last: bool) -> bytes:
    return prefix + struct.pack(">I", n) + (b"\x01" if last else b"\x00")


def _lines(source: BinaryIO, keys: Keyring) -> Iterator[Any]:
    """The records of a backup. Raises BackupError as soon as a piece is not what was written, or the end is missing."""
    head = source.read(len(MAGIC) + 23)
    if not head.startswith(MAGIC) or len(head) != len(MAGIC) + 23:
        raise BackupError("这不是备份文件。")
    salt, prefix = head[len(MAGIC) : -7], head[-7:]
    aead, rest, n, ended = AESGCM(keys.backup_key(salt)), b"", 0, False
    while size := source.read(4):
        if ended or len(size) != 4 or struct.unpack(">I", size)[0] > PIECE + 16:
            raise BackupError("备份文件已损坏。")
        sealed = source.read(struct.unpack(">I", size)[0])
        data, ended = _open(aead, prefix, n, sealed)
        *whole, rest = (rest + data).split(b"\n")
        yield from map(json.loads, whole)
        n += 1
    if not ended or rest:
        raise BackupError("备份文件不完整。")


def _open(aead: AESGCM, prefix: bytes, n: int, sealed: bytes) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return aead.decrypt(_nonce(prefix, n, last), sealed, None), last
        except InvalidTag:
            continue
    raise BackupError("备份文件打不开：主密钥不是备份时的那一把，或者文件被改过。")


# -- backing up ---------------------------------------------------------------------------------------------------------


def backup(url: str, keys: Keyring, files: Path, target: Path) -> Report:
    """Writes the backup to `target`, which appears only when it is whole and on disk. Raises BackupError, OSError."""
    if target.exists():
        raise BackupError(f"{target.name} 已经有了，换一个名字。")
    report = Report(made_at=datetime.now(timezone.utc).isoformat())
    part = target.with_name(target.name + ".part")
    engine = _snapshot_engine(url)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            writer = _Writer(out, keys)
            with engine.connect() as c:
                _begin_snapshot(c)
                _dump(c, writer, files, report)
            writer.close()
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        engine.dispose()
    return report


def _snapshot_engine(url: str) -> Engine:
    """An engine of its own: the service's begins every transaction as a writer and bounds how long a statement may take."""
    if make_url(url).get_backend_name() == "sqlite":
        return create_engine(url, connect_args={"timeout": 30, "isolation_level": None})
    return create_engine(url, isolation_level="REPEATABLE READ", connect_args={"connect_timeout": 5})


def _begin_snapshot(c: Connection) -> None:
    c.exec_driver_sql("BEGIN" if c.dialect.name == "sqlite" else _READ_ONLY_PG)


def _dump(c: Connection, writer: _Writer, files: Path, report: Report) -> None:
    report.revision = str(c.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    writer.line({"format": FORMAT, "revision": report.revision, "made_at": report.made_at})
    tables = MetaData()
    tables.reflect(c)
    attachments: list[str] = []
    for table in tables.sorted_tables:
        if table.name in _SKIPPED:
            continue
        for row in c.execution_options(stream_results=True).execute(select(table)):
            values = {k: _pack(v) for k, v in row._mapping.items()}
            if table.name == "chat_attachments":
                attachments.append(row.id)
            writer.line({"table": table.name, "row": values})
            report.rows[table.name] += 1
    for name in attachments:
        path = files / name
        if path.is_file():
            writer.line({"file": name, "data": base64.b64encode(path.read_bytes()).decode()})
            report.files += 1
    writer.line({"end": dict(report.rows), "files": report.files})


def _pack(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return {"t": aware.astimezone(timezone.utc).isoformat()}
    return {"d": value.isoformat()} if isinstance(value, date) else value


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    (kind, text_value), *_ = value.items()
    if kind == "b":
        return base64.b64decode(text_value)
    return datetime.fromisoformat(text_value) if kind == "t" else date.fromisoformat(text_value)


# -- restoring ----------------------------------------------------------------------------------------------------------


def check(source: Path, keys: Keyring) -> Report:
    """Reads a backup to its end without restoring it. Raises BackupError, OSError."""
    report = Report()
    with source.open("rb") as f:
        for record in _lines(f, keys):
            _count(record, report)
    return report


def _count(record: dict[str, Any], report: Report) -> None:
    if "format" in record:
        if record["format"] != FORMAT:
            raise BackupError("这个备份是别的版本做的。")
        report.made_at, report.revision = record["made_at"], record["revision"]
    elif "table" in record:
        report.rows[record["table"]] += 1
    elif "file" in record:
        report.files += 1
    elif (record["end"], record["files"]) != (dict(report.rows), report.files):
        raise BackupError("备份文件里的数目对不上。")


def restore(source: Path, url: str, keys: Keyring, files: Path, today: date) -> Report:
    """Restores into an empty database, all in one transaction, and brings the schema up to date. Raises BackupError, OSError."""
    report = check(source, keys)
    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        _refuse_full(engine)
        files.mkdir(parents=True, exist_ok=True, mode=0o700)
        with engine.begin() as c, source.open("rb") as f:
            config.attributes["connection"] = c
            command.upgrade(config, report.revision)
            tables = MetaData()
            tables.reflect(c)
            made = date.fromisoformat(report.made_at[:10])
            for record in _lines(f, keys):
                if "table" in record:
                    row = {k: _unpack(v) for k, v in record["row"].items()}
                    c.execute(insert(tables.tables[record["table"]]).values(**row))
                elif "file" in record:
                    _write(files / Path(record["file"]).name, base64.b64decode(record["data"]))
            _jump(c, keys, made, today)
            command.upgrade(config, "head")
    finally:
        engine.dispose()
    return report


def _refuse_full(engine: Engine) -> None:
    tables = MetaData()
    with engine.begin() as c:
        tables.reflect(c)
        for table in tables.sorted_tables:
            if table.name != "alembic_version" and c.execute(select(table).limit(1)).first() is not None:
                raise BackupError(
                    "数据库里已经有数据。恢复只进空的数据库，请换一个 SUFANG_DATABASE_URL 或者 SUFANG_DATA_DIR。"
                )


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(data)


def _jump(c: Connection, keys: Keyring, made: date, today: date) -> None:
    """Numbers that may be out there already are not given again, and identities of new rows stand apart from lost ones."""
    s = t.day_sequences
    day = min(made - timedelta(days=1), today)  # the office's day is not UTC's, and of tests another
    while day <= max(today, made + timedelta(days=1)):
        last = c.execute(select(s.c.last).where(s.c.day == day)).scalar()
        if last is None:
            c.execute(insert(s).values(day=day, last=DAY_RESERVE))
        else:
            ahead = min(max(DAY_RESERVE, last + DAY_JUMP), MAX_SEQUENCE - 1)
            c.execute(s.update().where(s.c.day == day).values(last=ahead))
        day += timedelta(days=1)
    top = int(c.execute(select(func.coalesce(func.max(t.outbox.c.id), 0))).scalar_one()) + OUTBOX_JUMP
    now = datetime.now(timezone.utc)
    # A finished row marks where ids go on: SQLite gives the next id after the highest row, PostgreSQL after its sequence.
    mark = {"id": top, "case_no": "", "topic": "restored", "created_at": now, "next_at": now, "done_at": now}
    sealed = keys.encrypt({"at": now.isoformat()}, "outbox/")
    c.execute(insert(t.outbox).values(**mark, payload=sealed, attempts=0, dead=False))
    if c.dialect.name == "postgresql":
        for table in (t.outbox, t.chat_turns, t.access_log):
            # An empty table keeps its sequence at the start.
            c.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name} HAVING max(id) > 0"
                )
            )


def key_of_row(keys: Keyring, row: Any) -> str:
    """What a receiver knows an outbox row by: the same after a restore, never that of another row."""
    created = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=timezone.utc)
    return keys.mac(f"{row.id}|{row.case_no}|{row.topic}|{created.astimezone(timezone.utc).isoformat()}", "outbox")
