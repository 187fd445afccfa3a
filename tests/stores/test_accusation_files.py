"""Files that belong to an accusation are sealed with the accusations' key, names and contents, whenever they came."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from databases import url  # noqa: F401
from filings import filing
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from bot.petition.case import Filing
from bot.storage import files, rotation
from bot.storage import models as t
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore
from bot.storage.crypto import Keyring
from bot.storage.files import FileStore
from bot.storage.open import make_engine, upgrade, wrapped_keys

NOW, TODAY = datetime(2026, 11, 23, 2, tzinfo=timezone.utc), date(2026, 11, 23)
PHOTO = b"\xff\xd8\xffdata"


class Files:
    """An installation, and what keys its files are sealed with."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.keys = Keyring.of_text("a secret that only the tests know, long enough", lambda: wrapped_keys(engine))
        rotation.ensure(engine, self.keys)
        self.cases, self.chat = CaseStore(engine, self.keys, folder), ChatStore(engine, self.keys)

    def add(self, conversation: str, name: str = "账本.jpg") -> str:
        return self.chat.add_attachment(conversation, name, PHOTO, "image/jpeg", self.folder, NOW)["attachment_id"]

    def sealed_for(self, key: str) -> tuple[str, str]:
        """What name and content are sealed for."""
        with self.engine.connect() as c:
            name = c.execute(select(t.chat_attachments.c.name).where(t.chat_attachments.c.id == key)).scalar_one()
        purposes = ("field", "accusation")
        return tuple(  # type: ignore[return-value]
            next(p for p in purposes if self.keys.sealed_for(value, p))
            for value in (name, (self.folder / key).read_bytes())
        )

    def read(self, number: str, key: str) -> tuple[str, bytes]:
        return FileStore(self.engine, self.keys).open(number, key, self.folder)


def accusation(conversation: str) -> Filing:
    return filing(category="检举控告", channel="accusation", agency="纪委监委", conversation=conversation)


@pytest.fixture
def there(url: str, tmp_path: Path):  # noqa: F811
    upgrade(url)
    engine = make_engine(url)
    yield Files(engine, tmp_path / "attachments")
    engine.dispose()


def test_what_came_before_and_after_an_accusation_was_filed_has_its_key(there: Files) -> None:
    before = there.add("talk")
    assert there.sealed_for(before) == ("field", "field")  # nobody knows yet what it will belong to
    number = there.cases.file(accusation("talk"), NOW, TODAY).case_no
    after = there.add("talk", "照片.jpg")
    there.cases.supplement(number, "这是照片", NOW, TODAY, "talk")
    assert there.sealed_for(before) == there.sealed_for(after) == ("accusation", "accusation")
    assert there.read(number, before) == ("账本.jpg", PHOTO)
    assert there.read(number, after) == ("照片.jpg", PHOTO)
    assert there.chat.all_attachment_names("talk") == ["账本.jpg", "照片.jpg"]  # its teller still sees what he sent


def test_files_of_other_cases_keep_the_general_key(there: Files) -> None:
    key = there.add("talk")
    number = there.cases.file(filing(conversation="talk"), NOW, TODAY).case_no
    assert there.sealed_for(key) == ("field", "field")
    assert there.read(number, key) == ("账本.jpg", PHOTO)


def test_a_case_that_turns_out_to_be_an_accusation_takes_its_files_with_it(there: Files) -> None:
    key = there.add("talk")
    number = there.cases.file(filing(conversation="talk"), NOW, TODAY).case_no
    there.cases.split(number, filing("e" * 32, conversation="desk:clerk"), True, "clerk", NOW, TODAY)
    assert there.sealed_for(key) == ("accusation", "accusation")
    assert there.read(number, key) == ("账本.jpg", PHOTO)


def test_files_that_earlier_versions_sealed_are_readable_and_taken_over_at_the_next_start(there: Files) -> None:
    number = there.cases.file(accusation("talk"), NOW, TODAY).case_no
    old = there.add("talk")
    with there.engine.begin() as c:
        c.execute(insert(t.case_files).values(case_no=number, attachment_id=old))
    assert there.sealed_for(old) == ("field", "field")
    assert there.read(number, old) == ("账本.jpg", PHOTO)
    files.adopt(there.engine, there.keys, there.folder)
    assert there.sealed_for(old) == ("accusation", "accusation")
    assert there.read(number, old) == ("账本.jpg", PHOTO)
    content = (there.folder / old).read_bytes()
    files.adopt(there.engine, there.keys, there.folder)
    assert (there.folder / old).read_bytes() == content  # once is enough


def test_a_lost_or_damaged_file_does_not_stop_a_filing(there: Files) -> None:
    lost, damaged = there.add("talk"), there.add("talk")
    (there.folder / lost).unlink()
    (there.folder / damaged).write_bytes(b"")
    assert there.cases.file(accusation("talk"), NOW, TODAY).case_no
    files.adopt(there.engine, there.keys, there.folder)


def test_new_keys_keep_the_files_of_accusations_apart(there: Files) -> None:
    secret, plain = there.add("talk"), there.add("other")
    number = there.cases.file(accusation("talk"), NOW, TODAY).case_no
    rotation.begin(there.engine, there.keys)
    done = rotation.reseal(there.engine, there.keys, there.folder)
    assert done.unreadable == 0
    assert there.sealed_for(secret) == ("accusation", "accusation")
    assert there.sealed_for(plain) == ("field", "field")
    assert there.read(number, secret) == ("账本.jpg", PHOTO)
    assert rotation.reseal(there.engine, there.keys, there.folder).resealed == 0
