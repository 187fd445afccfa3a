"""The desk as a web page: plain forms that work with a keyboard and without scripts."""

from __future__ import annotations

import hmac
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.desk import charts
from bot.desk.http import COOKIE, DESK, SETTINGS, posted, run, same_origin, session_of, set_cookies, sign_in, typed
from bot.desk.service import SOURCES, Forbidden, role_name
from bot.desk.tables import report_csv
from bot.petition.errors import PetitionError, TooManyAttempts
from bot.petition.fields import labels
from bot.petition.keys import AGENCIES, CHANNELS
from bot.petition.lifecycle import STATUS_NAMES
from bot.petition.report import look_back
from bot.petition.roles import ROLES
from bot.settings import ZONE
from bot.storage.staff import Session

HERE = Path(__file__).parent
#: Fields that the form of a registration offers.
FORM = ("narrative", "demand", "place", "occurred_on", "respondent", "name", "phone", "address")
_env = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
#: Roles that an administrator does not give: nobody opens a door for himself.
NOT_HERE = ("discipline", "auditor")
#: Entries of the log on a page.
LOOKS = 200
_env.filters["moment"] = lambda at: f"{datetime.fromisoformat(at).astimezone(ZONE):%Y-%m-%d %H:%M}"
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
    r.add_get("/desk/reminders", _reminders)
    r.add_get("/desk/report", _report)
    r.add_get("/desk/report.csv", _report_csv)
    r.add_get("/desk/rework", _rework)
    r.add_get("/desk/outbox", _outbox)
    r.add_post("/desk/outbox", _resend)
    r.add_get("/desk/log", _log)
    r.add_get("/desk/users", _users)
    r.add_post("/desk/users", _users_change)
    r.add_static("/desk/static", HERE / "static")


def html(template: str, session: Session | None, status: int = 200, **values: Any) -> web.Response:
    staff = session.staff if session else None
    text = _env.get_template(template).render(
        staff=staff, csrf=session.csrf if session else "", role=role_name(staff.role) if staff else "", **values
    )
    return web.Response(text=text, content_type="text/html", status=status)


def error(status: int, message: str) -> web.Response:
    """A page that says what went wrong."""
    return html("error.html", None, status, message=message)


async def signed_in(request: web.Request) -> Session:
    """The signed-in session; otherwise to the sign-in page, and to a password of one's own first."""
    session = await session_of(request)
    if session is None:
        raise web.HTTPSeeOther("/desk/login")
    if session.must_change and request.path != "/desk/password":
        raise web.HTTPSeeOther("/desk/password")
    return session


async def form_of(request: web.Request, session: Session) -> dict[str, str]:
    """The form's fields, when it carries the session's own token (CSRF)."""
    data = {k: typed(str(v)) for k, v in (await posted(request)).items()}
    if not hmac.compare_digest(data.pop("csrf", ""), session.csrf):
        raise Forbidden("这一页放得太久了，请退回去刷新再提交。")
    return data


async def _redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound("/desk/")


async def _login_form(request: web.Request) -> web.Response:
    return html("login.html", None, message="", name="")


async def _login(request: web.Request) -> web.Response:
    same_origin(request)
    data = await posted(request)
    name = str(data.get("name", ""))
    try:
        _, cookies = await sign_in(request, name, str(data.get("password", "")))
    except TooManyAttempts as e:
        wait = max(1, round(e.retry_after / 60))
        return html("login.html", None, 429, message=f"密码错得太多，请 {wait} 分钟后再试。", name=name)
    except PetitionError as e:
        return html("login.html", None, 401, message=str(e), name=name)
    answer = web.HTTPSeeOther("/desk/")
    set_cookies(request, answer, cookies)
    raise answer


async def _logout(request: web.Request) -> web.Response:
    session = await signed_in(request)
    await form_of(request, session)
    await run(request.app[DESK].staff.sign_out, request.cookies.get(COOKIE, ""))
    answer = web.HTTPSeeOther("/desk/login")
    answer.del_cookie(COOKIE, path="/desk")
    raise answer


async def _password_form(request: web.Request) -> web.Response:
    return html("password.html", await signed_in(request), message="")


async def _password(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    try:
        await run(request.app[DESK].staff.change_password, session.staff.name, data.get("old", ""), data.get("new", ""))
    except PetitionError as e:
        return html("password.html", session, 400, message=str(e))
    raise web.HTTPSeeOther("/desk/login")


async def _queue(request: web.Request) -> web.Response:
    session, desk = await signed_in(request), request.app[DESK]
    if session.staff.role == "auditor":
        raise web.HTTPSeeOther("/desk/log")
    if session.staff.role == "admin":
        raise web.HTTPSeeOther("/desk/users")
    filters = {
        k: typed(v) for k, v in request.query.items() if k in ("status", "channel", "agency", "due", "text", "cursor")
    }
    page = await run(desk.queue, session.staff, filters)
    more = urlencode(filters | {"cursor": page.next_cursor}) if page.next_cursor else ""
    return html(
        "queue.html", session, cases=page.cases, filters=filters, more=more, today=desk.today(), colour=colour,
        statuses=STATUS_NAMES, channels=CHANNELS, agencies=AGENCIES,
    )  # fmt: skip


def colour(due: date | None, today: date) -> str:
    """How near a due date is: late, soon (three days), fine."""
    if due is None:
        return ""
    left = (due - today).days
    return "late" if left < 0 else "soon" if left <= 3 else "fine"


async def _new_form(request: web.Request) -> web.Response:
    return _new_page(await signed_in(request))


def _new_page(
    session: Session, data: dict[str, str] | None = None, message: str = "", receipt: Any = None
) -> web.Response:
    return html(
        "new.html", session, 400 if message else 200, data=data or {}, message=message, receipt=receipt,
        form=[(k, labels()[k]) for k in FORM], sources=SOURCES[:3],
    )  # fmt: skip


async def _new(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    fields = {k: data[k] for k in FORM if data.get(k, "").strip()}
    try:
        receipt = await run(request.app[DESK].register, session.staff, data.get("source", ""), fields)
    except PetitionError as e:
        return _new_page(session, data, str(e))
    return _new_page(session, receipt=receipt)


async def _reminders(request: web.Request) -> web.Response:
    session = await signed_in(request)
    found = await run(request.app[DESK].reminders, session.staff)
    return html("reminders.html", session, reminders=found)


async def _report(request: web.Request) -> web.Response:
    session = await signed_in(request)
    report = await run(request.app[DESK].weekly, session.staff)
    return html("report.html", session, **_report_values(report))


def _report_values(report: dict[str, Any]) -> dict[str, Any]:
    week = charts.columns(report["by_day"], "每天登记")
    return {"report": report, "week": week, "bars": charts.bars, "statuses": STATUS_NAMES, "channels": CHANNELS}


def report_file(report: dict[str, Any]) -> str:
    """The weekly report as one HTML file that needs nothing else, for mail and print."""
    style = (HERE / "static" / "desk.css").read_text(encoding="utf-8")
    page = _env.get_template("report.html")
    return page.render(staff=None, csrf="", role="", style=style, **_report_values(report))


async def _report_csv(request: web.Request) -> web.Response:
    session = await signed_in(request)
    report = await run(request.app[DESK].weekly, session.staff)
    headers = {"Content-Disposition": f'attachment; filename="weekly-{report["to"]}.csv"'}
    return web.Response(text=report_csv(report), content_type="text/csv", charset="utf-8", headers=headers)


async def _rework(request: web.Request) -> web.Response:
    session = await signed_in(request)
    rows = await run(request.app[DESK].rework, session.staff)
    return html("rework.html", session, rows=rows, quarters=look_back(rows))


async def _outbox(request: web.Request) -> web.Response:
    session = await signed_in(request)
    if session.staff.role != "admin":
        raise Forbidden("外送由管理员来管。")
    outbox, url = request.app[DESK].stores.outbox, request.app[SETTINGS].upstream_url
    waiting = await run(outbox.waiting, ("filed", "moved"))
    return html(
        "outbox.html",
        session,
        dead=await run(outbox.dead),
        waiting=waiting,
        on=bool(url),
        hooks=await run(outbox.hooks),
    )


async def _resend(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    if session.staff.role != "admin":
        raise Forbidden("外送由管理员来管。")
    if data.get("id", "").isdecimal():
        await run(request.app[DESK].stores.outbox.resend, int(data["id"]), request.app[SETTINGS].now())
    raise web.HTTPSeeOther("/desk/outbox")


async def _log(request: web.Request) -> web.Response:
    session = await signed_in(request)
    if session.staff.role != "auditor":
        raise Forbidden("日志由审计来看。")
    before = request.query.get("before", "")
    if before and not re.fullmatch("[0-9]{1,9}", before):
        raise PetitionError("before 应为整数。")
    entries = await run(request.app[DESK].staff.looks, LOOKS, int(before) if before else None)
    return html("log.html", session, entries=entries, older=entries[-1]["id"] if len(entries) == LOOKS else "")


async def _users(request: web.Request) -> web.Response:
    return await _users_page(request, await signed_in(request))


async def _users_page(request: web.Request, session: Session, message: str = "", secret: str = "") -> web.Response:
    if session.staff.role != "admin":
        raise Forbidden("用户由管理员来管。")
    users = await run(request.app[DESK].staff.all)
    return html(
        "users.html", session, users=users, message=message, secret=secret, agencies=AGENCIES, role_name=role_name,
        roles=[r for r in ROLES if r not in NOT_HERE],
    )  # fmt: skip


async def _users_change(request: web.Request) -> web.Response:
    session = await signed_in(request)
    data = await form_of(request, session)
    if session.staff.role != "admin":
        raise Forbidden("用户由管理员来管。")
    store, name = request.app[DESK].staff, data.get("name", "").strip()
    now, role = request.app[SETTINGS].now(), data.get("role", "")
    held = next((u["role"] for u in await run(store.all) if u["name"] == name), "")
    try:
        what = "新建用户" if data.get("do") == "add" else "停用用户" if data.get("do") == "disable" else "启用用户"
        about = f"{name[:64]} {(role or held)[:20]}"
        if role in NOT_HERE or held in NOT_HERE:
            await run(store.log, session.staff.name, f"被拒：{what}", None, about, now)
            raise PetitionError(
                "纪检专办和审计的用户不在这里管：管理员不能自己给自己开门。请在服务器上用 sufang user 建。"
            )
        await run(store.log, session.staff.name, what, None, about, now)
        if data.get("do") == "add":
            secret = await run(store.add, name, data.get("role", ""), data.get("agency", ""), now)
            return await _users_page(request, session, f"已建用户 {name}，第一次登录的密码只显示这一次：", secret)
        if name == session.staff.name:
            raise PetitionError("不能停用自己。")
        await run(store.disable, name, data.get("do") == "disable")
    except PetitionError as e:
        return await _users_page(request, session, str(e))
    raise web.HTTPSeeOther("/desk/users")
