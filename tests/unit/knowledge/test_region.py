"""The local units behind an agency, local rules with their document, plain wording, what a change does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.channels import materials
from bot.knowledge.check import notes, problems
from bot.knowledge.loader import ROOT, KnowledgeError, knowledge, load
from bot.knowledge.model import Agency
from bot.knowledge.plain import plain_problems
from bot.knowledge.region import load_region, regional
from bot.petition.advice import effects, wording
from bot.petition.catalogue import catalogue
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.intake import Act, Intake
from bot.petition.keys import AGENCIES, CHANNELS

TODAY = date(2026, 11, 23)


def test_the_smallest_named_place_with_the_unit_wins_and_larger_ones_stand_in() -> None:
    region = load_region("sample")
    assert region.unit("城管", "云溪市青石区莲花街道").name == "青石区综合行政执法局"
    assert region.unit("劳动仲裁委", "我在青石区打工").name == "云溪市劳动人事争议仲裁院"
    assert region.unit("水利", "云溪市青石区") is None
    assert region.unit("城管", "别的地方") is None


def test_what_no_file_names_falls_back_to_12345() -> None:
    region, say = load_region("sample"), catalogue()
    assert "12345" in wording.local_unit(region, say, "水利", "青石区")
    assert "0000-5550202" in wording.local_unit(region, say, "城管", "青石区")


def test_a_local_rule_changes_the_procedure_and_names_its_document() -> None:
    p = regional("sample").procedures["noise_fume_report"]
    assert p.agency == "生态环境"
    assert "通告" in p.cautions[0]
    assert knowledge().procedures["noise_fume_report"].agency == "城管"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("procedure: noise_fume_report", "procedure: no_such", "no_such"),
        ("agency: 生态环境", "agency: 环保大队", "环保大队"),
        ("信访局: {name: 白塔县信访局", "信访大队: {name: 白塔县信访局", "信访大队"),
        ("document:", "dokument:", "document"),
    ],
)
def test_a_mistake_in_a_region_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (ROOT / "region" / "sample" / "region.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "region.yml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        load_region(str(tmp_path)).adapt(knowledge())


def test_the_advice_names_the_unit_of_the_place_that_was_told(advisor) -> None:
    intake = Intake(advisor, catalogue(), load_region("sample"))
    draft = intake.hear(Draft(), Act("inform", "青石区望江路一楼的饭馆油烟天天往我家灌，没人管", "t1"), TODAY)
    text = intake.ask(draft, TODAY)[0].text
    assert "青石区综合行政执法局" in text
    assert "0000-5550202" in text
    plain = Intake(advisor, catalogue()).ask(draft, TODAY)[0].text
    assert "0000-" not in plain


def test_an_unknown_region_names_the_known_ones() -> None:
    with pytest.raises(KnowledgeError, match="sample"):
        load_region("nowhere")


def test_every_agency_and_content_category_is_described() -> None:
    k = knowledge()
    assert set(k.agencies) == set(AGENCIES)
    assert len(k.content) == 20
    assert all(a.does and a.does_not for a in k.agencies.values())


def test_what_is_said_is_plain_and_the_check_can_fail() -> None:
    k = knowledge()
    assert plain_problems(k) == []
    clumsy = Agency("其他", (), (), "鉴于上述情况予以" + "很长" * 40, "")
    found = plain_problems(replace(k, agencies={**k.agencies, "其他": clumsy}))
    assert len(found) == 4


@pytest.mark.parametrize(
    "said",
    [
        "您反映的事信访部门不予受理", "这件事我们不受理，您去法院告吧", "不属于信访受理范围", "您肯定没理，别争了", "对方肯定违法",
        "您的诉求不合理", "您的借款肯定过期了", "您已经不能起诉了", "我们保证给您办好", "一告一个准，肯定能要回来", "建议您不要再上访",
        "反映了也没用", "别再折腾了", "再来就拘留", "后果自负", "否则公安会抓您", "小心被拘留",
    ],
)  # fmt: skip
def test_what_must_never_be_said_is_caught(said: str) -> None:
    k = knowledge()
    rude = Agency("其他", (), (), said, "")
    assert any("不能说" in p for p in plain_problems(replace(k, agencies={**k.agencies, "其他": rude})))


def test_unreachable_entries_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    path = folder / "facts" / "common.yml"
    path.write_text(
        path.read_text(encoding="utf-8")
        + "never_asked:\n  kind: choice\n  question: 问？\n  why: 因为\n  options:\n"
        + '    "yes": {title: 是, cues: [是]}\n    "no": {title: 否, cues: [否]}\n',
        encoding="utf-8",
    )
    assert any("never_asked" in p for p in problems(load(folder), TODAY))
    assert notes(knowledge())


def test_the_sample_of_stories_has_every_channel_and_stays_the_same() -> None:
    k = knowledge()
    assert {s.channel for s in k.stories} == set(CHANNELS)
    assert effects.sample(k) == effects.sample(load())


def test_a_changed_way_shows_before_and_after(advisor) -> None:
    texts = {"油烟": "楼下饭店的油烟天天往我家灌，请管管"}
    before = effects.outcomes(advisor, texts, TODAY)
    assert before["油烟"].startswith(CHANNELS["enforcement"])


def test_the_papers_page_is_escaped_and_has_its_basis() -> None:
    k = knowledge()
    p = replace(k.procedures["labour_arbitration"], name="<b>仲裁</b>")
    html = materials.page(k, p, TODAY)
    assert "<b>仲裁</b>" not in html
    assert "《劳动争议调解仲裁法》" in html
    assert html.count("<li>") > 6
