"""The measurements measure: on small data whose result is known."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.evaluation.addresses import addresses_report
from bot.evaluation.intents import auc, macro_f1, read_label, spoken
from bot.evaluation.personas import personas_report
from bot.evaluation.shares import f1, share
from bot.evaluation.spans import half, spans_report
from bot.evaluation.values import values_report
from bot.settings import Settings


def test_macro_f1_counts_every_label_alike() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "b"]) == 1.0
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx((6 / 7 + 0) / 2)


def test_auc_is_how_often_a_positive_is_above_a_negative() -> None:
    assert auc([0.1, 0.2], [0.3, 0.4]) == 1.0
    assert auc([0.3, 0.4], [0.1, 0.2]) == 0.0
    assert auc([0.5], [0.5]) == 0.5


def test_questions_are_read_by_their_topic_when_it_is_named() -> None:
    scores = {"greet": 0.4, "faq:cost": 0.35, "faq:group": 0.25}
    assert read_label(scores, ["faq:cost"]) == ("faq:cost", 0.0)
    assert read_label(scores, [])[0] == "faq"


def test_spoken_text_has_no_punctuation_and_is_the_same_each_time() -> None:
    said = [spoken("你好，在吗？我要反映一件事。", random.Random(3)) for _ in range(2)]
    assert said[0] == said[1]
    assert not set("，？。") & set(said[0])


def test_shares_come_with_their_interval() -> None:
    assert share(1, 2) == "0.500 (0.095-0.905)"
    assert f1(2, 2, 1) == 0.5
    assert f1(0, 0, 0) == 0.0


def test_a_wrong_value_lowers_the_share(tmp_path: Path) -> None:
    file = tmp_path / "values.txt"
    file.write_text("# today\nmoney | 三万五 | 35000\nmoney | 三万五 | 36000\ndates | 没有 | null\n", encoding="utf-8")
    report = values_report(file)
    assert report["n"] == 3
    assert report["right"].startswith("0.667")
    assert len(report["wrong"]) == 1


def test_parts_of_addresses_are_compared_exactly(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    parts = [("prov", "江苏省"), ("city", "苏州市"), ("road", "菱塘路"), ("roadno", "88号"), ("person", "张三")]
    lines = [f"{c} {'B' if i == 0 else 'I'}-{k}" for k, text in parts for i, c in enumerate(text)]
    file.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    report = addresses_report(file)
    assert report["n"] == 1
    assert report["micro-F1"] == 1.0


def test_spans_are_reported_by_half(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text(
        '{"id": "a", "text": "K3县城关镇柳树村的路坏了", "spans": {"place": "K3县城关镇柳树村"}, "spans_skip": []}\n',
        encoding="utf-8",
    )
    report = spans_report(file, Settings.from_env({}))
    assert report["micro-F1, all"] == 1.0
    assert report[f"micro-F1, half {half('a')}"] == 1.0


def test_personas_need_the_program_that_plays_them(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        personas_report(tmp_path / "personas.jsonl", "http://127.0.0.1:6699")
