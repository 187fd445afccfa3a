"""Cases, conversations and their encryption."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from filings import FIELDS, filing
from sqlalchemy import text

from bot.petition.errors import (
    ConflictError,
    NotFound,
    PetitionError,
    StoreUnavailable,
    TooManyAttempts,
    TransitionError,
)
from bot.petition.numbers import valid_case_no
from bot.storage.cases import CaseStore
from bot.storage.crypto import DecryptionError, Keyring, load_or_create_key
from bot.storage.open import make_engine

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)


def test_a_filing_gives_number_code_and_the_next_date(cases: CaseStore) -> None:
    receipt = cases.file(filing(), NOW, TODAY)
    assert valid_case_no(receipt.case_no)
    assert receipt.case_no.startswith("261123")
    assert len(receipt.query_code) == 6
    assert receipt.next["due"] == "2026-12-08"


def test_the_same_draft_again_is_the_same_case(cases: CaseStore, engine) -> None:
    first = cases.file(filing(), NOW, TODAY)
    assert cases.file(filing(), NOW + timedelta(hours=1), TODAY) == first
    with engine.begin() as c:
        for table in ("cases", "events", "outbox"):
            assert c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1


def test_twenty_at_once_file_one_draft_once_and_twenty_drafts_apart(cases: CaseStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: cases.file(filing("s" * 32), NOW, TODAY).case_no, range(20)))
        apart = list(pool.map(lambda i: cases.file(filing(f"{i:032d}"), NOW, TODAY).case_no, range(20)))
    assert len(set(same)) == 1
    assert len(set(apart)) == 20


def _file_many(url: str, start: int, out) -> None:
    store = CaseStore(make_engine(url), Keyring.of_text("a secret that only the tests know, long enough"))
    out.put([store.file(filing(f"{start + i:032d}"), NOW, TODAY).case_no for i in range(15)])


def test_two_processes_never_give_the_same_number(engine, url: str) -> None:
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    workers = [context.Process(target=_file_many, args=(url, 1000 * k, out)) for k in (1, 2)]
    for w in workers:
        w.start()
    numbers = out.get(timeout=60) + out.get(timeout=60)
    for w in workers:
        w.join(timeout=30)
    assert len(set(numbers)) == 30


def test_a_failure_in_the_middle_leaves_nothing_half_filed(
    cases: CaseStore, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr(cases, "_event", broken)
    with pytest.raises(RuntimeError):
        cases.file(filing(), NOW, TODAY)
    monkeypatch.undo()
    with engine.begin() as c:
        assert c.execute(text("SELECT count(*) FROM cases")).scalar_one() == 0
    assert valid_case_no(cases.file(filing(), NOW, TODAY).case_no)


def test_nothing_personal_stands_readable_in_the_database(cases: CaseStore, engine) -> None:
    receipt = cases.file(filing(), NOW, TODAY)
    with engine.begin() as c:
        for table in ("cases", "events", "outbox"):
            for row in c.execute(text(f"SELECT * FROM {table}")).all():
                stored = b"|".join(
                    v if isinstance(v, bytes) else bytes(v) if isinstance(v, memoryview) else str(v).encode()
                    for v in row
                )
                for secret in (*FIELDS.values(), receipt.query_code):
                    assert str(secret).encode() not in stored


def test_progress_needs_number_and_code_and_tells_neither_apart(cases: CaseStore) -> None:
    receipt = cases.file(filing(), NOW, TODAY)
    view = cases.progress(receipt.case_no, receipt.query_code, NOW, "me")
    assert view is not None
    assert view.status == "registered"
    wrong = f"{(int(receipt.query_code) + 1) % 1_000_000:06d}"
    assert cases.progress(receipt.case_no, wrong, NOW, "a") is None
    assert cases.progress("261123999990", receipt.query_code, NOW, "b") is None


def test_guessing_is_stopped_and_the_owner_still_gets_in(cases: CaseStore) -> None:
    receipt = cases.file(filing(), NOW, TODAY)
    stopped = 0
    for i in range(200):
        guess = f"{i:06d}"
        if guess == receipt.query_code:
            continue
        try:
            assert cases.progress(receipt.case_no, guess, NOW + timedelta(seconds=i), "stranger") is None
        except TooManyAttempts as e:
            assert e.retry_after > 0
            stopped += 1
    assert stopped > 180
    later = NOW + timedelta(hours=1)
    assert cases.progress(receipt.case_no, receipt.query_code, later, "owner") is not None


def test_a_case_moves_by_the_state_machine_and_every_step_is_an_event(cases: CaseStore) -> None:
    number = cases.file(filing(), NOW, TODAY).case_no
    cases.transition(number, "dispatched", "李", "clerk", {"kind": "转送", "agency": "住建"}, NOW, TODAY)
    cases.transition(number, "notified", "王", "handler", {}, NOW, TODAY)
    view = cases.transition(number, "accepted", "王", "handler", {"note": "受理"}, NOW, TODAY)
    assert (view.status, view.agency, view.due) == ("accepted", "住建", date(2027, 1, 22))
    assert [e.target for e in view.events] == ["registered", "dispatched", "notified", "accepted"]
    with pytest.raises(TransitionError):
        cases.transition(number, "closed", "李", "clerk", {}, NOW, TODAY)


def test_the_second_of_two_editors_is_told(cases: CaseStore) -> None:
    number = cases.file(filing(), NOW, TODAY).case_no
    cases.transition(number, "dispatched", "李", "clerk", {"kind": "转送", "agency": "住建"}, NOW, TODAY, version=1)
    with pytest.raises(ConflictError):
        cases.transition(number, "notified", "张", "handler", {}, NOW, TODAY, version=1)


def test_accusations_are_opened_for_the_discipline_role_only(cases: CaseStore) -> None:
    number = cases.file(filing(category="检举控告", channel="accusation", agency="纪委监委"), NOW, TODAY).case_no
    for role in ("clerk", "handler", "supervisor", "admin"):
        with pytest.raises(PetitionError):
            cases.content(number, role)
    assert cases.content(number, "discipline") == FIELDS


def test_a_rating_may_be_changed_once(cases: CaseStore) -> None:
    number = cases.file(filing(), NOW, TODAY).case_no
    cases.rate(number, "满意", "好", NOW, TODAY)
    cases.rate(number, "不满意", "又坏了", NOW, TODAY)
    with pytest.raises(PetitionError, match="改过一次"):
        cases.rate(number, "满意", "", NOW, TODAY)


def test_a_withdrawn_case_takes_no_more(cases: CaseStore) -> None:
    number = cases.file(filing(), NOW, TODAY).case_no
    cases.withdraw(number, "解决了", NOW, TODAY)
    with pytest.raises(PetitionError, match="不能再催办"):
        cases.urge(number, "", NOW, TODAY)
    with pytest.raises(NotFound):
        cases.get("261123000000")


def test_a_turn_is_answered_once(chat) -> None:
    assert chat.begin("c", "m1", {"text": "你好"}, NOW) == (True, None)
    assert chat.begin("c", "m1", {"text": "你好"}, NOW) == (False, None)
    chat.finish("c", "m1", [{"text": "您好"}])
    assert chat.begin("c", "m1", {"text": "你好"}, NOW) == (False, [{"text": "您好"}])
    with pytest.raises(ConflictError):
        chat.begin("c", "m1", {"text": "别的"}, NOW)
    assert chat.begin("other", "m1", {"text": "别的"}, NOW) == (True, None)
    assert [t["request"] for t in chat.history("c")] == [{"text": "你好"}]


def test_attachments_belong_to_their_conversation(chat, tmp_path: Path) -> None:
    kept = chat.add_attachment("c", "照片.jpg", b"\xff\xd8\xffdata", "image/jpeg", tmp_path, NOW)
    assert chat.attachment_names("c", [kept["attachment_id"]]) == ["照片.jpg"]
    assert chat.attachment_names("other", [kept["attachment_id"]]) == []
    assert b"data" not in (tmp_path / kept["attachment_id"]).read_bytes()


def test_an_old_draft_is_forgotten_and_a_filed_case_is_not(chat, log, cases: CaseStore, tmp_path: Path) -> None:
    for who in ("old", "filed", "new"):
        chat.begin(who, "m", {"text": who}, NOW if who != "new" else NOW + timedelta(days=6))
        chat.finish(who, "m", [{"text": "好"}])
        log.append(who, 0, ["{}"])
        chat.add_attachment(who, "a.pdf", b"%PDF-1", "application/pdf", tmp_path, NOW)
    receipt = cases.file(filing(conversation="filed"), NOW, TODAY)
    assert chat.purge(NOW + timedelta(days=1), tmp_path) == 2
    assert chat.history("old") == chat.history("filed") == []
    assert len(chat.history("new")) == 1
    assert sorted(log.senders()) == ["new"]
    assert len(list(tmp_path.glob("[0-9a-f]" * 32))) == 2
    assert cases.get(receipt.case_no).status == "registered"


def test_tracker_rows_are_in_order_sealed_and_have_one_writer(log, engine) -> None:
    log.append("c", 0, ['{"a": "楼下油烟"}', '{"b": 2}'])
    log.append("c", 2, ['{"c": 3}'])
    assert log.read("c") == ['{"a": "楼下油烟"}', '{"b": 2}', '{"c": 3}']
    with pytest.raises(ConflictError):
        log.append("c", 1, ["{}"])
    with engine.begin() as c:
        assert "油烟".encode() not in bytes(
            c.execute(text("SELECT payload FROM tracker_events WHERE n = 0")).scalar_one()
        )


def test_a_store_that_does_not_answer_is_said(keys, tmp_path: Path) -> None:
    store = CaseStore(make_engine(f"sqlite:///{tmp_path}/no/such/folder.db"), keys)
    with pytest.raises(StoreUnavailable, match="系统繁忙"):
        store.file(filing(), NOW, TODAY)


def test_sealed_values_are_bound_to_their_place(keys) -> None:
    sealed = keys.encrypt({"x": 1}, "cases/1/content")
    assert keys.decrypt(sealed, "cases/1/content") == {"x": 1}
    for place, purpose in (("cases/2/content", "field"), ("cases/1/content", "accusation")):
        with pytest.raises(DecryptionError):
            keys.decrypt(sealed, place, purpose)


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: load_or_create_key(path), range(16)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["secret.key"]
