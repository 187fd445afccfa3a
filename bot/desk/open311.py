"""Open311 GeoReport v2, read only, for users of open data (wiki.open311.org/GeoReport_v2): services, requests, one request.

Only cases whose teller agreed to their being public, never accusations; no words of anybody, no place, no person: the number, the kind,
the unit, how it stands and by when. Handing in is the bot's and the desk's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from aiohttp import web

from bot.desk.http import DESK, dumps, run
from bot.petition.case import CaseView
from bot.petition.keys import CHANNELS, category_of
from bot.petition.lifecycle import FINAL, PETITIONER, STATUS_NAMES
from bot.petition.numbers import normalise_case_no
from bot.settings import ZONE

BASE = "/open311/v2"
#: Channels that are no service of ours, or confidential.
HIDDEN = frozenset({"accusation", "emergency", "none"})
#: The standard's bounds of one answer.
MAX_REQUESTS, MAX_SPAN = 1000, timedelta(days=90)
#: No case is older, and no date so early that nothing can be taken from it.
EARLIEST = date(1949, 10, 1)


class Malformed(Exception):
    """A request that the standard does not know."""


def add_routes(app: web.Application) -> None:
    """All calls, as JSON and as XML."""
    for form in ("json", "xml"):
        app.router.add_get(f"{BASE}/services.{form}", _services)
        app.router.add_get(f"{BASE}/requests.{form}", _requests)
        app.router.add_get(f"{BASE}/requests/{{id}}.{form}", _one)


def services() -> list[dict[str, Any]]:
    """What can be asked for: the channels that are not confidential."""
    return [
        {
            "service_code": key, "service_name": name, "description": name, "metadata": "false", "type": "realtime",
            "keywords": category_of(key), "group": category_of(key),
        }
        for key, name in CHANNELS.items()
        if key not in HIDDEN
    ]  # fmt: skip


def as_request(v: CaseView) -> dict[str, Any]:
    """A case as a service request."""
    out = {
        "service_request_id": v.case_no,
        "status": "closed" if v.status in FINAL else "open",
        "status_notes": STATUS_NAMES[v.status],
        "service_name": CHANNELS[v.channel],
        "service_code": v.channel,
        "agency_responsible": v.agency,
        "requested_datetime": _time(v.filed_on),
    }
    if v.due and v.owed_by != PETITIONER:
        out["expected_datetime"] = _time(v.due)
    return out


def _time(day: date) -> str:
    """The day alone is known to the public: its beginning, Beijing time."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).isoformat()


async def _services(request: web.Request) -> web.Response:
    return _answer(request, "services", "service", services())


async def _requests(request: web.Request) -> web.Response:
    try:
        filters = _filters(request)
    except Malformed as e:
        return _error(request, 400, str(e))
    found = await run(request.app[DESK].stores.cases.search.public, MAX_REQUESTS, *filters)
    return _answer(request, "service_requests", "request", [as_request(v) for v in found])


def _filters(request: web.Request) -> tuple[list[str], list[str], str, date | None, date | None]:
    q = request.query
    numbers = [normalise_case_no(n) for n in q.get("service_request_id", "").split(",") if n.strip()][:50]
    codes = [c for c in q.get("service_code", "").split(",") if c]
    status = q.get("status", "")
    if any(c not in CHANNELS or c in HIDDEN for c in codes):
        raise Malformed("service_code")
    if status not in ("", "open", "closed"):
        raise Malformed("status")
    if numbers:
        return numbers, codes, status, None, None
    end = _day(q.get("end_date", ""), "end_date") or request.app[DESK].today()
    earliest = end - MAX_SPAN
    return numbers, codes, status, max(_day(q.get("start_date", ""), "start_date") or earliest, earliest), end


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text.replace("Z", "+00:00")).date()
    except ValueError:
        raise Malformed(name) from None
    if day < EARLIEST:
        raise Malformed(name)
    return day


async def _one(request: web.Request) -> web.Response:
    number = normalise_case_no(request.match_info["id"])
    found = await run(request.app[DESK].stores.cases.search.public, 1, [number], [], "", None, None)
    if not found:
        return _error(request, 404, "service_request_id")
    return _answer(request, "service_requests", "request", [as_request(found[0])])


def _error(request: web.Request, status: int, what: str) -> web.Response:
    words = f"没有这一件（{what}）" if status == 404 else f"{what} 写得不对"
    return _answer(request, "errors", "error", [{"code": status, "description": words}], status)


def _answer(
    request: web.Request, root: str, item: str, rows: Iterable[dict[str, Any]], status: int = 200
) -> web.Response:  # fmt: skip
    if request.path.endswith(".json"):
        return web.json_response(list(rows), status=status, dumps=dumps)
    tree = ET.Element(root)
    for row in rows:
        one = ET.SubElement(tree, item)
        for key, value in row.items():
            ET.SubElement(one, key).text = str(value)
    body = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="text/xml", charset="utf-8")
