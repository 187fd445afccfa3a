"""`/desk/api/v1/`: the desk for programs (contracts, section 4). What each call takes and gives: openapi.yml."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from bot.desk.http import (
    COOKIE,
    DESK,
    PAPERS,
    SETTINGS,
    Unauthorised,
    dumps,
    run,
    same_origin,
    session_of,
    set_cookies,
    sign_in,
    typed,
)
from bot.desk.service import MAX_NOTE, Forbidden, longest
from bot.desk.tables import report_csv
from bot.petition.case import CaseView, EventView
from bot.petition.errors import PetitionError, StoreUnavailable, TooManyAttempts
from bot.petition.report import look_back
from bot.petition.roles import Staff
from bot.settings import safe_address
from bot.upstream import targets

BASE = "/desk/api/v1"
#: Depth of nesting that a body may have; more is no form of ours.
MAX_DEPTH = 6
#: Bytes of a sign-in.
MAX_LOGIN = 16 * 1024
#: Characters of a member of a query: words to find, a reason.
MAX_QUERY = 200
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def add_routes(app: web.Application) -> None:
    """All calls."""
    r = app.router
    r.add_get(f"{BASE}/openapi.json", _openapi)
    r.add_post(f"{BASE}/login", _login)
    r.add_post(f"{BASE}/logout", _logout)
    r.add_get(f"{BASE}/cases", _cases)
    r.add_post(f"{BASE}/cases", _register)
    r.add_get(f"{BASE}/cases/{{no}}", _case)
    r.add_post(f"{BASE}/cases/{{no}}/transitions", _move)
    r.add_get(f"{BASE}/cases/{{no}}/events", _events)
    r.add_post(f"{BASE}/cases/{{no}}/events", _write)
    r.add_get(f"{BASE}/cases/{{no}}/similar", _similar)
    r.add_post(f"{BASE}/cases/{{no}}/split", _split)
    r.add_post(f"{BASE}/cases/{{no}}/reassign", _reassign)
    r.add_post(f"{BASE}/cases/{{no}}/requests", _request)
    r.add_get(f"{BASE}/cases/{{no}}/documents", _papers)
    r.add_post(f"{BASE}/cases/{{no}}/documents", _issue)
    r.add_get(f"{BASE}/cases/{{no}}/documents/{{id:\\d{{1,9}}}}", _paper)
    r.add_get(f"{BASE}/reminders", _reminders)
    r.add_get(f"{BASE}/reports/weekly", _weekly)
    r.add_get(f"{BASE}/reports/rework", _rework)
    r.add_get(f"{BASE}/log", _log)
    r.add_get(f"{BASE}/outbox", _outbox)
    r.add_post(f"{BASE}/outbox/{{id:\\d{{1,9}}}}/resend", _resend)
    r.add_get(f"{BASE}/webhooks", _hooks)
    r.add_post(f"{BASE}/webhooks", _add_hook)
    r.add_delete(f"{BASE}/webhooks/{{id:\\d{{1,9}}}}", _stop_hook)


# -- what every call shares ---------------------------------------------------------------------------------------------


async def who_of(request: web.Request) -> Staff:
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
    if session.must_change:
        raise Forbidden("请先在网页上改掉第一次的密码。")
    same_origin(request)
    return session.staff


async def _body(call: web.Request, /, **kinds: type) -> dict[str, Any]:
    """The JSON object of a request. `kinds`: members that must be there, or with a trailing `_` may be, of these types."""
    if call.content_type != "application/json":
        raise PetitionError("请用 JSON。")
    try:
        value = json.loads(await call.text())
    except (ValueError, RecursionError, LookupError):
        raise PetitionError("这不是 JSON。") from None
    if not isinstance(value, dict) or _depth(value) > MAX_DEPTH:
        raise PetitionError("应为一个对象。")
    _check_lengths(value)
    body: dict[str, Any] = typed(value)
    for key, kind in kinds.items():
        name, optional = key.rstrip("_"), key.endswith("_")
        given = body.get(name)
        if given is None and optional and name not in body:
            continue
        if kind is int and isinstance(given, float) and given.is_integer():
            given = body[name] = int(given)  # JSON knows one kind of number
        if not isinstance(given, kind) or (kind is int and isinstance(given, bool)):
            raise PetitionError(f"{name} 缺少或者种类不对。")
        if isinstance(given, int) and abs(given) > 2**31:
            raise PetitionError(f"{name} 太大。")
    return body


def _check_lengths(value: dict[str, Any]) -> None:
    """Texts count as they were sent, before what nobody types is dropped from them. Raises PetitionError."""
    for key, given in value.items():
        if isinstance(given, str) and len(given) > MAX_NOTE:
            raise PetitionError(f"{typed(key)} 最多 {MAX_NOTE} 个字。")
    fields = value.get("fields")
    for key, given in fields.items() if isinstance(fields, dict) else ():
        if isinstance(given, str) and len(given) > longest(key):
            raise PetitionError(f"{typed(key)} 最多 {longest(key)} 个字。")


def _depth(value: Any, level: int = 1) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return level if level > MAX_DEPTH else max((_depth(v, level + 1) for v in below), default=level)


def _query(request: web.Request) -> dict[str, str]:
    if any(len(v) > MAX_QUERY for v in request.query.values()):
        raise PetitionError(f"每一项最多 {MAX_QUERY} 个字。")
    return {typed(k): typed(v) for k, v in request.query.items()}


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=dumps)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    value: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "openapi.yml").read_text(encoding="utf-8"))
    return value


async def _openapi(request: web.Request) -> web.Response:
    return _json(document())


async def _login(request: web.Request) -> web.Response:
    same_origin(request)
    if len(await request.read()) > MAX_LOGIN:  # from anybody, so it is not even read as JSON
        raise PetitionError("应为一个对象。")
    body = await _body(request, name=str, password=str)
    try:
        session, cookies = await sign_in(request, body["name"], body["password"])
    except (TooManyAttempts, StoreUnavailable):
        raise
    except PetitionError as e:
        raise Unauthorised(str(e)) from None
    answer = _json({"name": session.staff.name, "role": session.staff.role, "must_change": session.must_change})
    set_cookies(request, answer, cookies)
    return answer


async def _logout(request: web.Request) -> web.Response:
    if await session_of(request) is None:
        await who_of(request)
    same_origin(request)
    if cookie := request.cookies.get(COOKIE):
        await run(request.app[DESK].staff.sign_out, cookie)
    answer = _json({})
    answer.del_cookie(COOKIE, path="/desk")
    return answer


# -- cases --------------------------------------------------------------------------------------------------------------


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


def event(e: EventView) -> dict[str, Any]:
    """An event as the contracts have it."""
    return {"event": e.event, "from": e.source, "to": e.target, "at": e.at.isoformat(), "by": e.by, "note": e.note}


async def _cases(request: web.Request) -> web.Response:
    who = await who_of(request)
    page = await run(request.app[DESK].queue, who, _query(request))
    return _json({"cases": [row(v) for v in page.cases], "next_cursor": page.next_cursor or None})


async def _register(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, source=str, fields=dict)
    receipt = await run(request.app[DESK].register, who, body["source"], body["fields"])
    told = {"case_no": receipt.case_no, "query_code": receipt.query_code, "filed_on": receipt.filed_on}
    return _json(told | {"next": dict(receipt.next)}, 201)


async def _case(request: web.Request) -> web.Response:
    who, desk = await who_of(request), request.app[DESK]
    view, fields = await run(desk.told, who, request.match_info["no"], _query(request).get("reason", ""))
    waiting = [
        {"id": o.seq, "event": o.event, "note": o.note, "due": o.due or None, "agencies": list(o.by_agencies)}
        for o in desk.open_items(view)
    ]
    return _json(row(view) | {"fields": fields, "joint": list(view.joint), "waiting": waiting})


async def _move(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, to=str, version_=int)
    data = {k: v for k, v in body.items() if k not in ("to", "version")}
    if any(isinstance(v, (dict, list)) or len(str(v)) > MAX_NOTE for v in data.values()):
        raise PetitionError(f"各项应为文字，最多 {MAX_NOTE} 个字。")
    view = await run(request.app[DESK].move, who, request.match_info["no"], body["to"], data, body.get("version"))
    return _json(row(view))


async def _events(request: web.Request) -> web.Response:
    who, reason = await who_of(request), _query(request).get("reason", "")
    view, _ = await run(request.app[DESK].told, who, request.match_info["no"], reason)
    return _json([event(e) for e in view.events])


async def _write(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, event=str, note=str)
    more = {k: v for k, v in body.items() if k not in ("event", "note")}
    seq = await run(request.app[DESK].write, who, request.match_info["no"], body["event"], body["note"], more)
    return _json({"id": seq}, 201)


async def _similar(request: web.Request) -> web.Response:
    who, desk = await who_of(request), request.app[DESK]
    view = await run(desk.case, who, request.match_info["no"])
    near = await run(desk.similar, who, view)
    return _json({"cases": [row(v) | {"share": round(share, 3)} for v, share in near]})


async def _split(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, fields=dict, secret_=bool, version_=int)
    args = body["fields"], bool(body.get("secret")), body.get("version")
    receipt = await run(request.app[DESK].split, who, request.match_info["no"], *args)
    return _json({"case_no": receipt.case_no, "filed_on": receipt.filed_on, "next": dict(receipt.next)}, 201)


async def _reassign(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, agency=str, reason=str, version_=int)
    args = request.match_info["no"], body["agency"], body["reason"], body.get("version")
    return _json(row(await run(request.app[DESK].reassign, who, *args)))


async def _request(request: web.Request) -> web.Response:
    who, body = await who_of(request), await _body(request, request=str, note_=str, rating_=str, whom_=str)
    args = body["request"], body.get("note", ""), body.get("rating", ""), body.get("whom", "")
    return _json(row(await run(request.app[DESK].request, who, request.match_info["no"], *args)))


# -- papers -------------------------------------------------------------------------------------------------------------


async def _papers(request: web.Request) -> web.Response:
    who, desk, papers = await who_of(request), request.app[DESK], request.app[PAPERS]
    view = await run(desk.case, who, request.match_info["no"])
    can = [{"kind": k.key, "title": k.title, "asks": dict(k.asks)} for k in papers.allowed(who, view)]
    return _json({"issued": await run(papers.archive, who, view.case_no), "allowed": can})


async def _issue(request: web.Request) -> web.Response:
    who = await who_of(request)
    body = await _body(request, kind=str, told_=dict, preview_=bool, version_=int)
    papers, number, told = request.app[PAPERS], request.match_info["no"], body.get("told", {})
    if body.get("preview"):
        return _json((await run(papers.preview, who, number, body["kind"], told)).as_dict())
    made, paper = await run(papers.issue, who, number, body["kind"], told, body.get("version"))
    return _json({"id": made, **paper.as_dict()}, 201)


async def _paper(request: web.Request) -> web.Response:
    who, papers = await who_of(request), request.app[PAPERS]
    paper, file, digest = await run(papers.open, who, request.match_info["no"], int(request.match_info["id"]))
    return docx(paper.number, file, digest)


def docx(number: str, file: bytes, digest: str) -> web.Response:
    """The file of a paper, named without anything personal, with the hash of the archive."""
    name = "".join(c for c in number if c.isdigit()) or "paper"
    headers = {"Content-Disposition": f'attachment; filename="{name}.docx"', "X-Content-SHA256": digest}
    return web.Response(body=file, content_type=DOCX, headers=headers)


# -- reports and operation ----------------------------------------------------------------------------------------------


async def _reminders(request: web.Request) -> web.Response:
    found = await run(request.app[DESK].reminders, await who_of(request))
    return _json({"reminders": [row(r.case) | {"kind": r.kind, "to": r.to_whom, "days_late": r.late} for r in found]})


async def _weekly(request: web.Request) -> web.Response:
    report = await run(request.app[DESK].weekly, await who_of(request))
    form = request.query.get("format", "json")
    if form == "csv":
        headers = {"Content-Disposition": f'attachment; filename="weekly-{report["to"]}.csv"'}
        return web.Response(text=report_csv(report), content_type="text/csv", charset="utf-8", headers=headers)
    if form != "json":
        raise PetitionError("format 应为 json 或者 csv。")
    return _json(report)


async def _rework(request: web.Request) -> web.Response:
    rows = await run(request.app[DESK].rework, await who_of(request))
    return _json({"cases": rows, "quarters": look_back(rows)})


async def _log(request: web.Request) -> web.Response:
    if (await who_of(request)).role != "auditor":
        raise Forbidden("日志由审计来看。")
    before = request.query.get("before", "")
    if before and (not before.isdecimal() or not before.isascii() or len(before) > 9):
        raise PetitionError("before 应为整数。")
    return _json({"entries": await run(request.app[DESK].staff.looks, 200, int(before) if before else None)})


async def _admin(request: web.Request) -> Any:
    if (await who_of(request)).role != "admin":
        raise Forbidden("外送和回调由管理员来管。")
    return request.app[DESK].stores.outbox


async def _outbox(request: web.Request) -> web.Response:
    return _json({"dead": await run((await _admin(request)).dead)})


async def _resend(request: web.Request) -> web.Response:
    outbox = await _admin(request)
    await run(outbox.resend, int(request.match_info["id"]), request.app[SETTINGS].now())
    return _json({})


async def _hooks(request: web.Request) -> web.Response:
    return _json({"webhooks": await run((await _admin(request)).hooks)})


async def _add_hook(request: web.Request) -> web.Response:
    outbox = await _admin(request)
    body = await _body(request, agency=str, url=str, secret=str)
    if body["agency"] and body["agency"] not in request.app[DESK].knowledge.agencies:
        raise PetitionError(f"没有机关 {body['agency']}。")
    if len(body["url"]) > 500 or not safe_address(body["url"]) or not targets.plain(body["url"]):
        raise PetitionError("回调地址应为 https（本机可以用 http）。")
    try:
        await targets.refuse_inside(body["url"], request.app[SETTINGS].private_hosts)
    except targets.Refused as e:
        raise PetitionError(str(e)) from None
    except UnicodeError:
        raise PetitionError("回调地址里的主机名不对。") from None
    except OSError:
        pass  # its name is not known yet: it is looked at again at every sending
    sent = await request.json()
    if (sent["url"], sent["secret"]) != (body["url"], body["secret"]):
        raise PetitionError("回调地址或者签名密钥里有不能用的字符。")
    if not re.fullmatch("[ -~]{16,200}", body["secret"]):
        raise PetitionError("签名密钥应为 16 到 200 个字母、数字或者符号。")
    made = await run(outbox.add_hook, body["agency"], body["url"], body["secret"], request.app[SETTINGS].now())
    return _json({"id": made}, 201)


async def _stop_hook(request: web.Request) -> web.Response:
    await run((await _admin(request)).stop_hook, int(request.match_info["id"]))
    return _json({})
