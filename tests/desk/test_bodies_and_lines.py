"""What anybody may send to the desk before he is signed in: small, and counted for where it comes from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.desk import http
from desk.office import Office


def test_what_costs_to_take_apart_is_refused_before_anybody_is_signed_in(office: Office, monkeypatch) -> None:
    monkeypatch.setattr("bot.desk.api.json.loads", lambda *_: pytest.fail("it was read"))
    multipart = b"--a\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n" * 200 + b"--a--\r\n"

    async def work(o: Office) -> None:
        for path in ("/desk/login", "/desk/cases/261123000012/move", "/desk/cases/261123000012/write"):
            for kind, body in (
                ("application/x-www-form-urlencoded", b"a=1&" * 5000),
                ("multipart/form-data; boundary=a", multipart),
            ):
                answer = await o.client.post(path, data=body, headers={"Content-Type": kind})
                assert answer.status == 400, (path, kind)
        body = b'{"name":[' + b"[]," * 50_000 + b"1]}"
        answer = await o.client.post("/desk/api/v1/login", data=body, headers={"Content-Type": "application/json"})
        assert answer.status == 400

    office.run(work)


@pytest.mark.parametrize(
    ("lines", "proxies", "counted"),
    [
        (["198.51.100.9", "192.0.2.1"], 1, "192.0.2.1"),
        (["198.51.100.9, 192.0.2.1"], 1, "192.0.2.1"),
        (["2001:db8::9", "2001:db8:0:1::77, 10.0.0.1"], 2, "2001:db8:0:1::"),
        (["198.51.100.9"], 0, "127.0.0.1"),
        ([], 1, "127.0.0.1"),
    ],
)
def test_a_line_that_the_client_made_up_does_not_count(lines: list[str], proxies: int, counted: str) -> None:
    headers = CIMultiDict(("X-Forwarded-For", line) for line in lines)
    request = make_mocked_request("POST", "/desk/login", headers=headers)
    app = {http.SETTINGS: SimpleNamespace(proxies=proxies)}
    asked = SimpleNamespace(headers=request.headers, app=app, remote="127.0.0.1")
    assert http._address(asked) == counted
