"""The operator's commands, one after the other on one installation, as they are typed."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from bot.cli import main
from bot.petition.case import Filing
from bot.settings import Settings
from bot.storage.open import open_cases, prepare

FIELDS = {"narrative": "楼下饭店油烟", "phone": "13800001234"}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUFANG_DATA_DIR", str(tmp_path / "office"))
    return tmp_path / "office"


def file() -> str:
    settings = Settings.from_env()
    prepare(settings)
    now = datetime.now(timezone.utc)
    filing = Filing("d" * 32, "web", "c", "enforcement", "申诉求决", "城管", FIELDS)
    return str(open_cases(settings).file(filing, now, date(2026, 11, 23)).case_no)


def content(number: str) -> object:
    return open_cases(Settings.from_env()).content(number, "clerk")


def test_keys_backup_restore_and_audit(
    office: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = file()
    assert main(["audit", "anchor"]) == 0 and capsys.readouterr().out.startswith("2:")
    assert main(["keys", "rotate"]) == 0
    assert main(["keys", "rotate", "--resume"]) == 0
    old = (office / "secret.key").read_bytes()
    assert main(["keys", "rotate", "--master"]) == 0
    assert (office / "secret.key").read_bytes() != old == (office / "secret.old").read_bytes()
    assert content(number) == FIELDS
    assert main(["audit", "verify"]) == 0
    backup = tmp_path / "b.sufang"
    assert main(["backup", str(backup)]) == 0 and main(["backup", str(backup)]) == 1
    assert main(["restore", str(backup), "--check"]) == 0
    assert main(["restore", str(backup)]) == 1  # there is data

    monkeypatch.setenv("SUFANG_DATA_DIR", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(office / "secret.key", tmp_path / "elsewhere" / "secret.key")
    assert main(["restore", str(backup)]) == 0
    assert content(number) == FIELDS

    with sqlite3.connect(tmp_path / "elsewhere" / "sufang.db") as c:
        c.execute("UPDATE events SET \"by\" = '别人'")
    capsys.readouterr()
    assert main(["audit", "verify"]) == 1 and f"event {number}/1 被改过" in capsys.readouterr().out


def test_a_master_from_the_environment_is_changed_by_a_file(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUFANG_SECRET_KEY", "an old secret that is long enough to be taken")
    number = file()
    assert main(["keys", "rotate", "--master"]) == 2
    new = tmp_path / "new"
    new.write_text("a new secret that is long enough to be taken", encoding="utf-8")
    assert main(["keys", "rotate", "--master", "--new-secret-file", str(new)]) == 0
    monkeypatch.delenv("SUFANG_SECRET_KEY")
    monkeypatch.setenv("SUFANG_SECRET_KEY_FILE", str(new))
    assert content(number) == FIELDS
    monkeypatch.setenv("SUFANG_SECRET_KEY", "an old secret that is long enough to be taken")
    monkeypatch.delenv("SUFANG_SECRET_KEY_FILE")
    assert main(["audit", "verify"]) == 1  # the old master opens nothing any more
