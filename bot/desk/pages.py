"""The desk as a web page: plain forms that work with a keyboard and without scripts."""

from __future__ import annotations

import hmac
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.desk.http import COOKIE, DESK, SETTINGS, run, same_origin, session_of, set_cookie
from bot.desk.service import NOTES, SOURCES, Forbidden, role_name
from bot.petition.errors import PetitionError, TooManyAttempts
from bot.petition.fields import labels, show
from bot.petition.keys import AGENCIES, CHANNELS
from bot.petition.lifecycle import STATUS_NAMES
from bot.petition.progress import next_of
from bot.storage.staff import Session

HERE = Path(__file__).parent
#: Fields that the form of a registration offers.
FORM = ("narrative", "demand", "place", "occurred_on", "respondent", "name", "phone", "address")
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
NEED_NAMES = {"reason": "理由", "basis": "依据", "where": "去哪里", "approved_by": "批准人", "notice": "延期告知的理由"}
_env = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
_env.filters["status"] = lambda s: STATUS_NAMES.get(s, s)
_env.filters["channel"] = lambda c: CHANNELS.get(c, c)
_env.filters["day"] = lambda d: d.isoformat() if isinstance(d, date) else (d or "")


def add_routes(app: web.Application) -> None:
    """All pages."""
    r = app.router
    r.add_get("/desk", _redirect)
    r.add_get("/desk/", _queue)
    r.add_get("/desk/login", _login_form)
    r.add_post("/desk/login", _login)
    r.add_post("/desk/logout", _logout)
    r.add_get("/desk/password", _password_form)
    r.add_post("/desk/password", _password)
    r.add_get("/desk/new", _new_form)
    r.add_post("/desk/new", _new)
    r.add_get("/desk/cases/{no}", _case)
    r.add_post("/desk/cases/{no}/look", _look)
    r.add_post("/desk/cases/{no}/move", _move)
    r.add_post("/desk/cases/{no}/write", _write)
    r.add_get("/desk/report", _report)
    r.add_get("/desk/log", _log)
    r.add_get("/desk/users", _users)
    r.add_post("/desk/users", _users_change)
    r.add_static("/desk/static", HERE / "static")


def _html(template: str, session: Session | None, status: int = 200, **values: Any) -> web.Response:
    staff = session.staff if session else None
    text = _env.get_template(template).render(
        staff=staff, csrf=session.csrf if session else "", role=role_name(staff.role) if staff else "", **values
    )
    return web.Response(text=text, content_type="text/html", status=status)


def error(status: int, message: str) -> web.Response:
    """A page that says what went wrong."""
    return _html("error.html", None, status, message=message)


async def _session(request: web.Request) -> Session:
    """The signed-in session; otherwise to the sign-in page, and to a password of one's own first."""
    session = await session_of(request)
    if session is None:
        raise web.HTTPSeeOther("/desk/login")
    if session.must_change and request.path != "/desk/password":
        raise web.HTTPSeeOther("/desk/password")
    return session


async def _form(request: web.Request, session: Session) -> dict[str, str]:
    """The form's fields, when it carries the session's own token (CSRF)."""
    data = {k: str(v) for k, v in (await request.post()).items()}
    if not hmac.compare_digest(data.pop("csrf", ""), session.csrf):
        raise Forbidden("这一页放得太久了，请退回去刷新再提交。")
    return data


async def _redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound("/desk/")


async def _login_form(request: web.Request) -> web.Response:
    return _html("login.html", None, message="", name="")


async def _login(request: web.Request) -> web.Response:
    same_origin(request)
    data = await request.post()
    name = str(data.get("name", ""))
    try:
        session_id, _ = await run(
            request.app[DESK].staff.sign_in, name, str(data.get("password", "")), request.app[SETTINGS].now()
        )
    except TooManyAttempts as e:
        wait = max(1, round(e.retry_after / 60))
        return _html("login.html", None, 429, message=f"密码错得太多，请 {wait} 分钟后再试。", name=name)
    except PetitionError as e:
        return _html("login.html", None, 401, message=str(e), name=name)
    answer = web.HTTPSeeOther("/desk/")
    set_cookie(request, answer, session_id)
    raise answer


async def _logout(request: web.Request) -> web.Response:
    session = await _session(request)
    await _form(request, session)
    await run(request.app[DESK].staff.sign_out, request.cookies.get(COOKIE, ""))
    answer = web.HTTPSeeOther("/desk/login")
    answer.del_cookie(COOKIE, path="/desk")
    raise answer


async def _password_form(request: web.Request) -> web.Response:
    return _html("password.html", await _session(request), message="")


async def _password(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    try:
        await run(request.app[DESK].staff.change_password, session.staff.name, data.get("old", ""), data.get("new", ""))
    except PetitionError as e:
        return _html("password.html", session, 400, message=str(e))
    raise web.HTTPSeeOther("/desk/login")


async def _queue(request: web.Request) -> web.Response:
    session, desk = await _session(request), request.app[DESK]
    if session.staff.role == "auditor":
        raise web.HTTPSeeOther("/desk/log")
    if session.staff.role == "admin":
        raise web.HTTPSeeOther("/desk/users")
    filters = {k: v for k, v in request.query.items() if k in ("status", "channel", "agency", "due", "text", "cursor")}
    page = await run(desk.queue, session.staff, filters)
    more = urlencode(filters | {"cursor": page.next_cursor}) if page.next_cursor else ""
    return _html(
        "queue.html", session, cases=page.cases, filters=filters, more=more, today=desk.today(), colour=_colour,
        statuses=STATUS_NAMES, channels=CHANNELS, agencies=AGENCIES,
    )  # fmt: skip


def _colour(due: date | None, today: date) -> str:
    """How near a due date is: late, soon (three days), fine."""
    if due is None:
        return ""
    left = (due - today).days
    return "late" if left < 0 else "soon" if left <= 3 else "fine"


async def _case(request: web.Request) -> web.Response:
    return await _case_page(request, await _session(request))


async def _case_page(
    request: web.Request, session: Session, reason: str = "", message: str = "", status: int = 200
) -> web.Response:
    desk, staff, number = request.app[DESK], session.staff, request.match_info["no"]
    view = await run(desk.case, staff, number)
    fields = await run(desk.fields, staff, number, reason)
    view = await run(desk.case, staff, number)
    advice = await run(desk.advice, staff, number)
    near = await run(desk.similar, staff, view)
    rows = [(labels().get(k, k), show(k, v)) for k, v in fields.items() if v not in (None, "", [])]
    return _html(
        "case.html", session, status, view=view, rows=rows, opened=bool(reason), advice=advice, near=near, message=message,
        next=next_of(view, desk.today()), steps=desk.steps(staff, view), step_names=STEP_NAMES, need_names=NEED_NAMES,
        agencies=AGENCIES, notes=NOTES.get(staff.role, ()), secret=view.category == "检举控告",
    )  # fmt: skip


async def _look(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    reason = data.get("reason", "").strip()
    if not reason:
        return await _case_page(request, session, message="请写明为什么要看。", status=400)
    return await _case_page(request, session, reason=reason)


async def _move(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    to, version = data.pop("to", ""), data.pop("version", "")
    try:
        await run(
            request.app[DESK].move,
            session.staff,
            request.match_info["no"],
            to,
            data,
            int(version) if version.isdigit() else None,
        )
    except PetitionError as e:
        return await _case_page(request, session, message=str(e), status=409)
    raise web.HTTPSeeOther(f"/desk/cases/{request.match_info['no']}" if to != "dispatched" else "/desk/")


async def _write(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    try:
        await run(
            request.app[DESK].write,
            session.staff,
            request.match_info["no"],
            data.get("event", ""),
            data.get("note", ""),
        )
    except PetitionError as e:
        return await _case_page(request, session, message=str(e), status=400)
    raise web.HTTPSeeOther(f"/desk/cases/{request.match_info['no']}")


async def _new_form(request: web.Request) -> web.Response:
    return _new_page(await _session(request))


def _new_page(
    session: Session, data: dict[str, str] | None = None, message: str = "", receipt: Any = None
) -> web.Response:
    return _html(
        "new.html", session, 400 if message else 200, data=data or {}, message=message, receipt=receipt,
        form=[(k, labels()[k]) for k in FORM], sources=SOURCES[:3],
    )  # fmt: skip


async def _new(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    fields = {k: data[k] for k in FORM if data.get(k, "").strip()}
    try:
        receipt = await run(request.app[DESK].register, session.staff, data.get("source", ""), fields)
    except PetitionError as e:
        return _new_page(session, data, str(e))
    return _new_page(session, receipt=receipt)


async def _report(request: web.Request) -> web.Response:
    session = await _session(request)
    return _html("report.html", session, report=await run(request.app[DESK].weekly, session.staff))


async def _log(request: web.Request) -> web.Response:
    session = await _session(request)
    if session.staff.role != "auditor":
        raise Forbidden("日志由审计来看。")
    return _html("log.html", session, entries=await run(request.app[DESK].staff.looks))


async def _users(request: web.Request) -> web.Response:
    return await _users_page(request, await _session(request))


async def _users_page(request: web.Request, session: Session, message: str = "", secret: str = "") -> web.Response:
    if session.staff.role != "admin":
        raise Forbidden("用户由管理员来管。")
    users = await run(request.app[DESK].staff.all)
    return _html(
        "users.html", session, users=users, message=message, secret=secret, agencies=AGENCIES, role_name=role_name,
        roles=("clerk", "handler", "supervisor", "discipline", "auditor", "admin"),
    )  # fmt: skip


async def _users_change(request: web.Request) -> web.Response:
    session = await _session(request)
    data = await _form(request, session)
    if session.staff.role != "admin":
        raise Forbidden("用户由管理员来管。")
    store, name = request.app[DESK].staff, data.get("name", "").strip()
    try:
        if data.get("do") == "add":
            now = request.app[SETTINGS].now()
            secret = await run(store.add, name, data.get("role", ""), data.get("agency", ""), now)
            return await _users_page(request, session, f"已建用户 {name}，第一次登录的密码只显示这一次：", secret)
        if name == session.staff.name:
            raise PetitionError("不能停用自己。")
        await run(store.disable, name, data.get("do") == "disable")
    except PetitionError as e:
        return await _users_page(request, session, str(e))
    raise web.HTTPSeeOther("/desk/users")
