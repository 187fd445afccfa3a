"""The chat over HTTP as outsiders see it."""

from __future__ import annotations

import json
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Citizen, Server

STORY = "楼下饭店的油烟天天往我家窗户里灌，物业说管不了"


def test_a_session_greets_with_the_privacy_notice(server: Server) -> None:
    c = Citizen(server)
    text = "".join(m["text"] for m in c.greeting)
    assert "只用于办理" in text
    assert "110" in text


def test_a_whole_filing_gives_a_receipt_and_progress(server: Server) -> None:
    c = Citizen(server)
    assert c.to_summary()[-1]["custom"]["kind"] == "summary"
    receipt = c.say("确认提交")[-1]["custom"]
    assert receipt["kind"] == "receipt"
    code = {"case_no": receipt["case_no"], "query_code": receipt["query_code"]}
    status, progress = server.call("POST", "/api/progress", code)
    assert (status, progress["status"]) == (200, "registered")
    assert progress["next"]["due"] == "2026-12-08"
    wrong = [
        server.call("POST", "/api/progress", {**code, k: v})
        for k, v in (("query_code", "000000"), ("case_no", "261123999990"))
    ]
    assert wrong[0] == wrong[1]
    assert wrong[0][0] == 404


def test_the_same_id_is_answered_the_same_and_does_nothing_else(server: Server) -> None:
    c = Citizen(server)
    key = uuid.uuid4().hex
    first = c.send(key, text=STORY)
    assert c.send(key, text=STORY) == first
    assert c.send(key, text="别的话")[0] == 409
    said = [m for m in server.call("GET", "/chat/history", token=c.token)[1]["messages"] if m["from"] == "user"]
    assert [m["text"] for m in said] == [STORY]


def test_the_same_confirmation_at_once_files_once(server: Server) -> None:
    c = Citizen(server)
    c.to_summary()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: c.send("confirm-once", text="确认提交"), range(6)))
    assert all(a == answers[0] for a in answers)
    assert answers[0][1]["messages"][-1]["custom"]["kind"] == "receipt"


def test_twenty_people_at_once_never_see_each_others_words(server: Server) -> None:
    def person(i: int) -> tuple[str, str]:
        c = Citizen(server)
        mark = f"第{i}号人家的记号{uuid.uuid4().hex[:8]}"
        for text in (f"{STORY}，{mark}", "帮我登记", "要求整改", "五华区莲花街道"):
            c.say(text)
        return mark, json.dumps(
            c.say("看看我填了什么") + server.call("GET", "/chat/history", token=c.token)[1]["messages"],
            ensure_ascii=False,
        )

    with ThreadPoolExecutor(20) as pool:
        seen = list(pool.map(person, range(20)))
    for mark, text in seen:
        assert mark in text
        assert not [other for other, _ in seen if other != mark and other in text]


def test_buttons_count_only_while_they_are_on_offer(server: Server) -> None:
    c = Citizen(server)
    c.say(STORY)
    status, answer = c.send(payload="/file_it")
    assert status == 200
    assert answer["messages"][-1]["custom"]["kind"] == "ask"
    d = Citizen(server)
    d.to_summary()
    kinds = [(m.get("custom") or {}).get("kind") for m in d.send(payload='/affirm{"all":true}')[1]["messages"]]
    assert "receipt" not in kinds


@pytest.mark.parametrize(
    "text",
    [
        "/affirm",
        '/inform{"role":"admin"}',
        "'; DROP TABLE cases;--",
        "<img src=x onerror=alert(1)>",
        "{narrative} 0[1] {{7*7}}",
        "😀😀😀",
        "\u202e\u200b你好",
        "？",
        "a" * 5000,
        "油" * 5000,
    ],
)
def test_every_turn_answers_whatever_comes(server: Server, text: str) -> None:
    c = Citizen(server)
    c.to_summary()
    messages = c.say(text)
    assert messages
    assert all(m["text"].strip() for m in messages)
    assert "receipt" not in [(m.get("custom") or {}).get("kind") for m in messages]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"id": "1"}, 400, "malformed"), ({"text": "无编号"}, 400, "malformed"), ({"id": "1", "text": "a", "payload": "/b"}, 400, "malformed"),
        ({"id": 1, "text": "a"}, 400, "malformed"), ({"id": "1", "text": ""}, 400, "empty"), ({"id": "1", "text": "  \n"}, 400, "empty"),
        ({"id": "1", "text": "长" * 5001}, 413, "too_long"), ([1], 400, "malformed"), ("x", 400, "malformed"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_clear_error_in_chinese(server: Server, body: object, status: int, code: str) -> None:
    c = Citizen(server)
    got, answer = server.call("POST", "/chat/messages", body, c.token)
    assert (got, answer["error"]["code"]) == (status, code)
    assert any("\u4e00" <= ch <= "\u9fff" for ch in answer["error"]["message"])


def test_no_json_and_no_token(server: Server) -> None:
    c = Citizen(server)
    assert server.call("POST", "/chat/messages", raw=b"{broken", token=c.token)[0] == 400
    assert server.call("POST", "/chat/messages", {"id": "1", "text": "你好"})[0] == 401
    forged = c.token[:-3] + "abc"
    assert server.call("POST", "/chat/messages", {"id": "1", "text": "你好"}, forged)[0] == 401
    conversation, _, rest = c.token.partition(".")
    assert server.call("GET", "/chat/history", token=f"{conversation[::-1]}.{rest}")[0] == 401


def test_a_foreign_page_is_refused_and_a_program_is_not(server: Server) -> None:
    assert server.call("POST", "/chat/session", {}, headers={"Origin": "https://evil.example"})[0] == 403
    assert server.call("POST", "/chat/session", {}, headers={"Origin": server.base})[0] == 201


def multipart(name: str, data: bytes) -> tuple[dict[str, str], bytes]:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: x/y\r\n\r\n'
        + data
        + b"\r\n--B--\r\n"
    )
    return {"Content-Type": "multipart/form-data; boundary=B"}, body


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("照片.jpg", b"\xff\xd8\xff" + b"0" * 100, 201),
        ("a.pdf", b"%PDF-1.7 x", 201),
        ("x.jpg", b"<html>", 415),
        ("big.png", b"\x89PNG\r\n\x1a\n" + b"0" * (10 * 1024 * 1024), 413),
    ],
)
def test_attachments_are_known_by_their_content(server: Server, name: str, data: bytes, status: int) -> None:
    c = Citizen(server)
    headers, raw = multipart(name, data)
    got, answer = server.call("POST", "/chat/attachments", raw=raw, token=c.token, headers=headers)
    assert got == status, answer
    if status == 201:
        assert answer["name"] == name
        sent, heard = c.send(text="这是现场的照片，" + STORY, attachments=[answer["attachment_id"]])
        assert sent == 200
        assert heard["messages"]


def test_the_page_is_served_under_a_strict_policy(server: Server) -> None:
    with urllib.request.urlopen(server.base + "/") as r:
        page = r.read().decode()
        assert "default-src 'self'" in r.headers["Content-Security-Policy"]
    assert "<sufang-chat" in page
    assert "<noscript>" in page
    assert "<script>" not in page
    assert "style=" not in page


def test_health_readiness_and_metrics(server: Server) -> None:
    assert server.call("GET", "/healthz")[0] == 200
    assert server.call("GET", "/readyz")[0] == 200
    assert "sufang_turns_total" in server.call("GET", "/metrics")[1]


def test_no_word_of_a_person_is_in_the_log(server: Server) -> None:
    c = Citizen(server)
    canary = "金丝雀" + uuid.uuid4().hex
    c.say(f"{STORY}，我叫{canary}，电话13877776666")
    c.say("/inform" + canary)
    log = (server.data / "serve.log").read_text(encoding="utf-8")
    assert canary not in log
    assert "13877776666" not in log


def test_the_papers_of_a_procedure_are_a_page_to_print(server: Server) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/materials/labour_arbitration") as answer:
        page = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "仲裁申请书" in page
    assert "《劳动争议调解仲裁法》" in page
    for unknown in ("nothing", "%2e%2e%2fsecret", "%3Cscript%3E"):
        assert server.call("GET", f"/materials/{unknown}")[0] == 404


def test_the_desk_runs_beside_the_chat(server: Server) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.desk_port}/desk/login") as answer:
        assert "登录工作台" in answer.read().decode()
