"""The desk through its own HTTP, on both databases: roles, steps, secrecy, conflicts, sign-in, search."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

import pytest

from bot.desk import pages
from bot.storage.staff import StaffStore
from desk.office import BRIBE, LIFT, Office


def test_a_days_work_from_the_visitor_to_the_closed_case(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        for who, to, data in (
            ("clerk", "dispatched", {"kind": "交办", "agency": "住建"}),
            ("h住建", "notified", {}),
            ("h住建", "accepted", {}),
            ("h住建", "handling", {}),
            ("boss", "extended", {"notice": "要等鉴定"}),
            ("h住建", "replied", {"note": "已督促修好"}),
        ):
            status, told = await o.move(who, number, to, **data)
            assert (status, told["status"]) == (200, to), told
        assert (await o.move("clerk", number, "closed"))[0] == 409  # thirty days are the petitioner's
        o.day.pass_days(31)
        status, told = await o.move("clerk", number, "closed")
        assert (status, told["status"]) == (200, "closed")
        status, events = await o.call("clerk", "GET", f"cases/{number}/events")
        assert [e["to"] for e in events if e["to"]] == [
            "registered", "dispatched", "notified", "accepted", "handling", "extended", "replied", "closed",
        ]  # fmt: skip
        assert set(events[1]) == {"event", "from", "to", "at", "by", "note"}
        assert events[1]["by"] == "clerk"

    office.run(work)


def test_a_registration_gives_what_the_contract_says(office: Office) -> None:
    async def work(o: Office) -> None:
        status, told = await o.call("clerk", "POST", "cases", source="call", fields=LIFT)
        assert status == 201
        assert set(told) == {"case_no", "query_code", "filed_on", "next"}
        assert told["next"]["due"] == "2026-12-08"
        view = o.cases.progress(told["case_no"], told["query_code"], o.day.time, "somebody")
        assert view.status == "registered"

    office.run(work)


@pytest.mark.parametrize(
    ("who", "sees"), [("clerk", True), ("boss", True), ("h住建", True), ("h城管", False), ("disc", False)]
)
def test_who_sees_an_ordinary_case(office: Office, who: str, sees: bool) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        status, _ = await o.call(who, "GET", f"cases/{number}")
        assert status == (200 if sees else 404)
        _, listed = await o.call(who, "GET", "cases")
        assert bool([c for c in listed["cases"] if c["case_no"] == number]) is sees
        for path in ("events",):
            assert (await o.call(who, "GET", f"cases/{number}/{path}"))[0] == status
        if not sees:
            assert (await o.move(who, number, "notified"))[0] == 404

    office.run(work)


@pytest.mark.parametrize("who", ["aud", "root"])
def test_auditors_and_administrators_see_no_case(office: Office, who: str) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        assert (await o.call(who, "GET", "cases"))[0] == 403
        assert (await o.call(who, "GET", f"cases/{number}"))[0] == 404
        assert (await o.call(who, "POST", "cases", source="来访", fields=LIFT))[0] == 403

    office.run(work)


def test_an_accusation_is_the_discipline_roles_alone(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register("clerk", BRIBE)
        for who in ("clerk", "boss", "h住建", "aud", "root"):
            assert (await o.call(who, "GET", f"cases/{number}"))[0] == 404
            assert (await o.call(who, "GET", f"cases/{number}/events"))[0] == 404
            status, listed = await o.call(who, "GET", f"cases?text={number}")
            assert status == 403 or listed["cases"] == []
        _, listed = await o.call("boss", "GET", "cases?text=财政所")
        assert listed["cases"] == []
        _, report = await o.call("boss", "GET", "reports/weekly")
        assert "检举控告" not in str(report)
        status, told = await o.call("disc", "GET", f"cases/{number}")
        assert (status, told["category"]) == (200, "检举控告")
        # never to the accused unit, never to a business unit
        assert (await o.move("disc", number, "dispatched", kind="转送", agency="财政"))[0] == 403
        assert (await o.move("disc", number, "dispatched", kind="转送", agency="纪委监委"))[0] == 200

    office.run(work)


def test_nobody_works_a_matter_about_himself(office: Office) -> None:
    async def work(o: Office) -> None:
        o.tokens["王大力"] = o.staff.add("王大力", "clerk", "", o.day.time, token=True)
        number = await o.register("clerk", LIFT | {"respondent": "登记窗口的王大力"})
        status, told = await o.move("王大力", number, "notified")
        assert status == 403
        assert "回避" in told["error"]["message"]

    office.run(work)


def test_personal_fields_are_masked_until_a_reason_is_given_and_the_look_is_written_down(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        _, told = await o.call("clerk", "GET", f"cases/{number}")
        assert told["fields"]["phone"] == "138****1234"
        assert told["fields"]["name"] == "李**"
        assert told["fields"]["demand"] == LIFT["demand"]
        _, told = await o.call("clerk", "GET", f"cases/{number}?reason=联系信访人核实")
        assert told["fields"]["phone"] == LIFT["phone"]
        assert (await o.call("clerk", "GET", "log"))[0] == 403
        _, log = await o.call("aud", "GET", "log")
        assert [(e["by"], e["case_no"], e["reason"]) for e in log["entries"]] == [("clerk", number, "联系信访人核实")]

    office.run(work)


def test_an_ended_case_can_still_be_looked_at_and_nothing_else(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        assert (await o.move("clerk", number, "merged", note="同一件事"))[0] == 200
        status, told = await o.call("clerk", "GET", f"cases/{number}?reason=核对并案")
        assert status == 200
        assert told["fields"]["phone"] == LIFT["phone"]
        assert (await o.call("boss", "POST", f"cases/{number}/events", event="督办", note="快办"))[0] == 409

    office.run(work)


def test_what_the_state_machine_forbids_is_a_conflict_with_a_reason(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        for to, data in (("closed", {}), ("replied", {}), ("dispatched", {"agency": "住建"}), ("nonsense", {})):
            status, told = await o.move("clerk", number, to, **data)
            assert status == 409, (to, told)
            assert told["error"]["message"]
        assert (await o.move("clerk", number, "dispatched", kind="扔掉", agency="住建"))[0] == 400
        assert (await o.move("clerk", number, "dispatched", kind="转送", agency="火星"))[0] == 400

    office.run(work)


def test_the_second_of_two_at_once_is_told_and_nothing_is_overwritten(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        first = await o.move("clerk", number, "dispatched", kind="转送", agency="住建", version=1)
        second = await o.move("clerk", number, "notified", version=1)
        assert first[0] == 200
        assert second[0] == 409
        assert (await o.call("clerk", "GET", f"cases/{number}"))[1]["status"] == "dispatched"

    office.run(work)


def test_the_queue_filters_searches_and_pages(office: Office) -> None:
    async def work(o: Office) -> None:
        numbers = [await o.register() for _ in range(3)]
        other = await o.register(
            "clerk",
            LIFT
            | {
                "narrative": "村里的路坏了没人修，请修一修",
                "place": "云溪市白塔县李家村",
                "demand": "修路",
                "respondent": "",
            },
        )
        _, page = await o.call("clerk", "GET", "cases?limit=2")
        assert len(page["cases"]) == 2
        _, rest = await o.call("clerk", "GET", f"cases?limit=2&cursor={page['next_cursor']}")
        seen = [c["case_no"] for c in page["cases"] + rest["cases"]]
        assert sorted(seen) == sorted([*numbers, other])
        assert rest["next_cursor"] is None
        _, found = await o.call("clerk", "GET", "cases?text=李家村")
        assert [c["case_no"] for c in found["cases"]] == [other]
        _, found = await o.call("clerk", "GET", "cases?text=没有这个词组")
        assert found["cases"] == []
        _, found = await o.call("clerk", "GET", "cases?due=overdue")
        assert found["cases"] == []
        o.day.pass_days(16)
        _, found = await o.call("clerk", "GET", "cases?due=overdue&status=registered")
        assert len(found["cases"]) == 4
        for bad in ("status=x", "channel=x", "due=soon", "limit=0", "limit=x"):
            assert (await o.call("clerk", "GET", f"cases?{bad}"))[0] == 400

    office.run(work)


def test_words_are_not_readable_in_the_database(office: Office, engine) -> None:
    async def work(o: Office) -> None:
        await o.register()

    office.run(work)
    from sqlalchemy import text

    with engine.begin() as c:
        for table in ("cases", "events", "outbox", "case_terms", "staff", "access_log"):
            dump = str(c.execute(text(f"SELECT * FROM {table}")).all())
            for word in ("李春梅", "13800001234", "阳光花园", "电梯", *office.tokens.values()):
                assert word not in dump


def test_bad_bodies_and_strangers_get_plain_errors(office: Office) -> None:
    async def work(o: Office) -> None:
        assert (await o.call("", "GET", "cases"))[0] == 401
        o.tokens["bad"] = "nonsense"
        assert (await o.call("bad", "GET", "cases"))[0] == 401
        headers = {"Authorization": f"Bearer {o.tokens['clerk']}"}
        post = o.client.post
        for sent in ({"data": b"{"}, {"data": "x=1"}, {"json": []}, {"json": {"source": 1}}):
            answer = await post("/desk/api/v1/cases", headers=headers, **sent)
            assert answer.status == 400, sent
            assert (await answer.json())["error"]["message"]
        for fields in (
            {},
            {"narrative": ""},
            {"narrative": "x" * 5001},
            {"nonsense": "x", "narrative": "y"},
            {"narrative": {"a": 1}},
        ):
            assert (await o.call("clerk", "POST", "cases", source="来访", fields=fields))[0] == 400
        assert (await o.call("clerk", "POST", "cases", source="飞鸽", fields=LIFT))[0] == 400
        assert (await o.call("clerk", "GET", "cases/123"))[0] == 404
        assert (await o.client.get("/desk/api/v1/nowhere", headers=headers)).status == 404

    office.run(work)


def test_a_demonstration_office_is_worked_by_the_rules(cases, engine, keys, advisor) -> None:
    from bot.desk import simulate

    day = date(2026, 11, 23)
    assert simulate.fill(advisor, cases, day, 25, 3) == 25
    assert simulate.fill(advisor, cases, day, 25, 3) == 25  # the same again is the same cases
    views = cases.find(limit=200)
    assert len(views) == 25 + simulate.HOT_PEOPLE
    assert len({v.status for v in views}) > 3
    assert all(cases.is_demo(v.case_no) for v in views)
    assert all(
        cases.advice(v.case_no, "discipline" if v.category == "检举控告" else "clerk")["channels"] for v in views
    )
    staff = StaffStore(engine, keys)
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    assert len(simulate.accounts(staff, now)) == 6
    assert simulate.accounts(staff, now) == []


# -- the page -----------------------------------------------------------------------------------------------------------


async def sign_in(o: Office, name: str, role: str, agency: str = "") -> str:
    """Signs in with a password of one's own; returns the CSRF token."""
    first = o.staff.add(name, role, agency, o.day.time)
    o.staff.change_password(name, first, "a long password")
    answer = await o.client.post("/desk/login", data={"name": name, "password": "a long password"})
    assert answer.status == 200
    return re.search(r'name="csrf" value="([^"]+)"', await answer.text())[1]


def test_the_first_password_must_be_changed(office: Office) -> None:
    async def work(o: Office) -> None:
        first = o.staff.add("new", "clerk", "", o.day.time)
        answer = await o.client.post("/desk/login", data={"name": "new", "password": first})
        assert "改密码" in await answer.text()
        assert str(answer.url).endswith("/desk/password")

    office.run(work)


def test_a_clerk_works_a_case_on_the_page(office: Office) -> None:
    async def work(o: Office) -> None:
        csrf = await sign_in(o, "小周", "clerk")
        told = await o.client.post(
            "/desk/new",
            data={"csrf": csrf, "source": "来信", **LIFT, "narrative": LIFT["narrative"] + "<script>alert(1)</script>"},
        )
        text = await told.text()
        number = re.search(r"编号 <strong>(\d{12})</strong>", text)[1]
        page = await (await o.client.get(f"/desk/cases/{number}")).text()
        assert "<script>alert(1)</script>" not in page
        assert "13800001234" not in page
        assert "转送或交办" in page
        opened = await o.client.post(f"/desk/cases/{number}/look", data={"csrf": csrf, "reason": "打电话核实"})
        assert "13800001234" in await opened.text()
        moved = await o.client.post(
            f"/desk/cases/{number}/move",
            data={"csrf": csrf, "to": "dispatched", "kind": "转送", "agency": "住建", "version": "1"},
        )
        assert "已转送或交办" in await moved.text()

    office.run(work)


def test_a_form_without_the_sessions_token_does_nothing(office: Office) -> None:
    async def work(o: Office) -> None:
        await sign_in(o, "小周", "clerk")
        before = len(o.cases.find())
        answer = await o.client.post("/desk/new", data={"csrf": "x", "source": "来信", **LIFT})
        assert answer.status == 403
        assert len(o.cases.find()) == before
        answer = await o.client.post(
            "/desk/login", data={"name": "小周", "password": "x"}, headers={"Origin": "https://elsewhere.example"}
        )
        assert answer.status == 403

    office.run(work)


def test_guessing_a_password_rests_the_account_and_sessions_end(office: Office) -> None:
    async def work(o: Office) -> None:
        await sign_in(o, "小周", "clerk")
        assert "信访件" in await (await o.client.get("/desk/")).text()
        o.day.time += timedelta(minutes=31)
        assert str((await o.client.get("/desk/")).url).endswith("/desk/login")
        for _ in range(5):
            assert (await o.client.post("/desk/login", data={"name": "小周", "password": "wrong"})).status == 401
        answer = await o.client.post("/desk/login", data={"name": "小周", "password": "a long password"})
        assert answer.status == 429
        o.day.time += timedelta(minutes=16)
        answer = await o.client.post("/desk/login", data={"name": "小周", "password": "a long password"})
        assert answer.status == 200
        wrong = await (await o.client.post("/desk/login", data={"name": "nobody", "password": "x"})).text()
        assert "用户名或者密码不对" in wrong

    office.run(work)


def test_the_same_matter_told_twice_is_offered_for_merging(office: Office) -> None:
    async def work(o: Office) -> None:
        first = await o.register()
        second = await o.register(
            "clerk", LIFT | {"name": "张三", "narrative": "阳光花园三号楼的电梯坏了快两个月，物业不修，请管管"}
        )
        csrf = await sign_in(o, "小周", "clerk")
        page = await (await o.client.get(f"/desk/cases/{second}")).text()
        assert "可能是同一件事" in page
        assert first in page
        await o.client.post(f"/desk/cases/{second}/move", data={"csrf": csrf, "to": "merged", "note": first})
        assert o.cases.get(second).status == "merged"

    office.run(work)


@pytest.mark.parametrize(
    ("role", "agency", "path", "words"),
    [
        ("auditor", "", "/desk/", "谁看过个人信息"), ("admin", "", "/desk/", "新建用户"), ("supervisor", "", "/desk/report", "周报"),
        ("handler", "住建", "/desk/", "信访件"), ("discipline", "", "/desk/", "信访件"),
    ],
)  # fmt: skip
def test_every_role_has_its_page(office: Office, role: str, agency: str, path: str, words: str) -> None:
    async def work(o: Office) -> None:
        await sign_in(o, "某人", role, agency)
        answer = await o.client.get(path)
        assert answer.status == 200
        assert words in await answer.text()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")

    office.run(work)


def test_an_administrator_opens_no_door_to_accusations(office: Office) -> None:
    async def work(o: Office) -> None:
        csrf = await sign_in(o, "管家", "admin")
        before = o.staff.all()
        for do, name, role in (
            ("add", "内应", "discipline"), ("add", "内应", "auditor"), ("disable", "disc", ""), ("enable", "aud", ""),
        ):  # fmt: skip
            sent = {"csrf": csrf, "do": do, "name": name, "role": role, "agency": ""}
            assert "不在这里管" in await (await o.client.post("/desk/users", data=sent)).text()
        assert o.staff.all() == before
        log = (await o.must("aud", "GET", "log"))["entries"]
        assert [(e["by"], e["what"], e["reason"]) for e in log] == [
            ("管家", "被拒：启用用户", "aud auditor"), ("管家", "被拒：停用用户", "disc discipline"),
            ("管家", "被拒：新建用户", "内应 auditor"), ("管家", "被拒：新建用户", "内应 discipline"),
        ]  # fmt: skip

    office.run(work)


def test_every_opening_of_an_accusation_is_in_the_log(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register("disc", BRIBE)
        ordinary = await o.register()
        await o.must("disc", "GET", f"cases/{number}")
        await o.must("disc", "GET", f"cases/{number}/events")
        await o.must("disc", "GET", f"cases/{number}?reason=核实")
        await o.must("clerk", "GET", f"cases/{ordinary}")
        csrf = await sign_in(o, "纪专办", "discipline")
        assert csrf and "回扣" in await (await o.client.get(f"/desk/cases/{number}")).text()
        log = (await o.must("aud", "GET", "log"))["entries"]
        assert [(e["by"], e["what"], e["case_no"]) for e in reversed(log)] == [
            ("disc", "打开检举控告", number), ("disc", "打开检举控告", number), ("disc", "查看个人信息", number), ("纪专办", "打开检举控告", number),
        ]  # fmt: skip
        assert "回扣" not in str(log)

    office.run(work)


def test_a_broken_form_is_told_in_words(office: Office) -> None:
    async def work(o: Office) -> None:
        for kind, body in (
            ("multipart/form-data; boundary=x", b"--x\r\nbroken"), ("multipart/form-data", b"--x\r\n\r\n"), ("multipart/form-data; boundary=x", b""),
            ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
            ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\nContent-Transfer-Encoding: odd\r\n\r\na\r\n--x--\r\n'),
            ("application/x-www-form-urlencoded; charset=odd", b"name=a"), ("application/x-www-form-urlencoded; charset=utf-8", b"name=\xff"),
        ):  # fmt: skip
            answer = await o.client.post("/desk/login", data=body, headers={"Content-Type": kind})
            text = await answer.text()
            assert answer.status == 400, (kind, body, answer.status)
            assert "表单不完整" in text

    office.run(work)


def test_an_administrator_opens_and_closes_accounts(office: Office) -> None:
    async def work(o: Office) -> None:
        csrf = await sign_in(o, "管家", "admin")
        page = await o.client.post(
            "/desk/users", data={"csrf": csrf, "do": "add", "name": "新人", "role": "clerk", "agency": ""}
        )
        secret = re.search(r"<code>([^<]+)</code>", await page.text())[1]
        assert o.staff.sign_in("新人", secret, o.day.time)[1].must_change
        await o.client.post("/desk/users", data={"csrf": csrf, "do": "disable", "name": "新人"})
        answer = await o.client.post("/desk/login", data={"name": "新人", "password": secret})
        assert answer.status == 401

    office.run(work)


def test_the_log_goes_back_page_by_page_and_tells_local_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LOOKS", 2)

    async def work(o: Office) -> None:
        number = await o.register()
        for reason in ("第一次", "第二次", "第三次"):
            o.staff.log("小周", "查看个人信息", number, reason, o.day.time)
        await sign_in(o, "审计甲", "auditor")
        first = await (await o.client.get("/desk/log")).text()
        assert "第三次" in first and "第二次" in first and "第一次" not in first
        assert "2026-11-23 10:00" in first  # 02:00 UTC
        (older,) = re.findall(r'href="(/desk/log\?before=\d+)"', first)
        second = await (await o.client.get(older)).text()
        assert "第一次" in second and "第二次" not in second and "更早的" not in second
        assert (await o.client.get("/desk/log?before=x")).status == 400

    office.run(work)


def test_an_administrator_is_offered_only_what_he_may_do(office: Office) -> None:
    async def work(o: Office) -> None:
        await sign_in(o, "管家", "admin")
        text = await (await o.client.get("/desk/users")).text()
        assert re.findall(r'<option value="(\w+)">', text) == ["clerk", "handler", "supervisor", "admin"]
        switched = re.findall(r'name="name" value="([^"]+)"><button', text)
        assert "clerk" in switched
        assert not {"disc", "aud", "管家"} & set(switched)

    office.run(work)
