"""The pages of one case: what was told, what comes next, papers, the same matter elsewhere, and the time line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.desk.api import docx
from bot.desk.http import DESK, PAPERS, SETTINGS, posted, run
from bot.desk.marks import anchors, cut
from bot.desk.pages import form_of, html, signed_in
from bot.desk.papers import basis_text
from bot.desk.service import ANSWERS, REQUESTS
from bot.petition import documents
from bot.petition.errors import PetitionError
from bot.petition.fields import labels, show
from bot.petition.keys import AGENCIES
from bot.petition.progress import next_of
from bot.petition.report import RATINGS
from bot.petition.roles import ACCUSATION
from bot.storage.staff import Session

#: What the words of a transition are called on its button.
STEP_NAMES = {
    "dispatched": "转送或交办",
    "notified": "告知去向与途径",
    "registered": "退回异议",
    "guided": "导入法定途径",
    "accepted": "受理",
    "not_accepted": "不予受理（写明理由、依据、去向）",
    "handling": "开始办理",
    "extended": "延期（不超过 30 日）",
    "replied": "出具处理意见并答复",
    "closed": "办结",
    "merged": "并案",
    "final_review": "转复核",
    "review": "转复查",
}
NEED_NAMES = {"reason": "理由", "basis": "依据", "where": "去哪里", "notice": "延期告知的理由"}
#: Sources whose fields somebody of the staff typed.
STAFF_SOURCES = frozenset({"来访", "来信", "来电", "热线"})
LINKS = {"merged_from": "并入这件的", "merged_into": "并入了", "split_to": "拆分出去的"}


def add_routes(app: web.Application) -> None:
    """All pages of a case."""
    r = app.router
    r.add_get("/desk/cases/{no}", _case)
    for path, work in (
        ("look", _look), ("move", _move), ("write", _write), ("split", _split), ("reassign", _reassign), ("request", _request),
        ("paper", _paper), ("issue", _issue),
    ):  # fmt: skip
        r.add_post(f"/desk/cases/{{no}}/{path}", work)
    r.add_get("/desk/cases/{no}/files/{id:[0-9a-f]{32}}", _file)
    r.add_get("/desk/cases/{no}/documents/{id:\\d{1,9}}", _open)
    r.add_get("/desk/cases/{no}/documents/{id:\\d{1,9}}.docx", _open_docx)


async def _case(request: web.Request) -> web.Response:
    return await _page(request, await signed_in(request))


async def _page(
    request: web.Request, session: Session, reason: str = "", message: str = "", status: int = 200, done: str = ""
) -> web.Response:
    desk, papers, staff, number = request.app[DESK], request.app[PAPERS], session.staff, request.match_info["no"]
    sheet = await run(desk.sheet, staff, number, reason)
    view, advice, next_step = sheet.view, sheet.advice, next_of(sheet.view, desk.today())
    rows = [
        (labels().get(k, k), show(k, v), anchors(k, sheet.spans.get(k, ())), _origin(k, view.source, advice))
        for k, v in sheet.fields.items()
        if v not in (None, "", []) and k != "narrative"
    ]
    return html(
        "case.html", session, status, view=view, rows=rows, opened=bool(reason), advice=advice, labels=labels(),
        story=cut(str(sheet.fields.get("narrative") or ""), sheet.spans), way=lambda w: _way(request, w),
        near=sheet.near, message=message, done=done, next=next_step,
        steps=desk.steps(staff, view), step_names=STEP_NAMES, need_names=NEED_NAMES, agencies=AGENCIES, answers=ANSWERS,
        notes=desk.notes(staff, view), secret=view.category == ACCUSATION, waiting=desk.open_items(view), requests=REQUESTS,
        ratings=RATINGS, links=[(LINKS[k], n) for k, n in sheet.linked], papers=papers.allowed(staff, view),
        archive=sheet.papers, missing=documents.missing(view, staff.role), today=desk.today(),
        days_over=_days_over(next_step["due"], desk.today()),
        files=sheet.files, told=sheet.notices,
    )  # fmt: skip


def _days_over(due: str | None, today: date) -> int:
    """Days since the last day; before it, as a negative number."""
    return (today - date.fromisoformat(due)).days if due else 0


def _origin(key: str, source: str, advice: Mapping[str, Any]) -> str:
    """Where a value comes from that does not stand in the story."""
    if key in advice.get("guessed", ()):
        return "从经过推断，信访人确认过"
    return "登记时填写" if source in STAFF_SOURCES else "问到时说的"


def _way(request: web.Request, procedure: str) -> str:
    """The name of a way that the person was advised of."""
    known = request.app[DESK].knowledge.procedures.get(procedure)
    return known.name if known else procedure


async def _work(
    request: web.Request, work: Callable[[Session, dict[str, str], int | None], Any], then: str = ""
) -> web.Response:  # fmt: skip
    """Runs one change and shows the case again, or says on the case why not."""
    session = await signed_in(request)
    data = await form_of(request, session)
    version = data.pop("version", "")
    try:
        await run(work, session, data, int(version) if version.isdecimal() and len(version) < 10 else None)
    except PetitionError as e:
        return await _page(request, session, message=str(e), status=409)
    raise web.HTTPSeeOther(then or f"/desk/cases/{request.match_info['no']}")


async def _look(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    reason = data.get("reason", "").strip()
    if not reason:
        return await _page(request, session, message="请写明为什么要看。", status=400)
    return await _page(request, session, reason=reason)


async def _move(request: web.Request) -> web.Response:
    desk, number = request.app[DESK], request.match_info["no"]

    def work(session: Session, data: dict[str, str], version: int | None) -> None:
        desk.move(session.staff, number, data.pop("to", ""), data, version)

    # A clerk who has sent a case on takes the next one.
    return await _work(request, work, "/desk/" if (await posted(request)).get("to") == "dispatched" else "")


async def _write(request: web.Request) -> web.Response:
    desk, number = request.app[DESK], request.match_info["no"]
    form = await posted(request)
    agencies = [str(a) for a in form.getall("agencies", [])]

    def work(session: Session, data: dict[str, str], version: int | None) -> None:
        desk.write(session.staff, number, data.pop("event", ""), data.pop("note", ""), {**data, "agencies": agencies})

    return await _work(request, work)


async def _split(request: web.Request) -> web.Response:
    desk, number = request.app[DESK], request.match_info["no"]

    def work(session: Session, data: dict[str, str], version: int | None) -> None:
        fields = {k: data.get(k, "") for k in ("narrative", "demand", "place", "respondent")}
        desk.split(session.staff, number, fields, bool(data.get("secret")), version)

    # What stays may be an accusation from now on, and no longer this clerk's to see.
    secret = (await posted(request)).get("secret")
    return await _work(request, work, "/desk/" if secret else "")


async def _reassign(request: web.Request) -> web.Response:
    desk, number = request.app[DESK], request.match_info["no"]

    def work(session: Session, data: dict[str, str], version: int | None) -> None:
        desk.reassign(session.staff, number, data.get("agency", ""), data.get("reason", ""), version)

    return await _work(request, work)


async def _request(request: web.Request) -> web.Response:
    desk, number = request.app[DESK], request.match_info["no"]

    def work(session: Session, data: dict[str, str], version: int | None) -> None:
        args = data.get("request", ""), data.get("note", ""), data.get("rating", ""), data.get("whom", "")
        desk.request(session.staff, number, *args)

    return await _work(request, work)


async def _file(request: web.Request) -> web.Response:
    """A file that came with the case. It may show anybody, so opening it is a look that is written down; it is never shown in place."""
    session, desk = await signed_in(request), request.app[DESK]
    view = await run(desk.case, session.staff, request.match_info["no"])
    folder = request.app[SETTINGS].data_dir / "attachments"
    name, data = await run(desk.stores.files.open, view.case_no, request.match_info["id"], folder)
    await run(desk.look, session.staff, view.case_no, "打开附件")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return web.Response(body=data, content_type="application/octet-stream", headers=headers)


# -- papers -------------------------------------------------------------------------------------------------------------


async def _paper(request: web.Request) -> web.Response:
    """The form of a paper, and below it how it will look."""
    session = await signed_in(request)
    return await _paper_page(request, session, await form_of(request, session))


async def _paper_page(request: web.Request, session: Session, data: dict[str, str], message: str = "") -> web.Response:
    papers, number = request.app[PAPERS], request.match_info["no"]
    kind = documents.kinds().get(data.get("kind", ""))
    if kind is None:
        raise PetitionError("没有这种文书。")
    view = await run(request.app[DESK].case, session.staff, number)
    told = {k: data.get(k, "") for k in kind.asks}
    paper = None
    if data.get("preview") or set(kind.asks) <= set(kind.may):
        try:
            paper = await run(papers.preview, session.staff, number, kind.key, told)
        except PetitionError as e:
            message = message or str(e)
    return html(
        "paper_form.html", session, 409 if message else 200, view=view, kind=kind, told=told, paper=paper, message=message,
        basis=basis_text(paper) if paper else "", title=kind.title,
    )  # fmt: skip


async def _issue(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    version, number = data.get("version", ""), request.match_info["no"]
    try:
        args = data.get("kind", ""), data, int(version) if version.isdecimal() and len(version) < 10 else None
        made, _ = await run(request.app[PAPERS].issue, session.staff, number, *args)
    except PetitionError as e:
        return await _paper_page(request, session, data | {"preview": ""}, str(e))
    raise web.HTTPSeeOther(f"/desk/cases/{number}/documents/{made}")


async def _open(request: web.Request) -> web.Response:
    session = await signed_in(request)
    paper, _, digest = await run(
        request.app[PAPERS].open, session.staff, request.match_info["no"], int(request.match_info["id"])
    )
    return html("paper.html", session, paper=paper, digest=digest, id=request.match_info["id"], basis=basis_text(paper))


async def _open_docx(request: web.Request) -> web.Response:
    session = await signed_in(request)
    args = session.staff, request.match_info["no"], int(request.match_info["id"])
    paper, file, digest = await run(request.app[PAPERS].open, *args)
    return docx(paper.number, file, digest)
