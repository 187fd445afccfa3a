"""How a case stands, in plain words and as the `progress` message of the contracts. No content of the case is ever in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.petition.case import CaseView
from bot.petition.catalogue import Catalogue, catalogue
from bot.petition.lifecycle import STATUS_NAMES, next_step, standing_of
from bot.petition.message import Message


def moves_of(view: CaseView) -> list[tuple[str, date]]:
    """The status changes of a case as (status, day)."""
    return [(e.target, e.at.date()) for e in view.events if e.target]


def next_of(view: CaseView, today: date, say: Catalogue | None = None) -> dict[str, Any]:
    """`next` of the contracts: what, due, overdue."""
    step = next_step(standing_of(view.category, view.filed_on, moves_of(view)))
    what = (say or catalogue()).say(f"next_{step.key}")
    return {
        "what": what,
        "due": step.due.isoformat() if step.due else None,
        "overdue": bool(step.due and today > step.due),
    }


def progress_object(view: CaseView, today: date, say: Catalogue | None = None) -> dict[str, Any]:
    """Members of the `progress` message. Who did a step is shown as a unit, never as a person."""
    nodes = [
        {
            "status": e.target,
            "at": e.at.date().isoformat(),
            "by": view.agency if e.by not in ("system", "petitioner") else "信访局",
            "note": STATUS_NAMES[e.target],
        }
        for e in view.events
        if e.target
    ]
    return {
        "kind": "progress",
        "case_no": view.case_no,
        "status": view.status,
        "nodes": nodes,
        "next": next_of(view, today, say),
    }


def progress_message(view: CaseView, today: date) -> Message:
    """The same in words."""
    say = catalogue()
    custom = progress_object(view, today, say)
    lines = [say.say("progress_head", case_no=view.case_no, status=STATUS_NAMES[view.status])]
    lines += [say.say("progress_node", at=n["at"], status=n["note"]) for n in custom["nodes"]]
    step = custom["next"]
    if step["due"]:
        left = (date.fromisoformat(step["due"]) - today).days
        key = "progress_overdue" if step["overdue"] else "progress_next_due"
        lines.append(say.say(key, what=step["what"], due=step["due"], left=abs(left)))
    else:
        lines.append(say.say("progress_next", what=step["what"]))
    if view.status == "replied":
        lines.append(say.say("progress_rate"))
    return Message("\n".join(lines), (), custom)
