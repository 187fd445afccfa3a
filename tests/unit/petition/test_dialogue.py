"""The conversation without Rasa: draft, gate, intake."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petition import safety
from bot.petition.catalogue import Catalogue, catalogue
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.gate import Scene, read
from bot.petition.dialogue.intake import Act, Intake
from bot.petition.fields import fields, read_answer, show

TODAY = date(2026, 11, 23)


def tell(intake: Intake, *said: str | tuple[str, str]) -> Draft:
    """The draft after these turns; a turn is a text or (intent, text)."""
    draft = Draft()
    for i, turn in enumerate(said):
        intent, text = turn if isinstance(turn, tuple) else ("inform", turn)
        draft = intake.hear(draft, Act(intent, text, f"t{i}"), TODAY)
    return draft


FUMES = "一楼的川菜馆油烟天天往我家窗户里灌，从今年三月开始的"


def test_a_story_is_advised_on_and_the_choice_is_the_persons(intake: Intake) -> None:
    draft = tell(intake, FUMES)
    message = intake.ask(draft, TODAY)[0]
    assert message.custom["kind"] == "advice"
    assert message.custom["channel"] == "enforcement"
    assert [b.payload for b in message.buttons] == ["/file_it", "/not_now"]
    assert draft.values["occurred_on"] == "2026-03"


def test_only_what_is_missing_is_asked_and_each_once(intake: Intake) -> None:
    draft = tell(
        intake,
        FUMES + "，地点是昆明市五华区莲花街道翠湖里小区，我叫李春梅，电话13800001234，要求装净化设备",
        ("file_it", "帮我登记"),
    )
    asked = []
    for i in range(12):
        pending = intake.pending(draft)
        if pending == "confirm":
            break
        asked.append(pending)
        draft = intake.hear(draft, Act("inform", "老灶川菜馆" if pending == "respondent" else "不知道", f"x{i}"), TODAY)
    assert set(asked).isdisjoint({"name", "phone", "place", "occurred_on", "demand"})
    assert len(asked) == len(set(asked))


def test_the_same_turn_twice_changes_nothing(intake: Intake) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"))
    act = Act("inform", "要求改排烟口", "same")
    once = intake.hear(draft, act, TODAY)
    assert intake.hear(once, act, TODAY) == once


def test_short_messages_add_up_to_a_story(intake: Intake) -> None:
    draft = tell(intake, "聋人 打字慢", "残疾补贴 停了 四个月")
    assert draft.advised
    assert "残疾补贴" in draft.values["narrative"]
    assert "聋人" in draft.values["narrative"]


@pytest.mark.parametrize(("field", "said"), [("name", "不想说"), ("phone", "不留")])
def test_a_refusal_is_an_answer_and_registration_goes_on(intake: Intake, field: str, said: str) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"))
    for i in range(12):
        pending = intake.pending(draft)
        if pending in ("confirm", None):
            break
        text = (
            said
            if pending == field
            else {"name": "李春梅", "phone": "13800001234", "address": "不写"}.get(str(pending), "昆明市五华区莲花街道")
        )
        draft = intake.hear(draft, Act("inform", text, f"r{i}"), TODAY)
        if pending == field:
            assert "照样登记" in intake.ask(draft, TODAY)[0].text
    assert intake.pending(draft) == "confirm"
    assert field in draft.refused


def test_who_refuses_a_name_is_anonymous_and_is_not_asked_for_a_phone(intake: Intake) -> None:
    draft = tell(intake, "我要举报镇长收工程老板的钱，青溪县柳河镇的", ("file_it", "登记"), "查他")
    while intake.pending(draft) not in ("name", "confirm"):
        draft = intake.hear(draft, Act("inform", "去年", f"a{draft.turns}"), TODAY)
    draft = intake.hear(draft, Act("inform", "不说", "n"), TODAY)
    assert draft.values["anonymous"] is True
    assert "phone" not in intake.plan(draft)


def summary_of(intake: Intake) -> Draft:
    draft = tell(
        intake, FUMES + "，在昆明市五华区莲花街道，我叫李春梅，电话13800001234，要求装净化设备", ("file_it", "登记")
    )
    while intake.pending(draft) != "confirm":
        draft = intake.hear(
            draft,
            Act("inform", "老灶川菜馆" if intake.pending(draft) == "respondent" else "12户", f"s{draft.turns}"),
            TODAY,
        )
    return draft


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("电话错了，是13900004321", "phone", "13900004321"),
        ("名字写错了，是李春媚", "name", "李春媚"),
        ("时间说错了，是今年五月", "occurred_on", "2026-05"),
    ],
)
def test_corrections_at_the_summary_change_one_field_and_no_other(
    intake: Intake, said: str, field: str, value: str
) -> None:
    before = summary_of(intake)
    after = intake.hear(before, Act("change", said, "fix"), TODAY)
    assert after.values[field] == value
    assert {k: v for k, v in after.values.items() if k != field} == {
        k: v for k, v in before.values.items() if k != field
    }
    assert intake.ask(after, TODAY)[0].custom["kind"] == "summary"


def test_a_line_of_the_summary_is_changed_by_its_number(intake: Intake) -> None:
    before = summary_of(intake)
    number = intake.rows(before).index("phone") + 1
    asked = intake.hear(before, Act("change", f"改第{number}项", "n1"), TODAY)
    assert intake.pending(asked) == "phone"
    after = intake.hear(asked, Act("inform", "13900004321", "n2"), TODAY)
    assert after.values["phone"] == "13900004321"
    assert intake.pending(after) == "confirm"


def test_the_summary_speaks_the_contracts_forms(intake: Intake) -> None:
    custom = intake.ask(summary_of(intake), TODAY)[0].custom
    assert custom["fields"]["phone"] == "13800001234"
    assert custom["fields"]["occurred_on"] == "2026-03"
    assert custom["missing"] == []


def test_a_further_matter_is_noted_and_not_mixed_in(intake: Intake) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"))
    after = intake.hear(draft, Act("second_matter", "对了还有个事，学校乱收费", "two"), TODAY)
    assert after.others == ["对了还有个事，学校乱收费"]
    assert "学校" not in after.values["narrative"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("他拿着刀在砸门 我躲在屋里", "violence"), ("我不想活了，药就在手边", "self_harm"), ("着火了快来人", "fire_medical"),
        ("我今年12岁 班里的人天天堵我打我 不敢去学校", "child"), ("再不解决我就去炸了政府", "threat_to_others"),
    ],
)  # fmt: skip
def test_present_danger_comes_first(said: str, kind: str) -> None:
    found = safety.danger(said)
    assert found is not None
    assert found.kind == kind
    assert read(said, {}, Scene(Draft()), TODAY).intent == "emergency"


@pytest.mark.parametrize(
    "said",
    [
        "去年他打过我，现在离婚了要财产",
        "烦死了楼上天天吵",
        "跳楼价的房子质量差",
        "担心着火，消防通道被堵",
        "打我电话就行",
        "物业说要起火就麻烦了，存在隐患",
    ],
)
def test_what_is_over_or_a_manner_of_speaking_is_no_danger(said: str) -> None:
    assert safety.danger(said) is None


def test_a_story_that_holds_a_question_is_a_story() -> None:
    scores = {"faq:how_long": 0.8, "inform": 0.1}
    scene = Scene(Draft(), "narrative")
    said = "工地上干了三个月老板一分钱没给，劳动局说登记了，可是办理进度一直没有，请问多久能办完我的事"
    assert read(said, scores, scene, TODAY).intent == "inform"


def test_a_question_at_a_field_is_a_question_and_an_answer_an_answer() -> None:
    scores = {"faq:cost": 0.9, "inform": 0.05}
    assert read("这个要不要钱", scores, Scene(Draft(advised=True, choice="file"), "phone"), TODAY).topic == "cost"
    assert read("13800001234", scores, Scene(Draft(advised=True, choice="file"), "phone"), TODAY).intent == "inform"


def test_words_of_a_person_are_never_read_as_placeholders() -> None:
    say = Catalogue({"x": "{a} 和 {b}"})
    assert say.say("x", a="{b}", b="0[1] {a}") == "{b} 和 0[1] {a}"


@given(st.text(max_size=300))
def test_any_answer_to_any_field_is_read_without_error(said: str) -> None:
    for key in fields():
        if key in ("consent", "case_no", "query_code", "rating", "supplement", "reason"):
            continue
        reply = read_answer(key, said, TODAY)
        if reply.value is not None:
            show(key, reply.value)


def test_every_text_of_the_catalogue_is_free_of_the_repealed_law_and_of_refusals() -> None:
    for wordings in catalogue().texts.values():
        for text in wordings:
            assert "《信访条例》" not in text
            assert "不予受理" not in text
            assert "必须留" not in text


@pytest.mark.parametrize("said", ["嘟嘟", "zxcv", "…", "不想说", "随便吧"])
def test_consent_is_never_guessed(intake: Intake, said: str) -> None:
    draft = summary_of(intake)
    faint = {"affirm": 0.55, "inform": 0.1}
    reading = read(said, faint, Scene(draft, "confirm"), TODAY)
    assert reading.intent not in ("affirm", "file_it")
    assert not intake.hear(draft, Act(reading.intent, said, "guess"), TODAY).confirmed


def test_a_word_that_tells_nothing_at_the_summary_changes_nothing(intake: Intake) -> None:
    before = summary_of(intake)
    after = intake.hear(before, Act("inform", "不想说", "nothing"), TODAY)
    assert after.values == before.values


@pytest.mark.parametrize(
    "said", ["查一下13800000000登记过啥", "把别人的登记给我看看", "谁举报的我", "有没有人投诉过我"]
)
def test_what_others_said_is_private_whatever_the_words_look_like(said: str) -> None:
    for scene in (Scene(Draft()), Scene(Draft(advised=True, choice="file"), "phone")):
        assert read(said, {"inform": 0.9}, scene, TODAY).topic == "others_cases"


@pytest.mark.parametrize("said", ["看看我登记了什么", "查一下我刚才反映的", "有人举报邻居违建没人管，求处理"])
def test_ones_own_matter_is_not_somebody_elses(said: str) -> None:
    assert read(said, {"inform": 0.9}, Scene(Draft()), TODAY).topic != "others_cases"


def test_no_text_promises_a_staff_member_that_nothing_calls() -> None:
    for wordings in catalogue().texts.values():
        for text in wordings:
            for promise in ("人工跟进", "我这就提醒", "我们会转达", "12110"):
                assert promise not in text


def test_anonymity_at_the_place_is_no_place_however_often_it_was_asked(intake: Intake) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"), "要求整改", "我就想睡个好觉", "匿名")
    assert intake.pending(draft) == "place"
    assert draft.values["anonymous"] is True
    assert draft.values.get("place") != "匿名"


def test_a_short_text_that_points_nowhere_is_asked_for_more_once(intake: Intake) -> None:
    draft = tell(intake, "我七十多了眼睛花打字慢")
    assert intake.pending(draft) == "narrative"
    assert tell(intake, "我七十多了眼睛花打字慢", "楼上天天半夜拖桌子吵得睡不着").advised


def test_the_same_misunderstanding_at_the_choice_offers_a_human_the_third_time(intake: Intake) -> None:
    draft = tell(intake, FUMES, "……", "！！！")
    assert "找人工" not in intake.ask(draft, TODAY)[0].text
    draft = intake.hear(draft, Act("inform", "～～～", "again"), TODAY)
    message = intake.ask(draft, TODAY)[0]
    assert "找人工" in message.text
    assert message.custom["kind"] == "advice"


def test_an_answer_to_another_question_is_kept_and_costs_no_miss(intake: Intake) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"))
    assert intake.pending(draft) == "place"
    draft = intake.hear(draft, Act("inform", "要求他装净化器", "other"), TODAY)
    assert draft.values["demand"] == "要求他装净化器"
    assert intake.pending(draft) == "place"
    assert not draft.asked.get("place")


def test_a_guessed_demand_is_marked_until_the_person_says_their_own(intake: Intake) -> None:
    draft = tell(intake, FUMES, ("file_it", "登记"))
    assert "demand" in draft.guessed
    draft = intake.hear(draft, Act("change", "诉求改成让他搬走", "own"), TODAY)
    assert draft.values["demand"] == "让他搬走"
    assert "demand" not in draft.guessed


def test_what_was_heard_with_doubt_is_put_to_the_person_and_settled_by_yes(intake: Intake) -> None:
    draft = tell(intake, "物业把我家水停了，昨天中午停的，太原市小店区澜湾国际小区", ("file_it", "登记"))
    while intake.pending(draft) != "respondent":
        draft = intake.hear(draft, Act("inform", "不知道", f"d{draft.turns}"), TODAY)
    assert "物业" in intake.ask(draft, TODAY)[0].text
    draft = intake.hear(draft, Act("affirm", "对", "yes"), TODAY)
    assert draft.values["respondent"] == "物业"
    assert "respondent" in draft.sure


def test_an_answer_that_looks_like_asking_for_progress_stays_an_answer() -> None:
    scene = Scene(Draft(values={"narrative": FUMES}, questions=["document_on"]), pending="fact")
    assert read("还没写，可以补", {"ask_progress": 0.9, "inform": 0.05}, scene, TODAY).intent == "inform"
    assert read("查一下我的进度", {"ask_progress": 0.9, "inform": 0.05}, scene, TODAY).intent == "ask_progress"


@pytest.mark.parametrize(
    "words", ["有人打我", "救命", "救救我", "老公打我", "我被打了", "有人要杀我", "他拿刀追我", "我被人关起来了出不去"]
)
def test_few_words_of_danger_are_danger(words: str) -> None:
    from bot.petition.safety import danger

    assert danger(words) is not None


@pytest.mark.parametrize(
    "words", ["请打我电话", "这是我爸的救命钱", "去年有人打我，派出所不立案", "有人老打我电话骚扰"]
)
def test_words_that_only_sound_like_danger_are_none(words: str) -> None:
    from bot.petition.safety import danger

    assert danger(words) is None
