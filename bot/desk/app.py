"""The desk's HTTP: `/desk/` for people, `/desk/api/v1/` for programs. Wiring and checking only; the rules are the service's."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.desk import api, case_pages, drafts, open311, pages
from bot.desk.http import DESK, PAPERS, SETTINGS, Unauthorised, dumps
from bot.desk.paperwork import Paperwork
from bot.desk.service import Desk, Forbidden
from bot.hotline.intake import Intake
from bot.petition.errors import (
    ConflictError,
    NotFound,
    PetitionError,
    StoreUnavailable,
    TooManyAttempts,
    TransitionError,
)
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
    app[PAPERS] = Paperwork(desk)
    api.add_routes(app)
    open311.add_routes(app)
    pages.add_routes(app)
    case_pages.add_routes(app)
    if intake:
        drafts.add_routes(app, intake)
    return app


# -- around every request -----------------------------------------------------------------------------------------------


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


_HTTP = {404: "没有这个地址。", 405: "这个地址不接受这种请求。", 413: "内容太大了。"}


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes the error object for programs and a page for people; nothing of a case is in a log."""
    try:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise web.HTTPUnsupportedMediaType  # a few kilobytes may unpack to gigabytes, and nobody here packs a request
        answer = await handler(request)
    except web.HTTPException as e:
        if e.status in (301, 302, 303):
            for name, value in HEADERS.items():
                e.headers.setdefault(name, value)
            raise
        answer = _failed(request, e.status, "http", _HTTP.get(e.status, "请求不对。"))
        if isinstance(e, web.HTTPMethodNotAllowed):
            answer.headers["Allow"] = ", ".join(sorted(e.allowed_methods))
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
        return web.json_response({"error": {"code": code, "message": message}}, status=status, dumps=dumps)
    return pages.error(status, message)
