"""The statutory life of a case at the desk: clocks, reminders, notices, papers, merging, splitting, joint work, review."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import date, timedelta

import pytest
from docx import Document
from sqlalchemy import select

from bot.petition.progress import progress_object
from bot.storage.crypto import key_of
from bot.storage.models import documents
from desk.office import BRIBE, LIFT, Office

REVIEW = {
    "request": "撤销处理意见",
    "facts": "经查属实",
    "opinion": "原意见正确",
    "basis_text": "物业管理条例",
    "conclusion": "维持原处理意见",
}


def notices(o: Office, number: str) -> list[str]:
    return [text for _, text in o.stores.notices.of_case(number)]


def test_reminders_come_before_and_after_a_date_and_go_when_the_step_is_taken(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, "notified", "accepted")  # answer by 2027-01-22
        assert o.stores.notices.remind(o.day.time, o.day.date) == 0
        o.day.pass_days(57)
        assert o.stores.notices.remind(o.day.time, o.day.date) == 1
        assert o.stores.notices.remind(o.day.time, o.day.date) == 0  # each once
        for who, sees in (("h住建", 1), ("boss", 1), ("h城管", 0), ("clerk", 0), ("disc", 0)):
            told = await o.must(who, "GET", "reminders")
            assert len(told["reminders"]) == sees, who
        o.day.pass_days(4)
        assert o.stores.notices.remind(o.day.time, o.day.date) == 1
        told = (await o.must("boss", "GET", "reminders"))["reminders"]
        assert [(r["case_no"], r["days_late"], r["kind"]) for r in told] == [(number, 1, "late0")]
        o.day.pass_days(7)
        assert o.stores.notices.remind(o.day.time, o.day.date) == 1
        events = await o.must("boss", "GET", f"cases/{number}/events")
        assert [e["note"] for e in events if e["event"] == "提醒"] == [
            "离最晚日期 2027-01-22 还有 3 天", "最晚日期是 2027-01-22，已经超过 1 天", "最晚日期是 2027-01-22，已经超过 8 天",
        ]  # fmt: skip
        await o.walk(number, "handling", "replied")
        assert (await o.must("boss", "GET", "reminders"))["reminders"] == []

    office.run(work)


def test_the_clerk_is_reminded_to_dispatch_and_the_petitioner_of_a_right_that_lapses(office: Office) -> None:
    async def work(o: Office) -> None:
        waiting, answered = await o.register(), await o.replied()
        o.day.pass_days(13)
        assert o.stores.notices.remind(o.day.time, o.day.date) == 1
        assert [r["case_no"] for r in (await o.must("clerk", "GET", "reminders"))["reminders"]] == [waiting]
        assert (await o.must("h住建", "GET", "reminders"))["reminders"] == []
        o.day.pass_days(13)
        o.stores.notices.remind(o.day.time, o.day.date)
        assert any("还有 4 天" in text and "复查" in text for text in notices(o, answered))
        _, listed = await o.call("boss", "GET", "cases?due=overdue")
        assert [c["case_no"] for c in listed["cases"]] == [waiting]  # what the petitioner may do is never overdue

    office.run(work)


def test_every_step_is_told_through_the_conversation_that_filed(office: Office, chat) -> None:
    from filings import filing

    o = office
    number = o.cases.file(filing(conversation="c-web"), o.day.time, o.day.date).case_no
    secret = o.cases.file(
        filing("s" * 32, conversation="c-secret", category="检举控告", channel="accusation", agency="纪委监委"),
        o.day.time,
        o.day.date,
    ).case_no
    o.cases.transition(number, "dispatched", "李", "clerk", {"kind": "转送", "agency": "城管"}, o.day.time, o.day.date)
    o.cases.transition(
        secret, "dispatched", "纪", "discipline", {"kind": "转送", "agency": "纪委监委"}, o.day.time, o.day.date
    )
    told = o.stores.notices.of_conversation("c-web", o.day.time, unseen=True)
    assert [m["custom"]["kind"] for m in told] == ["notice"]
    assert told[0]["custom"]["status"] == "dispatched"
    assert told[0]["custom"]["next"]["due"] == "2026-12-08"
    assert "已转送或交办" in told[0]["text"]
    assert o.stores.notices.of_conversation("c-web", o.day.time, unseen=True) == []
    assert len(o.stores.notices.of_conversation("c-web", o.day.time)) == 1
    assert o.stores.notices.of_conversation("another", o.day.time) == []
    hidden = o.stores.notices.of_conversation("c-secret", o.day.time)[0]["text"]
    assert hidden == f"编号 {secret} 有新进展，请用编号和查询码查询。"


def test_papers_are_previewed_numbered_archived_and_told(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        assert (await o.paper("clerk", number, "assignment", feedback_by="2027-01-10"))[0] == 409  # 转送, not 交办
        assert (await o.paper("h住建", number, "transfer"))[0] == 409
        status, shown = await o.call("clerk", "POST", f"cases/{number}/documents", kind="transfer", preview=True)
        assert (status, shown["number"]) == (200, "")
        assert "2026年12月8日" in "".join(shown["lines"])  # 15 days to tell
        assert "2026年11月30日" in "".join(shown["lines"])  # 5 working days to object
        assert (await o.must("clerk", "GET", f"cases/{number}/documents"))["issued"] == []
        status, first = await o.paper("clerk", number, "transfer")
        assert (status, first["number"]) == (201, "信访转字〔2026〕1号")
        assert (await o.paper("clerk", number, "transfer"))[1]["number"] == "信访转字〔2026〕2号"
        await o.walk(number, "notified", "accepted")
        status, paper = await o.paper("h住建", number, "acceptance")
        assert status == 201
        assert "2027年1月22日" in "".join(paper["lines"])  # 60 days from acceptance
        assert paper["basis"] == ["信访工作条例 31", "信访工作条例 34"]
        assert paper["addressee"] == "李春梅"
        issued = (await o.must("h住建", "GET", f"cases/{number}/documents"))["issued"]
        answer = await o.client.get(
            f"/desk/api/v1/cases/{number}/documents/{paper['id']}",
            headers={"Authorization": f"Bearer {o.tokens['h住建']}"},
        )
        file = await answer.read()
        assert hashlib.sha256(file).hexdigest() == issued[-1]["sha256"] == answer.headers["X-Content-SHA256"]
        text = "\n".join(p.text for p in Document(io.BytesIO(file)).paragraphs)
        for words in (
            "信访事项受理告知书",
            paper["number"],
            "李春梅",
            "《信访工作条例》第31条、第34条",
            "2027年1月22日",
        ):
            assert words in text
        assert any("受理告知书" in t for t in notices(o, number))
        # every paper names a person, so each was a look that the auditor sees
        log = (await o.must("aud", "GET", "log"))["entries"]
        assert {"出具信访事项转送单", "出具信访事项受理告知书"} <= {e["reason"] for e in log}
        assert (await o.call("h城管", "GET", f"cases/{number}/documents"))[0] == 404

    office.run(work)


@pytest.mark.parametrize(
    ("steps", "kind", "told", "words"),
    [
        (("notified",), "told_way", {"way": "由我局按物业管理条例办理"}, "处理途径和程序：由我局"),
        (("notified",), "refusal", {}, ""),
        (("notified", "guided"), "outcome", {"facts": "属实", "opinion": "责令改正", "basis_text": "物业管理条例"}, "2027年1月22日"),
        (("notified", "accepted", "handling"), "opinion", {"facts": "属实", "opinion": "督促维修", "basis_text": "物业管理条例", "conclusion": "予以支持"}, "2026年12月23日"),
    ],
)  # fmt: skip
def test_a_paper_says_the_way_out_that_belongs_to_it(office: Office, steps, kind, told, words) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, *steps)
        status, paper = await o.paper("h住建", number, kind, **told)
        if not words:
            assert status == 409
            return
        assert status == 201, paper
        text = "".join(paper["lines"])
        assert words in text
        assert ("复查" in text) is (kind == "opinion")  # 31(5) goes to 复议 and court, never to 复查
        assert ("行政复议" in text) is (kind == "outcome")
        assert (await o.paper("h住建", number, kind))[0] == (201 if not told else 409)

    office.run(work)


def test_what_somebody_typed_is_text_in_a_paper(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, "notified")
        _, paper = await o.paper("h住建", number, "told_way", way="{name}<script>\x0balert(1)</script>")
        assert "处理途径和程序：{name}<script>alert(1)</script>" in paper["lines"]

    office.run(work)


def test_the_extension_is_approved_told_and_counted(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, "notified", "accepted", "handling")
        await o.must("h住建", "POST", f"cases/{number}/events", event="申请延期", note="要等鉴定")
        for name in ("", "h住建", "boss"):  # nobody approved, whatever name the handler writes
            assert (await o.move("h住建", number, "extended", notice="要等鉴定", approved_by=name))[0] == 409
        status, told = await o.move("boss", number, "extended", notice="要等鉴定", approved_by="张局")
        assert (status, told["due"]) == (200, "2027-02-21")
        _, paper = await o.paper("h住建", number, "extension", reason="要等鉴定", approved_by="张局")
        assert "2027年2月21日" in "".join(paper["lines"])
        assert "负责人boss批准" in "".join(paper["lines"])

    office.run(work)


def test_an_extension_is_approved_by_the_supervisor_before_the_handler_takes_it(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, "notified", "accepted", "handling")
        path = f"cases/{number}/events"
        approval = {"event": "批准延期", "note": "同意，情况复杂"}
        assert (await o.call("boss", "POST", path, **approval))[0] == 409  # nobody has asked
        await o.must("h住建", "POST", path, event="申请延期", note="要等鉴定")
        for who in ("h住建", "clerk"):
            assert (await o.call(who, "POST", path, **approval))[0] == 403
        await o.must("boss", "POST", path, **approval)
        assert (await o.call("boss", "POST", path, **approval))[0] == 409  # once is enough
        status, told = await o.move("h住建", number, "extended", notice="要等鉴定", approved_by="张局")
        assert (status, told["due"]) == (200, "2027-02-21")
        assert o.cases.get(number).events[-1].data["approved_by"] == "boss"

    office.run(work)


def test_review_is_decided_by_others_in_thirty_days_and_its_own_thirty_run_from_receipt(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.replied()
        await o.must("clerk", "POST", f"cases/{number}/requests", request="review", note="没有修，事实不对")
        case = await o.must("clerk", "GET", f"cases/{number}")
        assert (case["status"], case["agency"], case["due"]) == ("review", "信访局", "2026-12-23")
        assert (await o.call("h住建", "GET", f"cases/{number}"))[0] == 404
        status, told = await o.call("clerk", "POST", f"cases/{number}/reassign", agency="住建", reason="原单位再看看")
        assert status == 403
        assert (await o.move("h信访", number, "closed"))[0] == 409  # no opinion yet
        assert (await o.call("clerk", "POST", f"cases/{number}/requests", request="review", note="太慢了"))[0] == 409
        status, paper = await o.paper("h信访", number, "review_opinion", **REVIEW)
        assert status == 201, paper
        o.day.pass_days(10)
        await o.must("clerk", "POST", f"cases/{number}/events", event="送达", note="", on=o.day.date.isoformat())
        case = await o.must("clerk", "GET", f"cases/{number}")
        assert case["due"] == (o.day.date + timedelta(days=30)).isoformat()
        o.day.pass_days(29)
        assert (await o.move("clerk", number, "closed"))[0] == 409  # the petitioner still may
        await o.must("clerk", "POST", f"cases/{number}/requests", request="review", note="复查也不对")
        case = await o.must("clerk", "GET", f"cases/{number}")
        assert case["status"] == "final_review"
        # who decided the review does not decide the final one
        final = {**REVIEW, "conclusion": "维持复查意见"}
        assert (await o.paper("h信访", number, "final_opinion", **final))[0] == 403
        o.tokens["h信访二"] = o.staff.add("h信访二", "handler", "信访局", o.day.time, token=True)
        await o.must("h信访二", "POST", f"cases/{number}/events", event="听证", note="", days=7)
        again = await o.must("clerk", "GET", f"cases/{number}")
        assert date.fromisoformat(again["due"]) == date.fromisoformat(case["due"]) + timedelta(days=7)
        assert (await o.paper("h信访二", number, "final_opinion", **final))[0] == 201
        status, told = await o.move("clerk", number, "closed")
        assert (status, told["status"]) == (200, "closed")

    office.run(work)


def test_a_review_comes_too_late_after_thirty_days(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.replied()
        o.day.pass_days(31)
        status, told = await o.call("clerk", "POST", f"cases/{number}/requests", request="review", note="不服，没有修")
        assert status == 409
        assert "30 日" in told["error"]["message"]

    office.run(work)


def test_merging_on_one_click_keeps_both_petitioners_informed(office: Office) -> None:
    async def work(o: Office) -> None:
        told = await o.must("clerk", "POST", "cases", source="来访", fields=LIFT)
        again = await o.must(
            "clerk", "POST", "cases", source="来电", fields=LIFT | {"name": "张三", "phone": "13800005678"}
        )
        main, second = told["case_no"], again["case_no"]
        near = (await o.must("clerk", "GET", f"cases/{second}/similar"))["cases"]
        assert [c["case_no"] for c in near] == [main]
        assert (await o.move("clerk", second, "merged", into=second))[0] == 409
        assert (await o.move("clerk", second, "merged", into=main))[0] == 200
        seen = progress_object(o.cases.progress(second, again["query_code"], o.day.time, "somebody"), o.day.date)
        assert (seen["status"], seen["next"]["due"]) == ("registered", "2026-12-08")
        assert "同另一件同样的事合在一起办" in [n["note"] for n in seen["nodes"]]
        await o.must("clerk", "POST", f"cases/{main}/transitions", to="dispatched", kind="转送", agency="住建")
        await o.walk(main, "notified", "accepted", "handling")
        seen = o.cases.progress(second, again["query_code"], o.day.time, "somebody")
        assert seen.status == "handling"
        assert any("正在办理" in text and second in text for text in notices(o, second))
        assert main not in " ".join(notices(o, second))
        o.cases.urge(second, "请快一点", o.day.time, o.day.date)
        await o.walk(main, "replied")
        assert o.cases.rate(second, "满意", "修好了", o.day.time, o.day.date) == "unit"
        assert [e.event for e in o.cases.get(main).events].count("催办") == 1
        assert (await o.move("clerk", main, "merged", into=second))[0] == 409

    office.run(work)


def test_a_mixed_matter_is_split_and_the_accusation_goes_apart(office: Office, engine) -> None:
    async def work(o: Office) -> None:
        mixed = LIFT | {
            "narrative": "我们局长收工程老板的回扣。他还扣了我三个月的工资两万七千元，请一起解决",
            "demand": "查处局长，补发工资",
        }
        told = await o.must("clerk", "POST", "cases", source="来信", fields=mixed)
        number, code = told["case_no"], told["query_code"]
        was = o.cases.get(number).category
        part = {"narrative": "单位拖欠我三个月的工资两万七千元", "demand": "补发工资"}
        who = "clerk" if was != "检举控告" else "disc"
        new = await o.must(who, "POST", f"cases/{number}/split", fields=part, secret=True)
        assert (await o.call("clerk", "GET", f"cases/{number}"))[0] == 404
        assert (await o.must("disc", "GET", f"cases/{number}"))["category"] == "检举控告"
        ordinary = await o.must("clerk", "GET", f"cases/{new['case_no']}?reason=核对")
        assert ordinary["fields"]["name"] == "李春梅"
        assert "局长" not in str(ordinary)
        assert number not in str(await o.must("clerk", "GET", f"cases/{new['case_no']}/events"))
        # the teller finds the part with the code that was given for the whole
        assert o.cases.progress(new["case_no"], code, o.day.time, "somebody") is not None
        assert (await o.must("clerk", "GET", "cases?text=回扣"))["cases"] == []
        assert new["filed_on"] == told["filed_on"]

    office.run(work)
    from sqlalchemy import text

    with engine.begin() as c:
        waiting = c.execute(text("SELECT count(*) FROM outbox o JOIN cases k ON k.case_no = o.case_no WHERE k.category = '检举控告' AND o.topic IN ('filed', 'moved') AND NOT o.dead")).scalar_one()  # fmt: skip
    assert waiting == 0


def test_the_papers_of_a_case_go_over_to_the_accusations_with_it(office: Office, engine, keys) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        status, paper = await o.paper("clerk", number, "told_where")
        assert status == 201, paper
        part = {"narrative": "单位拖欠我三个月的工资两万七千元", "demand": "补发工资"}
        await o.must("clerk", "POST", f"cases/{number}/split", fields=part, secret=True)
        o.stores.documents.get(number, paper["id"], "检举控告")
        with engine.begin() as c:
            sealed = c.execute(select(documents.c.content, documents.c.file)).one()
        assert {key_of(bytes(v)) for v in sealed} == {keys.current("accusation")}

    office.run(work)


def test_an_accusation_cannot_be_split_into_another(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register("clerk", BRIBE)
        part = {"narrative": BRIBE["narrative"]}
        assert (await o.call("disc", "POST", f"cases/{number}/split", fields=part, secret=True))[0] == 409

    office.run(work)


def test_joint_agencies_see_the_case_answer_and_do_not_lead(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        await o.walk(number, "notified", "accepted", "handling")
        assert (await o.call("h城管", "GET", f"cases/{number}"))[0] == 404
        asked = await o.must(
            "h住建",
            "POST",
            f"cases/{number}/events",
            event="协商会办",
            note="楼道违建一并处理",
            agencies=["城管"],
            due="2026-12-10",
        )
        case = await o.must("h城管", "GET", f"cases/{number}")
        assert case["joint"] == ["城管"]
        assert case["waiting"] == [
            {
                "id": asked["id"],
                "event": "协商会办",
                "note": "楼道违建一并处理",
                "due": "2026-12-10",
                "agencies": ["城管"],
            }
        ]
        assert [c["case_no"] for c in (await o.must("h城管", "GET", "cases"))["cases"]] == [number]
        assert (await o.move("h城管", number, "replied"))[0] == 403
        assert (
            await o.call("h住建", "POST", f"cases/{number}/events", event="会办意见", note="x", answers=asked["id"])
        )[0] == 403
        await o.must("h城管", "POST", f"cases/{number}/events", event="会办意见", note="违建已拆", answers=asked["id"])
        assert (await o.must("h住建", "GET", f"cases/{number}"))["waiting"] == []
        assert (
            await o.call("h城管", "POST", f"cases/{number}/events", event="会办意见", note="x", answers=asked["id"])
        )[0] == 409

    office.run(work)


def test_supervision_and_urging_wait_for_answers_and_the_petitioner_sees_his(office: Office) -> None:
    async def work(o: Office) -> None:
        told = await o.must("clerk", "POST", "cases", source="来访", fields=LIFT)
        number = told["case_no"]
        await o.must("clerk", "POST", f"cases/{number}/transitions", to="dispatched", kind="交办", agency="住建")
        one = await o.must("boss", "POST", f"cases/{number}/events", event="督办", note="请限期修复", due="2026-12-01")
        o.cases.urge(number, "怎么还没修", o.day.time, o.day.date)
        waiting = (await o.must("h住建", "GET", f"cases/{number}"))["waiting"]
        assert [w["event"] for w in waiting] == ["督办", "催办"]
        assert (await o.call("boss", "POST", f"cases/{number}/events", event="督办回复", note="x", answers=one["id"]))[
            0
        ] == 403
        await o.must(
            "h住建", "POST", f"cases/{number}/events", event="督办回复", note="内部：物业拖延", answers=one["id"]
        )
        await o.must(
            "h住建", "POST", f"cases/{number}/events", event="催办回复", note="配件周五到", answers=waiting[1]["id"]
        )
        seen = progress_object(o.cases.progress(number, told["query_code"], o.day.time, "me"), o.day.date)
        words = [n["note"] for n in seen["nodes"]]
        assert "承办单位答复催办：配件周五到" in words
        assert not any("物业拖延" in w for w in words)
        assert {n["status"] for n in seen["nodes"]} <= {"registered", "dispatched"}

    office.run(work)


def test_ratings_are_for_unit_and_department_and_change_once(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        rate = lambda **k: o.call("clerk", "POST", f"cases/{number}/requests", request="rate", **k)  # noqa: E731
        assert (await rate(rating="满意", whom="unit"))[0] == 409  # not answered yet
        assert (await rate(rating="满意", whom="department"))[0] == 200
        await o.walk(number, "notified", "accepted", "handling", "replied")
        for rating, status in (("不满意", 200), ("基本满意", 200), ("满意", 409)):
            assert (await rate(rating=rating, whom="unit"))[0] == status
        assert (await rate(rating="不满意", whom="department"))[0] == 200

    office.run(work)


def test_what_was_rated_badly_is_put_right_and_looked_back_at(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.replied()
        await o.must("clerk", "POST", f"cases/{number}/requests", request="rate", rating="不满意", note="还是坏的")
        listed = await o.must("boss", "GET", "reports/rework")
        assert [(r["case_no"], r["settled"], r["words"]) for r in listed["cases"]] == [(number, False, "还是坏的")]
        await o.must("h住建", "POST", f"cases/{number}/events", event="整改", note="已更换主板")
        await o.must("clerk", "POST", f"cases/{number}/requests", request="rate", rating="满意", note="好了")
        listed = await o.must("h住建", "GET", "reports/rework")
        assert listed["cases"][0]["settled"] is True
        assert listed["quarters"] == {"2026年第4季度": {"rated": 1, "rework": 1, "settled": 1}}
        assert (await o.call("clerk", "GET", "reports/rework"))[0] == 403
        assert (await o.must("h城管", "GET", "reports/rework"))["cases"] == []

    office.run(work)


def test_a_case_is_reassigned_with_its_clocks_running(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.dispatched()
        before = await o.must("clerk", "GET", f"cases/{number}")
        told = await o.must("clerk", "POST", f"cases/{number}/reassign", agency="城管", reason="承办人回避")
        assert (told["agency"], told["due"]) == ("城管", before["due"])
        assert (await o.call("h住建", "GET", f"cases/{number}"))[0] == 404
        assert (await o.call("h城管", "POST", f"cases/{number}/reassign", agency="住建", reason="不想办"))[0] == 403

    office.run(work)


def test_the_page_issues_a_paper_and_prints_it(office: Office) -> None:
    from desk.test_desk import sign_in

    async def work(o: Office) -> None:
        csrf = await sign_in(o, "小周", "clerk")
        number = await o.dispatched()
        page = await (await o.client.get(f"/desk/cases/{number}")).text()
        assert "还没有出具：信访事项转送单、信访事项告知书" in page
        shown = await (
            await o.client.post(f"/desk/cases/{number}/paper", data={"csrf": csrf, "kind": "told_where"})
        ).text()
        assert "编号并出具" in shown
        assert "没有编号" in shown
        made = await o.client.post(
            f"/desk/cases/{number}/issue", data={"csrf": csrf, "kind": "told_where", "version": "2"}
        )
        text = await made.text()
        assert "信访告字〔2026〕1号" in text
        link = re.search(r'href="([^"]+\.docx)"', text)[1]
        file = await o.client.get(link)
        assert file.headers["Content-Type"].startswith("application/vnd.openxmlformats")
        assert file.headers["Content-Security-Policy"]
        page = await (await o.client.get(f"/desk/cases/{number}")).text()
        assert "还没有出具：信访事项转送单<" in page
        # a second press of the same form is told, and makes nothing
        again = await o.client.post(
            f"/desk/cases/{number}/issue", data={"csrf": csrf, "kind": "told_where", "version": "2"}
        )
        assert again.status == 409
        assert len((await o.must("clerk", "GET", f"cases/{number}/documents"))["issued"]) == 1

    office.run(work)


def test_the_files_of_a_case_are_opened_by_who_may_see_it_and_the_look_is_written_down(
    office: Office, chat, tmp_path
) -> None:
    from filings import filing

    from desk.test_desk import sign_in

    object.__setattr__(office.settings, "data_dir", tmp_path)
    kept = chat.add_attachment(
        "c1", "照片一.jpg", b"\xff\xd8\xffdata", "image/jpeg", tmp_path / "attachments", office.day.time
    )
    number = office.cases.file(filing(), office.day.time, office.day.date).case_no
    other = office.cases.file(filing("e" * 32), office.day.time, office.day.date).case_no

    async def work(o: Office) -> None:
        await sign_in(o, "小周", "clerk")
        assert "照片一.jpg" in await (await o.client.get(f"/desk/cases/{number}")).text()
        answer = await o.client.get(f"/desk/cases/{number}/files/{kept['attachment_id']}")
        assert await answer.read() == b"\xff\xd8\xffdata"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert (await o.client.get(f"/desk/cases/{other}/files/{kept['attachment_id']}")).status == 404
        assert "打开附件" in str(await o.must("aud", "GET", "log"))

    office.run(work)
