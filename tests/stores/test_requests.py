"""What a petitioner asks of the bot about a filed case, against the real store: rating, review and final review with their days."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from filings import filing

from bot.petition.catalogue import catalogue
from bot.petition.dialogue.requests import request
from bot.storage.cases import CaseStore

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)


def say(cases: CaseStore, number: str, intent: str, text: str, day: date = TODAY) -> str:
    return request(intent, text, number, cases, catalogue(), NOW, day)


def replied(cases: CaseStore) -> str:
    number = cases.file(filing(), NOW, TODAY).case_no
    for to, role, data in (
        ("dispatched", "clerk", {"kind": "转送", "agency": "城管"}),
        ("notified", "handler", {}),
        ("accepted", "handler", {}),
        ("handling", "handler", {}),
        ("replied", "handler", {}),
    ):
        cases.transition(number, to, "老王", role, data, NOW, TODAY)
    return number


def test_a_review_is_applied_for_with_a_reason_and_its_days_are_told(cases: CaseStore) -> None:
    early = cases.file(filing("e" * 32), NOW, TODAY).case_no
    assert "第35条" in say(cases, early, "request_review", "我要申请复查")
    number = replied(cases)
    asked = say(cases, number, "request_review", "我要申请复查", TODAY + timedelta(days=20))
    assert "2026年12月23日" in asked
    assert "10 天" in asked
    assert cases.get(number).status == "replied"
    done = say(cases, number, "request_review", "申请复查，油烟根本没有装净化设备", TODAY + timedelta(days=20))
    view = cases.get(number)
    assert (view.status, view.agency, view.due) == ("review", "信访局", date(2027, 1, 12))
    assert "2027年1月12日" in done
    assert "正在走这一步" in say(cases, number, "request_review", "申请复核，太慢了太慢了", TODAY + timedelta(days=21))
    cases.note(number, "复查意见书", "老李", {"note": "维持"}, NOW, TODAY + timedelta(days=30))
    say(cases, number, "request_review", "申请复核，复查没有到现场看", TODAY + timedelta(days=40))
    assert cases.get(number).status == "final_review"


def test_a_late_application_is_told_and_not_taken(cases: CaseStore) -> None:
    number = replied(cases)
    told = say(cases, number, "request_review", "申请复查，油烟根本没有装净化设备", TODAY + timedelta(days=31))
    assert "可能已经过了" in told
    assert cases.get(number).status == "replied"


def test_ratings_go_to_whom_they_are_for(cases: CaseStore) -> None:
    early = cases.file(filing("e" * 32), NOW, TODAY).case_no
    assert "信访部门" in say(cases, early, "rate", "满意")
    number = replied(cases)
    assert "承办单位" in say(cases, number, "rate", "不满意，没修好")
    assert "信访部门" in say(cases, number, "rate", "信访局基本满意")
    given = [(e.data["whom"], e.data["rating"]) for e in cases.get(number).events if e.event == "评价"]
    assert given == [("unit", "不满意"), ("department", "基本满意")]
