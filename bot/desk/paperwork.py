"""The papers of a case at the desk: which are due, preview, issue, the archive."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from bot.desk.papers import docx_of
from bot.desk.service import Desk, Forbidden
from bot.petition import documents, lifecycle
from bot.petition.case import CaseView
from bot.petition.documents import Kind, Paper
from bot.petition.errors import PetitionError
from bot.petition.roles import Staff


class Paperwork:
    """The papers that the staff write and issue. A paper names its petitioner, so writing and opening one is a look that is logged."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def allowed(self, who: Staff, view: CaseView) -> list[Kind]:
        """The papers that `who` may issue now."""
        leads = who.role != "handler" or who.agency == view.agency
        return documents.allowed(view, who.role) if leads else []

    def preview(self, who: Staff, case_no: str, kind: str, told: Mapping[str, Any]) -> Paper:
        """The paper as it would be issued, without a number. Raises PetitionError, Forbidden."""
        view = self._desk.case(who, case_no)
        if who.role == "handler" and who.agency != view.agency:
            raise Forbidden("文书由牵头单位出具。")
        if who.name in lifecycle.deciders(view):
            raise Forbidden("您办过这件事，复查复核要由别的同事来办。")
        if not all(isinstance(v, str) and len(v) <= documents.MAX_TEXT for v in told.values()):
            raise PetitionError(f"各项应为文字，最多 {documents.MAX_TEXT} 个字。")
        known = documents.kinds().get(kind)
        _, fields = self._desk.told(who, case_no, f"出具{known.title}" if known else "出具文书")
        return documents.write(kind, view, who.role, told, fields, self._units(view), self._desk.today())

    def _units(self, view: CaseView) -> tuple[str, str]:
        called = (
            self._desk.knowledge.agencies[view.agency].called if view.agency in self._desk.knowledge.agencies else ()
        )
        return (called[0] if called else view.agency), "信访局"

    def issue(
        self, who: Staff, case_no: str, kind: str, told: Mapping[str, Any], version: int | None = None
    ) -> tuple[int, Paper]:
        """Issues a paper: number, archive, event, notice. Raises as `preview`, and ConflictError."""
        paper = self.preview(who, case_no, kind, told)
        conclusion = str(told.get("conclusion", ""))
        now, today = self._desk.now(), self._desk.today()
        # The preview has just written its own look; what the version guards against is somebody else's step.
        return self._desk.stores.documents.issue(paper, docx_of, who.name, conclusion, now, today, version)

    def archive(self, who: Staff, case_no: str) -> list[dict[str, Any]]:
        """The issued papers of a case."""
        return self._desk.stores.documents.of_case(self._desk.case(who, case_no).case_no)

    def open(self, who: Staff, case_no: str, document_id: int) -> tuple[Paper, bytes, str]:
        """An issued paper, its file and its hash. Raises NotFound, PetitionError when the file is not what was archived."""
        view = self._desk.case(who, case_no)
        paper, file, digest = self._desk.stores.documents.get(view.case_no, document_id, view.category)
        if hashlib.sha256(file).hexdigest() != digest:
            raise PetitionError("这份文书同归档时的校验值对不上，请报告管理员。")
        self._desk.look(who, view.case_no, f"打开{paper.title} {paper.number}")
        return paper, file, digest
