"""Transcripts of every format give the same call; roles, fields with their evidence, masking; corrections win."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hotline.making import UNLABELLED, WRITERS, write
from hypothesis import given
from hypothesis import strategies as st

from bot.hotline.draft import draft
from bot.hotline.elements import elements
from bot.hotline.formats import Transcript, TranscriptError, Turn, read
from bot.hotline.masking import mask
from bot.hotline.questions import asked_about
from bot.hotline.roles import roles, turn_roles
from bot.hotline.routing import channels
from bot.hotline.speech import Said, hear, heard, spelled
from bot.hotline.where import plain_numbers

CALL = [
    ("a", "您好，临江12345热线，请讲。"),
    ("c", "喂你好，我要投诉我们小区物业，电梯坏了快一个月了没人修。"),
    ("a", "您是哪个小区的呢？"),
    ("c", "南湖区，枫林路那个翠竹苑小区，6号楼。"),
    ("a", "物业公司叫什么？"),
    ("c", "叫，叫捷安物业，不是捷运，捷安物业。"),
    ("a", "从什么时候开始坏的？"),
    ("c", "3月2号开始的，修了两回又坏。"),
    ("a", "您的诉求是要求住建部门督促物业修好电梯，对吗？"),
    ("c", "对对，尽快修。"),
    ("a", "您贵姓，联系电话是多少？"),
    ("c", "我姓葛，葛小梅，电话幺三七五五五零幺二三四。"),
    ("a", "葛小梅女士，幺三七五五五零幺二三四，您住几号楼几单元？"),
    ("c", "6号楼2单元501。"),
    ("a", "好的，已经登记，感谢您的来电，再见。"),
]
TIME = "2026-03-28T10:00:00+08:00"
ROLE = {"a": "agent", "c": "citizen"}
DAY = date(2026, 3, 28)


def said(*pairs: tuple[str, str]) -> list[Said]:
    return heard((ROLE[w], t) for w, t in pairs)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_call(tmp_path: Path, name: str) -> None:
    call = read(write(tmp_path, "call", name, CALL))
    assert call.format == {"aliyun_back": "aliyun_filetrans", "txt_gbk": "txt", "srt_bare": "srt"}.get(name, name)
    assert "".join(t.text for t in call.turns) == "".join(t for _, t in CALL)
    found = roles(call)
    if name in UNLABELLED:
        assert found == {}
    else:
        assert [t.text for t in call.turns] == [t for _, t in CALL]
        assert [found[t.speaker] for t in call.turns] == [ROLE[w] for w, _ in CALL]


@pytest.mark.parametrize("name", [n for n in WRITERS if n != "txt_gbk"])
def test_every_format_is_read_in_gb18030_too(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "call", name, CALL)
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".json", ".jsonl"):
        text = "\n".join(json.dumps(json.loads(x), ensure_ascii=False) for x in text.splitlines())
    wanted = read(path)
    path.write_bytes(text.encode("gb18030"))
    assert read(path) == wanted


def test_without_labels_the_turns_still_have_their_speakers() -> None:
    call = Transcript("whisper", tuple(Turn("", t) for _, t in CALL))
    assert turn_roles(call) == [ROLE[w] for w, _ in CALL]


def test_a_recorded_voice_and_noise_are_neither_of_the_two() -> None:
    turns = (Turn("0", "您的通话可能会被录音"), *(Turn("1" if w == "a" else "2", t) for w, t in CALL))
    assert roles(Transcript("x", turns)) == {"0": "other", "1": "agent", "2": "citizen"}


def test_two_who_sound_alike_stay_unknown() -> None:
    turns = (Turn("0", "今天下雨"), Turn("1", "路上很滑"), Turn("0", "天黑得早"), Turn("1", "风也大"))
    assert set(roles(Transcript("x", turns)).values()) == {"unknown"}


@pytest.fixture(scope="module")
def record(advisor, tmp_path_factory) -> dict[str, Any]:
    return draft(read(write(tmp_path_factory.mktemp("h"), "call", "funasr_python", CALL)), "call.json", advisor, TIME)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "葛小梅"), ("phone", "13755501234"), ("occurred_on", "2026-03-02"), ("respondent", "捷安物业"), ("anonymous", False),
        ("address", "南湖区枫林路翠竹苑小区6号楼2单元501"), ("place", "南湖区枫林路翠竹苑小区6号楼"), ("demand", "督促物业修好电梯"),
    ],
)  # fmt: skip
def test_fields_of_the_call(record: dict[str, Any], field: str, value: Any) -> None:
    assert record["fields"][field]["value"] == value


def test_the_draft_has_the_keys_of_the_contract(record: dict[str, Any]) -> None:
    assert set(record) == {
        "file", "format", "call_time", "roles", "channel", "channels", "agency", "agencies", "category", "urgent", "prior", "fields",
        "duplicate_of", "completeness", "masked_text",
    }  # fmt: skip
    assert set(record["fields"]) == {
        "name", "phone", "id_number", "address", "place", "respondent", "occurred_on", "amount_yuan", "people", "demand", "anonymous", "on_behalf_of",
    }  # fmt: skip
    assert (record["channel"], record["agency"], record["category"]) == ("enforcement", "住建", "申诉求决")
    assert record["completeness"] == 1.0


def test_evidence_points_into_the_raw_turns(record: dict[str, Any]) -> None:
    raw = "\n".join(t for _, t in CALL)
    for key, spoken in (("phone", "幺三七五五五零幺二三四"), ("respondent", "捷安物业"), ("name", "葛小梅")):
        a, b = record["fields"][key]["evidence"][0]
        assert raw[a:b] == spoken
    for field in record["fields"].values():
        assert all(0 <= a < b <= len(raw) for a, b in (field or {"evidence": []})["evidence"])


def test_nothing_personal_is_left_in_the_masked_text(record: dict[str, Any]) -> None:
    for secret in ("葛小梅", "13755501234", "幺三七五五五零幺二三四", "6号楼2单元501"):
        assert secret not in record["masked_text"]
    assert "12345" in record["masked_text"]
    assert "捷安物业" in record["masked_text"]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("叫，叫捷安物业", "叫捷安物业"),
        ("13755501111，不对，是13755502222。", "是13755502222。"),
        ("後面是八八幺四，哎不对不对，八幺八四。", "八幺八四。"),
        ("呃我反映个事儿啊，那个，嗯，就是俺楼下", "我反映个事儿啊，俺楼下"),
        ("對對 說好一年就還", "对对，说好一年就还"),
        ("我姓魏，魏长河", "我姓魏，魏长河"),
        ("[噪音]没有，她啥也不给", "没有，她啥也不给"),
        ("佢喺边度我唔知，投诉过嘅", "他在哪里我不知，投诉过的"),
        ("我就想让他们重新认定一下嘛我胳膊都断了", "我就想让他们重新认定一下嘛，我胳膊都断了"),
    ],
)
def test_speech_is_made_readable(raw: str, plain: str) -> None:
    assert hear("citizen", raw, 0).text == plain


@given(st.text(alphabet="我嗯呃，。的不对是哎幺三五那个魏 們[]12…", max_size=60))
def test_every_readable_character_knows_where_it_was_said(raw: str) -> None:
    turn = hear("citizen", raw, 7)
    assert turn.where is not None
    assert len(turn.where) == len(turn.text)
    assert list(turn.where) == sorted(turn.where)
    for i in range(len(turn.text)):
        a, b = turn.span(i, i + 1)
        assert 7 <= a < b <= 7 + len(raw)


def test_how_a_name_is_spelled_is_no_name() -> None:
    assert spelled("我叫万小莲，莲花的莲，三点水那个濮，木字旁那个，三个金的鑫，翠苑小区") == "我叫万小莲，翠苑小区"


def test_a_correction_in_the_call_wins() -> None:
    turns = said(
        ("a", "您的电话是多少？"),
        ("c", "13755501111，不对，是13755502222。"),
        ("a", "13755502222，对吗？"),
        ("c", "对。"),
    )
    assert elements(turns, DAY)["phone"].value == "13755502222"


def test_what_the_caller_denies_is_not_taken_from_the_agent() -> None:
    turns = said(
        ("a", "您贵姓，电话多少？"),
        ("c", "我叫郭铁山，136 0000 7719。"),
        ("a", "郭铁山，13600007119？"),
        ("c", "不是，是7719。"),
    )
    found = elements(turns, DAY)
    assert (found["phone"].value, found["name"].value) == ("13600007719", "郭铁山")


def test_the_agents_spelling_is_the_written_one() -> None:
    turns = said(
        ("a", "具体的地址是？"),
        ("c", "金水区幸福录，锦艺家园。"),
        ("a", "幸福路，道路的路，对吗？"),
        ("c", "对，就在那儿。"),
    )
    assert elements(turns, DAY, "郑州")["place"].value == "金水区幸福路锦艺家园"


@pytest.mark.parametrize(
    ("hotline", "told", "place"),
    [
        ("贵阳", "在观山湖那边，一个小区里头", "观山湖区"),
        ("武汉", "江岸区，金桥大道跟塔子湖东路那个路口，往北二三十米的样子", "江岸区金桥大道与塔子湖东路交叉口往北二三十米"),
        ("广州", "我喺海珠区，江南西", "海珠区江南西"),
        ("昆明", "在东川区铜都街道，碧云社区", "东川区铜都街道碧云社区"),
    ],
)  # fmt: skip
def test_places_are_put_together(hotline: str, told: str, place: str) -> None:
    turns = said(("a", "您说的地方在哪里？"), ("c", told))
    assert elements(turns, DAY, hotline)["place"].value == place


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("我叫惠拴牢，恩惠的惠。", "惠拴牢"),
        ("免贵姓楼，楼房的楼，楼建平。", "楼建平"),
        ("姓濮，单名一个磊，三个石头。", "濮磊"),
        ("姓粟，粟米的粟，粟老师。", "粟老师"),
        ("我姓初初中的初初立新幺三零五五五零九零零幺", "初立新"),
        ("我姓把把守的把把建军电话幺三三零零零零六七二幺", "把建军"),
        ("我姓冼，冼星海个冼，冼玉玲，玉石个玉。", "冼玉玲"),
    ],
)
def test_rare_surnames_are_names_too(told: str, name: str) -> None:
    assert elements(said(("a", "您贵姓？"), ("c", told)), DAY)["name"].value == name


def test_two_characters_that_stand_alone_are_a_name_when_the_agent_goes_on_with_it() -> None:
    turns = said(
        ("a", "您的姓名和电话？"),
        ("c", "佟欣，人字旁冬天的冬那个佟，欣赏的欣，幺五幺零零零零四四七六。"),
        ("a", "好的，佟女士。"),
    )
    assert elements(turns, DAY)["name"].value == "佟欣"


def test_a_date_said_wrong_gives_way_to_the_one_that_was_read_back() -> None:
    turns = said(
        ("a", "漏了多久了？"),
        ("c", "3月15号左右开始的吧。"),
        ("c", "不是十五，是十二，三月十二，我记错了。"),
        ("a", "3月12号开始的。"),
        ("c", "嗯。"),
    )
    assert elements(turns, DAY)["occurred_on"].value == "2026-03-12"


def test_the_day_of_the_contract_is_not_the_day_of_the_matter() -> None:
    turns = said(
        ("a", "您是什么时候签的合同？"),
        ("c", "去年十一月二号，交了两万六。"),
        ("a", "什么时候关门的？"),
        ("c", "3月24号，门就锁了。"),
    )
    assert elements(turns, DAY)["occurred_on"].value == "2026-03-24"


def test_a_number_that_is_somebody_elses_is_not_the_callers() -> None:
    asked = ("a", "您的身份证号？")
    assert elements(said(asked, ("c", "999999196804152030。")), DAY)["id_number"].value == "999999196804152030"
    assert elements(said(asked, ("c", "999999196804152030，这是我妈的，您别记这个。")), DAY)["id_number"] is None


def test_a_place_that_the_agent_reads_back_and_the_caller_confirms_counts_as_told() -> None:
    turns = said(
        ("c", "我上次投诉过潮福牛肉火锅油烟，到现在都没人理。"),
        ("a", "还是汾江中路东建大厦一楼那间？"),
        ("c", "是啊，就是他。"),
    )
    assert elements(turns, DAY, "佛山")["place"].value.startswith("汾江中路东建大厦")


def test_an_agent_who_sends_everybody_out_has_an_emergency_on_the_line() -> None:
    call = ("c", "我们楼道里老大煤气味儿了，你们赶紧来人！")
    assert channels(said(call, ("a", "您带家人先下楼，马上打119，我这边同步派单。")))["emergency"] > 1
    assert "emergency" not in channels(said(call, ("a", "以后如果不舒服，请您马上打120。")))


def test_who_speaks_beside_the_caller_is_a_citizen_and_noise_is_not() -> None:
    turns = [Turn("1" if w == "a" else "2", t) for w, t in CALL]
    beside = [*turns[:9], Turn("3", "不是二号，是三号，礼拜二，我在家那天。"), *turns[9:]]
    assert roles(Transcript("x", tuple(beside)))["3"] == "citizen"
    noise = [*turns[:9], Turn("3", "嘀嘀"), *turns[9:]]
    assert roles(Transcript("x", tuple(noise)))["3"] == "other"


def test_where_the_other_side_lives_is_not_the_callers_address() -> None:
    assert "address" in asked_about("您家住几号楼？")
    assert "address" not in asked_about("养狗的住几号楼您知道吗？")


def test_a_call_that_told_the_caller_is_no_earlier_call() -> None:
    turns = said(("a", "学校是哪天告诉您的？"), ("c", "三月二十五号，打电话告诉的。"))
    assert elements(turns, DAY)["occurred_on"].value == "2026-03-25"


def test_who_wants_no_name_has_none() -> None:
    found = elements(said(("a", "您贵姓？"), ("c", "我不留名，我怕他们报复。")), DAY)
    assert found["name"] is None
    assert found["anonymous"].value is True


@pytest.mark.parametrize(
    ("raw", "plain"), [("翠屏雅筑二十七栋一八零三", "翠屏雅筑27栋1803"), ("三号楼二单元四零一室", "3号楼2单元401室")]
)
def test_addresses_have_digits(raw: str, plain: str) -> None:
    assert plain_numbers(raw) == plain


def test_public_numbers_stay_and_cards_and_plates_go() -> None:
    masked = mask([("citizen", "卡号621700 0055500 012345，车牌陕A55Z50，打过12345和12388")])
    assert "621700" not in masked
    assert "A55Z50" not in masked
    assert "12345" in masked
    assert "12388" in masked


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"Result": null}', b"\xff\xfe\xff", b'[{"sentence_info": [1]}]', b'{"content": {}}'],
)
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(TranscriptError, match=r"x\.json"):
        read(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_call_or_an_error(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("f") / "x.json"
    path.write_bytes(data)
    try:
        assert read(path).turns
    except TranscriptError as e:
        assert "x.json" in str(e)
