"""Danger told in people's own words: the rules and the model together, on sentences that neither was made from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.knowledge.check import danger_problems
from bot.knowledge.loader import ROOT, knowledge
from bot.petition import peril
from bot.petition.peril import Peril
from bot.petition.understand.text import clean

MODELS = Path(__file__).parents[3] / "var" / "models"
#: Measured when the set was first seen: .56 of 155, many of them indirect, and 4 of 120 near misses; .50 and 3 since what people say every day is learnt as calm.
LEAST, MOST = 0.45, 5


@pytest.fixture(scope="module")
def reader() -> Peril:
    return peril.ready(knowledge(), MODELS)


def measured() -> dict:
    return yaml.safe_load((Path(__file__).parents[2] / "data" / "danger.yml").read_text(encoding="utf-8"))


def test_danger_in_own_words_is_found(reader: Peril) -> None:
    told = [t for texts in measured()["danger"].values() for t in texts]
    assert sum(reader.read(clean(t).text) is not None for t in told) / len(told) >= LEAST


def test_what_only_sounds_like_danger_is_none(reader: Peril) -> None:
    assert sum(reader.read(clean(t).text) is not None for t in measured()["safe"]) <= MOST


def test_what_is_measured_is_not_learnt() -> None:
    bare = lambda t: re.sub(r"\W", "", t)  # noqa: E731
    learnt = {
        bare(t) for texts in yaml.safe_load((ROOT / "danger.yml").read_text(encoding="utf-8")).values() for t in texts
    }
    told = [*measured()["safe"], *(t for texts in measured()["danger"].values() for t in texts)]
    assert [t for t in told if bare(t) in learnt] == []


@pytest.mark.parametrize(
    "answer",
    [
        "李春梅", "13800001234", "昆明市五华区翠湖里小区3栋2单元", "老灶台川菜馆", "要求赔偿三千元", "不知道", "去年腊月",
        "有照片和录音", "消防大队", "河西村水库边", "我不想说", "匿名", "登记吧", "算了不登了", "楼顶漏水没人修", "十五户人家",
    ],
)  # fmt: skip
def test_answers_of_a_form_are_no_danger(reader: Peril, answer: str) -> None:
    assert reader.read(clean(answer).text) is None


def test_a_long_letter_is_read_in_pieces(reader: Peril) -> None:
    letter = (
        "我们小区的物业费一年涨了两回，电梯也常坏。" * 8 + "我老公正拿刀追着我砍，我躲在厕所里。" + "垃圾也没人收。" * 5
    )
    found = reader.read(clean(letter).text)
    assert found is not None and found.kind == "violence"


def test_without_the_encoder_the_first_opinion_stands_alone(reader: Peril) -> None:
    alone = Peril(peril.Opinions(reader.opinions.first))
    assert alone.read("我爬到塔吊上了，今天不给钱我就跳下去") is not None
    assert alone.read("谢谢你们") is None


def test_a_wrong_file_of_examples_is_told() -> None:
    rows = {"fire_medical": ["着火了快来人"], "violenc": ["他在打我"], "none": ["着火了快来人"]}
    wrong = list(danger_problems(rows))
    assert "danger.yml：没有“violenc”这一类" in wrong
    assert "danger.yml：missing 至少要 30 句" in wrong
    assert "danger.yml：“着火了快来人”同时在 fire_medical 和 none 里" in wrong
