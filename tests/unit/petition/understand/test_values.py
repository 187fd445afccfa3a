"""Numbers, money, people, dates, phones: hand-written cases and hostile input."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.understand import (
    answers,
    contacts,
    corrections,
    counts,
    dates,
    demands,
    money,
    names,
    numerals,
    places,
    priors,
    respondents,
    shapes,
    story,
    text,
)

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("四万八千二", 48200), ("两万八", 28000), ("三百零六", 306), ("一千五", 1500), ("十二", 12), ("二十", 20), ("3.6万", 36000),
        ("一万一千四百四", 11440), ("1,250", 1250), ("六亿", 600_000_000), ("半", Decimal("0.5")), ("三十多", 30), ("一百零五", 105),
    ],
)  # fmt: skip
def test_numerals(said: str, value: object) -> None:
    assert numerals.parse_number(said) == value


@pytest.mark.parametrize(
    "word", ["一直没人管", "一起去的", "四川来的", "千万别说", "第三次", "十分着急", "一样", "两口子"]
)
def test_words_are_no_numbers(word: str) -> None:
    assert numerals.find_numbers(word) == []


@pytest.mark.parametrize(
    ("said", "yuan"),
    [
        ("每月一千九百二，五个月九千六百块", 9600), ("他只肯给八千，我要三万五", 35000), ("拖欠工钱四万二", 42000), ("押金两千五", 2500),
        ("一共是12.5万元", 125000), ("780块的资料费", 780), ("就六百！", 600), ("补 3200 yuan", 3200), ("每户大概一万二", 12000),
    ],
)  # fmt: skip
def test_sums_of_money(said: str, yuan: int) -> None:
    found = money.best_amount(said)
    assert found is not None
    assert found.value == yuan


@pytest.mark.parametrize(
    "said", ["2021年3月的事", "住3号楼502", "电话13800001234", "我今年61岁", "三亩二分地", "一共36户", "没有金额"]
)
def test_other_numbers_are_no_money(said: str) -> None:
    assert money.best_amount(said) is None


@pytest.mark.parametrize(
    ("said", "people"),
    [
        ("我们九个工友", 9),
        ("几个工友一起", None),
        ("一共四十二户", 42),
        ("全村八百多口人", 800),
        ("二十来户吧", 20),
        ("就我自己", 1),
        ("大概三四十人", 40),
        ("十来个，就算15户吧", 15),
    ],
)
def test_people(said: str, people: int | None) -> None:
    found = counts.best_people(said)
    assert (found.value if found else None) == people


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("昨天傍晚", "2026-11-22"), ("大前天", "2026-11-20"), ("上周五", "2026-11-20"), ("上礼拜三下午", "2026-11-18"), ("这周一", "2026-11-23"),
        ("今年四月份", "2026-04"), ("去年十一月三号", "2025-11-03"), ("2024年6月", "2024-06"), ("2025.3.8", "2025-03-08"), ("10月12号", "2026-10-12"),
        ("十二月五号", "2025-12-05"), ("上个月", "2026-10"), ("八月底", "2026-08"), ("国庆后", "2026-10"), ("三年了", "2023"), ("半年了", "2026-05"),
        ("Oct 3", "2026-10-03"), ("2022年", "2022"), ("农历去年腊月", "2026-02"),
        ("昨儿个买的", "2026-11-22"), ("今儿早上", "2026-11-23"), ("是三月十二，植树节", "2026-03-12"), ("2024年秋天，9月份前后", "2024-09"),
    ],
)  # fmt: skip
def test_dates(said: str, value: str) -> None:
    found = dates.best_date(said, TODAY)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize("said", ["记不清了", "一直都这样", "后天要去", "三个人", "打了三次电话"])
def test_no_dates(said: str) -> None:
    assert dates.best_date(said, TODAY) is None


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("138 0000 1234", "13800001234"),
        ("幺三八零零零零幺二三四", "13800001234"),
        ("我电话13800001234打不通打这个13900004321", "13900004321"),
        ("0731-88880000", "073188880000"),
    ],
)
def test_phones(said: str, digits: str) -> None:
    assert contacts.find_phones(said)[-1].value == digits


def test_a_case_number_is_no_phone_and_a_wrong_identity_number_is_none() -> None:
    assert contacts.find_phones("编号261123000017") == []
    assert contacts.find_ids("11010519491231002X")
    assert not contacts.find_ids("110105194912310021")


@pytest.mark.parametrize(
    ("said", "yes"),
    [
        ("行", True),
        ("要得", True),
        ("中", True),
        ("OK", True),
        ("不用了", False),
        ("没有", False),
        ("没错", True),
        ("天气好", None),
    ],
)
def test_yes_and_no(said: str, yes: bool | None) -> None:
    assert answers.yes_no(said) is yes


@pytest.mark.parametrize(
    ("said", "yes"),
    [("匿名吧", True), ("不用匿名", False), ("实名", False), ("不能让他们知道是我", True), ("随便", None)],
)
def test_anonymous(said: str, yes: bool | None) -> None:
    assert answers.anonymous(said) is yes


@pytest.mark.parametrize("said", ["不想说", "不留", "不给，凭啥", "能不填吗", "不方便提供", "先不填"])
def test_refusals(said: str) -> None:
    assert answers.declines(said)


@pytest.mark.parametrize("said", ["把钱退给我", "老板不给我们发工资", "他们不退钱"])
def test_complaints_are_no_refusals(said: str) -> None:
    assert not answers.declines(said)


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ("去年打过12345，没人理", ["hotline"]), ("法院判了还没执行", ["court"]), ("派出所来看过说是纠纷", ["police"]), ("打算去起诉他们", []),
        ("没有申请过仲裁", []), ("信访局给了受理告知书", ["petition"]), ("多次向物业反映", []), ("行政复议决定维持了", ["reconsideration"]),
    ],
)  # fmt: skip
def test_prior_procedures(said: str, keys: list[str]) -> None:
    assert list(dict.fromkeys(p.value for p in priors.find_priors(said))) == keys


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("我叫周小燕", "周小燕"),
        ("免贵姓陆，陆建国", "陆建国"),
        ("欧阳春", "欧阳春"),
        ("Maria Lopez", "Maria Lopez"),
        ("李<b>四</b>", "李四"),
        ("王<script>alert(1)</script>强", "王强"),
    ],
)
def test_names_in_answers(said: str, name: str) -> None:
    found = names.find_name(said, asked=True)
    assert found is not None
    assert found.value.startswith(name)


@pytest.mark.parametrize("said", ["不说", "你们会不会告诉他", "先告诉我怎么办", "前面写过了"])
def test_no_names(said: str) -> None:
    assert names.find_name(said, asked=True) is None


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("我家在丰泽区东海街道云山社区，楼下有个烧烤摊", "东海街道云山社区"),
        ("A市B区C小区停水", "A市B区C小区"),
        ("盛和路那排灯不亮", "盛和路"),
    ],
)
def test_places(said: str, part: str) -> None:
    assert any(part in f.text or f.text in part for f in places.find_places(said))


def test_the_receiving_office_is_not_complained_of() -> None:
    found = respondents.best_respondent("尊敬的信访局领导：康宁物业公司乱收费")
    assert found is not None
    assert found.text == "康宁物业公司"


def test_the_last_demand_counts() -> None:
    found = demands.find_demand("希望你们看看。物业不修电梯。要求尽快修好电梯并公开维修基金")
    assert found is not None
    assert found.text == "要求尽快修好电梯并公开维修基金"


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("电话错了，是13900004321", "phone", "13900004321"), ("改第2项", "#2", ""), ("第三项改成东城区", "#3", "东城区"), ("金额改成五千", "amount", "五千"),
        ("地址改一下", "address", ""), ("不是幸福路是幸福里", "place", "幸福里9号"),
    ],
)  # fmt: skip
def test_corrections(said: str, field: str, value: str) -> None:
    found = corrections.find_corrections(said, {"place": "幸福路9号"}, TODAY, {})
    assert [(c.field, c.value_text) for c in found] == [(field, value)]


@pytest.mark.parametrize(
    "said",
    [
        "不是我不想交钱是他们不修",
        "那个人不是好人是骗子",
        "老板说不是不给是没钱",
        "合同上名字写错了，房产局不给改",
        "他把金额改成三万骗我签字",
        "他们把我的地址登错了害我收不到信",
    ],
)
def test_stories_are_no_corrections(said: str) -> None:
    assert corrections.find_corrections(said, {"place": "幸福路9号", "respondent": "某公司"}, TODAY, {}) == []


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ("你好", False),
        ("我要投诉", False),
        ("有个事想问", False),
        ("楼下饭店油烟往我家灌", True),
        ("老板欠我三个月工资不给", True),
    ],
)
def test_stories_are_told_from_greetings(said: str, tells: bool) -> None:
    assert story.is_story(said) is tells


def test_cleaning_keeps_the_way_back() -> None:
    raw = "電\u200b話：１３８０００"
    cleaned = text.clean(raw)
    assert cleaned.text == "电话：138000"
    start = cleaned.text.index("138")
    a, b = cleaned.span(start, start + 3)
    assert raw[a:b] == "１３８"


READERS = (
    numerals.find_numbers, money.find_amounts, counts.find_people, contacts.find_phones, contacts.find_case_numbers, places.find_places, places.find_address,
    respondents.find_respondents, demands.find_demand, names.find_name, priors.find_priors, answers.relation, answers.declines, story.richness,
    lambda s: dates.find_dates(s, TODAY), lambda s: corrections.find_corrections(s, {}, TODAY, {}), text.clean,
)  # fmt: skip
ALPHABET = "一二三四五六七八九十百千万零两半0123456789年月日号个多来元块的是不在我改第项，。 \n路区市县镇村公司局"


@settings(max_examples=60, deadline=None)
@given(st.text(ALPHABET, max_size=400))
def test_no_reader_raises(said: str) -> None:
    for read in READERS:
        read(said)


@pytest.mark.parametrize("piece", ["一", "1", "年", "不是", "路", "我叫", "第", "，", "a", "公司", "万", "<", "希望"])
def test_five_thousand_characters_of_the_same_are_read(piece: str) -> None:
    said = (piece * 5000)[:5000]
    for read in READERS:
        read(said)


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("河口区", "place", "河口区"), ("长宁市", "place", "长宁市"), ("11月2号", "occurred_on", "2026-11-02"), ("没得电话", "phone", None),
        ("电话是13800001234", "phone", "13800001234"), ("一万六千八", "amount", 16800), ("12户", "people_count", 12),
        ("嘉和物业", "respondent", "嘉和物业"), ("刘伟", "name", "刘伟"), ("沈桂香", "name", "沈桂香"), ("三年了", "occurred_on", "2023"),
        ("老板叫王德发", "respondent", "老板王德发"), ("包工头姓刘", "respondent", "包工头刘"), ("我们物业叫嘉和物业", "respondent", "嘉和物业"),
    ],
)  # fmt: skip
def test_a_whole_answer_has_the_form_of_its_field(said: str, field: str, value: object) -> None:
    found = shapes.shape(said, TODAY)
    assert found is not None
    assert (found.field, found.value) == (field, value)


@pytest.mark.parametrize(
    "said",
    ["按市场", "解决", "查处", "马上办", "何时解决", "钱还我", "高兴", "换物业", "小区物业", "王总", "要求整改", "赔三万", "帮助", "3000", "今年三月他们就不管了"],
)  # fmt: skip
def test_words_and_sentences_have_no_form(said: str) -> None:
    assert shapes.shape(said, TODAY) is None


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("不对 是一万六千八", "amount", "一万六千八"), ("不是一万五，是一万六千八", "amount", "一万六千八"), ("错了，是7栋", "place", "幸福里7栋"),
        ("不叫刘伟，叫刘威", "name", "刘威"), ("不是伟大的伟，是威武的威", "name", "刘威"), ("改第2项 长宁市河口区", "#2", "长宁市河口区"),
        ("改第2项长宁市河口区", "#2", "长宁市河口区"), ("第3项不对，应该是五月", "#3", "五月"), ("第2条诉求改成把钱退给我", "#2", "把钱退给我"),
    ],
)  # fmt: skip
def test_corrections_by_value(said: str, field: str, value: str) -> None:
    known = {"name": "刘伟", "amount": "15,000 元", "place": "幸福里6栋", "occurred_on": "2026年3月"}
    found = corrections.find_corrections(said, known, TODAY, {})
    assert [(c.field, c.value_text) for c in found] == [(field, value)]


@pytest.mark.parametrize(("said", "gives"), [("利息不要了", True), ("不要利息了", True), ("算了不要了", False), ("电话不要了", False), ("不办了", False)])  # fmt: skip
def test_a_part_of_what_is_wanted_can_be_given_up(said: str, gives: bool) -> None:
    assert corrections.gives_up(said, "要求把工钱和利息给我，打过电话") is gives
