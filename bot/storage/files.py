"""Files that came with a case: sealed on disk by the chat, handed to the desk one at a time.

A file comes before it is known what its case will be, so the chat seals it with the general key. When it turns out to belong to an accusation,
its name and its content are sealed anew under the accusations' key, in the transaction that makes it one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.petition.errors import NotFound
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.crypto import DecryptionError, Keyring
from bot.storage.open import reading, transaction
from bot.storage.rows import purpose

_SECRET = "accusation"


def link_files(
    c: Connection, keys: Keyring, case_no: str, category: str, conversation: str, folder: Path | None
) -> int:
    """The files that a conversation has sent belong to the case that it files or adds to; each to one case only. How many.

    `folder`: where the files lie, None where they are not to be had.
    """
    a, f = t.chat_attachments, t.case_files
    fresh = select(a.c.id).where(a.c.conversation == conversation, a.c.id.notin_(select(f.c.attachment_id)))
    rows = [{"case_no": case_no, "attachment_id": key} for key in c.execute(fresh).scalars().all()]
    if rows:
        c.execute(f.insert(), rows)
        if category == ACCUSATION:
            to_accusations(c, keys, case_no, folder)
    return len(rows)


def to_accusations(c: Connection, keys: Keyring, case_no: str, folder: Path | None) -> None:
    """Seals the files of a case under the accusations' key, in the caller's transaction."""
    a, f = t.chat_attachments, t.case_files
    for row in c.execute(select(a).join(f, f.c.attachment_id == a.c.id).where(f.c.case_no == case_no)).all():
        _to_accusations(c, keys, row, folder)


def _to_accusations(c: Connection, keys: Keyring, row: Row[Any], folder: Path | None) -> None:
    if not keys.sealed_for(row.name, _SECRET):
        place = f"attachments/{row.id}"
        name = keys.encrypt(opened(keys, row.name, place), place, _SECRET)
        c.execute(update(t.chat_attachments).where(t.chat_attachments.c.id == row.id).values(name=name))
    if folder is None:
        return
    try:
        with (folder / row.id).open("rb") as file:
            done = keys.sealed_for(file.read(6), _SECRET)
        # Should the transaction fail, the file stays readable: it tells itself which key it is sealed with.
        if not done:
            reseal(keys, folder / row.id, _SECRET)
    except (FileNotFoundError, DecryptionError):
        pass  # gone or damaged: no reason to refuse what somebody wants to file


def adopt(engine: Engine, keys: Keyring, folder: Path) -> None:
    """Takes over to the accusations the files of accusations that earlier versions sealed with the general key."""
    a, f, cases = t.chat_attachments, t.case_files, t.cases
    query = select(a).join(f, f.c.attachment_id == a.c.id).join(cases, cases.c.case_no == f.c.case_no)
    with transaction(engine) as c:
        for row in c.execute(query.where(cases.c.category == ACCUSATION)).all():
            _to_accusations(c, keys, row, folder)


def purpose_of(c: Connection, file_id: str) -> str:
    """What the key of a file is for: that of its case, and the general one before it has a case."""
    f, cases = t.case_files, t.cases
    query = select(cases.c.category).join(f, f.c.case_no == cases.c.case_no).where(f.c.attachment_id == file_id)
    return purpose(str(c.execute(query).scalar() or ""))


def opened(keys: Keyring, sealed: bytes, place: str) -> Any:
    """A name or a content, whichever of the two keys it is sealed with. Raises DecryptionError."""
    try:
        return keys.decrypt(sealed, place)
    except DecryptionError:
        return keys.decrypt(sealed, place, _SECRET)


def reseal(keys: Keyring, path: Path, what_for: str) -> None:
    """Seals a file anew with the newest key for this purpose, whole or not at all. Raises DecryptionError, FileNotFoundError."""
    place = f"files/{path.name}"
    content = opened(keys, path.read_bytes(), place)
    part = path.with_suffix(".part")
    part.write_bytes(keys.encrypt(content, place, what_for))
    part.chmod(0o600)
    part.replace(path)


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
            {"id": r.id, "name": str(opened(self._keys, r.name, f"attachments/{r.id}")), "size": r.size, "kind": r.media_type}
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
        return found["name"], bytes.fromhex(opened(self._keys, sealed, f"files/{found['id']}"))
