"""The index of repeated calls lies beside the database: nothing of a call can be read in it, and it tells nobody of an accusation."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from pathlib import Path

from bot.hotline.draft import linked
from bot.hotline.repeats import Repeats
from bot.storage.crypto import Keyring
from desk.test_drafts import CALLS, QUERY, Office, csrf, office  # noqa: F401

KEYS = Keyring(b"k" * 32)


def record(file: str, category: str = "申诉求决", phone: str = "13800001234", at: str = "09") -> dict:
    told = {
        "phone": phone,
        "place": "云溪市青石区阳光花园三号楼",
        "respondent": "白塔镇财政所",
        "demand": "请查处收回扣的所长",
    }
    words = "白塔镇财政所的所长收工程老板的回扣虚报绿化工程量大家都知道请你们查一查"
    return {
        "file": file, "call_time": f"2026-11-23T{at}:00:00", "channel": "accusation", "agency": "纪委监委", "category": category,
        "masked_text": words, "duplicate_of": None, "fields": {k: {"value": v} for k, v in told.items()},
    }  # fmt: skip


def bytes_of(folder: Path, name: str) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.glob(name + "*")))


def test_nothing_of_a_call_can_be_read_in_the_index(tmp_path: Path) -> None:
    with Repeats(tmp_path / "index", KEYS) as repeats:
        repeats.add(record("来电13800001234.txt", "检举控告"))
        kept = bytes_of(tmp_path, "index")
        assert repeats.same(record("later", at="10"))["file"] == "来电13800001234.txt"
    kept += bytes_of(tmp_path, "index")
    for word in ("13800001234", "阳光花园", "财政所", "回扣", "检举控告"):
        assert word.encode() not in kept
    with Repeats(tmp_path / "index", Keyring(b"x" * 32)) as stranger:
        assert stranger.same(record("later", at="10")) is None


def test_the_index_of_an_earlier_version_is_wiped(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "index")
    old.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE calls (id INTEGER PRIMARY KEY, content TEXT, file TEXT, call_time TEXT, phone TEXT, place TEXT, respondent TEXT, demand TEXT, routing TEXT, signature BLOB);"
        "CREATE TABLE keys (key INTEGER, call INTEGER);"
    )
    old.execute("INSERT INTO calls (content, phone) VALUES ('a', '13800001234')")
    old.commit()
    old.close()
    with Repeats(tmp_path / "index", KEYS) as repeats:
        assert len(repeats) == 0
        assert b"13800001234" not in bytes_of(tmp_path, "index")


def test_a_call_is_forgotten_in_time(tmp_path: Path) -> None:
    with Repeats(tmp_path / "index", KEYS) as repeats:
        repeats.add(record("old"))
        repeats._db.execute("UPDATE calls SET day = ?", (date.today().toordinal() - 181,))
        repeats.add(record("new", phone="13900001234", at="11"))
        repeats.forget(180)
        assert len(repeats) == 1
        assert repeats.same(record("later", at="12"))["file"] == "new"
        assert repeats._db.execute("SELECT count(*) FROM keys WHERE call = 1").fetchone() == (0,)


def test_a_record_that_is_no_accusation_does_not_tell_of_one(tmp_path: Path) -> None:
    for apart, told in ((True, None), (False, "secret")):
        with Repeats(tmp_path / f"index{apart}", KEYS) as repeats:
            linked(record("secret", "检举控告"), repeats, "d1", apart)
            plain = linked(record("plain", at="10") | {"channel": "enforcement"}, repeats, "d2", apart)
            assert plain["duplicate_of"] == told
            assert linked(record("again", "检举控告", at="11"), repeats, "d3", apart)["duplicate_of"] == "secret"


def test_a_draft_does_not_speak_of_one_that_has_become_an_accusation(office: Office, cases) -> None:  # noqa: F811
    async def work(o: Office) -> None:
        _, first = await o.call_back(o.transcript("lift"), QUERY)
        later = "?file=again.json&call_time=2026-07-20T10:00:00&hotline=合肥"
        from urllib.parse import quote

        _, second = await o.call_back(o.transcript("lift"), quote(later, safe="?=&:"))
        await o.sign_in("clerk")
        page = await o.page(first["draft"])
        assert "是一件事" in await o.page(second["draft"])
        sent = {"csrf": csrf(page), "narrative": "电梯坏了没人修"}
        text = await (await o.client.post(first["draft"] + "/file", data=sent)).text()
        number = re.search(r"编号 <strong>(\d+)", text)[1]
        assert "是一件事" in await o.page(second["draft"])
        part = {
            "csrf": csrf(page),
            "narrative": "物业拖欠我三个月的工资两万七千元",
            "demand": "补发工资",
            "secret": "1",
        }
        await o.client.post(f"/desk/cases/{number}/split", data=part)
        assert cases.get(number).category == "检举控告"
        assert "是一件事" not in await o.page(second["draft"])

    office.run(work)
    kept = bytes_of(office.folder, "calls.index")
    assert "翠竹苑".encode() not in kept and CALLS["lift"]
