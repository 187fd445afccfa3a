"""Where in the story each field stands, and what of the story is hidden from who gave no reason."""

from __future__ import annotations

from datetime import date

import pytest

from bot.knowledge.loader import knowledge
from bot.petition.evidence import evidence, masked
from bot.petition.fields import read_story

DAY = date(2026, 11, 23)
STORY = (
    "我叫李春梅，电话一三八零零零零一二三四，家住云溪市青石区莲花街道8号。去年十月阳光花园三号楼电梯坏了，物业一直不修，"
    "安心物业公司收了我们23户2万7千块，我替我妈反映，已经打过12345，要求退钱\n别让他知道是我，只能发短信"
)


def fields_of(story: str) -> dict:
    return {k: v for k, (v, _) in read_story(story, DAY).items()} | {"narrative": story}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("name", "李春梅"), ("phone", "一三八零零零零一二三四"), ("address", "云溪市青石区莲花街道8号"), ("occurred_on", "去年十月"),
        ("place", "阳光花园三号楼"), ("respondent", "安心物业公司"), ("amount", "2万7千块"), ("people_count", "23户"), ("prior", "12345"),
        ("on_behalf_of", "替我妈反映"), ("demand", "要求退钱"), ("anonymous", "别让他知道是我"), ("reply_by", "只能发短信"),
    ],
)  # fmt: skip
def test_a_field_is_found_by_the_words_it_was_read_from(key: str, words: str) -> None:
    found = evidence(fields_of(STORY), DAY)
    assert [STORY[a:b] for a, b in found[key]] == [words]


def test_what_was_understood_from_a_story_is_always_found_in_it_again() -> None:
    lost = []
    for story in list(knowledge().stories)[:120]:
        fields = fields_of(story.text)
        found = evidence(fields, DAY)
        lost += [
            (k, v) for k, v in fields.items() if k != "narrative" and v not in (None, "", [], False) and k not in found
        ]
    assert lost == []


def test_what_was_told_elsewhere_has_no_place_in_the_story() -> None:
    assert evidence({"narrative": "路灯不亮", "place": "云溪市白塔县", "name": "王", "people_count": 3}, DAY) == {}


def test_each_line_of_a_story_that_grew_is_read_for_itself() -> None:
    story = "路灯坏了很久\n在白塔县李家村\n电话13800001234"
    found = evidence({"narrative": story, "phone": "13800001234", "place": "白塔县李家村"}, DAY)
    assert [story[a:b] for a, b in found["place"]] == ["白塔县李家村"]
    assert [story[a:b] for a, b in found["phone"]] == ["13800001234"]


def test_a_masked_story_names_nobody_and_keeps_its_length() -> None:
    fields = fields_of(STORY)
    fields["demand"] = "请给李春梅回电话，13911112222也行"
    hidden = masked(fields, DAY)
    assert len(hidden["narrative"]) == len(STORY)
    for told in ("李春梅", "零零零零一", "莲花街道8号", "13911112222"):
        assert told not in hidden["narrative"] + hidden["demand"]
    assert hidden["respondent"] == "安心物业公司"
    assert "阳光花园三号楼" in hidden["narrative"]
    assert "替我妈反映" in hidden["narrative"]
