"""What is still missing in a petition, and how it is asked for: questions, the advice, the summary.

Pure: no Rasa, no storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.knowledge.region import Region
from bot.petition.advice import wording
from bot.petition.advice.engine import Advice, Advisor
from bot.petition.catalogue import Catalogue
from bot.petition.dialogue.draft import SUMMARY_ORDER, Draft
from bot.petition.fields import fields, labels, show
from bot.petition.message import Button, Message

#: Advices that are kept for the next question about the same words.
LATEST = 64
#: Fields of which an unsure value is put to the person when it is asked.
CONFIRMED = ("place", "occurred_on", "respondent", "amount", "people_count", "name", "phone", "address")
#: Steps that are not fields.
FACT, CHOICE, CONFIRM = "fact", "choice", "confirm"


class Asking:
    """Knows what is pending in a draft and puts it."""

    def __init__(self, advisor: Advisor, say: Catalogue, region: Region | None = None) -> None:
        self._advisor, self._say, self._region = advisor, say, region
        self._latest: dict[Any, Advice] = {}

    @property
    def advisor(self) -> Advisor:
        """The advice that this intake gives."""
        return self._advisor

    # -- what is missing ------------------------------------------------------------------------------------------------

    def pending(self, draft: Draft) -> str | None:
        """The next thing to ask: `narrative`, `fact`, `choice`, a field key, `confirm`; None when all is done."""
        if draft.reask:
            return draft.reask
        if not draft.advised:
            return FACT if draft.questions else "narrative"
        if draft.questions:
            return FACT
        if not draft.choice:
            return CHOICE
        if draft.choice == "leave" or draft.confirmed:
            return None
        return next((k for k in self.plan(draft) if not draft.settled(k)), CONFIRM)

    def plan(self, draft: Draft) -> list[str]:
        """The fields that this matter needs, in asking order (条例 19 and what the dispute's file names)."""
        plan = ["demand", "place"]
        if draft.channel not in ("suggestion", "consultation", "none"):
            plan.append("occurred_on")
        plan += [k for k in ("respondent", "amount", "people_count", "prior") if k in draft.collect]
        if not draft.values.get("anonymous"):
            plan += ["name", "phone"]
            if "phone" in draft.refused or "phone" in draft.unknown or "address" in draft.values:
                plan.append("address")
        return plan

    def advice(self, draft: Draft, today: date) -> Advice:
        """The advice on what was told so far."""
        told = {**{k: v for k, v in draft.facts.items() if v != "unknown"}}
        if draft.values.get("occurred_on"):
            told.setdefault("occurred_on", str(draft.values["occurred_on"]))
        story = draft.values.get("narrative", "")[draft.topic_from :]
        # A turn asks for the advice up to three times: to hear, to ask, to file.
        key = (story, today, tuple(sorted(told.items())), draft.peril)
        advice = self._latest.get(key)
        if advice is None:
            if len(self._latest) >= LATEST:
                self._latest.pop(next(iter(self._latest), key), None)
            advice = self._latest[key] = self._advisor.advise(story, today, told, danger_over=draft.peril)
        return advice

    # -- saying ---------------------------------------------------------------------------------------------------------

    def ask(self, draft: Draft, today: date, again: bool = False) -> list[Message]:
        """What to say for the pending step; `again` after a question in between."""
        pending = self.pending(draft)
        lead = [self._note(n) for n in draft.notes] if not again else []
        if pending is None:
            return [Message("\n".join(lead))] if lead else []
        if pending == CHOICE:
            advice = self.advice(draft, today)
            if again or any(n["key"] in ("advice_choice_again", "advice_same") for n in draft.notes):
                hints = (
                    [x for n, x in zip(draft.notes, lead, strict=True) if n["key"] != "advice_choice_again"]
                    if lead
                    else []
                )
                short = wording.short(advice, self._say)
                return [Message("\n".join([*hints, short.text]), short.buttons, short.custom)]
            extra = (*lead, *(self._say.say(k) for k in self._circumstances(draft)))
            return [wording.message(advice, self._say, today, extra, self._unit(draft, advice))]
        if pending == CONFIRM:
            return [self._summary(draft, lead)]
        return [self._question(draft, pending, lead)]

    def _unit(self, draft: Draft, advice: Advice) -> str:
        """The local unit behind the advised agency, when a region is set."""
        if self._region is None:
            return ""
        told = (str(draft.values.get("place", "")), str(draft.values.get("narrative", "")))
        return wording.local_unit(self._region, self._say, advice.agency, *told)

    def _note(self, note: dict[str, Any]) -> str:
        key, values = note["key"], {k: v for k, v in note.items() if k != "key"}
        kind, _, name = key.partition(":")
        if kind == "declined":
            return fields()[name].declined
        if kind == "retry":
            return fields()[name].retry
        return self._say.say(key, **values)

    def _circumstances(self, draft: Draft) -> list[str]:
        """Notes that the person's circumstances call for."""
        out = []
        if draft.values.get("on_behalf_of"):
            out.append("on_behalf_note")
        people = draft.values.get("people_count")
        if isinstance(people, int) and people >= 5:
            out.append("group_note")
        return out

    def _question(self, draft: Draft, pending: str, lead: Sequence[str]) -> Message:
        if pending == FACT:
            return self._fact_question(draft, lead)
        spec = fields()[pending]
        count = draft.asked.get(pending, 0)
        parts = list(lead)
        plan = self.plan(draft) if draft.choice else ["narrative"]
        if spec.personal and not any(draft.asked.get(k) for k in ("name", "phone", "address")):
            parts.append(self._say.say("privacy_notice_short"))
        step, of = self._progress(draft, pending, plan)
        text = spec.ask[min(count, len(spec.ask) - 1)]
        if pending in CONFIRMED and pending in draft.values and pending not in draft.sure and not count:
            text = self._say.say("confirm_value", value=show(pending, draft.values[pending]), ask=text)
        if draft.choice:
            text = self._say.say("question_step", step=step, of=of) + text
        buttons: tuple[Button, ...] = ()
        if draft.choice and count:  # not understood once: from now on with a way around it and a way to a person
            text += self._say.say("question_choices")
            buttons = (Button("先跳过", "/skip"), Button("找人工", "/human"))
        return Message(
            "\n".join([*parts, text]),
            buttons,
            {
                "kind": "ask",
                "field": pending,
                "step": step,
                "of": of,
                "required": pending in ("narrative", "demand", "place"),
                "why": spec.why,
            },
        )

    def _progress(self, draft: Draft, pending: str, plan: Sequence[str]) -> tuple[int, int]:
        asked = [k for k in plan if draft.asked.get(k) or not draft.settled(k)]
        if pending not in asked:
            asked.append(pending)
        return asked.index(pending) + 1, len(asked)

    def _fact_question(self, draft: Draft, lead: Sequence[str]) -> Message:
        key = draft.questions[0]
        fact = self._advisor.knowledge.facts[key]
        buttons = tuple(
            Button(title, f'/inform{{"fact": "{key}", "value": "{value}"}}')
            for value, (title, _) in fact.options.items()
        )
        custom = {
            "kind": "ask",
            "field": "fact",
            "question": fact.question,
            "step": 1,
            "of": len(draft.questions),
            "required": False,
            "why": fact.why,
        }
        return Message("\n".join([*lead, fact.question]), buttons, custom)

    def rows(self, draft: Draft) -> list[str]:
        """The numbered lines of the summary."""
        return [k for k in SUMMARY_ORDER if k in draft.values or k in draft.refused]

    def public_fields(self, draft: Draft) -> dict[str, Any]:
        """Every field known so far in the form of the contracts: booleans as 是/否, numbers as digits."""
        out: dict[str, Any] = {}
        for key, value in draft.values.items():
            if isinstance(value, bool):
                out[key] = "是" if value else "否"
            elif key == "amount":
                out[key] = f"{float(value):.2f}".rstrip("0").rstrip(".")
            elif key == "prior":
                out[key] = value
            else:
                out[key] = str(value)
        return out

    def _summary(self, draft: Draft, lead: Sequence[str]) -> Message:
        lines = [*lead, self._say.say("summary_intro")]
        for i, key in enumerate(self.rows(draft), 1):
            value = self._say.say("refused_value") if key in draft.refused else show(key, draft.values[key])
            mark = self._say.say("guessed_mark") if key in draft.guessed else ""
            lines.append(f"{i}. {labels()[key]}：{value}{mark}")
        missing = [k for k in self.plan(draft) if k in draft.unknown and k not in draft.values]
        if missing:
            lines.append(self._say.say("summary_missing", fields="、".join(labels()[k] for k in missing)))
        lines += [self._say.say("summary_hint"), self._say.say("summary_consent")]
        buttons = (Button("确认提交", "/affirm"), Button("要修改", "/deny"), Button("先不提交", "/not_now"))
        return Message(
            "\n".join(lines), buttons, {"kind": "summary", "fields": self.public_fields(draft), "missing": missing}
        )

    def fact_why(self, draft: Draft) -> str:
        """Why the pending decisive question is asked."""
        return self._advisor.knowledge.facts[draft.questions[0]].why
