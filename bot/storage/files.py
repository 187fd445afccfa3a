"""Files that came with a case: sealed on disk by the chat, handed to the desk one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from bot.petition.errors import NotFound
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import reading


def link_files(c: Connection, case_no: str, conversation: str) -> int:
    """The files that a conversation has sent belong to the case that it files or adds to; each to one case only. How many."""
    a, f = t.chat_attachments, t.case_files
    fresh = select(a.c.id).where(a.c.conversation == conversation, a.c.id.notin_(select(f.c.attachment_id)))
    rows = [{"case_no": case_no, "attachment_id": key} for key in c.execute(fresh).scalars().all()]
    if rows:
        c.execute(f.insert(), rows)
    return len(rows)


class FileStore:
    """The files of an installation's cases."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys

    def of_case(self, case_no: str) -> list[dict[str, Any]]:
        """Id, name, size and kind of each file."""
        a, f = t.chat_attachments, t.case_files
        query = select(a).join(f, f.c.attachment_id == a.c.id).where(f.c.case_no == case_no).order_by(a.c.created_at)
        with reading(self._engine) as c:
            rows = c.execute(query).all()
        return [
            {"id": r.id, "name": str(self._keys.decrypt(r.name, f"attachments/{r.id}")), "size": r.size, "kind": r.media_type}
            for r in rows
        ]  # fmt: skip

    def open(self, case_no: str, file_id: str, folder: Path) -> tuple[str, bytes]:
        """Name and content of a file of this case. Raises NotFound."""
        found = next((x for x in self.of_case(case_no) if x["id"] == file_id), None)
        try:
            if found is None:
                raise FileNotFoundError
            sealed = (folder / str(found["id"])).read_bytes()
        except OSError:
            raise NotFound("没有这个文件。") from None
        return found["name"], bytes.fromhex(self._keys.decrypt(sealed, f"files/{found['id']}"))
