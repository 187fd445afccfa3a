"""Opening a database: engine, keys, schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from bot.petition.errors import StoreUnavailable
from bot.settings import Settings
from bot.storage.crypto import Keyring, Wrapped, load_or_create_key

MIGRATIONS = Path(__file__).parent / "migrations"
#: No statement of ours takes long; one that does would stall conversations.
STATEMENT_TIMEOUT_MS = 10_000
#: Execution option of a connection that only reads.
READING = "sufang_reading"


def make_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, full durability) or PostgreSQL (pool, statement time-out)."""
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(
            url,
            future=True,
            pool_size=5,
            max_overflow=10,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )

        def _limits(connection: Any, record: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}; SET TIME ZONE 'UTC'")
            connection.commit()

        event.listen(engine, "connect", _limits)
        return engine
    # Connections are kept: the last one to be closed would write the whole log back into the file each time.
    engine = create_engine(
        url,
        future=True,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=10,
        pool_timeout=5,
        connect_args={"timeout": 10, "check_same_thread": False},
    )

    def _pragmas(connection: Any, record: Any) -> None:
        # Transactions are begun by ourselves (BEGIN IMMEDIATE), so that two writers queue instead of failing half way.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    def _begin(connection: Connection) -> None:
        # A reader does not queue behind writers: WAL gives it the last committed state.
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)
    return engine


#: Threads of one process take turns at an SQLite file: its own way of waiting is to sleep and try again.
_TURNS: WeakKeyDictionary[Engine, Any] = WeakKeyDictionary()


def _turn_of(engine: Engine) -> AbstractContextManager[Any]:
    return _TURNS.setdefault(engine, RLock()) if engine.name == "sqlite" else nullcontext()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed whole or not at all. Whatever the database refuses becomes StoreUnavailable."""
    try:
        with _turn_of(engine), engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except SQLAlchemyError as e:
        raise StoreUnavailable() from e


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads. Raises StoreUnavailable like `transaction`."""
    try:
        with engine.connect().execution_options(**{READING: True}) as connection, connection.begin():
            yield connection
    except SQLAlchemyError as e:
        raise StoreUnavailable() from e


def upgrade(url: str) -> None:
    """Brings the schema to the newest version. Raises StoreUnavailable when the database does not answer."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as e:
        raise StoreUnavailable("数据库没有应答，表结构没有更新。") from e
    finally:
        engine.dispose()


def open_keyring(settings: Settings) -> Keyring:
    """Keys from the environment, else from the data folder (made there at the first run); data keys from the database."""
    engine = open_engine(settings)

    def source() -> list[Wrapped]:
        return wrapped_keys(engine)

    if settings.secret_key:
        return Keyring.of_text(settings.secret_key, source)
    return Keyring(load_or_create_key(settings.data_dir / "secret.key"), source)


def wrapped_keys(engine: Engine) -> list[Wrapped]:
    """The data keys as stored; [] before the schema has them. Raises StoreUnavailable.

    Read beside whatever transaction the caller is in (a plain cursor begins none on SQLite), so that sealing a row never waits for itself.
    """
    connection = None
    try:
        connection = engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute("SELECT id, purpose, wrapped FROM data_keys ORDER BY id")
        return [(int(i), str(p), bytes(w)) for i, p, w in cursor.fetchall()]
    except Exception as e:
        if "no such table" in str(e) or getattr(getattr(e, "orig", e), "pgcode", "") == "42P01":
            return []
        raise StoreUnavailable() from e
    finally:
        if connection is not None:
            connection.close()


def prepare(settings: Settings) -> None:
    """What an installation has before it serves: the schema, data keys, and an audit chain over what was there before."""
    from bot.storage import audit, drafts, files, rotation
    from bot.storage.cases import CaseStore

    upgrade(settings.database_url)
    engine, keys = open_engine(settings), open_keyring(settings)
    rotation.ensure(engine, keys)
    audit.adopt(engine, keys)
    drafts.adopt(engine, keys)
    CaseStore(engine, keys).adopt()
    files.adopt(engine, keys, settings.data_dir / "attachments")


@lru_cache(maxsize=4)
def _engine(url: str) -> Engine:
    return make_engine(url)


def open_engine(settings: Settings) -> Engine:
    """One engine a process and database."""
    return _engine(settings.database_url)


def open_cases(settings: Settings) -> Any:
    """The case store of an installation."""
    from bot.storage.cases import CaseStore

    cases = CaseStore(open_engine(settings), open_keyring(settings), settings.data_dir / "attachments")
    cases.holds_floods = settings.rate_limits_on
    return cases
