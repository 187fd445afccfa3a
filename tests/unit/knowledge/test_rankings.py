"""Stories as they are spoken, and the way that must lead: what somebody told decides, not a word by the way."""

from __future__ import annotations

from datetime import date

import pytest

from bot.petition.advice import wording
from bot.petition.advice.engine import Advisor
from bot.petition.catalogue import catalogue
from bot.petition.understand import demands, respondents

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("story", "channels"),
    [
        ("喂同志啊我跟你说我在那个工地上干活嘛就是绑钢筋的干了四个月老板一直拖着不给钱打电话也不接欠我一万六千八你说咋办呀", ("enforcement", "labor_arbitration")),
        ("俺在工地上干活 活干完了 老板不给钱", ("enforcement", "labor_arbitration")),
        ("民警不给我立案，我被人打伤了", ("judicial",)),
        ("3个月前我被骗了八万块钱，去派出所报案，他们说不立案", ("judicial",)),
        ("3个月前报的案，公安局到现在不立案", ("judicial",)),
        ("派出所民警收了对方的钱，偏袒对方", ("accusation",)),
        ("楼上漏水把我家天花板泡坏了，找他不管", ("litigation",)),
        ("我的低保被停了，村里说我儿子有车", ("reconsideration",)),
        ("上个月低保给我停了也没说为啥", ("reconsideration",)),
        ("您好请问收到交通事故认定书对责任划分有异议该怎么办，认定书是11月20日收到的", ("reconsideration",)),
    ],
)  # fmt: skip
def test_what_was_told_leads(story: str, channels: tuple[str, ...], advisor: Advisor) -> None:
    assert advisor.advise(story, TODAY).channel in channels


def test_the_three_days_of_a_polite_question_are_told(advisor: Advisor) -> None:
    advice = advisor.advise(
        "您好，打扰了，我是一名教师，11月20日收到交警的事故认定书，认定我主要责任，我觉得不合适，请问怎么办比较好？谢谢您",
        TODAY,
    )
    text = wording.message(advice, catalogue(), TODAY).text
    assert advice.channel == "reconsideration"
    assert "2026年11月25日" in text


@pytest.mark.parametrize("story", ["我在网上被人骗了三万块钱，公安局立案了但一直没破案", "被骗子骗了五万，报了公安局"])
def test_where_a_crime_was_reported_is_not_complained_of(story: str) -> None:
    found = respondents.best_respondent(story)
    assert found is None or "公安" not in found.text


def test_who_does_not_file_a_case_is_complained_of() -> None:
    found = respondents.best_respondent("3个月前报的案，公安局到现在不立案")
    assert found is not None
    assert found.text == "公安局"


def test_every_accusation_wants_the_same() -> None:
    assert demands.of_accusation() == "依纪依法查处反映的问题"


def test_the_first_message_is_short_and_the_rest_comes_on_request(advisor: Advisor) -> None:
    advice = advisor.advise("厂里把我辞退了，10月16号通知的，干了六年没给补偿", TODAY)
    text, rest = wording.message(advice, catalogue(), TODAY).text, wording.more(advice, catalogue(), TODAY)
    assert text.index("先做这一步") < text.index("2027年10月18日") < text.index("依据")
    assert "更多" in text
    assert "要带的" not in text
    assert "要带的" in rest
    assert "12333" in text
    assert "另一条路" in rest


def test_a_danger_that_is_past_is_not_advised_on_again(advisor: Advisor) -> None:
    story = "我今年12岁 班里三个人天天堵我打我要钱，老师不管 不敢去学校"
    assert advisor.advise(story, TODAY).channel == "emergency"
    assert advisor.advise(story, TODAY, danger_over=True).channel != "emergency"
