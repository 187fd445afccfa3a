"""Explanations on request: why we ask, the question again, what is written down, the basis, the papers."""

from __future__ import annotations

from datetime import date

from bot.petition.advice import wording
from bot.petition.advice.wording import basis_line
from bot.petition.catalogue import Catalogue
from bot.petition.dialogue.asking import CHOICE, CONFIRM, FACT
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.intake import Intake
from bot.petition.fields import fields, labels, show


def explain(intent: str, draft: Draft, intake: Intake, say: Catalogue, today: date) -> str:
    """The text for `ask_due`, `more`, `why_ask`, `repeat`, `show_summary`, `ask_advice_why` or `materials`."""
    if not draft.started:
        return say.say("nothing_pending")
    pending = intake.pending(draft)
    if intent == "why_ask" and pending == FACT:
        return say.say("why_prefix", why=intake.fact_why(draft))
    if intent == "why_ask" and pending in fields():
        return say.say("why_prefix", why=fields()[pending].why)
    if intent == "ask_due":
        return _due(draft, intake, say, today)
    if intent == "more":
        return wording.more(intake.advice(draft, today), say, today)
    if intent in ("ask_advice_why", "materials", "why_ask"):
        first = intake.advice(draft, today).channels[0]
        if intent == "materials":
            papers = "、".join(first.procedure.materials)
            return (
                say.say("materials_reply", name=first.procedure.name, materials=papers)
                if papers
                else say.say("materials_none")
            )
        return say.say("advice_why", why=first.why.rstrip("。"), basis=basis_line(first, say))
    if intent == "show_summary":
        rows = [f"{labels()[k]}：{show(k, draft.values[k])}" for k in intake.rows(draft) if k in draft.values]
        return "\n".join([say.say("so_far"), *rows])
    if pending == CHOICE:
        return wording.steps(intake.advice(draft, today), say, today)
    return say.say("repeat_prefix" if pending not in (CHOICE, CONFIRM, None) else "repeat_choice")


def _due(draft: Draft, intake: Intake, say: Catalogue, today: date) -> str:
    """The time limits of the way that was advised, then of the other ways that have one."""
    out = []
    for i, way in enumerate(intake.advice(draft, today).channels[: 1 + wording.MAX_OTHERS]):
        limits = [wording.clock(r, say, today) for r in way.clocks[: wording.MAX_CLOCKS]]
        if limits:
            out += [say.say("due_other" if i else "due_head", name=way.procedure.name), *limits]
        elif not i:
            out.append(say.say("due_none", name=way.procedure.name))
    return "\n".join(out)
