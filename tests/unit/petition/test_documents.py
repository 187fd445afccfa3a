"""The papers as data: every basis is law in force, every placeholder is filled, every kind can be issued by somebody."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from bot.knowledge.check import articles_of
from bot.knowledge.loader import knowledge, parse_basis
from bot.petition.case import CaseView, EventView
from bot.petition.documents import Kind, kinds, missing, write
from bot.petition.lifecycle import STATUS_NAMES
from bot.petition.roles import ROLES

DAY = date(2026, 11, 23)
TEXTS = Path(__file__).parents[4] / "shared" / "law" / "texts"
STEPS = {
    "registered": (), "dispatched": ("dispatched",), "notified": ("dispatched", "notified"),
    "guided": ("dispatched", "notified", "guided"), "not_accepted": ("dispatched", "notified", "not_accepted"),
    "accepted": ("dispatched", "notified", "accepted"), "handling": ("dispatched", "notified", "accepted", "handling"),
    "extended": ("dispatched", "notified", "accepted", "handling", "extended"),
    "replied": ("dispatched", "notified", "accepted", "handling", "replied"),
    "review": ("dispatched", "notified", "accepted", "handling", "replied", "review"),
    "final_review": ("dispatched", "notified", "accepted", "handling", "replied", "review", "final_review"),
}  # fmt: skip


def view(kind: Kind, status: str) -> CaseView:
    at = datetime(2026, 11, 23, tzinfo=timezone.utc)
    sent = {"kind": kind.only or "转送", "approved_by": "陈督查"}
    events = [EventView("transition", None, s, at, "x", "", sent) for s in ("registered", *STEPS[status])]
    return CaseView(
        "261123000017", status, "petition", kind.category or "申诉求决", "住建", DAY, None, 1, tuple(events)
    )


@pytest.mark.parametrize("key", sorted(kinds()))
def test_every_kind_can_be_written_at_each_of_its_statuses(key: str) -> None:
    kind = kinds()[key]
    assert set(kind.when) <= set(STATUS_NAMES)
    assert set(kind.roles) <= set(ROLES)
    assert kind.may == () or set(kind.may) <= set(kind.asks)
    told = {
        k: kind.choices[k][0] if k in kind.choices else "2026-12-31" if k == "feedback_by" else "某某"
        for k in kind.asks
    }
    for status in kind.when:
        for role in kind.roles:
            paper = write(
                key, view(kind, status), role, told, {"name": "李春梅", "demand": "修电梯"}, ("住建局", "信访局"), DAY
            )
            text = "\n".join(paper.lines)
            assert not re.search(r"\{\w+\}", text)
            assert paper.addressee == ("住建局" if kind.to == "agency" else "李春梅")


def test_every_basis_is_law_in_force_and_stands_in_its_text() -> None:
    laws = knowledge().laws
    for kind in kinds().values():
        for cited in kind.basis:
            basis = parse_basis(cited)
            assert basis.law in laws, cited
            path = TEXTS / laws[basis.law].text if laws[basis.law].text else None
            if path is not None and path.is_file():
                assert basis.article in articles_of(path.read_text(encoding="utf-8")), cited


def test_a_legal_way_of_its_own_is_never_told_of_a_review() -> None:
    for kind in kinds().values():
        text = "".join(kind.lines)
        if kind.when == ("guided",):
            assert "复查" not in text
        if "复查" in text and kind.to == "petitioner":
            assert any("35" in b or "36" in b for b in kind.basis), kind.key


def test_the_desk_says_which_papers_are_still_missing() -> None:
    assert missing(view(kinds()["assignment"], "dispatched")) == ["信访事项交办函", "信访事项告知书"]
    assert missing(view(kinds()["opinion"], "replied")) == ["信访事项处理意见书"]
    assert missing(view(kinds()["suggestion_reply"], "replied")) == ["建议意见答复函"]
