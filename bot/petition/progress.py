"""How a case stands, in plain words and as the `progress` message of the contracts. No content of the case is ever in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.petition.case import CaseView, EventView
from bot.petition.catalogue import Catalogue, catalogue
from bot.petition.lifecycle import PETITIONER, STATUS_NAMES, Standing, next_step, standing_of_events
from bot.petition.message import Message
from bot.petition.roles import ACCUSATION

#: Events that a petitioner sees beside the changes of status, and the key of their words. Never for accusations.
SHOWN = {
    "告知书": "node_document",
    "催办回复": "node_answer",
    "催办": "node_urged",
    "补充材料": "node_supplement",
    "并案": "node_merged",
    "并入": "node_into",
}


def own_words(event: EventView) -> str:
    """What an event says to its petitioner in words that somebody typed: his own, or an answer meant for him. Notes of the staff are internal."""
    return event.note if event.by == "petitioner" or event.event == "催办回复" else ""


def standing(view: CaseView) -> Standing:
    """What the state machine needs to know of a case."""
    return standing_of_events(view.category, view.filed_on, view.events)


def next_of(view: CaseView, today: date, say: Catalogue | None = None) -> dict[str, Any]:
    """`next` of the contracts: what, due, overdue. What the petitioner may do is never overdue: it lapses."""
    step = next_step(standing(view))
    late = bool(step.due and today > step.due)
    key = f"next_{step.key}_lapsed" if late and step.by == PETITIONER else f"next_{step.key}"
    return {
        "what": (say or catalogue()).say("next_merged" if view.status == "merged" else key),
        "due": step.due.isoformat() if step.due else None,
        "overdue": late and step.by != PETITIONER,
    }


def progress_object(view: CaseView, today: date, say: Catalogue | None = None) -> dict[str, Any]:
    """Members of the `progress` message. Who did a step is shown as a unit, never as a person."""
    say = say or catalogue()
    nodes, status = [], "registered"
    for e in view.events:
        status = e.target or status
        words = STATUS_NAMES[e.target] if e.target else shown(view, e, say)
        if words:
            by = "信访局" if e.by in ("system", "petitioner") or e.data.get("by_office") else view.agency
            nodes.append({"status": status, "at": e.at.date().isoformat(), "by": by, "note": words})
    return {
        "kind": "progress",
        "case_no": view.case_no,
        "status": view.status,
        "nodes": nodes,
        "next": next_of(view, today, say),
    }


def shown(view: CaseView, e: EventView, say: Catalogue) -> str:
    """An event that is no change of status in words for the petitioner, or "" when it is not for them."""
    key = SHOWN.get(e.event, "")
    if not key or view.category == ACCUSATION:
        return ""
    if key in ("node_urged", "node_supplement") and e.by != "petitioner":
        return ""
    if e.event == "告知书" and e.data.get("to") != PETITIONER:
        return ""
    return say.say(key, title=e.data.get("title", ""), number=e.data.get("number", ""), words=e.note)


def progress_message(view: CaseView, today: date) -> Message:
    """The same in words."""
    say = catalogue()
    custom = progress_object(view, today, say)
    lines = [say.say("progress_head", case_no=view.case_no, status=STATUS_NAMES[view.status])]
    lines += [say.say("progress_node", at=n["at"], status=n["note"]) for n in custom["nodes"]]
    lines.append(_next_line(custom["next"], today, say))
    if view.status == "replied":
        lines.append(say.say("progress_rate"))
    return Message("\n".join(lines), (), custom)


def _next_line(step: Mapping[str, Any], today: date, say: Catalogue) -> str:
    if not step["due"] or (not step["overdue"] and today.isoformat() > step["due"]):
        return say.say("progress_next", what=step["what"])
    left = (date.fromisoformat(step["due"]) - today).days
    key = "progress_overdue" if step["overdue"] else "progress_next_due"
    return say.say(key, what=step["what"], due=step["due"], left=abs(left))


def notice_message(view: CaseView, today: date) -> Message:
    """The `notice` of the contracts: a step of the case, pushed unasked. An accusation's says nothing but that there is news."""
    say = catalogue()
    custom: dict[str, Any] = {
        "kind": "notice",
        "case_no": view.case_no,
        "status": view.status,
        "next": next_of(view, today, say),
    }
    if view.category == ACCUSATION:
        return Message(say.say("notice_secret", case_no=view.case_no), (), custom)
    head = say.say("notice_head", case_no=view.case_no, status=STATUS_NAMES[view.status])
    return Message(head + "\n" + _next_line(custom["next"], today, say), (), custom)
