"""Keys that change, a log that shows tampering, backups that come back: on both databases."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from databases import postgres_schema
from sqlalchemy import select, text, update
from sqlalchemy.engine import Engine

from bot.petition.case import Filing
from bot.storage import audit, backup, rotation
from bot.storage import models as t
from bot.storage.backup import BackupError
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore, EventLog
from bot.storage.crypto import DecryptionError, Keyring, key_of
from bot.storage.open import MIGRATIONS, make_engine, upgrade, wrapped_keys
from bot.storage.staff import StaffStore

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
SECRET = "a secret that only the tests know, long enough"
FIELDS = {"narrative": "楼下饭店油烟往我家灌", "demand": "装净化设备", "place": "五华区", "phone": "13800001234"}


def keyring(engine: Engine, secret: str = SECRET) -> Keyring:
    return Keyring.of_text(secret, lambda: wrapped_keys(engine))


def filing(n: int, category: str = "申诉求决") -> Filing:
    return Filing(f"{n:032d}", "web", "c1", "enforcement", category, "城管", FIELDS)


@pytest.fixture
def office(engine: Engine, tmp_path: Path):
    """An installation with a little of everything."""
    keys = keyring(engine)
    rotation.ensure(engine, keys)
    audit.adopt(engine, keys)
    cases, staff = CaseStore(engine, keys), StaffStore(engine, keys)
    receipts = [cases.file(filing(i), NOW, TODAY) for i in range(3)]
    receipts.append(cases.file(filing(9, "检举控告"), NOW, TODAY))
    cases.transition(receipts[0].case_no, "dispatched", "甲", "clerk", {"kind": "转送", "agency": "城管"}, NOW, TODAY)
    staff.add("甲", "clerk", "", NOW)
    staff.log("甲", "查看个人信息", receipts[0].case_no, "核对电话", NOW)
    chat = ChatStore(engine, keys)
    chat.begin("c1", "m:1", {"text": "我要反映"}, NOW)
    chat.finish("c1", "m:1", [{"text": "好"}])
    chat.add_attachment("c1", "照片.jpg", b"\xff\xd8\xffdata", "image/jpeg", tmp_path / "attachments", NOW)
    EventLog(engine, keys).append("c1", 0, ['{"event":"user"}'])
    return keys, receipts


# -- keys ---------------------------------------------------------------------------------------------------------------


def test_new_keys_seal_everything_again_and_all_stays_readable(engine: Engine, office, tmp_path: Path) -> None:
    keys, receipts = office
    old = {i for i, p, _ in wrapped_keys(engine) if p != "root"}
    rotation.begin(engine, keys)
    done = rotation.reseal(engine, keys, tmp_path / "attachments")
    assert done.unreadable == 0 and done.unlisted == () and done.resealed > 15
    assert rotation.reseal(engine, keys, tmp_path / "attachments").resealed == 0
    assert not old & set(rotation._used(engine, tmp_path / "attachments"))
    fresh = keyring(engine)
    cases = CaseStore(engine, fresh)
    assert cases.content(receipts[0].case_no, "clerk") == FIELDS
    assert cases.content(receipts[3].case_no, "discipline") == FIELDS
    assert cases.progress(receipts[0].case_no, receipts[0].query_code, NOW, "me") is not None
    assert ChatStore(engine, fresh).history("c1")[0]["response"] == [{"text": "好"}]
    assert audit.verify(engine, fresh).problems == []


def test_a_rotation_that_was_stopped_goes_on_where_it_was(engine: Engine, office, tmp_path: Path) -> None:
    keys, receipts = office

    class Stopped(Exception):
        pass

    def stop(done: int) -> None:
        if done >= 5:
            raise Stopped

    rotation.begin(engine, keys)
    with pytest.raises(Stopped):
        rotation.reseal(engine, keys, tmp_path / "attachments", stop)
    assert CaseStore(engine, keyring(engine)).content(receipts[1].case_no, "clerk") == FIELDS
    rest = rotation.reseal(engine, keys, tmp_path / "attachments")
    assert rest.resealed > 0 and rest.unreadable == 0
    assert rotation.finish(engine, keys, tmp_path / "attachments", datetime.now(timezone.utc)) == 0  # within the grace
    later = datetime.now(timezone.utc) + rotation.GRACE + timedelta(minutes=1)
    assert rotation.finish(engine, keys, tmp_path / "attachments", later) == len(rotation.PURPOSES)
    assert CaseStore(engine, keyring(engine)).content(receipts[3].case_no, "discipline") == FIELDS


def test_another_process_reads_what_newer_keys_sealed(engine: Engine, office, tmp_path: Path) -> None:
    keys, receipts = office
    other = keyring(engine)
    other.refresh()
    rotation.begin(engine, keys)
    rotation.reseal(engine, keys, tmp_path / "attachments")
    assert CaseStore(engine, other).content(receipts[2].case_no, "clerk") == FIELDS


def test_values_from_before_there_were_data_keys_stay_readable(engine: Engine, tmp_path: Path) -> None:
    receipt = CaseStore(engine, Keyring.of_text(SECRET)).file(filing(1), NOW, TODAY)
    keys = keyring(engine)
    rotation.ensure(engine, keys)
    cases = CaseStore(engine, keys)
    assert cases.content(receipt.case_no, "clerk") == FIELDS
    assert rotation.reseal(engine, keys, tmp_path).resealed > 0
    with engine.begin() as c:
        sealed = c.execute(text("SELECT content FROM cases")).scalar_one()
    assert key_of(bytes(sealed)) == keys.current("field")
    assert cases.file(filing(1), NOW, TODAY) == receipt


def test_a_code_of_version_0_1_still_opens_its_case(engine: Engine, office) -> None:
    keys, receipts = office
    own = receipts[0]
    salt = keys._derive("code") + own.case_no.encode()
    slow = hashlib.scrypt(own.query_code.encode(), salt=salt, n=2**12, r=8, p=1, dklen=32).hex()
    with engine.begin() as c:
        c.execute(text("UPDATE cases SET code_hash = :h WHERE case_no = :n"), {"h": slow, "n": own.case_no})
    cases = CaseStore(engine, keys)
    wrong = f"{(int(own.query_code) + 1) % 1_000_000:06d}"
    assert cases.progress(own.case_no, own.query_code, NOW, "") is not None
    assert cases.progress(own.case_no, wrong, NOW, "") is None
    assert cases.progress(receipts[1].case_no, receipts[1].query_code, NOW, "") is not None


def test_the_hash_of_a_code_is_of_its_case_and_key_alone(engine: Engine) -> None:
    keys, other = keyring(engine), keyring(engine, "another secret, also long enough for this")
    kept = keys.code_hash("XF202611230000019", "123456")
    assert len(kept) == 64 and keys.is_code("XF202611230000019", "123456", kept)
    assert not keys.is_code("XF202611230000027", "123456", kept) and not keys.is_code(
        "XF202611230000019", "123457", kept
    )
    assert not keys.is_code("XF202611230000019", "123456", "") and kept != other.code_hash(
        "XF202611230000019", "123456"
    )


def test_accusations_have_a_key_that_opens_nothing_else(engine: Engine, office) -> None:
    keys, receipts = office
    assert len({keys.current(p) for p in rotation.PURPOSES}) == len(rotation.PURPOSES)
    with engine.begin() as c:
        sealed = c.execute(text("SELECT content FROM cases WHERE category = '检举控告'")).scalar_one()
    assert key_of(bytes(sealed)) == keys.current("accusation")
    with pytest.raises(DecryptionError):
        keys.decrypt(bytes(sealed), f"cases/{receipts[3].case_no}/content", "field")


def test_another_master_opens_the_same_data_and_the_old_one_no_longer(engine: Engine, office) -> None:
    keys, receipts = office
    new = keyring(engine, "another secret, also long enough for this")
    assert rotation.change_master(engine, keys, new) > 3
    assert not rotation.opens(engine, keyring(engine))
    cases = CaseStore(engine, keyring(engine, "another secret, also long enough for this"))
    assert cases.content(receipts[0].case_no, "clerk") == FIELDS
    assert cases.progress(receipts[0].case_no, receipts[0].query_code, NOW, "me") is not None
    with pytest.raises(DecryptionError):
        CaseStore(engine, keyring(engine)).content(receipts[0].case_no, "clerk")


# -- the log ------------------------------------------------------------------------------------------------------------

CHANGES = [
    "UPDATE events SET \"by\" = '乙' WHERE seq = 2",
    "UPDATE events SET target = 'closed' WHERE seq = 2",
    "UPDATE events SET detail = (SELECT detail FROM events WHERE seq = 2) WHERE seq = 1",
    "UPDATE events SET at = '2026-11-22 02:00:00' WHERE seq = 2",
    "DELETE FROM events WHERE seq = 2",
    "UPDATE cases SET agency = '公安' WHERE draft_id LIKE '%1'",
    "UPDATE cases SET category = '申诉求决' WHERE category = '检举控告'",
    "UPDATE cases SET code_hash = (SELECT code_hash FROM cases WHERE draft_id LIKE '%0') WHERE draft_id LIKE '%1'",
    "UPDATE access_log SET \"by\" = '乙'",
    "DELETE FROM access_log",
    "UPDATE staff SET role = 'discipline'",
    "UPDATE audit_chain SET ref = '1' WHERE n = 3",
    "UPDATE audit_chain SET mac = digest WHERE n = 4",
    "DELETE FROM audit_chain WHERE n = 2",
    "DELETE FROM audit_chain WHERE n = (SELECT max(n) FROM audit_chain)",
    "UPDATE audit_head SET n = n - 1",
    "DELETE FROM audit_head",
    'INSERT INTO events SELECT case_no, 7, event, source, target, at, "by", detail FROM events WHERE seq = 2',
]


def test_an_honest_log_has_no_problem(engine: Engine, office) -> None:
    found = audit.verify(engine, office[0])
    assert found.problems == [] and found.rows >= 11 and found.entries >= found.rows


@pytest.mark.parametrize("change", CHANGES)
def test_tampering_with_any_row_is_found(engine: Engine, office, change: str) -> None:
    with engine.begin() as c:
        assert c.execute(text(change)).rowcount >= 1
    assert audit.verify(engine, office[0]).problems


def test_every_single_row_of_the_log_is_guarded(engine: Engine, office) -> None:
    """Each row of events, looks and chain alone: taken out, found; put back, not."""
    for table, key in (("events", "case_no || '/' || seq"), ("access_log", "id"), ("audit_chain", "n")):
        with engine.begin() as c:
            rows = c.execute(text(f"SELECT *, CAST({key} AS text) AS row_key FROM {table}")).mappings().all()
        for row in rows:
            values = {k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items() if k != "row_key"}
            with engine.begin() as c:
                c.execute(text(f"DELETE FROM {table} WHERE CAST({key} AS text) = :ref"), {"ref": row["row_key"]})
            assert audit.verify(engine, office[0]).problems, (table, row["row_key"])
            with engine.begin() as c:
                names = ", ".join(f'"{k}"' for k in values)
                c.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + k for k in values)})"), values)
    assert audit.verify(engine, office[0]).problems == []


def test_a_database_put_back_to_an_earlier_state_is_found_by_its_anchor(engine: Engine, office, tmp_path: Path) -> None:
    keys, receipts = office
    with engine.begin() as c:
        kept = {t: c.execute(text(f"SELECT * FROM {t}")).mappings().all() for t in ("audit_head",)}
    staff = StaffStore(engine, keys)
    staff.log("甲", "查看个人信息", receipts[1].case_no, "好奇", NOW)
    anchors = tmp_path / "audit.anchors"
    audit.anchor(engine, anchors)
    assert audit.verify(engine, keys, audit.anchors(anchors)).problems == []
    old = kept["audit_head"][0]
    with engine.begin() as c:  # the insider has kept an old end of the chain
        c.execute(text("DELETE FROM audit_chain WHERE n > :n"), {"n": old["n"]})
        c.execute(text("UPDATE audit_head SET n = :n, mac = :mac, seal = :seal"), dict(old))
        c.execute(text("DELETE FROM access_log WHERE id = (SELECT max(id) FROM access_log)"))
    assert audit.verify(engine, keys).problems == []
    assert audit.verify(engine, keys, audit.anchors(anchors)).problems


def test_rows_from_before_the_chain_become_its_beginning(engine: Engine) -> None:
    keys = keyring(engine)
    CaseStore(engine, keys).file(filing(1), NOW, TODAY)
    with engine.begin() as c:
        c.execute(text("DELETE FROM audit_chain"))
        c.execute(text("DELETE FROM audit_head"))
    assert audit.verify(engine, keys).problems
    assert audit.adopt(engine, keys) == 2
    assert audit.adopt(engine, keys) == 0
    CaseStore(engine, keys).file(filing(2), NOW, TODAY)
    assert audit.verify(engine, keys).problems == []


def test_the_chain_of_a_large_office_begins_a_batch_at_a_time(
    engine: Engine, office, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, _ = office
    with engine.begin() as c:
        c.execute(text("DELETE FROM audit_chain"))
        c.execute(text("DELETE FROM audit_head"))
    monkeypatch.setattr(audit, "AT_ONCE", 3)
    assert audit.adopt(engine, keys) == audit.verify(engine, keys).rows > 9
    assert audit.verify(engine, keys).problems == []


# -- backup and restore -------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path):
    """Another, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere.db'}"
    else:
        yield from postgres_schema()


def test_a_backup_comes_back_on_either_database(
    url: str, elsewhere: str, engine: Engine, office, tmp_path: Path
) -> None:
    keys, receipts = office
    made = backup.backup(url, keys, tmp_path / "attachments", tmp_path / "b.sufang")
    raw = (tmp_path / "b.sufang").read_bytes()
    assert receipts[0].case_no.encode() not in raw and (tmp_path / "b.sufang").stat().st_mode & 0o77 == 0
    bare = Keyring.of_text(SECRET)
    back = backup.restore(tmp_path / "b.sufang", elsewhere, bare, tmp_path / "restored", TODAY)
    assert back.rows == made.rows and back.files == made.files == 1
    other = make_engine(elsewhere)
    try:
        fresh = keyring(other)
        cases = CaseStore(other, fresh)
        assert audit.verify(other, fresh).problems == []
        assert cases.content(receipts[3].case_no, "discipline") == FIELDS
        assert cases.progress(receipts[0].case_no, receipts[0].query_code, NOW, "me") is not None
        assert ChatStore(other, fresh).attachment_names("c1", [p.name for p in (tmp_path / "restored").iterdir()])
        new = cases.file(filing(77), NOW, TODAY)
        assert int(new.case_no[6:11]) > backup.DAY_RESERVE  # never a number that somebody may already hold
        assert audit.verify(other, fresh).problems == []
        with pytest.raises(BackupError):
            backup.restore(tmp_path / "b.sufang", elsewhere, bare, tmp_path / "restored", TODAY)
    finally:
        other.dispose()


def test_a_backup_that_is_cut_changed_or_not_ours_is_refused(url: str, office, tmp_path: Path) -> None:
    keys, _ = office
    backup.backup(url, keys, tmp_path / "attachments", tmp_path / "b.sufang")
    whole = (tmp_path / "b.sufang").read_bytes()
    bad = tmp_path / "bad.sufang"
    for damage in (
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:-20] + b"x" + whole[-19:],
        whole + b"\0\0\0\1x",
        b"",
        b"PK",
    ):
        bad.write_bytes(damage)
        with pytest.raises(BackupError):
            backup.check(bad, keys)
    with pytest.raises(BackupError):
        backup.check(tmp_path / "b.sufang", Keyring.of_text("the secret of another installation, long enough"))


def test_a_backup_while_people_file_is_one_moment(url: str, engine: Engine, office, tmp_path: Path) -> None:
    from threading import Thread

    keys, _ = office
    cases = CaseStore(engine, keys)
    writer = Thread(target=lambda: [cases.file(filing(1000 + i), NOW, TODAY) for i in range(30)])
    writer.start()
    made = [backup.backup(url, keys, tmp_path / "attachments", tmp_path / f"b{i}.sufang") for i in range(3)]
    writer.join()
    for report in made:  # a case, its event and its message are in it together or not at all
        assert report.rows["events"] - 1 == report.rows["outbox"] - 1 == report.rows["cases"]


def test_the_drill_restore_replay_and_nothing_is_sent_twice(url: str, engine: Engine, office, tmp_path: Path) -> None:
    """The receiver has had some messages before the disaster; after restoring, everything is replayed."""
    keys, _ = office
    backup.backup(url, keys, tmp_path / "attachments", tmp_path / "b.sufang")
    received: dict[str, str] = {}

    def deliver(engine: Engine) -> int:
        fresh = 0
        with engine.begin() as c:
            for row in c.execute(select(t.outbox).where(t.outbox.c.done_at.is_(None))).all():
                key = backup.key_of_row(keys, row)
                fresh += key not in received
                received[key] = row.case_no
                c.execute(update(t.outbox).where(t.outbox.c.id == row.id).values(done_at=NOW))
        return fresh

    sent = deliver(engine)  # after the backup, so the backup still holds them as unsent
    lost = CaseStore(engine, keys).file(filing(500), NOW, TODAY)
    assert deliver(engine) == 1
    other_url = f"sqlite:///{tmp_path / 'after.db'}"
    backup.restore(tmp_path / "b.sufang", other_url, Keyring.of_text(SECRET), tmp_path / "restored", TODAY)
    other = make_engine(other_url)
    try:
        assert sent > 0 and deliver(other) == 0
        again = CaseStore(other, keyring(other)).file(filing(501), NOW, TODAY)
        assert again.case_no != lost.case_no
        assert deliver(other) == 1  # a new message is never taken for one that was lost
    finally:
        other.dispose()


# -- migrations ---------------------------------------------------------------------------------------------------------


def test_the_schema_goes_back_and_forward_over_data(url: str, engine: Engine) -> None:
    keys = Keyring.of_text(SECRET)
    receipt = CaseStore(engine, keys).file(filing(1), NOW, TODAY)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as c:
        config.attributes["connection"] = c
        command.downgrade(config, "0002")
    upgrade(url)
    assert CaseStore(engine, keys).content(receipt.case_no, "clerk") == FIELDS
    audit.adopt(engine, keys)
    assert audit.verify(engine, keys).problems == []


def test_going_back_while_data_keys_are_in_use_is_refused(engine: Engine, office) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with pytest.raises(RuntimeError), engine.begin() as c:
        config.attributes["connection"] = c
        command.downgrade(config, "0002")
