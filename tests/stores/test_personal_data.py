"""What is kept how long, and what a person may ask about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String, func, select
from sqlalchemy.engine import Engine

from bot.petition.case import Filing
from bot.petition.errors import NotFound, PetitionError
from bot.storage import audit, retention, rotation
from bot.storage import models as t
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore, EventLog
from bot.storage.rights import Rights
from bot.storage.staff import StaffStore

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
FIELDS = {"narrative": "楼下饭店油烟", "name": "李春梅", "phone": "13800001234"}
#: Columns that say nothing about a person: what kind, where, when, how far.
IMPERSONAL = {
    "case_no", "source", "channel", "category", "agency", "status", "event", "target", "topic", "last_error", "media_type",
    "role", "what", "kind", "digest", "mac", "seal", "purpose", "id",
}  # fmt: skip


def test_every_column_that_may_speak_of_a_person_says_how_long_it_stays() -> None:
    told = {(r.table, c) for r in retention.rules() for c in r.columns}
    missing = [
        f"{table.name}.{c.name}"
        for table in t.metadata.sorted_tables
        for c in table.columns
        if isinstance(c.type, (String, LargeBinary)) and c.name not in IMPERSONAL and (table.name, c.name) not in told
    ]
    assert not missing
    known = {(table.name, c.name) for table in t.metadata.sorted_tables for c in table.columns}
    assert told <= known
    assert all(r.purpose and r.basis for r in retention.rules())
    assert retention.days_of("access_log") >= retention.LOG_DAYS_AT_LEAST


def file(cases: CaseStore, conversation: str, category: str = "申诉求决"):
    return cases.file(
        Filing(conversation.ljust(32, "0"), "web", conversation, "enforcement", category, "城管", FIELDS), NOW, TODAY
    )


def test_what_is_older_than_the_table_says_is_deleted_and_archives_stay(engine: Engine, keys, tmp_path: Path) -> None:
    rotation.ensure(engine, keys)
    chat, cases, staff = ChatStore(engine, keys), CaseStore(engine, keys), StaffStore(engine, keys)
    receipt = file(cases, "filed")
    for who in ("draft", "filed"):
        chat.begin(who, "1", {"text": "x"}, NOW)
        chat.finish(who, "1", [])
        EventLog(engine, keys).append(who, 0, ["{}"])
        chat.add_attachment(who, "a.pdf", b"%PDF", "application/pdf", tmp_path, NOW)
    staff.log("甲", "查看个人信息", receipt.case_no, "x", NOW - timedelta(days=1200))
    staff.log("甲", "查看个人信息", receipt.case_no, "x", NOW)
    assert cases.progress(receipt.case_no, "x", NOW, "c") is None
    assert not +retention.enforce(engine, keys, tmp_path, NOW - timedelta(days=150))
    gone = retention.enforce(engine, keys, tmp_path, NOW + timedelta(days=8))
    assert gone["chat_turns"] == 2 and gone["access_log"] == 1 and gone["attempts"] >= 2
    assert len(list(tmp_path.glob("?" * 32))) == 1  # the file of the filed case is evidence
    assert cases.content(receipt.case_no, "clerk") == FIELDS
    assert len(staff.looks()) == 1
    assert audit.verify(engine, keys).problems == []  # a gap that the table made is announced


def test_a_copy_needs_number_code_and_a_second_proof(engine: Engine, keys, cases: CaseStore) -> None:
    receipt, rights = file(cases, "talk"), Rights(engine, keys)
    for how in ({}, {"phone": "13900000000"}, {"conversation": "another"}):
        with pytest.raises(NotFound):
            rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, **how)
    with pytest.raises(NotFound):
        rights.export(receipt.case_no, "x", NOW, TODAY, phone="13800001234")
    for how in ({"phone": "13800001234"}, {"conversation": "talk"}):
        copy = rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, **how)
        assert copy["fields"] == FIELDS and copy["events"][0]["to"] == "registered"
    assert [e.event for e in cases.get(receipt.case_no).events].count("查阅个人信息") == 2


def test_a_copy_holds_the_persons_words_and_no_working_notes(engine: Engine, keys, cases: CaseStore) -> None:
    receipt, rights = file(cases, "talk"), Rights(engine, keys)
    moved = {"kind": "转送", "agency": "城管", "note": "此人是老上访户"}
    cases.transition(receipt.case_no, "dispatched", "甲", "clerk", moved, NOW, TODAY)
    for event, by, note in (
        ("补充材料", "petitioner", "又冒烟了"), ("补充材料", "甲", "电话里态度不好"), ("督办", "乙", "尽快压下去"),
        ("协商会办", "甲", "内部商量"), ("查看个人信息", "甲", "好奇"), ("催办回复", "丙", "下周去看"),
    ):  # fmt: skip
        cases.note(receipt.case_no, event, by, {"note": note}, NOW, TODAY)
    copy = rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, "talk")
    assert [(e["event"], e["note"]) for e in copy["events"] if not e["to"]] == [
        ("补充材料", "又冒烟了"),
        ("催办回复", "下周去看"),
    ]
    for internal in ("上访户", "态度", "压下去", "商量", "好奇"):
        assert internal not in str(copy)


def test_a_case_keeps_the_wording_that_its_teller_agreed_to(engine: Engine, keys, cases: CaseStore) -> None:
    filed = Filing(
        "n" * 32, "web", "talk", "enforcement", "申诉求决", "城管", FIELDS, consent_at=NOW, notice_version="2026-11-25"
    )
    receipt = cases.file(filed, NOW, TODAY)
    copy = Rights(engine, keys).export(receipt.case_no, receipt.query_code, NOW, TODAY, "talk")
    assert (copy["notice_version"], copy["consent_at"][:10]) == ("2026-11-25", "2026-11-23")


def test_of_an_accusation_nothing_is_given_out(engine: Engine, keys, cases: CaseStore) -> None:
    receipt = file(cases, "talk", "检举控告")
    with pytest.raises(PetitionError, match="纪检"):
        Rights(engine, keys).export(receipt.case_no, receipt.query_code, NOW, TODAY, phone="13800001234")


def test_a_correction_is_added_and_found_in_the_log(engine: Engine, keys, cases: CaseStore) -> None:
    receipt, rights = file(cases, "talk"), Rights(engine, keys)
    rights.correct(receipt.case_no, receipt.query_code, {"phone": "13700000000"}, NOW, TODAY, phone="13800001234")
    assert cases.content(receipt.case_no, "clerk") == FIELDS | {"phone": "13700000000"}
    with pytest.raises(PetitionError):
        rights.correct(receipt.case_no, receipt.query_code, {"narrative": "别的"}, NOW, TODAY, phone="13700000000")
    with pytest.raises(NotFound):
        rights.export(receipt.case_no, receipt.query_code, NOW, TODAY, phone="13800001234")
    assert cases.get(receipt.case_no).events[-1].note == "phone"
    assert audit.verify(engine, keys).problems == []


def test_a_conversation_is_forgotten_at_once_and_an_archive_is_not(
    engine: Engine, keys, cases, chat, tmp_path: Path
) -> None:
    receipt = file(cases, "filed")
    for who in ("draft", "filed"):
        chat.begin(who, "1", {"text": "x"}, NOW)
        EventLog(engine, keys).append(who, 0, ["{}"])
        chat.add_attachment(who, "a.pdf", b"%PDF", "application/pdf", tmp_path, NOW)
    rights = Rights(engine, keys)
    assert "都已经删除" in rights.forget_conversation("draft", tmp_path)
    assert receipt.case_no in rights.forget_conversation("filed", tmp_path)
    with engine.begin() as c:
        for table, left in ((t.chat_turns, 0), (t.tracker_events, 0), (t.chat_attachments, 1), (t.cases, 1)):
            assert c.execute(select(func.count()).select_from(table)).scalar_one() == left
    assert len(list(tmp_path.glob("?" * 32))) == 1
