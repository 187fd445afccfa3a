"""What an attacker tried over HTTP, kept as tests."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from PIL import Image
from serving import Citizen, Server
from test_chat_http import multipart


@pytest.mark.parametrize(
    "raw",
    [b'{"id":"x","text":"\\ud800"}', b'{"id":"\\ud800","text":"a"}', b'{"id":"\\u0000","text":"a"}', b'{"id":"a\\nb","text":"a"}', b"[" * 50_000],
)  # fmt: skip
def test_what_can_be_stored_nowhere_is_malformed(server: Server, raw: bytes) -> None:
    status, answer = server.call("POST", "/chat/messages", raw=raw, token=Citizen(server).token)
    assert (status, answer["error"]["code"]) == (400, "malformed")


@pytest.mark.parametrize("after", ["²", "٣", "9" * 30, "-1", ""])
def test_a_cursor_is_plain_digits(server: Server, after: str) -> None:
    assert server.call("GET", "/chat/history?after=" + quote(after), token=Citizen(server).token)[0] in (200, 400)
    if after:
        assert server.call("GET", "/chat/history?after=" + quote(after), token=Citizen(server).token)[0] == 400


@pytest.mark.parametrize("origin", ["http://[::1", "null", "https://evil.example", "http://[", "//"])
def test_an_origin_that_is_not_ours_is_refused(server: Server, origin: str) -> None:
    assert server.call("POST", "/chat/session", {}, headers={"Origin": origin})[0] == 403


@pytest.mark.parametrize(
    "path",
    ["/webhooks/rest/webhook", "/conversations/x/tracker", "/model", "/domain", "/static/..%2f..%2fweb.py", "/nowhere"],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    status, answer = server.call("GET", path)
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_a_picture_is_kept_without_its_place(server: Server) -> None:
    exif = Image.Exif()
    exif[0x010E] = "25.04N 102.71E"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif.tobytes())
    _, raw = multipart("a.jpg", out.getvalue())
    raw, headers = raw.replace(b"--B", b"--Xq7nPz42"), {"Content-Type": "multipart/form-data; boundary=Xq7nPz42"}
    status, kept = server.call("POST", "/chat/attachments", raw=raw, token=Citizen(server).token, headers=headers)
    assert status == 201 and kept["size"] < len(out.getvalue())


def test_a_person_gets_a_copy_with_a_second_proof_and_may_be_forgotten(server: Server) -> None:
    c = Citizen(server)
    c.to_summary()
    receipt = next(m["custom"] for m in c.say("确认提交") if m["custom"]["kind"] == "receipt")
    asked = {"do": "export", "case_no": receipt["case_no"], "query_code": receipt["query_code"]}
    assert server.call("POST", "/api/person", asked)[0] == 404
    status, copy = server.call("POST", "/api/person", asked | {"phone": "13800001234"})
    assert status == 200 and copy["fields"]["name"] == "李春梅"
    assert server.call("POST", "/api/person", asked, c.token)[0] == 200
    status, said = server.call("POST", "/api/person", {"do": "forget"}, c.token)
    assert status == 200 and receipt["case_no"] in said["message"]
    assert server.call("GET", "/chat/history", token=c.token)[1] == {"messages": []}
    assert server.call("POST", "/api/person", {"do": "forget"})[0] == 400
