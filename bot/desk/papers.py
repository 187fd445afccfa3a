"""Papers as files: DOCX for the archive and for printing in the office, in the plain manner of official letters."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from bot.petition.documents import Paper, day

BODY, TITLE = "仿宋", "宋体"
#: What XML has no way to write. Somebody's words may hold it, and his papers must be issued all the same.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def docx_of(paper: Paper) -> bytes:
    """The file. A4, margins and sizes near GB/T 9704; the title is a heading, so that a screen reader finds it."""
    paper = _writable(paper)
    doc = Document()
    page = doc.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Cm(3.7), Cm(3.5), Cm(2.8), Cm(2.6)
    doc.core_properties.title, doc.core_properties.author = f"{paper.title} {paper.number}".strip(), paper.signer
    doc.core_properties.language = "zh-CN"
    _font(doc.styles["Normal"].font, doc.styles["Normal"].element, BODY, 16)
    title = doc.add_heading(level=1)
    _run(title, paper.title, TITLE, 22, bold=True)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number = doc.add_paragraph()
    _run(number, paper.number or "（预览，没有编号，不生效）", BODY, 14)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    doc.add_paragraph(f"{paper.addressee}：")
    for line in paper.lines:
        body = doc.add_paragraph(line)
        body.paragraph_format.first_line_indent = Pt(32)
        body.paragraph_format.line_spacing = Pt(28)
    rests = doc.add_paragraph(f"依据：{basis_text(paper)}")
    rests.paragraph_format.first_line_indent = Pt(32)
    for text in (paper.signer, day(date.fromisoformat(paper.date)), "（盖章）"):
        doc.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    out = BytesIO()
    doc.save(out)
    return out.getvalue()


def _writable(paper: Paper) -> Paper:
    title, number, addressee, signer = (
        _UNWRITABLE.sub("", said) for said in (paper.title, paper.number, paper.addressee, paper.signer)
    )
    lines = tuple(_UNWRITABLE.sub("", line) for line in paper.lines)
    return replace(paper, title=title, number=number, addressee=addressee, signer=signer, lines=lines)


def _run(paragraph: Paragraph, text: str, face: str, size: int, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.bold = bold
    run.font.color.rgb = None
    _font(run.font, run._element, face, size)


def _font(font: object, element: object, face: str, size: int) -> None:
    """Word keeps the face of Chinese characters apart from that of Latin ones."""
    font.name, font.size = face, Pt(size)  # type: ignore[attr-defined]
    element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)  # type: ignore[attr-defined]


def basis_text(paper: Paper) -> str:
    """《信访工作条例》第31条、第34条，…: the articles of one law together, in the order they were named."""
    articles: dict[str, list[str]] = {}
    for cited in paper.basis:
        law, _, article = cited.rpartition(" ")
        articles.setdefault(law.partition("(")[0], []).append(f"第{article}条")
    return "，".join(f"《{law}》{'、'.join(numbers)}" for law, numbers in articles.items())
