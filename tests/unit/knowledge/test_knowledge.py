"""The knowledge base: schema, references, citations, law by date, the worked cases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.knowledge.check import articles_of, citation_problems, problems, upcoming
from bot.knowledge.loader import KnowledgeError, knowledge, load, parse_basis
from bot.knowledge.model import Basis
from bot.petition.advice import wording
from bot.petition.catalogue import catalogue
from bot.petition.keys import CHANNELS

TODAY = date(2026, 11, 23)
SHARED = Path(__file__).parents[4] / "shared"


@pytest.mark.parametrize("day", [TODAY, date(2026, 3, 1), date(2026, 8, 14), date(2027, 1, 1), date(2027, 12, 31)])
def test_the_shipped_knowledge_has_no_problem(day: date) -> None:
    assert problems(knowledge(), day) == []


@pytest.mark.parametrize(("day", "article"), [(date(2026, 12, 31), "34"), (date(2027, 1, 1), "37")])
def test_the_trade_mark_law_changes_at_the_end_of_2026(day: date, article: str) -> None:
    k = knowledge()
    cited = {b.article for b in k.cite(k.procedures["ip_grant_review"].basis, day) if b.law == "商标法"}
    assert article in cited
    assert len({b.edition for b in k.cite(k.procedures["ip_grant_review"].basis, day) if b.law == "商标法"}) == 1


def test_a_law_that_ends_soon_is_announced_with_what_it_leaves_behind() -> None:
    k = knowledge()
    lines = list(upcoming(k, TODAY))
    assert any("商标法" in line and "2026-12-31" in line for line in lines)
    assert not any(line.startswith("从 ") for line in lines)
    law = k.laws["行政复议法"]
    ends = replace(law, versions=(replace(law.versions[0], until=date(2027, 6, 30)),))
    left = list(upcoming(replace(k, laws={**k.laws, law.title: ends}), TODAY))
    assert any(line.startswith("从 2027-07-01 起：procedures:") for line in left)


def test_every_cited_article_stands_in_the_text_of_its_law() -> None:
    if not (SHARED / "law" / "texts").is_dir():
        pytest.skip("the full texts of the laws are not beside this checkout")
    assert citation_problems(knowledge(), SHARED / "law" / "texts") == []


def test_there_is_enough_of_it() -> None:
    k = knowledge()
    assert len(k.disputes) >= 80
    assert len(k.answers) >= 25
    assert {p.channel for p in k.procedures.values()} == set(CHANNELS)


def test_no_text_says_what_must_never_be_said() -> None:
    k = knowledge()
    texts = [
        t for p in k.procedures.values() for t in (p.first, p.where, *p.cautions, *p.then, *(c.text for c in p.clocks))
    ]
    texts += [a.text for a in k.answers.values()] + [p.why for d in k.disputes.values() for p in d.paths]
    for text in texts:
        for wrong in (
            "《信访条例》",
            "信访不予受理",
            "我们不予受理",
            "保证给您",
            "一律不受理",
            "再访就",
            "《大气污染防治法》",
            "信访期间不计入",
        ):
            assert wrong not in text


@pytest.mark.parametrize(
    ("law", "article", "before", "after"),
    [
        ("生态环境法典", "599", date(2026, 8, 14), date(2026, 8, 15)),
        ("治安管理处罚法", "88", date(2025, 12, 31), date(2026, 1, 1)),
        ("社会救助法", "48", date(2026, 6, 30), date(2026, 7, 1)),
    ],
)
def test_a_law_is_cited_only_while_it_is_in_force(law: str, article: str, before: date, after: date) -> None:
    edition = knowledge().laws[law].versions[-1].edition
    basis = [Basis(law, article, edition=edition)]
    assert knowledge().cite(basis, before) == ()
    assert knowledge().cite(basis, after) == tuple(basis)


@pytest.mark.parametrize(
    ("text", "told", "cites", "never"),
    [
        ("2026年8月14日那天厂里往河里排黑水，气味呛人", "2026-08-14", "环境保护法", "生态环境法典"),
        ("2026年8月15日那天厂里往河里排黑水，气味呛人", "2026-08-15", "生态环境法典", "环境保护法"),
        ("厂里从2026年3月起天天往河里排黑水，气味呛人", "2026-03", "生态环境法典", "环境保护法"),
    ],
)
def test_conduct_is_judged_by_the_code_of_its_day(advisor, text: str, told: str, cites: str, never: str) -> None:
    advice = advisor.advise(text, TODAY, {"occurred_on": told})
    laws = {b.law for c in advice.channels for b in c.basis}
    assert cites in laws
    assert never not in laws


@pytest.mark.parametrize(("day", "code"), [(date(2026, 8, 14), "环境保护法"), (date(2026, 8, 15), "生态环境法典")])
def test_an_advice_of_the_day_before_a_code_cites_the_old_laws(advisor, day: date, code: str) -> None:
    advice = advisor.advise("厂里天天往河里排黑水，气味呛人", day)
    assert code in {b.law for c in advice.channels for b in c.basis}


@pytest.mark.parametrize(("told", "article"), [("2025-12-31", "70"), ("2026-01-01", "82")])
def test_the_penalty_law_goes_by_the_day_of_the_conduct(advisor, told: str, article: str) -> None:
    advice = advisor.advise("茶馆里开赌场聚众赌博抽头，那天晚上我亲眼看见的", TODAY, {"occurred_on": told})
    cited = {(b.law, b.article) for c in advice.channels for b in c.basis}
    assert ("治安管理处罚法", article) in cited
    assert ("治安管理处罚法", "82" if article == "70" else "70") not in cited


@pytest.mark.parametrize(("day", "article", "months"), [(date(2026, 2, 28), "59", 6), (date(2026, 3, 1), "72", 3)])
def test_the_limit_for_setting_an_award_aside_goes_by_the_law_of_the_day(
    advisor, day: date, article: str, months: int
) -> None:
    advice = advisor.advise("仲裁委员会裁决我和供货商的合同，我不服，想撤销仲裁裁决", day)
    first = next(c for c in advice.channels if c.procedure.id == "set_aside_award")
    assert f"{months} 个月" in first.clock.text
    assert ("仲裁法", article) in {(b.law, b.article) for b in first.basis}


def test_the_arbitration_law_changes_on_the_first_of_march_2026() -> None:
    law = knowledge().laws["仲裁法"]
    old, new = law.in_force(date(2026, 2, 28)), law.in_force(date(2026, 3, 1))
    assert old is not None
    assert new is not None
    assert (old.edition, new.edition) == ("2017", "2025")
    assert knowledge().cite([Basis("仲裁法", "96")], date(2026, 2, 28)) == ()


@pytest.mark.parametrize("text", ["行政复议法", "行政复议法第23条", "23", ""])
def test_a_basis_in_the_wrong_form_is_refused(text: str) -> None:
    with pytest.raises(KnowledgeError, match="依据写法不对"):
        parse_basis(text)


def test_a_mistake_in_a_file_is_named_with_its_place(tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "k"
    shutil.copytree(Path(__file__).parents[3] / "bot" / "knowledge", root)
    (root / "procedures" / "zz.yml").write_text("new_one:\n  name: 某程序\n  chanel: police\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"zz.yml:new_one：缺少 channel"):
        load(root)


def test_articles_are_found_in_a_text() -> None:
    assert articles_of("第一条　为了\n  第二十三条 有下列\n第一百零五条 人民") == {"1", "23", "105"}


def cases() -> list[dict]:
    path = SHARED / "eval" / "law_cases.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


@pytest.mark.parametrize("case", cases() or [None], ids=lambda c: c["id"] if c else "absent")
def test_the_worked_cases(case: dict | None, advisor) -> None:
    if case is None:
        pytest.skip("the worked cases are not beside this checkout")
    advice = advisor.advise(case["text"], TODAY)
    assert advice.channel in [case["channel"], *case["channel_ok"]]
    assert advice.category == case["category"]
    cited = {(b.law, b.article) for c in advice.channels for b in c.basis}
    assert not case["basis_any"] or any(tuple(b) in cited for b in case["basis_any"])
    assert all(tuple(b) in cited for b in case["basis_all"])
    text = wording.message(advice, catalogue(), TODAY).text
    assert not case["clock_any"] or any(x in text for x in case["clock_any"])
    assert not [x for x in case["must_not"] if x in text]
