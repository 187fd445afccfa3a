"""Hotline drafts at the desk and the call-back of recognisers, over HTTP, on both databases."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hotline.making import calls, write
from sqlalchemy import select, update

from bot.desk.app import build
from bot.desk.drafts import signature, transcript
from bot.desk.service import Desk
from bot.hotline.intake import Intake
from bot.settings import Settings
from bot.storage import drafts, models, rotation
from bot.storage.crypto import key_of
from bot.storage.drafts import DraftStore, hotline_drafts, hotline_inbox
from bot.storage.staff import StaffStore
from bot.storage.stores import Stores

SECRET = "the recogniser and we know this one, nobody else"
NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)
CALLS = {c["id"]: c for c in calls()}


class Office:
    """A desk with drafts, a clerk and a discipline officer signed in."""

    def __init__(self, cases, engine, keys, advisor, folder: Path, secret: str = SECRET) -> None:
        self.staff, self.store, self.folder = StaffStore(engine, keys), DraftStore(engine, keys), folder
        self.intake = Intake(self.store, lambda: advisor, folder / "calls.index", lambda: NOW)
        desk = Desk(Stores.of(engine, keys), advisor, lambda: date(2026, 11, 23), lambda: NOW)
        settings = Settings(env="test", fixed_today=date(2026, 11, 23), asr_secret=secret)
        object.__setattr__(settings, "now", lambda: NOW)
        self.app = build(desk, settings, self.intake)
        self.passwords = {n: self.staff.add(n, n, "", NOW) for n in ("clerk", "discipline", "auditor")}
        for n, old in self.passwords.items():
            self.staff.change_password(n, old, f"{n}-long-password")

    def run(self, work) -> Any:
        async def go() -> Any:
            async with TestClient(TestServer(self.app)) as self.client:
                return await work(self)

        return asyncio.run(go())

    async def sign_in(self, name: str) -> None:
        self.client.session.cookie_jar.clear()
        sent = {"name": name, "password": f"{name}-long-password"}
        answer = await self.client.post("/desk/login", data=sent, allow_redirects=False)
        assert answer.status == 303

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status == status, await answer.text()
        return await answer.text()

    async def call_back(
        self, body: bytes, query: str = "", stamp: int | None = None, sign: str = ""
    ) -> tuple[int, Any]:
        when = str(stamp if stamp is not None else int(datetime.now(timezone.utc).timestamp()))
        path = "/desk/api/v1/hotline/callback" + query
        headers = {"X-Sufang-Timestamp": when, "X-Sufang-Signature": sign or signature(SECRET, when, path, body)}
        answer = await self.client.post(path, data=body, headers=headers)
        return answer.status, await answer.json()

    def transcript(self, name: str, format_: str = "funasr_python") -> bytes:
        return write(self.folder, name, format_, CALLS[name]["turns"]).read_bytes()


@pytest.fixture
def office(cases, engine, keys, advisor, tmp_path: Path) -> Office:
    return Office(cases, engine, keys, advisor, tmp_path)


QUERY = "?file=lift.json&call_time=2026-03-28T10:00:00%2B08:00&hotline=%E5%90%88%E8%82%A5"


def csrf(page: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


def test_a_call_back_becomes_a_draft_that_a_clerk_files_once(office: Office) -> None:
    async def work(o: Office) -> None:
        body = o.transcript("lift")
        status, told = await o.call_back(body, QUERY)
        assert (status, told["state"]) == (200, "done")
        again = await o.call_back(body, QUERY)
        assert again == (200, told)
        await o.sign_in("clerk")
        listed = await o.page("/desk/drafts")
        assert listed.count("对照转写确认") == 1
        page = await o.page(told["draft"])
        for anchor in re.findall(r'href="#(e-[^"]+)"', page):
            assert f'id="{anchor}"' in page
        assert re.search(r'id="e-phone-0"></a>(?:<a[^>]*></a>)*<mark[^>]*>幺三七五五五零幺二三四</mark>', page)
        form = dict(re.findall(r'<input id="(\w+)" name="\w+" value="([^"]*)"', page))
        assert form["name"] == "葛小梅"
        sent = form | {
            "csrf": csrf(page),
            "narrative": "电梯坏了没人修",
            "demand": "督促物业修好电梯",
            "phone": "13755509999",
        }
        for _ in range(2):
            answer = await o.client.post(told["draft"] + "/file", data=sent)
        assert "已经处理过了" in await answer.text()
        found = o.store.find(False, "filed")
        assert len(found) == 1
        assert found[0].case_no
        assert found[0].by == "clerk"
        quality = {q["field"]: q for q in o.store.quality()}
        assert quality["name"]["kept"] == 1
        assert (quality["phone"]["changed"], quality["phone"]["edits"]) == (1, 4)
        status, told_later = await o.call_back(
            body, QUERY
        )  # the recogniser sends it once more: nothing is opened again
        assert (status, told_later["draft"]) == (200, told["draft"])
        assert o.store.find(False) == []

    office.run(work)


@pytest.mark.parametrize("how", ["file", "drop"])
def test_of_a_confirmed_call_only_the_masked_transcript_stays(office: Office, how: str) -> None:
    async def work(o: Office) -> None:
        body = o.transcript("lift")
        _, told = await o.call_back(body, QUERY)
        key = told["draft"].rsplit("/", 1)[1]
        raw = [t for _, t in o.store.get(key, False)[2]]
        assert "葛小梅" in "".join(raw)
        assert o.store.arrival(told["id"]).body == body
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        # The clerk knows the property manager's man by name: what he types as the caller's is masked as well.
        sent = {"csrf": csrf(page), "narrative": "电梯坏了没人修", "name": "捷安", "phone": "13755501234"}
        await o.client.post(f"{told['draft']}/{how}", data=sent)
        turns = [t for _, t in o.store.get(key, False)[2]]
        assert [len(t) for t in turns] == [len(t) for t in raw]
        assert [s for s in CALLS["lift"]["pii"] if s in "".join(turns)] == []
        assert ("捷安" in "".join(turns)) == (how == "drop")
        assert "电梯坏了" in "".join(turns)
        lines = re.search(r'<ol class="turns".*?</ol>', await o.page(told["draft"]), re.S)[0]
        assert [s for s in CALLS["lift"]["pii"] if s in lines] == []
        assert o.store.arrival(told["id"]).body == b""
        # The recogniser sends it once more, under another address: nothing is opened again, nothing readable comes back.
        status, later = await o.call_back(body, QUERY.replace("lift.json", "again.json") + "x")
        assert (status, later["draft"]) == (200, told["draft"])
        assert later["id"] != told["id"]
        assert o.store.arrival(later["id"]).body == b""
        assert o.store.find(False) == []

    office.run(work)


def test_filing_again_after_a_crash_between_the_two_steps_gives_the_same_case(office: Office, monkeypatch) -> None:
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("lift"), QUERY)
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        sent = {"csrf": csrf(page), "narrative": "电梯坏了没人修"}
        with monkeypatch.context() as m:
            m.setattr(o.store, "decide", lambda *a: (_ for _ in ()).throw(RuntimeError))
            assert (await o.client.post(told["draft"] + "/file", data=sent)).status == 503
        text = await (await o.client.post(told["draft"] + "/file", data=sent)).text()
        number = re.search(r"编号 <strong>(\d+)", text)[1]
        assert o.store.find(False, "filed")[0].case_no == number
        assert number.endswith(("0001", "00001")) or int(number[6:-1]) == 1

    office.run(work)


def test_accusations_are_for_the_discipline_role_alone(office: Office) -> None:
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("graft", "txt"), "?file=graft.txt&call_time=2026-07-15T10:00:00")
        await o.sign_in("clerk")
        assert "对照转写确认" not in await o.page("/desk/drafts")
        await o.page(told["draft"], 404)
        await o.sign_in("discipline")
        assert "对照转写确认" in await o.page("/desk/drafts")
        assert "把永强" in await o.page(told["draft"])
        await o.sign_in("auditor")
        await o.page("/desk/drafts", 403)

    office.run(work)


GRAFT = {"narrative": "我举报镇财政所所长收工程老板的回扣，虚报绿化工程量，贪污公款", "demand": "请纪委查处"}


def sealed_with(engine, keys) -> set[str]:
    """The purposes of the keys that the draft, its final fields and the call it was made of are sealed with."""
    with engine.begin() as c:
        draft = c.execute(select(hotline_drafts)).one()
        values = [draft.content, draft.final, c.execute(select(hotline_inbox.c.body)).scalar_one()]
    return {p for v in values for p in ("field", "accusation") if key_of(bytes(v)) == keys.current(p)}


def test_a_draft_filed_as_an_accusation_is_closed_to_the_clerk_who_filed_it(office: Office, engine, keys) -> None:
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("lift"), QUERY)
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        answer = await o.client.post(told["draft"] + "/file", data={"csrf": csrf(page), **GRAFT})
        text = await answer.text()
        number = re.search(r"编号 <strong>(\d+)", text)[1]  # the receipt is for the caller
        assert "葛小梅" not in text
        await o.page(told["draft"], 404)
        assert number not in await o.page("/desk/drafts?status=filed")
        assert o.store.find(False, "filed") == []
        assert o.store.quality() == []
        await o.sign_in("discipline")
        assert "葛小梅" in await o.page(told["draft"])

    office.run(work)
    assert sealed_with(engine, keys) == {"accusation"}


def test_a_case_that_goes_over_to_the_accusations_takes_its_draft_along(office: Office, cases, engine, keys) -> None:
    async def work(o: Office) -> None:
        body = o.transcript("lift")
        _, told = await o.call_back(body, QUERY)
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        text = await (
            await o.client.post(told["draft"] + "/file", data={"csrf": csrf(page), "narrative": "电梯坏了没人修"})
        ).text()
        number = re.search(r"编号 <strong>(\d+)", text)[1]
        split = {
            "csrf": csrf(page),
            "narrative": "物业拖欠我三个月的工资两万七千元",
            "demand": "补发工资",
            "secret": "1",
        }
        await o.client.post(f"/desk/cases/{number}/split", data=split)
        assert cases.get(number).category == "检举控告"
        await o.page(told["draft"], 404)
        await o.sign_in("discipline")
        assert "葛小梅" in await o.page(told["draft"])
        assert (await o.call_back(body, QUERY))[1]["draft"] == told[
            "draft"
        ]  # the call can still be read and is still known

    office.run(work)
    assert sealed_with(engine, keys) == {"accusation"}
    rotation.begin(engine, keys)
    assert rotation.reseal(engine, keys, office.folder / "none").unreadable == 0
    assert sealed_with(engine, keys) == {"accusation"}


def test_what_an_earlier_version_left_under_the_common_key_is_taken_over(office: Office, cases, engine, keys) -> None:
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("lift"), QUERY)
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        filed = {"csrf": csrf(page), "narrative": "电梯坏了没人修"}
        await o.client.post(told["draft"] + "/file", data=filed)
        with engine.begin() as c:  # what the split of an earlier version did to the case, and to nothing else
            c.execute(update(models.cases).values(category="检举控告"))
        _, graft = await o.call_back(o.transcript("graft", "txt"), "?file=graft.txt&call_time=2026-07-15T10:00:00")
        with engine.begin() as c:
            call = c.execute(select(hotline_inbox).where(hotline_inbox.c.id == graft["id"])).one()
            place = f"hotline_inbox/{call.id}"
            old = keys.encrypt(keys.decrypt(call.body, place, "accusation"), place, "field")
            c.execute(update(hotline_inbox).where(hotline_inbox.c.id == call.id).values(body=old))
        for _ in range(2):
            drafts.adopt(engine, keys)
        await o.page(told["draft"], 404)
        await o.sign_in("discipline")
        assert "葛小梅" in await o.page(told["draft"])
        with engine.begin() as c:
            bodies = c.execute(select(hotline_inbox.c.body)).scalars().all()
        assert {key_of(bytes(b)) for b in bodies} == {keys.current("accusation")}

    office.run(work)


@pytest.mark.parametrize("how", ["no signature", "other body", "old", "not a time", "other query"])
def test_an_unsigned_call_back_is_refused(office: Office, how: str) -> None:
    async def work(o: Office) -> None:
        body = o.transcript("lift")
        now = int(datetime.now(timezone.utc).timestamp())
        path = "/desk/api/v1/hotline/callback"
        signs = {
            "no signature": ("", now, body), "other body": (signature(SECRET, str(now), path, body + b" "), now, body),
            "old": (signature(SECRET, str(now - 4000), path, body), now - 4000, body), "not a time": ("0" * 64, now, body),
            "other query": (signature(SECRET, str(now), path, body), now, body),
        }  # fmt: skip
        sign, stamp, sent = signs[how]
        query = "?hotline=x" if how == "other query" else ""
        status, told = await o.call_back(sent, query, stamp, sign or "0" * 64)
        assert (status, told["error"]["code"]) == (401, "signature")
        assert o.store.waiting() == []

    office.run(work)


def test_what_cannot_be_read_is_kept_with_its_reason(office: Office) -> None:
    async def work(o: Office) -> None:
        status, told = await o.call_back(b'{"Result": {"Sentences": [1]}}', "?file=broken.json")
        assert (status, told["state"]) == (422, "dead")
        assert "broken.json" in told["reason"]
        assert "Result.Sentences[0]" in told["reason"]
        await o.sign_in("clerk")
        assert "Result.Sentences[0]" in await o.page("/desk/drafts")

    office.run(work)


def test_without_a_secret_there_is_no_call_back(cases, engine, keys, advisor, tmp_path: Path) -> None:
    async def work(o: Office) -> None:
        answer = await o.client.post("/desk/api/v1/hotline/callback", data=json.dumps({}))
        assert answer.status == 404

    Office(cases, engine, keys, advisor, tmp_path, secret="").run(work)


def test_a_draft_that_is_dropped_is_not_offered_again(office: Office) -> None:
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("policy"), "?file=p.json&call_time=2026-02-25T08:50:00")
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        await o.client.post(told["draft"] + "/drop", data={"csrf": csrf(page)})
        assert o.store.find(False) == []
        assert len(o.store.find(False, "dropped")) == 1

    office.run(work)


def test_the_transcript_is_cut_where_the_evidence_ends() -> None:
    lines = transcript([("agent", "您好"), ("citizen", "我叫王二在东街")], {"name": [[5, 7]], "place": [[8, 10]]})
    assert [(p.text, p.fields, p.anchors) for p in lines[1][1]] == [
        ("我叫", (), ()), ("王二", ("name",), ("e-name-0",)), ("在", (), ()), ("东街", ("place",), ("e-place-0",)),
    ]  # fmt: skip
    assert "".join(p.text for _, pieces in lines for p in pieces) == "您好我叫王二在东街"
