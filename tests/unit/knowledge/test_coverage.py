"""Row by row: every statutory way of the handbook is a procedure that says who, where, by when, on what basis, what must come
first, with what papers, at what cost and what follows; what the handbook could not verify says whose answer counts.

The rows are named as in the handbook's tables 2.1 to 2.7, so that a row without a procedure is seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.knowledge.check import NO_PROCEDURE
from bot.knowledge.loader import knowledge
from bot.knowledge.model import Procedure
from bot.petition.advice import wording
from bot.petition.advice.engine import GENERIC, Advice, ChannelAdvice
from bot.petition.advice.limits import Running
from bot.petition.catalogue import catalogue

TODAY = date(2026, 11, 23)
HANDBOOK = Path(__file__).parents[4] / "shared" / "law" / "law.md"


@dataclass(frozen=True)
class Row:
    """One row of the handbook.

    `ways`: the procedures that it became, the first with its agency. `limits`: lengths of their time limits, `caps` the longest
    they may last, `after` what an agency has first. `basis`: articles that they cite. `says`: what their texts tell a person
    (facts of the cells, each as a pattern). `mark`: the row holds something unverified, the pattern of the text that says so.
    """

    table: str
    name: str
    ways: list[str]
    agency: str
    limits: list[str] = field(default_factory=list)
    basis: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    mark: str = ""
    caps: str = ""
    after: str = ""


def rows() -> list[Row]:
    data = yaml.safe_load((Path(__file__).parent / "coverage.yml").read_text(encoding="utf-8"))
    return [Row(table, **raw) for table, entries in data.items() for raw in entries]


ROWS = rows()


def everything(p: Procedure) -> str:
    """What a person can be told about a procedure, with the reasons and cautions of the disputes that lead to it."""
    own = (p.name, p.who, p.where, p.first, p.before, p.cost, *p.materials, *p.cautions, *p.then, *p.hotline)
    led = [
        t for d in knowledge().disputes.values() for w in d.paths if w.procedure == p.id for t in (w.why, *d.cautions)
    ]
    return "\n".join((*own, *(c.text for c in p.clocks), *led))


def of(row: Row) -> list[Procedure]:
    return [knowledge().procedures[w] for w in row.ways]


@pytest.fixture(scope="module")
def reachable() -> set[str]:
    return {w.procedure for d in knowledge().disputes.values() for w in d.paths} | set(GENERIC.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.table} {r.name}")
def test_a_row_is_a_way_in_all_its_cells(row: Row, reachable: set[str]) -> None:
    ways = of(row)
    assert ways[0].agency == row.agency
    for p in ways:
        assert p.id in reachable
        assert p.who
        assert p.cost
        assert p.materials
        assert p.then
        assert p.clocks
    told = "\n".join(map(everything, ways))
    assert not [s for s in row.says if not re.search(s, told)]
    assert not row.mark or re.search(row.mark, told)
    clocks = [c for p in ways for c in p.clocks]
    lengths = {c.length for c in clocks}
    assert not [x for x in row.limits if x not in lengths]
    assert not row.caps or row.caps in {cap.length for c in clocks for cap in c.caps}
    assert not row.after or row.after in {c.after for c in clocks}
    cited = {f"{b.law} {b.article}" for p in ways for b in (*p.basis, *(b for c in p.clocks for b in c.basis))}
    cited |= {f"{m[1]} {m[2]}" for m in re.finditer(r"《(.+?)》第(\d+)条", told)}
    assert not [b for b in row.basis if not set(b.split("|")) & cited]


def test_every_row_of_the_handbook_is_here() -> None:
    if not HANDBOOK.is_file():
        pytest.skip("the handbook is not beside this checkout")
    rows: dict[str, list[str]] = {}
    table = ""
    for line in HANDBOOK.read_text(encoding="utf-8").splitlines():
        if m := re.match(r"### (\d\.\d)", line):
            table = m[1]
        elif table in ("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7") and line.startswith("| "):
            name = line.split("|")[1].strip()
            if name not in ("渠道", "情形") and not name.startswith("---"):
                rows.setdefault(table, []).append(name)
    ours = {t: [r.name for r in ROWS if r.table == t] for t in rows}
    for t, names in rows.items():
        assert len(names) == len(ours[t])
        for name, own in zip(names, ours[t], strict=True):
            assert name.startswith(own)


def told_of(p: Procedure) -> str:
    """The advice as it is worded when this procedure is the way."""
    running = tuple(Running(c) for c in p.clocks)
    way = ChannelAdvice(p.channel, p, p.first, knowledge().cite(p.basis, TODAY), running, 1.0)
    advice = Advice(
        channel=p.channel, channels=(way,), ranked={p.channel: 1.0}, agency=p.agency, agencies={p.agency: 1.0},
        category="申诉求决", content="其他", dispute="", urgent=False, priors=(), confidence=1.0, questions=(), collect=(),
        cautions=(), facts={},
    )  # fmt: skip
    return wording.message(advice, catalogue(), TODAY).text


def test_what_is_not_verified_carries_its_mark_to_the_person() -> None:
    marked = [p for p in knowledge().procedures.values() if p.unverified or any(c.unverified for c in p.clocks)]
    assert len(marked) >= 15
    for p in marked:
        assert "各地不一样，以当地答复为准" in told_of(p), p.id
    assert "各地不一样" not in told_of(knowledge().procedures["traffic_liability_review"])


def test_what_must_come_first_is_told() -> None:
    ways = [p for p in knowledge().procedures.values() if p.before and p.channel not in NO_PROCEDURE]
    assert len(ways) >= 25
    for p in ways:
        assert p.before.split("；")[0] in told_of(p)


def test_the_order_is_what_first_when_where_with_what_and_what_we_do() -> None:
    """What it is, what to do first, by when, where, what to bring, what we can do here; then the basis; the choice is last."""
    heads = ("这件事最对路的办法是", "先做这一步", "期限", "去哪里", "要带的", "我这里能做的", "依据", "走哪条路由您定")
    for p in knowledge().procedures.values():
        if p.channel in NO_PROCEDURE:
            continue
        lines = told_of(p).splitlines()
        at = [next((i for i, line in enumerate(lines) if line.startswith(h)), None) for h in heads]
        found = [i for i in at if i is not None]
        assert found == sorted(found), p.id
        assert at[0] == 0
        assert None not in (at[1], at[2], at[3], at[5], at[6])


#: The papers that each kind of way asks for (handbook 2.9).
PAPERS = {
    "labour_arbitration": "合同 工牌 社保记录 考勤 工资流水 聊天记录 解除通知",
    "injury_recognition": "认定申请表 劳动关系 诊断证明",
    "land_compensation_decision_review": "土地证 公告 方案 决定书 收到的凭证",
    "house_expropriation_review": "房产证 公告 评估报告 补偿决定书 收到的凭证",
    "admin_reconsideration": "决定书 送达日期 复议申请书 授权委托书",
    "civil_suit": "起诉状 合同 转账 催过 对方的姓名",
    "loan_suit": "借条 转账 催款 对方的姓名",
    "consumer_complaint": "订单 发票 照片 沟通",
    "medical_mediation_or_suit": "病历 封存清单 鉴定意见",
    "traffic_damages": "认定书 医疗票据 保单 定损",
    "criminal_report": "证据 损失凭证",
    "no_filing_remedy": "报案材料 受案回执 不予立案通知书",
    "info_disclosure_apply": "身份证明 名称、文号或者特征",
    "discipline_report": "单位职务 时间 地点 凭据",
    "petition_review": "姓名 住址 请求 理由 身份证明 处理意见书 证据 委托书",
}


@pytest.mark.parametrize("key", PAPERS)
def test_the_papers_are_named(key: str) -> None:
    papers = "、".join(knowledge().procedures[key].materials)
    assert not [word for word in PAPERS[key].split() if word not in papers]


#: Numbers that also ring at 12345 (handbook 2.8).
PARALLEL = "12348 12333 12315 12393 12329 12369 12350 12328 12320 12319 12316"


def test_numbers_are_marked_that_also_ring_at_12345() -> None:
    assert {h.number for h in knowledge().hotlines.values() if h.parallel} == set(PARALLEL.split())


#: Numbers that were merged into 12345 and closed; 12356 was closed as well but is the psychological helpline now.
CLOSED = (
    "12300",
    "12301",
    "12312",
    "12318",
    "12322",
    "12330",
    "12331",
    "12336",
    "12349",
    "12358",
    "12365",
    "12396",
    "96119",
)


def test_no_closed_number_is_ever_given(texts: list[tuple[str, str]]) -> None:
    k = knowledge()
    assert not set(CLOSED) & set(k.hotlines)
    said = [(w, n) for w, t in texts for n in CLOSED if n in t]
    said += [(p.id, n) for p in k.procedures.values() for n in p.hotline if n in CLOSED]
    assert not said


def test_every_number_in_a_text_is_a_number_of_the_list(texts: list[tuple[str, str]]) -> None:
    known = set(knowledge().hotlines)
    said = {
        (w, n)
        for w, t in texts
        for n in re.findall(r"(?<!\d)(?:1[12]\d|12[34]\d\d|96\d{3})(?!\d)(?= |，|。|、|；|打|或|$)", t)
    }
    # what is no phone number: amounts, days, article numbers
    assert not {(w, n) for w, n in said if n not in known and len(n) == 5}


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    from bot.knowledge.plain import spoken

    return list(spoken(knowledge()))
