"""The twenty points that are most easily got wrong about petitions and time limits: each is said right, and where it is used."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.knowledge.loader import Knowledge, knowledge
from bot.knowledge.plain import spoken
from bot.petition.advice import wording
from bot.petition.advice.engine import Advisor
from bot.petition.catalogue import catalogue

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def k() -> Knowledge:
    return knowledge()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [t for _, t in spoken(knowledge())]


def told(k: Knowledge, key: str) -> str:
    p = k.procedures[key]
    return "\n".join((p.where, p.first, p.before, p.cost, *p.cautions, *p.then, *(c.text for c in p.clocks)))


def advice_text(advisor: Advisor, story: str) -> str:
    return wording.message(advisor.advise(story, TODAY), catalogue(), TODAY).text


def test_01_what_belongs_to_court_or_arbitration_is_led_there_and_registered_all_the_same(advisor, k, texts) -> None:
    for story in (
        "借给朋友八万，写了条子，一直没还",
        "公司群里一句明天别来了，干了四年一分没赔",
        "城管当场罚我二百，不给我看文件",
    ):
        text = advice_text(advisor, story)
        assert "把这件事登记下来" in text
        assert "不予受理" not in text
    assert "导过去" in k.answers["what_is_petition"].text
    assert not [t for t in texts if re.search(r"信访[^。]{0,8}不予受理|不归信访", t)]


def test_02_the_sixty_days_and_the_review_are_of_the_ordinary_procedure_alone(k) -> None:
    for p in k.procedures.values():
        cited = {b.article for b in (*p.basis, *(b for c in p.clocks for b in c.basis)) if b.law == "信访工作条例"}
        if cited & {"34", "35", "36"}:
            assert p.channel == "petition", p.id
    assert "走其他法定途径的" in told(k, "petition_review")
    assert "走别的法定途径的，按那条路自己的期限" in k.answers["how_long"].text


def test_03_fifteen_days_are_for_passing_on_and_telling_not_for_settling(k, texts) -> None:
    assert "15 日内会转送并书面告诉您去向" in k.answers["how_long"].text
    assert not [t for t in texts if re.search(r"15\s*[日天]内(?:办结|查清|解决|给.{0,2}结果)", t)]


def test_04_what_is_told_is_who_has_it_and_what_comes_next() -> None:
    assert "转给了谁、接下来怎么办" in catalogue().say("advice_here")


def test_05_who_gives_no_name_is_registered_and_told_what_it_costs(k) -> None:
    text = k.answers["anonymous_ok"].text
    assert "照样登记" in text
    assert "没法书面告知" in text


def test_06_visits_go_to_the_own_or_the_next_level_and_five_represent_the_rest(k) -> None:
    text = k.answers["upper_level"].text
    assert "本级或者上一级" in text
    assert "没有“上一级”的限制" in text
    assert "不超过 5 人" in k.answers["group"].text
    assert "最多 5 人" in " ".join(k.procedures["developer_complaint"].cautions)


def test_07_a_matter_in_hand_is_not_taken_again_above_while_its_time_runs(k) -> None:
    text = told(k, "petition_pending")
    assert "在规定期限内又向上一级提" in text
    assert "过了期限" in text
    assert "督办" in text


def test_08_after_the_last_review_only_new_facts_open_it(k) -> None:
    assert "有新事实新理由" in told(k, "petition_finished")
    assert "有新事实新理由" in told(k, "petition_final_review")


def test_09_acts_of_petition_work_are_no_matter_for_the_court_and_reopen_no_limit(k) -> None:
    assert "信访的登记、转送、复查、复核这些行为不能打官司，原来那个决定可以" in told(k, "administrative_litigation")
    assert "不重新算" in told(k, "petition_finished")


@pytest.mark.parametrize(
    "key",
    [
        "on_spot_fine_reconsideration",
        "inaction_reconsideration",
        "info_disclosure",
        "land_compensation_decision_review",
        "tax_dispute",
    ],
)
def test_10_what_needs_reconsideration_first_says_so_before_the_court(key: str, k) -> None:
    p = k.procedures[key]
    assert "复议" in p.before
    assert p.channel == "reconsideration"
    assert "reconsideration_suit" in p.next
    assert any(b.law in ("行政复议法", "税收征收管理法") and b.article in ("23", "88", "20") for b in p.basis)


@pytest.mark.parametrize(("day", "months"), [(date(2026, 2, 28), "6 months"), (date(2026, 3, 1), "3 months")])
def test_11_an_award_is_set_aside_within_three_months_since_march_2026(day: date, months: str, advisor) -> None:
    advice = advisor.advise("仲裁裁决我和开发商的，我不服", day)
    assert advice.channels[0].clocks[0].clock.length == months
    assert len(advice.channels[0].clocks) == 1


def test_12_retrial_within_six_months_four_exceptions_then_the_procuratorate_once(k) -> None:
    for key in ("civil_retrial", "administrative_retrial"):
        p = k.procedures[key]
        assert [c.length for c in p.clocks] == ["6 months", "6 months"]
        assert all(w in p.clocks[1].text for w in ("新证据", "伪造", "撤销", "贪腐"))
        assert p.next == ("procuratorate_supervision",)
    p = k.procedures["procuratorate_supervision"]
    assert "先在 6 个月内向法院申请再审" in p.before
    assert "只能申请一次" in p.cautions[0]
    assert all(c.unverified for c in p.clocks)


OLD = ("环境保护法", "大气污染防治法", "水污染防治法", "噪声污染防治法", "固体废物污染环境防治法", "环境影响评价法",
       "土壤污染防治法", "海洋环境保护法", "放射性污染防治法", "清洁生产促进法")  # fmt: skip


def test_13_the_environmental_code_replaced_the_single_laws_and_damages_have_five_years(k) -> None:
    for title in OLD:
        assert k.laws[title].in_force(date(2026, 8, 14))
        assert k.laws[title].in_force(date(2026, 8, 15)) is None
    limits = {c.length: c.basis[0].law for c in k.procedures["pollution_suit"].clocks}
    assert limits == {"5 years": "生态环境法典", "3 years": "环境保护法"}


def test_14_the_penalty_law_is_cited_by_its_new_numbers(k) -> None:
    law = k.laws["治安管理处罚法"]
    assert law.in_force(date(2025, 12, 31)).edition == "2012"
    assert law.in_force(date(2026, 1, 1)).edition == "2025"
    for p in k.procedures.values():
        for b in (*p.basis, *(b for c in p.clocks for b in c.basis)):
            assert b.law != "治安管理处罚法" or b.edition, p.id
    now = {b.article for b in k.cite(k.procedures["noise_fume_report"].basis, TODAY) if b.law == "治安管理处罚法"}
    assert now == {"88"}
    bullying = {b.article for b in k.cite(k.procedures["school_bullying"].basis, TODAY) if b.law == "治安管理处罚法"}
    assert bullying == {"60"}


def test_15_village_law_numbers_are_those_of_2026(k) -> None:
    cited = {b.article for b in k.procedures["village_affairs_report"].basis if b.law == "村民委员会组织法"}
    assert {"35", "36"} <= cited
    assert "第41条" in told(k, "village_affairs_report")
    assert k.laws["村民委员会组织法"].versions[0].since == date(2026, 1, 1)


def test_16_compensation_for_expropriation_is_no_matter_of_farmland_arbitration(k) -> None:
    assert "征地补偿的事不归" in told(k, "farmland_arbitration")
    assert "不归农村土地承包仲裁委员会管" in told(k, "land_expropriation_negotiation")
    for key in ("land_expropriation", "land_compensation_decision"):
        assert "farmland_arbitration" not in {w.procedure for w in k.disputes[key].paths}


def test_17_officials_have_review_and_appeal_never_reconsideration_or_suit(k) -> None:
    channels = {k.procedures[w.procedure].channel for w in k.disputes["civil_servant_discipline"].paths}
    assert channels <= {"personnel_appeal", "labor_arbitration"}
    assert {("行政复议法", "12"), ("行政诉讼法", "13")} <= {
        (b.law, b.article) for b in k.procedures["civil_servant_appeal"].basis
    }


def test_18_help_from_the_authority_restarts_the_labour_year_but_no_reconsideration(k) -> None:
    labour = k.procedures["labour_arbitration"].clocks[0]
    assert "complained_on" in labour.restarts
    assert "投诉过" in labour.text
    assert not any(c.restarts for c in k.procedures["admin_reconsideration"].clocks)
    assert "一般不会让复议、起诉的期限停下来" in k.answers["petition_and_sue"].text
    assert "登记不会延长上面的期限" in catalogue().say("advice_here")


def test_19_reconsideration_is_free_and_short_limits_of_traffic_are_working_days(k) -> None:
    for p in k.procedures.values():
        if p.channel == "reconsideration" and p.agency == "司法行政":
            assert re.search("免费|不收费", p.cost), p.id
    assert k.procedures["traffic_liability_review"].clocks[0].length == "3 working_days"
    assert k.procedures["admin_reconsideration"].clocks[0].length == "60 days"
    assert "自然日" in k.procedures["traffic_damages"].clocks[1].text


def test_20_what_an_accuser_tells_is_never_passed_to_the_accused(k, texts) -> None:
    assert "不得转给被举报的人和单位" in told(k, "discipline_report")
    assert k.answers["accused_reach"].text.startswith("不会")
    assert not [
        t for t in texts if re.search(r"(?:转给|转到|告诉)被举报(?:人|的人|单位)(?!和单位，|的)", t) and "不" not in t
    ]
