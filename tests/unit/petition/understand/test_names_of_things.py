"""Places, respondents, addresses and demands: hand-written letters and sentences."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.advice.command import spans
from bot.petition.fields import read_story
from bot.petition.understand import addresses, demands, places, respondents

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("请局长督促A3区把汽车西站的卫生搞好", "A3区"),
        ("我们是K2县城关镇柳树村三组的村民，路坏了", "K2县城关镇柳树村三组"),
        ("据说K9县火市乡要修路", "K9县火市乡"),
        ("长沙市雨花区香樟路的路灯不亮", "长沙市雨花区香樟路"),
        ("在宁波北仑一个工地上干活", "宁波北仑"),
        ("建设路与解放路交汇处天天堵车", "建设路与解放路交汇处"),
        ("翠屏家园的电梯坏了", "翠屏家园"),
        ("我户口在四川达州，事情出在杭州市西湖区", "杭州市西湖区"),
    ],
)
def test_the_place_of_the_problem(said: str, place: str) -> None:
    found = places.best_place(said)
    assert found is not None
    assert found.text == place


@pytest.mark.parametrize("said", ["就去医院检查了", "电梯坏了好几回", "他不会弄手机", "一路上都是灰"])
def test_no_place_is_said(said: str) -> None:
    assert places.best_place(said) is None


@pytest.mark.parametrize(
    ("said", "whom"),
    [
        ("投诉B7县新民学校乱收费", "B7县新民学校"),
        ("有人举报锦川置业逾期交房", "锦川置业"),
        ("尊敬的市长您好，城南供电局老是停电", "城南供电局"),
        ("我向环保局反映过，化工厂还是偷排污水", "化工厂"),
        ("我们镇长收工程老板的钱", "镇长"),
        ("C1区城市管理行政执法局把我辞退了", "C1区城市管理行政执法局"),
        ("两个采石场天天放炮", "采石场"),
        ("我老公要离婚不给孩子抚养费", "老公"),
        ("市公交集团的刘副总吃回扣", "市公交集团的刘副总"),
    ],
)
def test_whom_it_is_about(said: str, whom: str) -> None:
    found = respondents.best_respondent(said)
    assert found is not None
    assert found.text == whom


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("城管罚我五百", True),
        ("物业把水停了", False),
        ("锦川置业不交房", True),
        ("楼下饭店油烟大", False),
        ("我们镇长收钱", True),
    ],
)
def test_who_needs_no_question(said: str, known: bool) -> None:
    confidence = read_story(said, TODAY)["respondent"][1]
    assert (confidence >= 0.7) is known


@pytest.mark.parametrize(
    ("told", "wish"),
    [
        ("村口那桥叫水冲塌了 没人管", "尽快修好"),
        ("我的工钱一直没给", "把拖欠的工钱付给我"),
        ("房东不给我押金", "把押金退给我"),
        ("养老金从八月份突然不发了", "恢复发放，把停发的补上"),
        ("物业把我家水停了", "尽快恢复供水"),
        ("请问退休要交多少年", None),
        ("今天天气不错", None),
    ],
)
def test_a_plain_grievance_implies_a_wish(told: str, wish: str | None) -> None:
    assert demands.implied_demand(told) == wish


@pytest.mark.parametrize(
    "said", ["我要举报镇长，不能让他知道是我", "他天天要钱不给就打", "给我换了一个月的药，真好", "建议，不知道合不合适"]
)
def test_what_is_no_demand(said: str) -> None:
    found = demands.find_demand(said)
    assert found is None or found.confidence < 0.7


def test_an_address_in_its_parts() -> None:
    parts = [
        (p.kind, p.text) for p in addresses.parse_address("江苏省苏州市姑苏区金阊街道菱塘路88号翠湖花园2幢3单元501室")
    ]
    assert parts == [
        ("province", "江苏省"), ("city", "苏州市"), ("county", "姑苏区"), ("town", "金阊街道"), ("road", "菱塘路"), ("roadno", "88号"),
        ("poi", "翠湖花园"), ("houseno", "2幢"), ("cellno", "3单元"), ("roomno", "501室"),
    ]  # fmt: skip


def test_house_unit_and_room_joined_by_dashes() -> None:
    parts = [(p.kind, p.text) for p in addresses.parse_address("海洲街道流星花园8-10-1109")]
    assert parts[-3:] == [("houseno", "8"), ("cellno", "10"), ("roomno", "1109")]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="我在市区县村路号楼的被A1b3 ，。公司局长把和", max_size=80))
def test_spans_stand_in_the_text_as_they_are(text: str) -> None:
    for kind, piece in spans(text, TODAY).items():
        assert piece is None or piece in text, kind


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="省市区县镇村路号栋单元室-12一 _小广场公", max_size=60))
def test_an_address_is_read_to_its_end_without_overlap(text: str) -> None:
    at = 0
    for p in addresses.parse_address(text):
        assert p.start >= at
        assert p.end > p.start
        at = p.end
