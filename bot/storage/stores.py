"""The stores that the desk works with, on one database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from bot.storage.cases import CaseStore
from bot.storage.crypto import Keyring
from bot.storage.documents import DocumentStore
from bot.storage.figures import Figures
from bot.storage.files import FileStore
from bot.storage.notices import NoticeStore
from bot.storage.outbox import Outbox
from bot.storage.staff import StaffStore


@dataclass(frozen=True)
class Stores:
    """All of them."""

    cases: CaseStore
    staff: StaffStore
    notices: NoticeStore
    documents: DocumentStore
    outbox: Outbox
    figures: Figures
    files: FileStore

    @classmethod
    def of(cls, engine: Engine, keys: Keyring, folder: Path | None = None) -> Stores:
        """On one engine, with one set of keys. `folder`: where attachments lie (see `CaseStore`)."""
        cases = CaseStore(engine, keys, folder)
        notices, documents = NoticeStore(engine, keys, cases), DocumentStore(engine, keys, cases)
        outbox, figures, files = Outbox(engine, keys), Figures(engine, keys), FileStore(engine, keys)
        return cls(cases, StaffStore(engine, keys), notices, documents, outbox, figures, files)
