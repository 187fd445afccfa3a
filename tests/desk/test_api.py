"""The interfaces for programs: the OpenAPI document, Open311, hostile input, reports."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from bot.desk import api
from bot.desk.service import AFTER_FILING
from bot.petition.documents import kinds
from bot.petition.fields import fields as field_table
from bot.petition.keys import AGENCIES, CATEGORIES, CHANNELS, PRIORS
from bot.petition.lifecycle import STATUS_NAMES
from bot.petition.roles import ROLES
from desk.office import BRIBE, LIFT, Office

STATIC = Path(api.__file__).parent / "static"


def test_the_document_describes_every_call_and_no_other(office: Office) -> None:
    served = set()
    for route in office.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(api.BASE) and route.method != "HEAD":
            served.add((route.method.lower(), re.sub(r":[^}]*}", "}", path.removeprefix(api.BASE))))
    told = {
        (method, path) for path, item in api.document()["paths"].items() for method in item if method != "parameters"
    }
    assert served == told


def test_the_documents_vocabularies_are_the_systems() -> None:
    schemas = api.document()["components"]["schemas"]
    for name, words in (
        ("Status", STATUS_NAMES),
        ("Channel", CHANNELS),
        ("Agency", AGENCIES),
        ("Role", ROLES),
        ("PaperKind", kinds()),
    ):
        assert set(schemas[name]["enum"]) == set(words), name
    assert set(schemas["Case"]["properties"]["category"]["enum"]) == set(CATEGORIES)
    assert set(schemas["Fields"]["properties"]["prior"]["items"]["enum"]) == set(PRIORS)
    assert set(schemas["Fields"]["properties"]) == set(field_table()) - AFTER_FILING | {
        "anonymous",
        "publicity",
        "prior",
        "reply_by",
        "on_behalf_of",
    }


def test_a_method_that_is_not_there_says_which_are(office: Office) -> None:
    async def work(o: Office) -> None:
        answer = await o.client.request("TRACE", "/desk/api/v1/cases")
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
        assert (await o.client.get("/desk/api/v1/openapi.json")).status == 200

    office.run(work)


@pytest.mark.parametrize(
    "fields",
    [
        {"narrative": "x", "name": {"a": 1}}, {"narrative": "x", "name": ["a"]}, {"narrative": "x", "people_count": "许多"},
        {"narrative": "x", "anonymous": "也许"}, {"narrative": "x", "prior": ["magic"]}, {"narrative": "x", "place": "长" * 501},
        {"narrative": " \n"}, {"narrative": "x", "amount": -1}, {"narrative": "x", "people_count": True}, {"narrative": "\x00\x01"},
    ],
)  # fmt: skip
def test_fields_that_fit_nothing_are_refused(office: Office, fields: dict) -> None:
    async def work(o: Office) -> None:
        assert (await o.call("clerk", "POST", "cases", source="来访", fields=fields))[0] == 400

    office.run(work)


def test_characters_that_nobody_types_are_dropped(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register("clerk", LIFT | {"narrative": "电梯\x00坏了\ud800，\x1b没人修"})
        told = await o.must("clerk", "GET", f"cases/{number}")
        assert told["fields"]["narrative"] == "电梯坏了，没人修"

    office.run(work)


def test_a_text_counts_as_it_was_sent(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register()
        for fields in (LIFT | {"on_behalf_of": "\x01" + "母" * 500}, LIFT | {"narrative": "\x00" + "电" * 5000}):
            assert (await o.call("clerk", "POST", "cases", source="来访", fields=fields))[0] == 400
        long = "\x01" + "词" * 200
        assert (await o.call("clerk", "GET", f"cases?text={quote(long)}"))[0] == 400
        assert (await o.call("clerk", "GET", f"cases/{number}?reason={quote(long)}"))[0] == 400
        note = {"event": "补充材料", "note": "\x01" + "字" * 2000}
        assert (await o.call("clerk", "POST", f"cases/{number}/events", **note))[0] == 400

    office.run(work)


def test_a_first_password_opens_nothing_but_its_own_change(office: Office) -> None:
    async def work(o: Office) -> None:
        first = o.staff.add("new", "clerk", "", o.day.time)
        signed = await o.client.post("/desk/api/v1/login", json={"name": "new", "password": first})
        assert (await signed.json())["must_change"] is True
        assert (await o.client.get("/desk/api/v1/cases")).status == 403
        wrong = await o.client.post("/desk/api/v1/login", json={"name": "new", "password": "x"})
        assert wrong.status == 401

    office.run(work)


# -- Open311 ------------------------------------------------------------------------------------------------------------


def test_open_data_holds_what_was_agreed_to_and_nothing_of_anybody(office: Office) -> None:
    async def work(o: Office) -> None:
        shown = await o.register("clerk", LIFT | {"publicity": "是"})
        hidden = await o.register("clerk", LIFT)
        secret = await o.register("clerk", BRIBE | {"publicity": "是"})
        answer = await o.client.get("/open311/v2/requests.json")
        rows = await answer.json()
        assert [r["service_request_id"] for r in rows] == [shown]
        assert set(rows[0]) == {
            "service_request_id", "status", "status_notes", "service_name", "service_code", "agency_responsible", "requested_datetime",
            "expected_datetime",
        }  # fmt: skip
        assert (rows[0]["status"], rows[0]["expected_datetime"]) == ("open", "2026-12-08T00:00:00+08:00")
        text = str(rows)
        assert not any(v in text for v in LIFT.values())
        for number, status in ((shown, 200), (hidden, 404), (secret, 404)):
            assert (await o.client.get(f"/open311/v2/requests/{number}.json")).status == status
        xml = ET.fromstring(await (await o.client.get(f"/open311/v2/requests/{shown}.xml")).text())
        assert xml.tag == "service_requests"
        assert xml.findtext("request/service_request_id") == shown
        services = await (await o.client.get("/open311/v2/services.json")).json()
        assert {s["service_code"] for s in services} == set(CHANNELS) - {"accusation", "emergency", "none"}
        for query in ("status=x", "service_code=accusation", "start_date=soon"):
            assert (await o.client.get(f"/open311/v2/requests.json?{query}")).status == 400
        assert (await o.client.post("/open311/v2/requests.json")).status == 405
        o.cases.withdraw(shown, "解决了", o.day.time, o.day.date)
        closed = await (await o.client.get("/open311/v2/requests.json?status=closed")).json()
        assert [r["status"] for r in closed] == ["closed"]
        o.day.pass_days(100)
        assert await (await o.client.get("/open311/v2/requests.json")).json() == []  # ninety days unless asked

    office.run(work)


# -- reports ------------------------------------------------------------------------------------------------------------


def tell_of_lifts(office: Office, people: int, start: int = 0, estate: str = "阳光花园") -> None:
    from bot.petition.roles import Staff

    for i in range(start, start + people):
        fields = LIFT | {"place": f"云溪市青石区{estate}", "phone": f"1380000{i:04d}", "name": "王秀英"}
        fields["narrative"] = f"{estate}{i % 7 + 1}号楼的电梯坏了好久，物业一直不修，老人下不了楼"
        office.desk.register(Staff("小周", "clerk"), "来电", fields)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("query", ["end_date=0001-01-01", "start_date=0001-01-01", "end_date=9999-99-99", "end_date=x"])
def test_a_date_that_cannot_be_is_told_in_words(office: Office, form: str, query: str) -> None:
    async def work(o: Office) -> None:
        answer = await o.client.get(f"/open311/v2/requests.{form}?{query}")
        assert answer.status == 400
        assert "写得不对" in await answer.text()

    office.run(work)


def test_a_hot_topic_needs_five_people_and_names_nobody(office: Office) -> None:
    from bot.petition.report import weekly

    tell_of_lifts(office, 4)
    tell_of_lifts(office, 3)  # the same people again
    assert weekly(office.stores.figures, office.day.date)["topics"] == []
    office.day.pass_days(7)
    tell_of_lifts(office, 6, start=100)
    topics = weekly(office.stores.figures, office.day.date)["topics"]
    assert [(t["count"], t["people"], t["before"]) for t in topics] == [(6, 6, 7)]
    assert "电梯" in topics[0]["words"]
    assert "王秀英" not in str(topics)


def test_repeats_punctuality_and_ratings_are_counted(office: Office) -> None:
    async def work(o: Office) -> None:
        numbers = []
        for i in range(5):
            number = await o.register("clerk", LIFT | {"phone": f"1390000{i:04d}"})
            numbers.append(number)
        o.day.pass_days(2)
        for i, number in enumerate(numbers):
            await o.must("clerk", "POST", f"cases/{number}/transitions", to="dispatched", kind="转送", agency="住建")
            await o.must(
                "clerk",
                "POST",
                f"cases/{number}/requests",
                request="rate",
                rating="满意" if i else "不满意",
                note="嗯",
                whom="department",
            )
        await o.register("clerk", LIFT | {"phone": "13900000001"})
        report = await o.must("boss", "GET", "reports/weekly")
        assert report["registered"] == 6
        assert report["repeats"] == 1
        assert report["steps_on_time"] == {"dispatched": {"done": 5, "on_time": 1.0}}
        assert report["ratings"] == {"department": {"满意": 4, "基本满意": 0, "不满意": 1}}
        assert sum(report["by_day"].values()) == 6
        o.day.pass_days(20)
        late = await o.must("boss", "GET", "reports/weekly")
        assert late["overdue_all"] == 6
        answer = await o.client.get(
            "/desk/api/v1/reports/weekly?format=csv", headers={"Authorization": f"Bearer {o.tokens['boss']}"}
        )
        assert "overdue_all,,6" in await answer.text()

    office.run(work)


def test_a_report_says_nothing_of_accusations(office: Office) -> None:
    async def work(o: Office) -> None:
        for _ in range(5):
            await o.register()
        before = await o.must("root", "GET", "reports/weekly")
        number = await o.register("disc", BRIBE)
        await o.must("disc", "POST", f"cases/{number}/transitions", to="notified")
        assert await o.must("root", "GET", "reports/weekly") == before
        o.day.pass_days(7)
        later = await o.must("root", "GET", "reports/weekly")
        assert later["registered_week_before"] == 5
        assert before["registered"] == sum(before["by_category"].values()) == sum(before["by_day"].values())

    office.run(work)


def test_small_groups_are_not_shown(office: Office) -> None:
    async def work(o: Office) -> None:
        for _ in range(4):
            await o.register()
        report = await o.must("boss", "GET", "reports/weekly")
        assert report["by_channel"] == {}
        assert report["ratings"] == {}

    office.run(work)


def test_charts_speak_and_the_page_needs_no_script(office: Office) -> None:
    from desk.test_desk import sign_in

    async def work(o: Office) -> None:
        tell_of_lifts(o, 6)
        await sign_in(o, "督查", "supervisor")
        page = await (await o.client.get("/desk/report")).text()
        assert 'role="img"' in page
        assert re.search(r'aria-label="单位：\S+ 6"', page)
        assert "style=" not in page  # the policy of the page forbids it
        assert "电梯" in page
        assert (await o.client.get("/desk/report.csv")).headers["Content-Type"].startswith("text/csv")

    office.run(work)


def test_a_chart_shows_text_as_text() -> None:
    from bot.desk import charts

    drawn = charts.bars({"<script>": 3, "乙": 1}, 'a"b')
    assert "<script>" not in drawn
    ET.fromstring(str(drawn))


def test_the_vendored_script_is_what_its_note_says() -> None:
    digest = hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (STATIC / "README.md").read_text(encoding="utf-8")


# -- older data ---------------------------------------------------------------------------------------------------------


def test_cases_from_before_the_index_are_found_after_reindexing(office: Office, engine) -> None:
    from sqlalchemy import text

    async def work(o: Office) -> None:
        number = await o.register("clerk", LIFT | {"publicity": "是"})
        await o.register("clerk", BRIBE)
        with engine.begin() as c:
            c.execute(text("DELETE FROM case_terms"))
            c.execute(text("UPDATE cases SET public = false"))
        assert (await o.must("clerk", "GET", "cases?text=电梯"))["cases"] == []
        assert o.cases.search.reindex(batch=1) == 1
        assert o.cases.search.reindex() == 0
        assert [c["case_no"] for c in (await o.must("clerk", "GET", "cases?text=电梯"))["cases"]] == [number]
        assert [v.case_no for v in o.cases.search.public(10, [], [], "", None, None)] == [number]

    office.run(work)


def test_an_older_database_is_brought_up_with_its_cases(url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text

    from bot.storage.open import MIGRATIONS, make_engine, upgrade

    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as c:
        config.attributes["connection"] = c
        command.upgrade(config, "0002")
        for i, status in enumerate(("registered", "handling", "replied", "closed")):
            c.execute(
                text(
                    "INSERT INTO cases (case_no, draft_id, code_hash, source, conversation_mac, channel, category, agency, status, urgent,"
                    " filed_on, due, version, content, advice) VALUES (:no, :no, 'x', 'web', 'x', 'petition', '申诉求决', '住建', :status,"
                    " false, '2026-11-01', '2026-11-10', 1, :blob, :blob)"
                ),
                {"no": f"26110100000{i}", "status": status, "blob": b"x"},
            )  # fmt: skip
    upgrade(url)
    with engine.begin() as c:
        owed = dict(c.execute(text("SELECT status, owed_by FROM cases")).all())
    engine.dispose()
    assert owed == {"registered": "office", "handling": "agency", "replied": "petitioner", "closed": ""}


def test_the_queue_says_nothing_late_that_is_the_petitioners(office: Office) -> None:
    async def work(o: Office) -> None:
        await o.replied()
        o.day.date += timedelta(days=40)
        assert (await o.must("boss", "GET", "cases?due=overdue"))["cases"] == []

    office.run(work)


def test_what_a_stranger_may_try_is_refused_in_words(office: Office) -> None:
    async def work(o: Office) -> None:
        api_base = "/desk/api/v1"
        foreign = {"Origin": "https://elsewhere.example"}
        login = await o.client.post(f"{api_base}/login", json={"name": "x", "password": "y"}, headers=foreign)
        assert login.status == 403
        packed = await o.client.post(f"{api_base}/login", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        assert packed.status == 415
        for odd in ("²", "0", "201", "١"):
            assert (await o.call("clerk", "GET", f"cases?limit={odd}"))[0] == 400

    office.run(work)
