"""A process that is killed loses nothing and files once."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
from serving import Citizen, Server


@pytest.fixture
def server(tmp_path: Path):
    server = Server(tmp_path / "data").start()
    yield server
    if server.process.poll() is None:
        server.stop()


def test_killed_in_the_middle_of_the_form_the_conversation_goes_on(server: Server) -> None:
    c = Citizen(server)
    c.say("楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了")
    c.say("帮我登记")
    c.say("要求装净化设备")
    server.stop(signal.SIGKILL)
    server.start()
    history = server.call("GET", "/chat/history", token=c.token)[1]["messages"]
    assert [m["text"] for m in history if m["from"] == "user"][-1] == "要求装净化设备"
    assert c.say("昆明市五华区莲花街道")[-1]["custom"]["field"] == "respondent"
    c.say("老灶台川菜馆")
    c.say("李春梅")
    summary = c.say("13800001234")[-1]["custom"]
    assert summary["fields"]["demand"] == "要求装净化设备"
    assert summary["fields"]["place"] == "昆明市五华区莲花街道"


def test_killed_right_after_the_confirmation_it_is_filed_once(server: Server) -> None:
    c = Citizen(server)
    c.to_summary()
    receipt = c.say("确认提交", key="final")[-1]["custom"]
    server.stop(signal.SIGKILL)
    server.start()
    again = c.say("确认提交", key="final")[-1]["custom"]
    assert (again["case_no"], again["query_code"]) == (receipt["case_no"], receipt["query_code"])
    status, progress = server.call(
        "POST", "/api/progress", {"case_no": receipt["case_no"], "query_code": receipt["query_code"]}
    )
    assert (status, progress["status"]) == (200, "registered")
    other = Citizen(server)
    other.to_summary()
    assert other.say("确认提交")[-1]["custom"]["case_no"] != receipt["case_no"]


def test_killed_between_the_commit_and_the_answer_the_answer_is_found_again(server: Server) -> None:
    c = Citizen(server)
    c.to_summary()
    receipt = c.say("确认提交", key="cut")[-1]["custom"]
    server.stop(signal.SIGKILL)
    with sqlite3.connect(server.data / "sufang.db") as db:  # the turn is stored, its answer never left
        assert db.execute("UPDATE chat_turns SET response = NULL WHERE message_id = 'm:cut'").rowcount == 1
    db.close()
    server.start()
    again = c.say("确认提交", key="cut")[-1]["custom"]
    assert (again["case_no"], again["query_code"]) == (receipt["case_no"], receipt["query_code"])


def test_a_database_that_is_gone_is_said_and_nothing_is_processed(server: Server) -> None:
    c = Citizen(server)
    c.say("楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了")
    database = server.data / "sufang.db"
    server.stop()
    shutil.move(database, server.data / "kept.db")
    server.start()
    for name in ("sufang.db", "sufang.db-wal", "sufang.db-shm"):
        (server.data / name).unlink(missing_ok=True)
    database.mkdir()
    status, answer = c.send("while-down", text="帮我登记")
    if status == 200:  # the old file handle may still serve; then nothing was lost either
        assert answer["messages"]
    else:
        assert status == 503
        assert "再发一次" in answer["error"]["message"]
    server.stop()
    database.rmdir()
    shutil.move(server.data / "kept.db", database)
    server.start()
    assert c.send("while-down", text="帮我登记")[0] == 200
