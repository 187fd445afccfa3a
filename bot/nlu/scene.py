"""From the slots of a conversation to the draft and the scene that the gate reads. Knows no Rasa class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.petition.dialogue.draft import SUMMARY_ORDER, Draft
from bot.petition.dialogue.gate import Scene

#: The slots that hold field values, named after the fields; the slot `draft` holds everything else about them.
VALUE_SLOTS = (*SUMMARY_ORDER, "id_number")


def draft_of(slots: Mapping[str, Any]) -> Draft:
    """The draft that the slots hold."""
    draft = Draft.from_dict(slots.get("draft") or {})
    draft.values = {k: slots[k] for k in VALUE_SLOTS if slots.get(k) is not None}
    return draft


def slots_of(draft: Draft) -> dict[str, Any]:
    """The reverse: every slot with its value, None where the draft has none."""
    rest = draft.as_dict()
    rest.pop("values", None)
    return {"draft": rest or None} | {k: draft.values.get(k) for k in VALUE_SLOTS}


def scene_of(slots: Mapping[str, Any], form_open: bool) -> Scene:
    """What the gate needs to know."""
    draft = draft_of(slots)
    return Scene(
        draft=draft,
        pending=slots.get("requested_slot") if form_open else None,
        awaiting=slots.get("awaiting") or "",
        danger=slots.get("danger") or "",
        offered=slots.get("awaiting") in ("resume", "calm"),
        filed=bool(slots.get("last_case")),
    )
