"""Characters that no file can hold do not keep a petitioner from his papers."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document

from bot.desk.papers import docx_of
from bot.petition.documents import Paper


@pytest.mark.parametrize("odd", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_a_paper_is_written_without_what_xml_cannot_hold(odd: str) -> None:
    lines = (f"您反映的{odd}电梯问题", "<b>&amp;</b> 😀")
    paper = Paper(
        "told_where",
        f"告知{odd}书",
        "261123000012",
        f"赵{odd}雨",
        lines,
        (),
        f"信访{odd}局",
        "2026-11-23",
        f"信告{odd}1号",
    )
    told = "\n".join(p.text for p in Document(BytesIO(docx_of(paper))).paragraphs)
    for words in ("您反映的电梯问题", "<b>&amp;</b> 😀", "告知书", "赵雨：", "信访局", "信告1号"):
        assert words in told
