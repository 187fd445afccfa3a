"""Hotline drafts at the desk: the clerk reads a draft beside its transcript, corrects it and files it; recognisers call back here.

Every field links to the words it was read from. What the clerk changed is kept, field by field, as the measure of quality.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.desk.http import DESK, SETTINGS, run
from bot.desk.marks import Piece, anchors, cut
from bot.desk.pages import form_of, html, signed_in
from bot.desk.service import Forbidden
from bot.hotline.intake import Intake
from bot.petition.errors import PetitionError
from bot.petition.fields import labels
from bot.petition.keys import CHANNELS
from bot.petition.roles import ACCUSATION, Staff
from bot.storage.cases import LOOK, OPENED
from bot.storage.draft_fields import CASE_FIELDS, as_typed
from bot.storage.drafts import DROPPED, FILED, OPEN

INTAKE: web.AppKey[Intake] = web.AppKey("intake", Intake)
#: Seconds that a signed call-back stays good.
MAX_AGE = 300
MAX_TRANSCRIPT = 20_000_000
PAGE = 50
_FROM_CASE = {v: k for k, v in CASE_FIELDS.items()}
_WHO = {"agent": "话务员", "citizen": "来电人", "other": "其他声音", "unknown": "不清楚是谁"}


def add_routes(app: web.Application, intake: Intake) -> None:
    """Pages and call-back of the hotline."""
    app[INTAKE] = intake
    r = app.router
    r.add_get("/desk/drafts", _list)
    r.add_get("/desk/drafts/{id}", _draft)
    r.add_post("/desk/drafts/{id}/file", _file)
    r.add_post("/desk/drafts/{id}/drop", _drop)
    r.add_post("/desk/api/v1/hotline/callback", _callback)


def _may(staff: Staff) -> bool:
    """Whether this is the discipline role, which works with accusations and nothing else; nobody but those who register works here."""
    if not staff.registers():
        raise Forbidden("热线草稿由登记员来确认。")
    return staff.role == "discipline"


async def _list(request: web.Request) -> web.Response:
    session = await signed_in(request)
    discipline = _may(session.staff)
    store = request.app[INTAKE].store
    status = request.query.get("status", OPEN)
    found = await run(store.find, discipline, status, PAGE + 1, request.query.get("after", ""))
    more = f"status={status}&after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return html(
        "drafts.html", session, drafts=found[:PAGE], more=more, status_now=status, labels=labels(),
        names={OPEN: "待确认", FILED: "已登记", DROPPED: "不登记"}, quality=await run(store.quality), dead=await run(store.dead),
    )  # fmt: skip


def transcript(
    turns: Sequence[tuple[str, str]], evidence: Mapping[str, Sequence[Sequence[int]]]
) -> list[tuple[str, list[Piece]]]:
    """The turns cut at the ends of the evidence, each piece with the fields that point to it. Offsets: the turns joined by newlines."""
    out: list[tuple[str, list[Piece]]] = []
    at = 0
    for role, text in turns:
        out.append((_WHO.get(role, role), cut(text, evidence, at)))
        at += len(text) + 1
    return out


async def _draft(request: web.Request) -> web.Response:
    return await _page(request)


async def _page(
    request: web.Request, typed: Mapping[str, str] | None = None, message: str = "", receipt: Any = None
) -> web.Response:
    session = await signed_in(request)
    discipline = _may(session.staff)
    view, record, turns = await run(request.app[INTAKE].store.get, request.match_info["id"], discipline)
    # A draft shows names and telephones beside the words they were read from: the auditor sees who opened which one, also before it has a number.
    what, which = OPENED if discipline else LOOK, f"热线草稿 {view.id[:12]}"
    now = request.app[SETTINGS].now()
    await run(request.app[DESK].staff.log, session.staff.name, what, view.case_no or None, which, now)
    if (earlier := record.get("duplicate_draft")) and not await run(
        request.app[INTAKE].store.shows, earlier, discipline
    ):
        record = record | {"duplicate_of": None}  # it has become an accusation since, or is gone
    evidence = {CASE_FIELDS[k]: e["evidence"] for k, e in record["fields"].items() if e and k in CASE_FIELDS}
    before = as_typed(record)
    values = dict(typed) if typed is not None else before | {"narrative": _narrative(turns)}
    rows = [
        (
            key,
            labels().get(key, key),
            values.get(key, ""),
            anchors(key, evidence.get(key, ())),
            (record["fields"].get(_FROM_CASE[key]) or {}).get("confidence"),
        )
        for key in CASE_FIELDS.values()
    ]
    asked = [labels().get(k, k) for k in ("demand", "place", "occurred_on", "name", "phone") if not before.get(k)]
    anonymous = bool((record["fields"].get("anonymous") or {}).get("value"))
    return html(
        "draft.html", session, 400 if message else 200, view=view, rows=rows, narrative=values.get("narrative", ""), lines=transcript(turns, evidence),
        message=message, receipt=receipt, channel=CHANNELS.get(view.channel, view.channel), asked=asked, anonymous=anonymous, record=record, labels=labels(),
    )  # fmt: skip


def _narrative(turns: Sequence[tuple[str, str]]) -> str:
    """What the caller told, for the case's story."""
    from bot.hotline.speech import heard, story, topics_of

    return story(topics_of(heard(turns)))


async def _file(request: web.Request) -> web.Response:
    session = await signed_in(request)
    discipline = _may(session.staff)
    data = await form_of(request, session)
    key, store, desk = request.match_info["id"], request.app[INTAKE].store, request.app[DESK]
    fields: dict[str, Any] = {
        k: v.strip() for k, v in data.items() if k in (*CASE_FIELDS.values(), "narrative") and v.strip()
    }
    if data.get("anonymous"):
        fields["anonymous"] = "是"
    try:
        view, _, _ = await run(store.get, key, discipline)
        if view.status != OPEN:
            raise PetitionError("这份草稿已经处理过了。")
        # The case has the draft's id: pressing twice, or again after a failure between the two steps, files it once.
        receipt = await run(desk.register, session.staff, "热线", fields, f"hotline-{key[:48]}")
        now = request.app[SETTINGS].now()
        category = await run(store.decide, key, discipline, session.staff.name, now, fields, receipt.case_no)
    except PetitionError as e:
        return await _page(request, data, str(e))
    if (category == ACCUSATION) != discipline:  # from here on it is no longer this clerk's to read: the receipt alone
        return html("draft.html", session, view=None, receipt=receipt)
    return await _page(request, data, receipt=receipt)


async def _drop(request: web.Request) -> web.Response:
    session = await signed_in(request)
    discipline = _may(session.staff)
    await form_of(request, session)
    now = request.app[SETTINGS].now()
    await run(request.app[INTAKE].store.decide, request.match_info["id"], discipline, session.staff.name, now, None)
    raise web.HTTPSeeOther("/desk/drafts")


# -- call-backs of recognisers ------------------------------------------------------------------------------------------


def signature(secret: str, stamp: str, target: str, body: bytes) -> str:
    """HMAC-SHA256 over the time, the path with its query, and the body."""
    told = f"{stamp}\n{target}\n".encode() + body
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


async def _callback(request: web.Request) -> web.Response:
    """A finished transcript: kept first, then made a draft of. The same transcript again is answered the same and kept once.

    Query: `file`, `call_time` (ISO), `hotline` (city). Headers: `X-Sufang-Timestamp` (Unix seconds) and `X-Sufang-Signature`.
    """
    settings = request.app[SETTINGS]
    if not settings.asr_secret:
        raise web.HTTPNotFound
    body = await _read(request)
    stamp = request.headers.get("X-Sufang-Timestamp", "")
    given = request.headers.get("X-Sufang-Signature", "")
    right = signature(settings.asr_secret, stamp, request.raw_path, body)
    now = datetime.now(timezone.utc).timestamp()
    fresh = stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and abs(now - int(stamp)) <= MAX_AGE
    if not hmac.compare_digest(right, given) or not fresh:
        return _answer({"error": {"code": "signature", "message": "签名不对，或者时间相差太多。"}}, 401)
    when = request.query.get("call_time", "")
    try:
        if when:
            datetime.fromisoformat(when)
    except ValueError:
        return _answer({"error": {"code": "malformed", "message": "call_time 应为 ISO 时间。"}}, 400)
    intake = request.app[INTAKE]
    name = request.query.get("file", "")[:120] or "callback"
    key = await run(intake.receive, name, when, request.query.get("hotline", "")[:20], body)
    if intake.announce is not None:  # a queue works it off
        await run(intake.announce, key)
        return _answer({"id": key, "state": "waiting"}, 202)
    draft_id = await run(intake.process, key)
    if not draft_id:
        arrival = await run(intake.store.arrival, key)
        return _answer({"id": key, "state": arrival.state, "reason": arrival.reason}, 422)
    return _answer({"id": key, "state": "done", "draft": f"/desk/drafts/{quote(draft_id)}"}, 200)


async def _read(request: web.Request) -> bytes:
    """The body up to the limit of a transcript, which is larger than that of a form."""
    parts, size = [], 0
    async for chunk in request.content.iter_chunked(65536):
        size += len(chunk)
        if size > MAX_TRANSCRIPT:
            raise web.HTTPRequestEntityTooLarge(MAX_TRANSCRIPT, size)
        parts.append(chunk)
    return b"".join(parts)


def _answer(value: Any, status: int) -> web.Response:
    return web.json_response(value, status=status, dumps=lambda v: json.dumps(v, ensure_ascii=False))
