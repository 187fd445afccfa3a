"""The archive of issued papers: numbered in the transaction that issues them, sealed, with the hash of the file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, Row

from bot.petition.catalogue import catalogue
from bot.petition.documents import Paper, kinds, number_of
from bot.petition.errors import NotFound
from bot.petition.lifecycle import PETITIONER
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.cases import CaseStore
from bot.storage.crypto import Keyring
from bot.storage.open import reading, transaction
from bot.storage.outbox import tell
from bot.storage.rows import full_views, purpose


class DocumentStore:
    """The papers of an installation."""

    def __init__(self, engine: Engine, keys: Keyring, cases: CaseStore) -> None:
        self._engine, self._keys, self._cases = engine, keys, cases

    def issue(
        self,
        paper: Paper,
        file_of: Callable[[Paper], bytes],
        by: str,
        conclusion: str,
        now: datetime,
        today: date,
        version: int | None = None,
    ) -> tuple[int, Paper]:
        """Numbers and archives a paper, writes its event and tells the petitioner: all or nothing. Raises ConflictError, PetitionError.

        `file_of` makes the file that the hash is of; it gets the numbered paper.
        """
        kind = kinds()[paper.kind]
        with transaction(self._engine) as c:
            row = self._cases.locked(c, paper.case_no, version)
            self._cases.open_for(row, "告知书")
            numbered = paper.numbered(number_of(kind, today.year, self._next(c, f"{kind.word}{today.year}")))
            file = file_of(numbered)
            digest, sealed = hashlib.sha256(file).hexdigest(), purpose(row.category)
            place = f"documents/{row.case_no}/{numbered.number}"
            done = c.execute(
                insert(t.documents).values(
                    case_no=row.case_no, kind=kind.key, number=numbered.number, issued_on=today, by=by, sha256=digest,
                    content=self._keys.encrypt(numbered.as_dict(), place, sealed),
                    file=self._keys.encrypt(base64.b64encode(file).decode(), place + "/file", sealed),
                )
            )  # fmt: skip
            detail = {"kind": kind.key, "title": kind.title, "number": numbered.number, "to": kind.to, "sha256": digest}
            self._cases.append(c, row, "告知书", by, detail | {"note": f"{kind.title} {numbered.number}"}, now, today)
            if kind.event:
                self._cases.append(c, row, kind.event, by, {"note": conclusion}, now, today)
            self._cases.changed(c, row, {})
            if kind.to == PETITIONER:
                words = "" if row.category == ACCUSATION else "notice_document"
                text = (
                    catalogue().say(words, case_no=row.case_no, title=kind.title, number=numbered.number)
                    if words
                    else ""
                )
                tell(c, self._keys, row, full_views(c, self._keys, [row])[0], now, today, text)
            return int(done.inserted_primary_key[0]), numbered

    def _next(self, c: Connection, key: str) -> int:
        s = t.document_sequences
        dialect: Any = postgresql if c.engine.name == "postgresql" else sqlite
        c.execute(dialect.insert(s).values(key=key, last=0).on_conflict_do_nothing())
        last = int(c.execute(select(s.c.last).where(s.c.key == key).with_for_update()).scalar_one())
        c.execute(update(s).where(s.c.key == key).values(last=last + 1))
        return last + 1

    def of_case(self, case_no: str) -> list[dict[str, Any]]:
        """The papers of a case without their content."""
        d = t.documents
        shown = select(d.c.id, d.c.kind, d.c.number, d.c.issued_on, d.c.by, d.c.sha256)
        with reading(self._engine) as c:
            rows = c.execute(shown.where(d.c.case_no == case_no).order_by(d.c.id)).all()
        return [
            {
                "id": r.id, "kind": r.kind, "title": kinds()[r.kind].title, "number": r.number, "issued_on": r.issued_on.isoformat(),
                "by": r.by, "sha256": r.sha256,
            }
            for r in rows
        ]  # fmt: skip

    def get(self, case_no: str, document_id: int, category: str) -> tuple[Paper, bytes, str]:
        """A paper, its file as it was issued, and the hash of the archive. Raises NotFound."""
        d = t.documents
        with reading(self._engine) as c:
            r: Row[Any] | None = c.execute(select(d).where(d.c.case_no == case_no, d.c.id == document_id)).first()
        if r is None:
            raise NotFound("没有这份文书。")
        place, key = f"documents/{r.case_no}/{r.number}", purpose(category)
        file = base64.b64decode(self._keys.decrypt(r.file, place + "/file", key))
        return Paper.of(self._keys.decrypt(r.content, place, key)), file, str(r.sha256)
