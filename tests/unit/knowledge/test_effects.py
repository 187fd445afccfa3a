"""What `knowledge check` tells an office: the worked cases, before and after, and where the baseline lives."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.knowledge.check import notes, problems
from bot.knowledge.loader import ROOT, Knowledge, knowledge
from bot.knowledge.model import Cap, Clock
from bot.petition.advice import effects
from bot.petition.advice.engine import Advisor
from bot.petition.advice.triage import Triage
from bot.settings import Settings

TODAY = date(2026, 11, 23)


def test_forty_worked_cases_are_right(advisor: Advisor) -> None:
    assert len(advisor.knowledge.cases) == 40
    assert effects.wrong_cases(advisor, TODAY) == {}


def changed(k: Knowledge, procedure: str, **what: object) -> Knowledge:
    return replace(k, procedures={**k.procedures, procedure: replace(k.procedures[procedure], **what)})


def test_an_edit_that_turns_a_case_is_named(advisor: Advisor) -> None:
    k = changed(advisor.knowledge, "traffic_liability_review", clocks=())
    wrong = effects.wrong_cases(Advisor(k, advisor._triage), TODAY)
    assert wrong == {"事故全责": "没有说到“3 个工作日”"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(Settings(), data_dir=tmp_path / "data")


@pytest.fixture
def report(advisor: Advisor, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """The lines of a report on a knowledge base, with the model at hand instead of one learned anew."""
    monkeypatch.setattr(
        effects, "advisor_of", lambda k, _: Advisor(k, Triage(k, advisor._triage._model), advisor._danger)
    )

    def run(k: Knowledge, baseline: Path, accept: bool = False) -> list[str]:
        return list(effects.report(k, settings, [{"id": "自带", "text": "楼下饭店油烟天天往我家灌"}], accept, baseline))

    return run


def test_before_and_after_an_edit(report, settings: Settings, tmp_path: Path) -> None:
    k, baseline = knowledge(), tmp_path / "office" / "baseline.json"
    assert any("还没有基准" in line for line in report(k, baseline))
    assert not baseline.exists()  # nothing is accepted unasked
    report(k, baseline, accept=True)
    kept = json.loads(baseline.read_text(encoding="utf-8"))
    assert {c.id for c in k.cases} <= set(kept["outcomes"])
    assert "自带" in kept["outcomes"]
    assert report(k, baseline)[-1].endswith("0 个的答复变了")
    edited = changed(k, "noise_fume_report", name="举报油烟（本地叫法）")
    lines = "\n".join(report(edited, baseline))
    assert "之前：" in lines
    assert "举报油烟（本地叫法）" in lines
    assert not settings.data_dir.exists()  # the installation's folder of data has no part in it


def test_the_baseline_lies_beside_the_knowledge_or_the_region() -> None:
    assert effects.baseline_path("") == ROOT / "baseline.json"
    assert effects.baseline_path("sample") == ROOT / "region" / "sample" / "baseline.json"
    assert effects.baseline_path("/srv/office/region") == Path("/srv/office/region/baseline.json")


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (Clock("三天内", "3 fortnights", label="那天"), "期限写法不对"),
        (Clock("三天内", "3 days", ("no_such_day",), "那天"), "no_such_day 不是 facts 里的日期"),
        (Clock("三天内", "3 days", restarts=("decision",), label="那天"), "decision 不是 facts 里的日期"),
        (Clock("三天内", "3 days", caps=(Cap("5 yrs", ("decided_on",), "那天"),), label="那天"), "期限写法不对：5 yrs"),
        (Clock("三天内", "3 days"), "没有写 label"),
        (Clock("尽快", starts=("received_on",)), "没有写 length"),
        (Clock("一年内", "1 year", label="那天", unverified=True), "以谁的答复为准"),
        (Clock("三天内", "3 days", label="那天"), "期限没有依据"),
    ],
)
def test_a_wrong_limit_is_named(clock: Clock, said: str) -> None:
    k = changed(knowledge(), "civil_suit", clocks=(clock,))
    assert any(said in p for p in problems(k, TODAY))


@pytest.mark.parametrize("field", ["who", "cost", "then", "clocks", "hotline"])
def test_a_way_that_leaves_a_cell_empty_is_named(field: str) -> None:
    k = changed(knowledge(), "civil_suit", **{field: "" if field in ("who", "cost") else ()})
    assert f"procedures:civil_suit：缺少 {field}" in problems(k, TODAY)


def test_a_next_step_that_does_not_exist_is_named() -> None:
    assert any("no_such" in p for p in problems(changed(knowledge(), "civil_suit", next=("no_such",)), TODAY))


def test_shared_cues_are_pointed_out_and_shadowed_ways_are_errors() -> None:
    k = knowledge()
    assert any("限期拆除" in n for n in notes(k))
    d = k.disputes["private_loan"]
    twice = replace(k, disputes={**k.disputes, d.id: replace(d, paths=(*d.paths, d.paths[0]))})
    assert any("永远轮不到" in p for p in problems(twice, TODAY))
