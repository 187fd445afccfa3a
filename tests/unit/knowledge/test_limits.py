"""Time limits through the engine: the date of a short one is asked for first, answers in any form are understood, the days are right."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from bot.knowledge.loader import knowledge
from bot.petition.advice import wording
from bot.petition.advice.engine import MAX_QUESTIONS, Advisor
from bot.petition.catalogue import catalogue
from bot.petition.clocks import Length
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.intake import Act, Intake

TODAY = date(2026, 11, 23)  # a Monday

#: story → (procedure, its limit, the date that is asked for first)
SHORT = {
    "交警认定我全责，我不服": ("traffic_liability_review", "3 working_days", "received_on"),
    "我妈手术后没了，医院说不清死因": ("medical_mediation_or_suit", "48 hours", "died_on"),
    "派出所给了不予立案通知书，我不服": ("no_filing_remedy", "7 days", "received_on"),
    "劳动仲裁裁决下来我输了，不服": ("labour_award_suit", "15 days", "received_on"),
    "仲裁委员会裁决我和供货商的合同，我不服，想撤销仲裁裁决": ("set_aside_award", "3 months", "received_on"),
    "检察院对打我的人作了不起诉决定，我是被害人不服": ("no_prosecution_appeal", "7 days", "received_on"),
    "我弟弟一审被判了三年，判重了想上诉": ("criminal_appeal", "10 days", "received_on"),
    "收到法院支付令，那笔钱我早还了": ("payment_order_objection", "15 days", "received_on"),
    "农地仲裁委裁下来说地归他家，我不服裁决": ("farmland_award_suit", "30 days", "received_on"),
    "城管当场罚我二百，不给我看文件": ("on_spot_fine_reconsideration", "60 days", "received_on"),
    "镇里下了限期拆除决定，说我家厨房是违建": ("own_building_order_remedy", "15 days", "received_on"),
    "商标注册申请被驳回了，我不服": ("ip_grant_review", "15 days", "received_on"),
    "我是公务员，因迟到被记过，不服气": ("civil_servant_appeal", "30 days", "received_on"),
    "监委给我政务处分记大过，我不服": ("supervision_review", "1 month", "received_on"),
    "处理意见书说我不占理，我要复查": ("petition_review", "30 days", "received_on"),
    "复查意见我也不服": ("petition_final_review", "30 days", "received_on"),
    "大学因为挂科把我退学": ("student_appeal", "10 days", "received_on"),
    "行政复议维持了处罚，我还不服": ("reconsideration_suit", "15 days", "received_on"),
    "政府采购我们投标没中，评审有问题想质疑": ("government_procurement", "7 working_days", "known_on"),
    "我申请公开征地批文，一个月没动静": ("info_disclosure", "60 days", "applied_on"),
    "选民名单没有我们家的名字": ("village_election_report", "5 days", "published_on"),
}  # fmt: skip


@pytest.mark.parametrize("story", SHORT)
def test_the_date_of_a_short_limit_is_asked_for_first(story: str, advisor: Advisor) -> None:
    procedure, limit, asked = SHORT[story]
    advice = advisor.advise(story, TODAY)
    first = advice.channels[0]
    assert first.procedure.id == procedure
    assert first.clocks[0].clock.length == limit
    assert advice.questions[0] == asked
    # once it is told, nothing asks for it again and the last day is known
    told = advisor.advise(story, TODAY, {asked: "2026-11-20"})
    assert asked not in told.questions
    assert told.channels[0].due is not None


@pytest.mark.parametrize(
    ("story", "procedure", "due"),
    [
        ("交警的事故认定书前天下来的，说我全责，我不服", "traffic_liability_review", date(2026, 11, 25)),
        ("工伤认定书11月20号发下来的，不给认定工伤", "admin_reconsideration", date(2027, 1, 19)),
        ("处理意见书10月30号给我的，我不认可", "petition_review", date(2026, 11, 29)),
    ],
)
def test_a_day_that_the_story_tells_is_not_asked_for(story: str, procedure: str, due: date, advisor: Advisor) -> None:
    advice = advisor.advise(story, TODAY)
    assert "received_on" not in advice.questions
    assert (advice.channels[0].procedure.id, advice.channels[0].due) == (procedure, due)


def test_a_paper_that_has_not_come_starts_nothing(advisor: Advisor) -> None:
    assert "received_on" not in advisor.advise("我爸前天被车撞了，认定书还没下来", TODAY).facts


def test_whether_there_is_a_paper_comes_before_the_day_it_was_received(advisor: Advisor) -> None:
    advice = advisor.advise("派出所说不立案，我不服", TODAY)
    assert advice.questions == ("refusal_paper", "received_on")
    none = advisor.advise("派出所说不立案，我不服", TODAY, {"refusal_paper": "no"})
    assert none.questions == ()
    assert "检察院" in wording.message(none, catalogue(), TODAY).text


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("昨天", "2026-11-22"), ("前天", "2026-11-21"), ("今天刚收到", "2026-11-23"), ("三天前", "2026-11-20"),
        ("上周三", "2026-11-18"), ("上周五收到的", "2026-11-20"), ("周五", "2026-11-20"), ("礼拜一", "2026-11-23"),
        ("11月20号", "2026-11-20"), ("十一月二十号", "2026-11-20"), ("20号", "2026-11-20"), ("好像是19号吧", "2026-11-19"),
        ("2026年11月19日", "2026-11-19"), ("11.20", "2026-11-20"), ("11/19", "2026-11-19"), ("11-18", "2026-11-18"),
        ("大概一周前", "2026-11-16"),
    ],
)  # fmt: skip
def test_an_answer_to_which_day_is_understood(said: str, day: str, intake: Intake) -> None:
    draft = intake.hear(Draft(), Act("inform", "交警认定我全责，我不服", "t1"), TODAY)
    assert "哪一天" in intake.ask(draft, TODAY)[0].text
    draft = intake.hear(draft, Act("inform", said, "t2"), TODAY)
    assert draft.facts["received_on"] == day
    text = intake.ask(draft, TODAY)[0].text
    start = date.fromisoformat(day)
    assert f"按认定书送达之日是{start.year}年{start.month}月{start.day}日算" in text


@pytest.mark.parametrize("said", ["不记得了", "还没收到", "想不起来是哪天"])
def test_who_does_not_know_the_day_is_told_to_hurry(said: str, intake: Intake) -> None:
    draft = intake.hear(Draft(), Act("inform", "交警认定我全责，我不服", "t1"), TODAY)
    draft = intake.hear(draft, Act("inform", said, "t2"), TODAY)
    message = intake.ask(draft, TODAY)[0]
    assert message.custom["kind"] == "advice"
    assert "从认定书送达之日的第二天起算" in message.text
    assert "今天就办" in message.text


def test_no_more_than_two_decisive_questions_are_asked(intake: Intake) -> None:
    for story in (
        *SHORT,
        "借给朋友八万，写了条子，一直没还",
        "检察院不起诉打我的人",
        "我们单位局长贪，还扣了我年终奖三万，一起反映",
    ):
        draft = intake.hear(Draft(), Act("inform", story, "t0"), TODAY)
        asked = []
        while intake.pending(draft) == "fact":
            asked.append(draft.questions[0])
            draft = intake.hear(draft, Act("inform", "不知道", f"t{len(asked)}"), TODAY)
            assert len(asked) <= MAX_QUESTIONS
        assert len(set(asked)) == len(asked)


def text_of(advisor: Advisor, story: str, **told: str) -> str:
    return wording.message(advisor.advise(story, TODAY, told), catalogue(), TODAY).text


def test_the_last_day_the_days_left_and_the_red_flag(advisor: Advisor) -> None:
    text = text_of(advisor, "劳动仲裁裁决下来我输了，上周三收到的，不服")
    assert "按收到裁决书之日是2026年11月18日算，最晚2026年12月3日，还有10天" in text
    assert "只剩 10 天，请抓紧" in text
    text = text_of(advisor, "仲裁裁决我和开发商的，我不服", received_on="2026-11-20")
    assert "最晚2027年2月22日，还有91天" in text  # the 20th of February 2027 is a Saturday
    assert "请抓紧" not in text
    assert "2027年的放假安排还没公布" in text
    text = text_of(advisor, "劳动仲裁裁决下来我输了", received_on="2026-11-08")
    assert "今天就是最后一天" in text


def test_what_may_be_over_is_never_said_to_be_over(advisor: Advisor) -> None:
    text = text_of(advisor, "劳动仲裁裁决下来我输了", received_on="2026-09-01")
    assert "可能已经过了" in text
    assert "12348" in text
    assert "不要自己放弃" in text


def test_a_month_without_a_day_gives_the_earliest_end(advisor: Advisor) -> None:
    advice = advisor.advise("二审判决2026年6月生效，我不服，要申请再审", TODAY)
    text = wording.message(advice, catalogue(), TODAY).text
    assert "只知道判决生效之日是2026年6月，按这个月最早的一天算，到2026年12月1日" in text
    assert advice.channels[0].as_dict()["clock"]["due"] is None  # not known to the day


def test_a_month_that_leaves_it_open_says_neither_over_nor_in_time(advisor: Advisor) -> None:
    text = text_of(advisor, "交警认定我全责，我不服", received_on="2026-11")
    assert "要看到底是哪天；先当还来得及，今天就办" in text
    assert "可能已经过了" not in text
    assert "可能已经过了" in text_of(advisor, "交警认定我全责，我不服", received_on="2026-09")


def test_our_limit_begins_when_the_agencys_time_is_over(advisor: Advisor) -> None:
    story = "申请公开征地批文没动静"
    text = text_of(advisor, story, applied_on="2026-10-20")
    assert "按答复期满之日是2026年11月17日算，最晚2027年1月18日" in text
    ahead = text_of(advisor, story, applied_on="2026-11-16")
    assert "答复期满之日是2026年12月14日，还没有到" in ahead


def test_a_loan_without_a_day_of_repayment_is_never_counted_from_the_loan(advisor: Advisor) -> None:
    text = text_of(advisor, "2019年3月5日借给朋友八万，写了条子没写还款日，一直没还")
    assert "可能已经过了" not in text
    assert "多半没过" in text
    due = text_of(advisor, "借给朋友八万，条子写着还款日2025年3月1日，一直没还")
    assert "最晚2028年3月1日" in due


def test_demanding_the_money_begins_the_three_years_anew(advisor: Advisor) -> None:
    story = "借给朋友八万，条子写着还款日2022年3月1日，2024年8月5日我还去催过他，他说没钱"
    assert "最晚2027年8月5日" in text_of(advisor, story)


def test_who_still_works_there_is_not_told_that_the_year_is_over(advisor: Advisor) -> None:
    story = "公司从2024年5月6日起不发工资，我现在还在公司上班"
    text = text_of(advisor, story)
    assert "还在职的，欠薪不受 1 年限制" in text
    assert "可能已经过了" not in text


def test_what_nothing_interrupts_has_no_event_that_restarts_it() -> None:
    """Reconsideration, suits against an act, retrials, and periods of forfeiture: no demand and no petition stops them."""
    k = knowledge()
    for p in k.procedures.values():
        for c in p.clocks:
            laws = {b.law for b in c.basis}
            if (
                laws & {"行政复议法", "行政诉讼法", "信访工作条例", "监察法", "公务员法", "农村集体经济组织法"}
                and "民法典" not in laws
            ):
                assert not c.restarts, p.id
            if c.length == "3 years" and "民法典" in laws:
                assert "demanded_on" in c.restarts, p.id
    assert k.procedures["labour_arbitration"].clocks[0].restarts == ("demanded_on", "complained_on")


def test_limits_of_reconsideration_end_after_five_or_twenty_years() -> None:
    k = knowledge()
    caps = {p: {c.length for clock in k.procedures[p].clocks for c in clock.caps} for p in k.procedures}
    assert caps["admin_reconsideration"] == caps["administrative_litigation"] == {"5 years"}
    assert caps["land_compensation_decision_review"] == caps["house_expropriation_review"] == {"20 years"}
    assert caps["civil_suit"] == {"20 years"}
    assert caps["collective_benefit_claim"] == {"5 years"}


@pytest.mark.parametrize(
    ("chain", "days"),
    [
        (("labour_arbitration", "labour_award_suit", "appeal_judgment", "civil_retrial", "procuratorate_supervision"), "15 days"),
        (("petition_ordinary", "petition_review", "petition_final_review"), "30 days"),
        (("admin_reconsideration", "reconsideration_suit", "appeal_judgment"), "15 days"),
        (("farmland_arbitration", "farmland_award_suit"), "30 days"),
        (("criminal_report", "no_filing_remedy", "no_filing_review"), "7 days"),
        (("state_compensation", "compensation_suit"), "3 months"),
        (("commercial_arbitration", "set_aside_award", "resist_award_enforcement"), "3 months"),
        (("protest_request", "criminal_petition"), ""),
        (("injury_recognition", "capability_assessment", "labour_arbitration", "labour_award_suit"), "15 days"),
        (("info_disclosure_apply", "info_disclosure", "reconsideration_suit"), "60 days"),
    ],
)  # fmt: skip
def test_one_limit_leads_to_the_next(chain: tuple[str, ...], days: str) -> None:
    k = knowledge()
    for a, b in pairwise(chain):
        assert b in k.procedures[a].next
    assert k.procedures[chain[1]].clocks[0].length == days


def test_every_length_is_one_that_the_library_reads() -> None:
    for p in knowledge().procedures.values():
        for c in p.clocks:
            for x in filter(None, (c.length, c.after, *(cap.length for cap in c.caps))):
                assert Length.parse(x).natural_days >= 1


def test_today_in_a_story_starts_no_limit(advisor: Advisor) -> None:
    advice = advisor.advise("今天跟你们说说，我在网上买的新手机是翻新机，店家不退", TODAY)
    assert all(r.starts is None for r in advice.channels[0].clocks)


@pytest.mark.parametrize(
    ("story", "asked"),
    [
        ("借给表弟六万，打了借条，三年了一直没还", "repay_date"),
        ("美容店关门了，会员卡里还剩四千块", "card_reported"),
        ("官司二审输了，判决生效了，我不服要翻案", "retried"),
        ("官司打赢了，对方一直不给钱，判决下来一年多了", "enforcement_applied"),
        ("省里复核意见也下来了，还是不给解决", "new_facts"),
        ("我们单位局长贪，还扣了我年终奖三万，一起反映", "public_status"),
        ("昨天一帮人把我家房子推倒了，谁也不认", "demolition_actor"),
        ("村里要征地，一亩才给三万多，没让我们看文件", "land_paper"),
        ("仲裁裁决下来了，我不服", "award_kind"),
        ("网购的鞋子开胶，卖家不给退", "delivered_on"),
    ],
)
def test_what_decides_the_way_or_its_limit_is_asked(story: str, asked: str, advisor: Advisor) -> None:
    assert asked in advisor.advise(story, TODAY).questions
