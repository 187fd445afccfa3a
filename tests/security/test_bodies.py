"""Bodies that are made to cost: refused before they are taken apart, since one process serves everybody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.channels import web
from bot.channels.limits import Tokens
from bot.petition.origin import line_of
from bot.storage.crypto import Keyring

FILE = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'


def request(body: bytes, kind: str = "application/json") -> Any:
    return SimpleNamespace(body=body, headers={"Content-Type": kind})


def refused(work: Any, *args: Any) -> tuple[int, str]:
    with pytest.raises(web.Refusal) as e:
        work(*args)
    return e.value.status, e.value.code


def test_json_that_is_longer_than_any_message_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = "😀" * web.MAX_TEXT
    escaped = "".join(f"\\u{ord(h):04x}" for h in "\ud83d\ude00") * web.MAX_TEXT
    body = b'{"id":"1","attachments":[%s"a"],"text":"%s"}' % (b'"%s",' % (b"f" * 32) * 19, escaped.encode())
    assert web._body(request(body))["text"] == longest
    monkeypatch.setattr(web.json, "loads", lambda *_: pytest.fail("it was read"))
    assert refused(web._body, request(b'{"a":[' + b"[]," * 3_000_000 + b"1]}")) == (413, "too_long")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a" * 100, "multipart/form-data; boundary=a"),
        (b"--xy\r\n" + b"a:b\r\n" * 2000 + FILE + b"1\r\n--xy--\r\n", "multipart/form-data; boundary=xy"),
        ((b"--xy\r\n" + FILE + b"1\r\n") * 20 + b"--xy--\r\n", "multipart/form-data; boundary=xy"),
        (b"a=1&" * 100, "application/x-www-form-urlencoded"),
        (b"--\r\n" + FILE, "multipart/form-data"),
        (b"", ""),
    ],
)
def test_a_form_of_many_members_or_lines_is_not_taken_apart(body: bytes, kind: str) -> None:
    assert refused(web._check_form, request(body, kind)) == (400, "malformed")


def test_a_form_with_a_file_is() -> None:
    body = (
        b'--xy\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--xy\r\n'
        + FILE
        + b"\r\n" * 9000
        + b"\r\n--xy--\r\n"
    )
    web._check_form(request(body, 'multipart/form-data; boundary="xy"'))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:DB8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("[2001:db8::1]", "2001:db8::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unknown", False),
    ],
)
def test_all_addresses_of_one_line_are_one(one: str, other: str, same: bool) -> None:
    tokens = Tokens(Keyring(b"k" * 32))
    assert (line_of(one) == line_of(other)) is same
    assert (tokens.address(one) == tokens.address(other)) is same


@pytest.mark.parametrize("token", ["\ud800", "a.1.\ud800", "é.1.x", "a.²."])
def test_a_token_that_could_not_be_signed_is_no_token(token: str) -> None:
    assert Tokens(Keyring(b"k" * 32)).conversation(token) is None
