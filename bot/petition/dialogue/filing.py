"""From a confirmed draft to a filing, and from a receipt to words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bot.petition.advice.engine import Advice
from bot.petition.advice.wording import day
from bot.petition.case import Filing, Receipt
from bot.petition.catalogue import Catalogue
from bot.petition.consent import version
from bot.petition.dialogue.draft import Draft
from bot.petition.message import Message


def filing_of(draft: Draft, advice: Advice, conversation: str, now: datetime, source: str = "web") -> Filing:
    """The filing of a draft that its teller has confirmed; confirming under the summary is the consent, kept with its time and wording."""
    return Filing(
        draft_id=draft.id,
        source=source,
        conversation=conversation,
        channel=advice.channel,
        category=advice.category,
        agency=advice.agency,
        fields=dict(draft.values),
        urgent=advice.urgent,
        advice=record_of(advice) | {"guessed": list(draft.guessed)},
        consent_at=now,
        notice_version=version(),
    )


def record_of(advice: Advice) -> dict[str, Any]:
    """What is kept of the advice with a case: what was advised and why, for whoever works it."""
    return {
        "channel": advice.channel,
        "dispute": advice.dispute,
        "confidence": advice.confidence,
        "ways": [c.procedure.id for c in advice.channels],
        "channels": [c.as_dict() for c in advice.channels],
        "facts": dict(advice.facts),
    }


def receipt_message(receipt: Receipt, draft: Draft, say: Catalogue) -> Message:
    """Number, query code, the next date; what to keep; and further matters that were told meanwhile."""
    due = date.fromisoformat(receipt.next["due"])
    parts = [
        say.say(
            "receipt", case_no=receipt.case_no, query_code=receipt.query_code, what=receipt.next["what"], due=day(due)
        )
    ]
    if draft.channel == "accusation":
        parts.append(say.say("receipt_accusation"))
    elif draft.values.get("anonymous"):
        parts.append(say.say("receipt_anonymous"))
    elif not draft.values.get("phone"):
        parts.append(say.say("receipt_no_phone"))
    if draft.others:
        parts.append(say.say("second_matter_offer"))
    custom = {
        "kind": "receipt",
        "case_no": receipt.case_no,
        "query_code": receipt.query_code,
        "filed_on": receipt.filed_on,
        "next": receipt.next,
    }
    return Message("\n".join(parts), (), custom)
