"""The 28 wrong statements that circulate about the Regulations: nothing that the assistant can say makes one of them.

Each row has the wrong statement as people write it, and what betrays it. The statement itself must be caught, so that no row can
pass by matching nothing.
"""

from __future__ import annotations

import re

import pytest

from bot.knowledge.loader import knowledge
from bot.knowledge.plain import spoken

#: number of the statement → (wrong statements, pattern that catches them)
WRONG = {
    1: (["信访工作的首要原则是保护信访人合法权益"], r"(?:首要|核心|第一)原则.{0,12}保护信访人"),
    2: (["不得打击报复被提升到了总则"], r"打击报复.{0,12}总则|总则.{0,16}打击报复"),
    3: (
        ["依照第四十七条，泄露检举材料的给予警告、记过直至开除"],
        r"四十七条.{0,20}泄露|泄露.{0,20}(?:警告|记过|开除)|第47条.{0,20}泄露",
    ),
    4: (["新条例新增了进度查询、复查复核等四项权利"], r"新增.{0,16}(?:权利|查询|书面告知|复查|复核|信息公开)"),
    5: (
        ["是否受理必须出具书面凭证"],
        r"受理(?:与否)?(?:都)?必须.{0,6}书面|必须(?:出具|开具).{0,8}(?:受理)?(?:凭证|回执)",
    ),
    6: (
        ["对任何处理意见都可以申请复查复核"],
        r"(?:任何|一切|所有).{0,8}(?:处理意见|答复|信访事项).{0,10}(?:复查|复核)",
    ),
    7: (["信访工作坚持分级负责、归口办理"], r"归口办理|疏导教育相结合"),
    8: (["形成党委领导、政府负责、部门协同、社会参与的格局"], r"政府负责、部门协同|部门协同、社会参与"),
    9: (
        ["有这六类行为的由公安机关现场处置，给予警告、罚款、拘留"],
        r"(?:公安|警察|派出所).{0,6}现场处置|(?:闹访|聚集|上访).{0,12}(?:就|会被|要被)(?:拘留|抓)",
    ),
    10: (["修订覆盖率在90%以上"], r"覆盖率"),
    11: (
        ["应当走诉讼、仲裁、复议的，信访不予受理但书面告知"],
        r"(?:诉讼|仲裁|复议)[^。]{0,14}(?:一律|信访(?:部门|局)?)?不予受理|不属于信访(?:受理)?范围",
    ),
    12: (
        ["法院、检察院职权内的事不归信访，应当直接向法院反映"],
        r"不归信访|只能(?:直接)?向(?:人大|法院|检察院)(?:反映|提出)",
    ),
    13: (
        ["投诉须在15日内核查处理完并书面答复"],
        r"(?:15|十五)\s*[日天](?:之?内)?(?:就)?(?:办结|办完|查完|处理完|核查|解决|给您答复|书面答复)",
    ),
    14: (["依据《学校后勤管理办法》报修"], r"学校后勤管理办法"),
    15: (["根据《信访条例》第十四条"], r"《信访条例》|国务院信访条例"),
    16: (["条例以十六大精神为指导，构建和谐社会"], r"十六大|和谐社会"),
    17: (["新条例新增畅通信访渠道专章"], r"畅通信访渠道.{0,4}(?:专)?章|三大突破"),
    18: (["新条例首创了网上信访"], r"首创|首次(?:规定|确立).{0,6}网上"),
    19: (["信访权来自宪法第三十五条"], r"宪法(?:》)?第?(?:三十五|35)"),
    20: (["依照法律责任章节给予行政处分"], r"给予行政处分|法律责任章"),
    21: (["已经进入诉讼的，信访机构不予受理"], r"信访(?:机构|部门|局)(?:一律|依法)?不予受理|我们不(?:予)?受理"),
    22: (["第二十九条规定要加强网络舆情研判"], r"舆情"),
    23: (["满意度与绩效直接挂钩，受理率100%"], r"绩效|受理率|成功率|办结率"),
    24: (["条例规定了基层首办责任制"], r"首办"),
    25: (["某省满意率达到98.5%"], r"\d+(?:\.\d+)?\s*[%％]"),
    26: (["信访机构负责查清并解决问题"], r"信访(?:机构|局|部门)(?:负责|会|来)(?:查清|解决|处理好|判断谁对)"),
    27: (["条例体现了法治引领等四大理念"], r"四大理念|法治引领"),
    28: (["要把群众吸附在基层"], r"吸附"),
}
#: Percentages that a law itself sets, by the place that says them.
LAWFUL_PERCENT = r"百分之|%.{0,6}(?:以上|以下).{0,8}(?:业主|成员)"


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    out = list(spoken(knowledge()))
    assert len(out) > 1500  # the net is cast over everything
    return out


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_statement_cannot_be_said(number: int, texts: list[tuple[str, str]]) -> None:
    samples, pattern = WRONG[number]
    for sample in samples:
        assert re.search(pattern, sample), "the pattern must catch the statement itself"
    said = [(where, t) for where, t in texts if re.search(pattern, t) and not re.search(LAWFUL_PERCENT, t)]
    assert not said


def test_no_citation_uses_the_repealed_regulations_or_the_wrong_article_of_the_constitution() -> None:
    k = knowledge()
    assert not {"信访条例", "国务院信访条例"} & set(k.laws)
    assert {b.article for a in k.answers.values() for b in a.basis if b.law == "宪法"} <= {"41"}


def test_the_sixty_days_are_told_only_of_the_ordinary_procedure(texts: list[tuple[str, str]]) -> None:
    k = knowledge()
    for p in k.procedures.values():
        if any(b.law == "信访工作条例" and b.article == "34" for b in p.basis):
            assert p.channel in ("petition",), p.id


def test_review_is_offered_only_after_a_handling_opinion() -> None:
    k = knowledge()
    for p in k.procedures.values():
        if p.channel in ("enforcement", "litigation", "judicial", "labor_arbitration", "reconsideration", "accusation"):
            said = " ".join((*p.then, *p.cautions, p.first))
            assert not re.search(r"申请(?:信访)?复查(?!鉴定)", said), p.id
