"""What leaves the house: the provincial platform and webhooks over real HTTP, with a receiver that misbehaves on purpose."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.desk.clockwork import Clockwork
from bot.petition.case import CaseView
from bot.storage.outbox import MAX_ATTEMPTS
from bot.upstream import targets
from bot.upstream.divisions import code_of
from bot.upstream.mapping import petition
from bot.upstream.sender import Sender
from desk.office import BRIBE, LIFT, Office

#: law.md 3.4, the public web petition interface.
NAMES = {
    "xm",
    "sjh",
    "zjhm",
    "xxzz",
    "tszt",
    "tsnr",
    "nrfldm",
    "nrflmc",
    "xfmddm",
    "xfmdmc",
    "wtsddm",
    "wtsdmc",
    "gkbz",
    "dzyj",
    "gddh",
}


class Platform:
    """The reference receiver: checks the token, keeps each idempotency key once, and answers as `plan` says."""

    def __init__(self, token: str = "let me in") -> None:
        self.token, self.plan, self.calls, self.kept = token, [], [], {}
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((request.path, dict(request.headers), await request.read()))
        if request.path.startswith("/platform") and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({}, status=401)
        status = self.plan.pop(0) if self.plan else 201
        if status == "cut":
            request.transport.close()
            return web.Response()
        key = request.headers["Idempotency-Key"]
        if status == 201 and key in self.kept:
            return web.json_response({}, status=409)
        if status == 201:
            self.kept[key] = json.loads(self.calls[-1][2])
        headers = {"Retry-After": "90"} if status == 429 else {}
        return web.json_response({}, status=status, headers=headers)

    async def __aenter__(self) -> Platform:
        app = web.Application()
        app.router.add_post("/{path:.*}", self.take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *what: Any) -> None:
        await self._runner.cleanup()


def run(
    office: Office,
    work: Callable[[Platform, Clockwork, aiohttp.ClientSession], Any],
    token: str = "let me in",
    private: tuple[str, ...] = ("127.0.0.1",),
) -> None:
    async def go() -> None:
        async with Platform() as platform, aiohttp.ClientSession() as session:
            sender = Sender(
                office.stores, f"http://127.0.0.1:{platform.port}/platform/", token, lambda: office.day.time, private
            )
            clock = Clockwork(office.stores, sender, lambda: office.day.date, lambda: office.day.time)
            await work(platform, clock, session)

    asyncio.run(go())


def registered(o: Office, fields: dict = LIFT) -> str:
    from bot.petition.roles import Staff

    return o.desk.register(Staff("小周", "clerk"), "来访", fields).case_no


def dispatch(o: Office, number: str) -> None:
    o.cases.transition(
        number, "dispatched", "小周", "clerk", {"kind": "转送", "agency": "住建"}, o.day.time, o.day.date
    )


def advised(o: Office, number: str) -> str:
    """The content category of the dispute that the advice found."""
    return o.desk.knowledge.disputes[o.cases.advice(number, "system")["dispute"]].content


def test_a_case_and_its_steps_arrive_in_order_under_the_platforms_names(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        number = registered(office)
        dispatch(office, number)
        await clock.tick(session)
        await clock.tick(session)  # the step follows once the case has arrived
        paths = [c[0] for c in p.calls]
        assert paths == ["/platform/petitions", f"/platform/petitions/{number}/events"]
        sent = json.loads(p.calls[0][2])
        assert set(sent) >= NAMES
        assert (sent["xm"], sent["sjh"], sent["gddh"], sent["xfjbh"], sent["gkbz"]) == (
            "李春梅",
            "13800001234",
            "",
            number,
            "0",
        )
        assert LIFT["narrative"] in sent["tsnr"]
        assert sent["wtsdmc"] == LIFT["place"]
        assert sent["nrflmc"] == advised(office, number)
        step = json.loads(p.calls[1][2])
        assert (step["from"], step["to"], step["agency"]) == ("registered", "dispatched", "住建")
        await clock.tick(session)
        assert len(p.calls) == 2  # nothing twice

    run(office, work)


def test_a_platform_that_is_away_gets_it_later_once(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        registered(office)
        p.plan = [503, "cut", 429]
        waits = []
        for _ in range(3):
            await clock.tick(session)
            before = len(p.calls)
            await clock.tick(session)
            assert len(p.calls) == before  # it waits
            for seconds in range(0, 4000, 10):
                office.day.time += timedelta(seconds=10)
                await clock.tick(session)
                if len(p.calls) > before:
                    waits.append(seconds)
                    break
        assert waits == sorted(waits)  # ever longer
        assert waits[-1] >= 80  # Retry-After was kept
        assert len(p.kept) == 1
        assert len({c[1]["Idempotency-Key"] for c in p.calls}) == 1
        assert office.stores.outbox.waiting(("filed",)) == 0

    run(office, work)


def test_what_was_taken_but_not_acknowledged_is_no_second_case(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        registered(office)
        parcel = office.stores.outbox.claim(("filed",), office.day.time)[0]
        p.kept[parcel.key] = {}  # it arrived, and this process died before it wrote that down
        office.day.time += timedelta(minutes=3)
        await clock.tick(session)
        assert office.stores.outbox.waiting(("filed",)) == 0
        assert len(p.kept) == 1

    run(office, work)


def test_dead_letters_are_seen_without_content_hold_back_what_follows_and_go_out_again(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        number = registered(office)
        dispatch(office, number)
        p.plan = [422]
        await clock.tick(session)
        dead = office.stores.outbox.dead()
        assert [(d["case_no"], d["topic"], d["error"]) for d in dead] == [(number, "filed", "HTTP 422")]
        assert "李春梅" not in str(dead)
        office.day.time += timedelta(days=1)
        await clock.tick(session)
        assert len(p.calls) == 1  # the step does not overtake its case
        office.stores.outbox.resend(dead[0]["id"], office.day.time)
        await clock.tick(session)
        await clock.tick(session)
        assert len(p.kept) == 2
        assert office.stores.outbox.dead() == []

    run(office, work)


def test_it_is_laid_aside_after_many_attempts(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        registered(office)
        p.plan = [500] * 100
        for _ in range(MAX_ATTEMPTS + 5):
            office.day.time += timedelta(hours=2)
            await clock.tick(session)
        assert len(p.calls) == MAX_ATTEMPTS
        assert office.stores.outbox.dead()[0]["attempts"] == MAX_ATTEMPTS

    run(office, work)


def test_accusations_never_leave(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        number = registered(office, BRIBE)
        office.stores.outbox.add_hook("", f"http://127.0.0.1:{p.port}/hook", "a secret of sixteen", office.day.time)
        office.cases.transition(
            number,
            "dispatched",
            "纪",
            "discipline",
            {"kind": "转送", "agency": "纪委监委"},
            office.day.time,
            office.day.date,
        )
        await clock.tick(session)
        assert p.calls == []

    run(office, work)


def test_webhooks_are_signed_and_carry_no_content(office: Office) -> None:
    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        url = f"http://127.0.0.1:{p.port}/hook"
        hook = office.stores.outbox.add_hook("住建", url, "a secret of sixteen", office.day.time)
        other = office.stores.outbox.add_hook("教育", url, "a secret of sixteen", office.day.time)
        number = registered(office)
        dispatch(office, number)
        await clock.tick(session)
        await clock.tick(session)
        told = [c for c in p.calls if c[0] == "/hook"]
        assert told
        for _, headers, body in told:
            good = hmac.new(b"a secret of sixteen", body, hashlib.sha256).hexdigest()
            assert headers["X-Sufang-Signature"] == f"sha256={good}"
            assert "李春梅" not in body.decode()
            assert "电梯" not in body.decode()
        assert {"case_no": number, "event": "moved", "from": "registered", "to": "dispatched", "agency": "住建", "on": "2026-11-23"} in [
            json.loads(c[2]) for c in told
        ]  # fmt: skip
        office.stores.outbox.stop_hook(hook)
        office.stores.outbox.stop_hook(other)
        before = len(p.calls)
        office.cases.transition(number, "notified", "王", "handler", {}, office.day.time, office.day.date)
        await clock.tick(session)
        assert [c[0] for c in p.calls[before:]] == [f"/platform/petitions/{number}/events"]

    run(office, work)


INSIDE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "127.000.000.001", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254",
    "100.100.100.200", "100.64.0.1", "224.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]", "localhost",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_an_inner_address_is_no_target_unless_it_is_named(host: str) -> None:
    url = f"https://{host}/hook"
    with pytest.raises(targets.Refused, match="SUFANG_PRIVATE_HOSTS"):
        asyncio.run(targets.refuse_inside(url, ()))


@pytest.mark.parametrize(
    ("address", "named", "refused"),
    [
        ("10.0.0.1", True, False), ("10.0.0.1", False, True), ("127.0.0.1", True, False), ("fc00::1", True, False),
        ("169.254.169.254", True, True), ("100.100.100.200", True, True), ("fe80::1", True, True), ("0.0.0.0", True, True),
        ("168.63.129.16", False, True), ("168.63.129.16", True, True), ("192.0.0.192", False, True),
        ("::ffff:169.254.169.254", True, True), ("8.8.8.8", False, False), ("2400:3200::1", False, False),
    ],
)  # fmt: skip
def test_a_named_host_may_be_inside_and_metadata_never(address: str, named: bool, refused: bool) -> None:
    private = ("platform.example",) if named else ()
    try:
        targets.check("Platform.example", address, private)
        told = False
    except targets.Refused:
        told = True
    assert told is refused


@pytest.mark.parametrize(
    "target",
    [
        "https://good.example\\@169.254.169.254/", "https://good.example#@10.0.0.1/", "https://a b.example/", "https://例子.example/",
        "https://good.example?@10.0.0.1/", "https://u:p@good.example/", "https://good.example/\nx",
    ],
)  # fmt: skip
def test_an_address_that_two_readers_may_read_differently_is_refused(office: Office, target: str) -> None:
    async def work(o: Office) -> None:
        hook = {"agency": "住建", "url": target, "secret": "a secret of sixteen"}
        assert (await o.call("root", "POST", "webhooks", **hook))[0] == 400

    office.run(work)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, True),
        ({"url": "https://hook.example/a*b?c=1"}, True),
        ({"url": "https://hook.example:8443"}, True),
        ({"url": "https://hook.example:99999/"}, False),
        ({"url": "https://a..example/"}, False),
        ({"url": f"https://{'a' * 64}.example/"}, False),
        ({"url": "https://hook.example/" + "a" * 500}, False),
        ({"url": "https://hook.example/\x01"}, False),
        ({"secret": "fifteen letters"}, False),
        ({"secret": "密钥" * 10}, False),
        ({"secret": "s" * 201}, False),
    ],
)
def test_the_document_says_of_a_webhook_what_the_desk_accepts(office: Office, changed: dict, fits: bool) -> None:
    async def work(o: Office) -> None:
        hook = {"agency": "住建", "url": "https://hook.example/", "secret": "a secret of sixteen"} | changed
        told = (await (await o.client.get("/desk/api/v1/openapi.json")).json())["paths"]["/webhooks"]["post"]
        said = told["requestBody"]["content"]["application/json"]["schema"]["properties"]
        by_the_document = all(
            re.search(said[k]["pattern"], hook[k]) and len(hook[k]) <= said[k].get("maxLength", 200)
            for k in ("url", "secret")
        )
        assert bool(by_the_document) is fits
        assert (await o.call("root", "POST", "webhooks", **hook))[0] == (201 if fits else 400)

    office.run(work)


def test_an_inner_webhook_is_refused_when_it_is_set(office: Office) -> None:
    async def work(o: Office) -> None:
        for url in (
            "https://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:6379/",
            "https://[::1]/",
            "https://localhost/",
        ):
            status, told = await o.call(
                "root", "POST", "webhooks", agency="住建", url=url, secret="a secret of sixteen"
            )
            assert status == 400
            assert "内网" in told["error"]["message"]
        object.__setattr__(o.settings, "private_hosts", ("127.0.0.1",))
        await o.must("root", "POST", "webhooks", agency="住建", url="http://127.0.0.1:1/", secret="a secret of sixteen")

    office.run(work)


def test_a_webhook_that_turns_inside_later_is_not_sent_and_is_shown(office: Office, monkeypatch) -> None:
    """DNS rebinding: the name was a good one when it was set, and is one more time when it is looked at before the sending."""

    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        outbox = office.stores.outbox
        outbox.add_hook("住建", f"http://localhost:{p.port}/hook", "a secret of sixteen", office.day.time)
        dispatch(office, registered(office))
        monkeypatch.setattr(targets, "refuse_inside", looked_good)
        await clock.tick(session)
        await clock.tick(session)
        assert [c for c in p.calls if c[0] == "/hook"] == []
        assert [d["error"] for d in outbox.dead() if d["topic"].startswith("hook")] == [
            "这个地址指向内网或者本机，没有列在 SUFANG_PRIVATE_HOSTS 里，不能外送。"
        ]

    async def looked_good(url: str, private: Any) -> None:
        pass

    run(office, work, private=())


def test_two_workers_do_not_send_the_same(office: Office) -> None:
    for i in range(12):
        registered(office, LIFT | {"name": f"某{i}"})
    one = office.stores.outbox.claim(("filed",), office.day.time, 5)
    two = office.stores.outbox.claim(("filed",), office.day.time, 50)
    assert len(one) == 5
    assert len(two) == 7
    assert not {x.id for x in one} & {x.id for x in two}
    office.day.time += timedelta(minutes=3)  # both died
    assert len(office.stores.outbox.claim(("filed",), office.day.time, 50)) == 12


def test_a_channel_that_pushes_gets_the_notice_and_a_failing_one_gets_it_again(office: Office) -> None:
    from filings import filing

    async def work(p: Platform, clock: Clockwork, session: aiohttp.ClientSession) -> None:
        got: list[dict[str, Any]] = []

        async def push(mac: str, message: dict[str, Any]) -> bool:
            got.append(message)
            if len(got) == 1:
                raise OSError("not now")
            return True

        clock.push["wechat"] = push
        number = office.cases.file(filing(source="wechat"), office.day.time, office.day.date).case_no
        dispatch(office, number)
        await clock.push_notices()
        assert office.stores.outbox.waiting(("notice",)) == 1
        office.day.time += timedelta(minutes=1)
        await clock.push_notices()
        assert office.stores.outbox.waiting(("notice",)) == 0
        assert len(got) == 2
        assert got[1]["custom"]["kind"] == "notice"

    run(office, work)


@pytest.mark.parametrize("who", ["clerk", "boss", "h住建", "disc", "aud"])
def test_only_the_administrator_sees_what_leaves(office: Office, who: str) -> None:
    async def work(o: Office) -> None:
        for method, path in (("GET", "outbox"), ("GET", "webhooks"), ("POST", "outbox/1/resend")):
            assert (await o.call(who, method, path))[0] == 403
        hook = {"agency": "住建", "url": "https://elsewhere.example/hook", "secret": "a secret of sixteen"}
        assert (await o.call(who, "POST", "webhooks", **hook))[0] == 403
        made = await o.must("root", "POST", "webhooks", **hook)
        assert (await o.call("root", "POST", "webhooks", **hook | {"url": "http://elsewhere.example/"}))[0] == 400
        listed = (await o.must("root", "GET", "webhooks"))["webhooks"]
        assert listed == [{"id": made["id"], "agency": "住建", "url": hook["url"], "active": True}]
        assert (await o.call("root", "DELETE", f"webhooks/{made['id']}"))[0] == 200

    office.run(work)


def test_urgent_cases_content_and_division_are_told_as_far_as_they_are_known() -> None:
    view = CaseView(
        "1", "registered", "enforcement", "申诉求决", "信访局", date(2026, 11, 23), None, 1, (), urgent=True
    )
    sent = petition(view, {"narrative": "电梯坏了", "place": "长春市朝阳区桂林路"}, "房产物业")
    assert (sent["jjbz"], sent["nrflmc"], sent["wtsddm"]) == ("1", "房产物业", "220104")
    assert (sent["nrfldm"], sent["xfmddm"], sent["xfmdmc"]) == (
        "",
        "",
        "申诉求决",
    )  # official codes that nobody has at hand
    assert petition(view, {"narrative": "x", "place": "朝阳区"})["nrflmc"] == "其他"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("北京市朝阳区望京", "110105"), ("长春市朝阳区", "220104"), ("朝阳区", ""), ("吉林市船营区", "220204"), ("深圳南山区科技园", "440305"),
        ("上海市黄浦区南京路", "310101"), ("内蒙古呼和浩特市", "150100"), ("浦东新区", "310115"), ("城区", ""), ("云溪市青石区", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_division_has_a_code_as_deep_as_it_is_named_without_doubt(place: str, code: str) -> None:
    assert code_of(place) == code
