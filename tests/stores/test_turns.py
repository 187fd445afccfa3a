"""Turns written in groups: whole or not at all, once, sealed, and refused to a second writer."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest
from sqlalchemy import text

from bot.petition.errors import ConflictError, StoreUnavailable
from bot.storage.open import make_engine
from bot.storage.turns import PROBE, GroupWriter, Turn, TurnLog, Write

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


def event(n: int) -> dict:
    return {"event": "user", "text": f"楼下油烟{n}"}


def turn(key: str, said: str = "你好") -> Turn:
    return Turn(key, {"text": said}, NOW, [{"text": "您好"}])


@pytest.fixture
def turns(engine, keys) -> TurnLog:
    return TurnLog(engine, keys)


def test_a_turn_is_read_as_it_was_written(turns: TurnLog) -> None:
    assert turns.write([Write("c", 0, [event(0), event(1)], turn("m1")), Write("c", 2, [event(2)], turn("m2"))]) == [
        None,
        None,
    ]
    past = turns.read("c")
    assert past.events == [event(0), event(1), event(2)]
    assert past.turns == {"m1": turn("m1").hashed, "m2": turn("m2").hashed}
    assert past.last == [{"text": "您好"}]
    assert turns.response("c", "m1") == [{"text": "您好"}]
    assert turns.response("c", "unknown") is None
    assert turns.read("other").events == []


def test_rows_of_an_earlier_version_are_read_too(turns: TurnLog, log) -> None:
    log.append("c", 0, ['{"event": "user", "text": "a"}', '{"event": "bot", "text": "b"}'])
    turns.write([Write("c", 2, [event(2)])])
    assert [e["text"] for e in turns.read("c").events] == ["a", "b", "楼下油烟2"]
    assert [e for e in log.read("c") if "楼下油烟2" in e]


def test_a_second_writer_is_refused_and_the_others_of_its_group_are_not(turns: TurnLog) -> None:
    turns.write([Write("c", 0, [event(0)], turn("m1"))])
    results = turns.write(
        [Write("a", 0, [event(0)], turn("m1")), Write("c", 0, [event(9)], turn("m2")), Write("b", 0, [event(0)])]
    )
    assert results[0] is None
    assert isinstance(results[1], ConflictError)
    assert results[2] is None
    assert turns.read("c").events == [event(0)]
    assert list(turns.read("c").turns) == ["m1"]


def test_a_message_id_is_taken_once(turns: TurnLog) -> None:
    turns.write([Write("c", 0, [event(0)], turn("m1"))])
    assert isinstance(turns.write([Write("c", 1, [event(1)], turn("m1"))])[0], ConflictError)
    assert turns.read("c").events == [event(0)]


def test_everything_said_is_sealed(turns: TurnLog, engine) -> None:
    turns.write([Write("c", 0, [event(0)], turn("m1", "老灶台川菜馆"))])
    with engine.connect() as c:
        rows = [
            *c.execute(text("SELECT payload FROM tracker_events")),
            *c.execute(text("SELECT request FROM chat_turns")),
        ]
    stored = b"".join(bytes(r[0]) for r in rows)
    assert "油烟".encode() not in stored
    assert "川菜馆".encode() not in stored


def test_a_database_that_does_not_answer_is_said_of_every_turn(keys, tmp_path) -> None:
    turns = TurnLog(make_engine(f"sqlite:///{tmp_path}/no/such/folder.db"), keys)
    results = turns.write([Write("a", 0, [event(0)]), Write("b", 0, [event(0)])])
    assert all(isinstance(r, StoreUnavailable) for r in results)


def test_a_readiness_write_leaves_nothing_behind(turns: TurnLog) -> None:
    assert turns.write([Write("", 0, [])]) == [None]
    assert turns.read(PROBE).events == []


def test_turns_that_wait_share_a_commit_and_each_is_told_of_its_own(turns: TurnLog) -> None:
    entered, go = threading.Event(), threading.Event()
    write = turns.write

    def slow(writes):
        entered.set()
        go.wait(10)
        return write(writes)

    turns.write = slow  # type: ignore[method-assign]
    writer = GroupWriter(turns)
    told: dict[str, Exception | None] = {}
    done = threading.Semaphore(0)

    def put(sender: str, first: int = 0) -> None:
        def finish(error: Exception | None, key: str = f"{sender}{first}") -> None:
            told[key] = error
            done.release()

        writer.put(Write(sender, first, [event(0)]), finish)

    put("first")
    assert entered.wait(10)
    for i in range(20):
        put(f"s{i}")
    put("s0")  # in conflict with the one before it
    go.set()
    for _ in range(22):
        assert done.acquire(timeout=10)
    writer.close()
    assert writer.commits == 2
    assert writer.written == 22
    assert sum(isinstance(e, ConflictError) for e in told.values()) == 1
    assert told["first0"] is None


def test_closing_writes_what_is_queued(turns: TurnLog) -> None:
    writer = GroupWriter(turns)
    for i in range(50):
        writer.put(Write(f"s{i}", 0, [event(i)]), lambda error: None)
    writer.close()
    assert all(turns.read(f"s{i}").events == [event(i)] for i in range(50))
