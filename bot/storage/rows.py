"""From rows to what the core reads, and the times of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Row

from bot.petition.case import CaseView, EventView
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.crypto import Keyring

MERGED, SPLIT = "merged_into", "split_to"
#: What `plain_view` needs: a list reads no sealed texts.
LISTED = tuple(
    t.cases.c[k]
    for k in (
        "case_no", "status", "channel", "category", "agency", "filed_on", "due", "version", "owed_by", "source", "urgent",
    )
)  # fmt: skip


def utc(value: datetime) -> datetime:
    """SQLite gives back naive times; all of ours are UTC."""
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def at(now: datetime, today: date) -> datetime:
    """The time of an event on the legal day."""
    return datetime.combine(today, now.timetz())


def purpose(category: str) -> str:
    """The key that seals a case of this category: accusations have one of their own."""
    return "accusation" if category == ACCUSATION else "field"


def plain_view(row: Row[Any], events: tuple[EventView, ...] = (), **more: Any) -> CaseView:
    """A case as a list shows it, or with what else is known of it."""
    return CaseView(
        row.case_no, row.status, row.channel, row.category, row.agency, row.filed_on, row.due, row.version, events,
        owed_by=row.owed_by, source=row.source, urgent=row.urgent, **more,
    )  # fmt: skip


def event_view(keys: Keyring, row: Row[Any], category: str) -> EventView:
    """An event with its sealed detail opened."""
    data: dict[str, Any] = keys.decrypt(row.detail, f"events/{row.case_no}/{row.seq}", purpose(category))
    note = str(data.pop("note", ""))
    return EventView(row.event, row.source, row.target, utc(row.at), row.by, note, data, row.seq)


def full_views(c: Connection, keys: Keyring, rows: Sequence[Row[Any]]) -> list[CaseView]:
    """The cases of `rows` with everything the core reads, in as many queries for one as for a thousand."""
    numbers = [r.case_no for r in rows]
    by_number: dict[str, Row[Any]] = {r.case_no: r for r in rows}
    events: dict[str, list[EventView]] = {n: [] for n in numbers}
    joint: dict[str, list[str]] = {n: [] for n in numbers}
    merged: dict[str, str] = {}
    for some in _chunks(numbers):
        found = select(t.events).where(t.events.c.case_no.in_(some)).order_by(t.events.c.case_no, t.events.c.seq)
        for e in c.execute(found).all():
            events[e.case_no].append(event_view(keys, e, by_number[e.case_no].category))
        for p in c.execute(select(t.case_parties).where(t.case_parties.c.case_no.in_(some))).all():
            joint[p.case_no].append(p.agency)
        links = select(t.case_links).where(t.case_links.c.case_no.in_(some), t.case_links.c.kind == MERGED)
        merged |= {link.case_no: link.other for link in c.execute(links).all()}
    return [
        plain_view(
            by_number[n], tuple(events[n]), joint=tuple(sorted(joint[n])), merged_into=merged.get(n, "")
        )
        for n in numbers
    ]  # fmt: skip


def _chunks(numbers: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [numbers[i : i + size] for i in range(0, len(numbers), size)]
