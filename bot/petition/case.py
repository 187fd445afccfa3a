"""A filed case as the core sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Filing:
    """A petition that its teller has confirmed. `fields`: by the field keys of the contracts."""

    draft_id: str
    source: str
    conversation: str
    channel: str
    category: str
    agency: str
    fields: Mapping[str, Any]
    urgent: bool = False
    advice: Mapping[str, Any] = field(default_factory=dict)
    consent_at: datetime | None = None
    #: The version of the privacy notice that was shown (see `consent`), "" where a clerk told it.
    notice_version: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the person gets at commit. `next`: what happens next and by which date (ISO)."""

    case_no: str
    query_code: str
    filed_on: str
    next: Mapping[str, str]


@dataclass(frozen=True)
class EventView:
    """One event of a case. `event` is `transition` or the Chinese name of what happened (补充材料, 催办, 评价 …).

    `data`: what else the event carries. `seq`: its place in the history, by which answers refer to it.
    """

    event: str
    source: str | None
    target: str | None
    at: datetime
    by: str
    note: str
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True)
class CaseView:
    """A case with its events, without its content. `owed_by`: who owes the step that `due` belongs to. `joint`: agencies of a 会办."""

    case_no: str
    status: str
    channel: str
    category: str
    agency: str
    filed_on: date
    due: date | None
    version: int
    events: tuple[EventView, ...]
    owed_by: str = ""
    joint: tuple[str, ...] = ()
    merged_into: str = ""
    source: str = ""
    urgent: bool = False
