"""Messages on a small screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat import render
from bot.channels.wechat.office import Office, notice_values, office
from bot.petition.catalogue import catalogue

SAY = catalogue()
BUTTONS = [{"title": "帮我登记", "payload": "/file_it"}, {"title": "先不登记", "payload": "/not_now"}]


@given(st.text(max_size=6000), st.integers(40, 2048))
def test_pages_keep_every_character_and_the_limit(text: str, limit: int) -> None:
    pieces = render.cut(text, limit)
    assert all(0 < len(p.encode()) <= limit for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_page_ends_with_a_sentence() -> None:
    pieces = render.cut("今天说一件事，它不长。" * 200, 500)
    assert all(p.endswith("。") for p in pieces)


def test_choices_are_numbered_and_stay_together_at_the_end() -> None:
    page = render.pages([{"text": "走哪条路由您定。", "buttons": BUTTONS}], SAY)[-1]
    assert page.endswith("请回复数字：\n1. 帮我登记\n2. 先不登记")
    long = render.pages([{"text": "说一句话。" * 375, "buttons": BUTTONS}], SAY)
    assert all(len(p.encode()) <= render.PAGE_BYTES for p in long)
    assert "1. 帮我登记" in long[-1]
    assert "2. 先不登记" in long[-1]


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("1", "/file_it"), ("2", "/not_now"), ("１", "/file_it"), ("1.", "/file_it"), ("二", "/not_now"), ("两", "/not_now"), ("选1", "/file_it"),
        ("第一个", "/file_it"), ("我选 2 号", "/not_now"), ("帮我登记", "/file_it"), ("帮我登记。", "/file_it"), (" 先不登记 ", "/not_now"),
        ("3", None), ("0", None), ("十", None), ("①", None), ("12", None), ("13800001234", None), ("第2项", None), ("改第1项", None), ("一直没人管", None), ("", None),
        ("登记", None), ("两个人", None),
    ],
)  # fmt: skip
def test_a_choice_is_said_by_number_or_by_its_words(text: str, payload: str | None) -> None:
    found = render.chosen(text, BUTTONS)
    assert (found["payload"] if found else None) == payload


def test_without_choices_on_offer_a_number_is_a_number() -> None:
    assert render.chosen("1", []) is None


def test_the_lines_of_a_summary_are_told_from_the_choices() -> None:
    text = "请您看看：\n1. 事情经过：" + "油烟" * 200 + "\n2. 诉求：装净化设备\n哪条不对，说“改第3项”。"
    page = render.pages([{"text": text, "buttons": BUTTONS, "custom": {"kind": "summary"}}], SAY)[0]
    assert "① 事情经过：" in page
    assert "② 诉求：装净化设备" in page
    assert "…（共" in page
    assert page.count("1. ") == 1


def test_the_menu_of_the_office_is_one_that_the_platform_takes() -> None:
    menu = office().menu_object()
    assert [b["name"] for b in menu["button"]] == ["我要反映", "查进度", "我的件"]


@given(st.text(min_size=1, max_size=60))
def test_fields_of_a_notice_keep_the_platforms_rules(following: str) -> None:
    setup = Office({}, "template", "T", {"a": "{case_no}", "b": "{status}", "c": "{next}", "d": "{day}"})
    body = {"case_no": "261123000017", "status": "replied", "secret": False, "day": "2026-11-23"}
    values = notice_values(body, SAY, {"replied": "已答复"}, following)
    assert all(len(v) <= 20 and "\n" not in v for v in setup.notice_fields(values).values())


def test_a_notice_of_an_accusation_names_nothing() -> None:
    body = {"case_no": "261123000017", "status": "replied", "secret": True, "day": "2026-11-23"}
    values = notice_values(body, SAY, {"replied": "已答复"}, "有权的机关处理")
    assert "261123000017" not in str(values)
    assert values["status"] == "您的事项有更新。"
