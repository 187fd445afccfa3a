"""The desk's HTTP: `/desk/` for people, `/desk/api/v1/` for programs. Wiring and checking only; the rules are the service's."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.desk import drafts, pages
from bot.desk.http import COOKIE, DESK, SETTINGS, run, same_origin, session_of, set_cookie
from bot.desk.service import Desk, Forbidden
from bot.hotline.intake import Intake
from bot.petition.case import CaseView
from bot.petition.errors import (
    ConflictError,
    NotFound,
    PetitionError,
    StoreUnavailable,
    TooManyAttempts,
    TransitionError,
)
from bot.petition.roles import Staff
from bot.settings import Settings

logger = logging.getLogger(__name__)
MAX_BODY = 1 << 20
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(desk: Desk, settings: Settings, intake: Intake | None = None) -> web.Application:
    """The application, with the hotline's drafts when there is an `intake`. The service's calls are short and synchronous; they run in threads."""
    app = web.Application(middlewares=[_errors], client_max_size=MAX_BODY)
    app[DESK], app[SETTINGS] = desk, settings
    api = "/desk/api/v1"
    app.router.add_post(f"{api}/login", _api_login)
    app.router.add_post(f"{api}/logout", _api_logout)
    app.router.add_get(f"{api}/cases", _api_cases)
    app.router.add_post(f"{api}/cases", _api_register)
    app.router.add_get(f"{api}/cases/{{no}}", _api_case)
    app.router.add_post(f"{api}/cases/{{no}}/transitions", _api_move)
    app.router.add_get(f"{api}/cases/{{no}}/events", _api_events)
    app.router.add_post(f"{api}/cases/{{no}}/events", _api_write)
    app.router.add_get(f"{api}/reports/weekly", _api_weekly)
    app.router.add_get(f"{api}/log", _api_log)
    pages.add_routes(app)
    if intake:
        drafts.add_routes(app, intake)
    return app


# -- around every request -----------------------------------------------------------------------------------------------


class Unauthorised(PetitionError):
    """Nobody is signed in."""


#: Kind of failure → status and code. The first that fits.
FAILURES: tuple[tuple[type[Exception], int, str], ...] = (
    (Unauthorised, 401, "token"),
    (StoreUnavailable, 503, "store_down"),
    (TooManyAttempts, 429, "attempts"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not_found"),
    (TransitionError, 409, "not_allowed"),
    (ConflictError, 409, "conflict"),
    (PetitionError, 400, "malformed"),
)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes the error object for programs and a page for people; nothing of a case is in a log."""
    try:
        answer = await handler(request)
    except web.HTTPException as e:
        if e.status in (301, 302, 303):
            for name, value in HEADERS.items():
                e.headers.setdefault(name, value)
            raise
        answer = _failed(request, e.status, "http", "没有这个地址。" if e.status == 404 else "请求不对。")
    except PetitionError as e:
        status, code = next((s, c) for kind, s, c in FAILURES if isinstance(e, kind))
        answer = _failed(request, status, code, str(e))
        if isinstance(e, TooManyAttempts):
            answer.headers["Retry-After"] = str(max(1, int(e.retry_after) + 1))
    except Exception as e:
        logger.error("%s failed: %s", request.match_info.handler.__name__, type(e).__name__)
        answer = _failed(request, 503, "failed", "系统出了点问题，这一步没有办成，请再试一次。")
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _failed(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if request.path.startswith("/desk/api/"):
        return web.json_response({"error": {"code": code, "message": message}}, status=status, dumps=_dumps)
    return pages.error(status, message)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# -- for programs -------------------------------------------------------------------------------------------------------


async def _who(request: web.Request) -> Staff:
    """The caller: a bearer token, or the session of a browser, which may only send JSON from our own pages."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        staff: Staff | None = await run(request.app[DESK].staff.of_token, token.strip())
        if staff:
            return staff
        raise Unauthorised("请先登录，或者换一个有效的令牌。")
    session = await session_of(request)
    if session is None:
        raise Unauthorised("请先登录，或者换一个有效的令牌。")
    same_origin(request)
    return session.staff


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise PetitionError("请用 JSON。")
    try:
        value = json.loads(await request.text())
    except (ValueError, RecursionError):
        raise PetitionError("这不是 JSON。") from None
    if not isinstance(value, dict):
        raise PetitionError("应为一个对象。")
    return value


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=_dumps)


async def _api_login(request: web.Request) -> web.Response:
    body = await _body(request)
    name, password = body.get("name"), body.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise PetitionError("请写 name 和 password。")
    session_id, session = await run(request.app[DESK].staff.sign_in, name, password, request.app[SETTINGS].now())
    answer = _json({"name": session.staff.name, "role": session.staff.role, "must_change": session.must_change})
    set_cookie(request, answer, session_id)
    return answer


async def _api_logout(request: web.Request) -> web.Response:
    await _who(request)
    if cookie := request.cookies.get(COOKIE):
        await run(request.app[DESK].staff.sign_out, cookie)
    answer = _json({})
    answer.del_cookie(COOKIE, path="/desk")
    return answer


def row(v: CaseView) -> dict[str, Any]:
    """A case of the list."""
    return {
        "case_no": v.case_no,
        "status": v.status,
        "channel": v.channel,
        "category": v.category,
        "agency": v.agency,
        "filed_on": v.filed_on.isoformat(),
        "due": v.due.isoformat() if v.due else None,
        "version": v.version,
    }


async def _api_cases(request: web.Request) -> web.Response:
    who = await _who(request)
    page = await run(request.app[DESK].queue, who, dict(request.query))
    return _json({"cases": [row(v) for v in page.cases], "next_cursor": page.next_cursor or None})


async def _api_register(request: web.Request) -> web.Response:
    who, body = await _who(request), await _body(request)
    source, fields = body.get("source"), body.get("fields")
    if not isinstance(source, str) or not isinstance(fields, dict):
        raise PetitionError("请写 source 和 fields。")
    receipt = await run(request.app[DESK].register, who, source, fields)
    told = {"case_no": receipt.case_no, "query_code": receipt.query_code, "filed_on": receipt.filed_on}
    return _json(told | {"next": dict(receipt.next)}, 201)


async def _api_case(request: web.Request) -> web.Response:
    who, desk = await _who(request), request.app[DESK]
    number = request.match_info["no"]
    view = await run(desk.case, who, number)
    fields = await run(desk.fields, who, number, request.query.get("reason", ""))
    return _json(row(view) | {"fields": fields})


async def _api_move(request: web.Request) -> web.Response:
    who, body = await _who(request), await _body(request)
    to, version = body.get("to"), body.get("version")
    if not isinstance(to, str) or not (version is None or isinstance(version, int)):
        raise PetitionError("请写 to；version 应为整数。")
    if any(isinstance(v, (dict, list)) for v in body.values()):
        raise PetitionError("各项应为文字。")
    data = {k: v for k, v in body.items() if k not in ("to", "version")}
    view = await run(request.app[DESK].move, who, request.match_info["no"], to, data, version)
    return _json(row(view))


async def _api_events(request: web.Request) -> web.Response:
    view = await run(request.app[DESK].case, await _who(request), request.match_info["no"])
    return _json([event(e) for e in view.events])


def event(e: Any) -> dict[str, Any]:
    """An event as the contracts have it."""
    return {"event": e.event, "from": e.source, "to": e.target, "at": e.at.isoformat(), "by": e.by, "note": e.note}


async def _api_write(request: web.Request) -> web.Response:
    who, body = await _who(request), await _body(request)
    name, note = body.get("event"), body.get("note")
    if not isinstance(name, str) or not isinstance(note, str):
        raise PetitionError("请写 event 和 note。")
    await run(request.app[DESK].write, who, request.match_info["no"], name, note)
    return _json({}, 201)


async def _api_weekly(request: web.Request) -> web.Response:
    return _json(await run(request.app[DESK].weekly, await _who(request)))


async def _api_log(request: web.Request) -> web.Response:
    if (await _who(request)).role != "auditor":
        raise Forbidden("日志由审计来看。")
    before = request.query.get("before", "")
    looks = await run(request.app[DESK].staff.looks, 200, int(before) if before.isdigit() else None)
    return _json({"entries": looks})
