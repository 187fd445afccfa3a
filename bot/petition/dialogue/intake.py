"""Taking in a petition: hears a turn and keeps what it tells. What is pending, and how it is asked for, is in asking.py.

Pure: no Rasa, no storage. `hear` is idempotent by the turn's id, since a form validates the same turn more than once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.petition import safety
from bot.petition.advice.engine import MAX_QUESTIONS, Advice
from bot.petition.dialogue.asking import CHOICE, CONFIRM, FACT, Asking
from bot.petition.dialogue.commands import command
from bot.petition.dialogue.draft import Draft
from bot.petition.fields import FREE, SURE, Reply, fields, labels, read_answer, read_story, refused_in, show
from bot.petition.understand import answers, contacts, corrections, demands, places, respondents, story
from bot.petition.understand.shapes import shape
from bot.petition.understand.text import clean

#: How often the same question is put before the answer is taken as it is.
MAX_ASKS = 2
#: Richness from which a text can be advised on.
TELLABLE = 0.3
#: Richness below which a text adds nothing to a matter.
TELLS_NOTHING = 0.12
#: Richness from which a text is a matter of its own, whatever it points to.
RICH = 0.6
#: Up to so many characters a turn can be about one thing only.
SHORT = 12
#: Fields whose values have a form of their own, so that a short answer to something else may hold them too, and how clear they must be.
STRUCTURED, CLEAR = ("phone", "occurred_on", "amount", "people_count", "on_behalf_of", "reply_by", "name"), 0.8
#: Forms that an answer to a free field never has, so that such an answer is about another field. A bare place may be a village that is
#: complained of, or a home; a bare name may be whom one complains of.
ALIEN = {
    "demand": ("phone", "occurred_on", "amount", "people_count", "place", "name", "respondent"),
    "place": ("phone", "occurred_on", "amount", "people_count", "name", "respondent"),
    "respondent": ("phone", "occurred_on", "amount", "people_count"),
    "address": ("phone", "occurred_on", "amount", "people_count", "name", "respondent"),
    "evidence": ("phone", "occurred_on", "place"),
    "name": ("phone", "occurred_on", "amount", "people_count", "place", "respondent"),
}
#: Words of agreement.
AGREES = frozenset([
    "是", "是的", "对", "对的", "没错", "嗯", "嗯嗯", "好", "好的", "行", "可以",
    "中", "就是", "是啊", "对啊", "对头", "要得", "得", "没错的", "就是的", "就这个", "就是这个", "是这个",
])  # fmt: skip
#: Words that say yes, or that it is to be filed.
YES = frozenset([
    "是", "是的", "对", "对的", "没错", "嗯", "嗯嗯", "好", "好的", "行", "可以", "中", "确认",
    "确认提交", "提交", "同意", "ok", "OK", "确定", "要", "要的", "登记", "帮我登记", "帮我登记吧", "登记吧", "我要登记",
])  # fmt: skip
#: What opens an addition to the story.
_ADDS = re.compile(r"^(?:我)?(?:想|要)?(?:再|还要|还)?(?:加上?|补充|添)(?:一?[句点下条]|几句)?(?:内容|进去)?[:：，, ]*")


@dataclass(frozen=True)
class Act:
    """One turn of the person as the gate read it. `value`: what a button stands for."""

    intent: str
    text: str
    id: str
    value: str = ""


_INTRODUCES = re.compile(r"^(?:我|俺|本人)(?:叫|姓|是(?=[\u4e00-\u9fff]{2,4}[，,。]?$))|我的(?:名字|电话|手机)")


def _placed(draft: Draft) -> bool:
    """Whether the place says in which city, county or township it is."""
    told = draft.values.get("place")  # refused or unknown: there is nothing to add a county to
    return draft.settled("place") and (told is None or bool(_DIVISION.search(str(told))))


def _doubtful(key: str, text: str) -> bool:
    """Whether a free answer does not look like its field, so that it is asked once more before it is taken."""
    if key == "respondent":  # the teller's own name or number must never stand where the accused stands
        return bool(contacts.find_phones(text) or _INTRODUCES.search(text)) and not respondents.find_respondents(text)
    if key not in ("place", "address"):
        return False
    found = places.best_place(text, asked=True)
    return found is None or found.confidence < SURE


#: A division by its last word, not a compound, a market or a hospital.
_DIVISION = re.compile(r"[\u4e00-\u9fff](?:[省县旗州镇乡]|市(?!场)|(?<![小社园景片校库院])区)")


class Intake(Asking):
    """The service behind the form."""

    def hear(self, before: Draft, act: Act, today: date) -> Draft:
        """The draft after a turn. The same turn twice changes nothing."""
        if act.id == before.last_turn:
            return before
        draft = before.copy()
        pending = self.pending(draft)
        draft.last_turn, draft.turns, draft.notes = act.id, draft.turns + 1, []
        draft.id = draft.id or secrets.token_hex(16)
        text = clean(act.text).text.strip()
        if pending in (None, "narrative") and not draft.advised:
            self._hear_story(draft, text, today)
        elif act.intent == "second_matter" and pending not in (CHOICE, None):
            draft.others.append(text)
            draft.note("second_matter_noted")
        elif pending != CHOICE and self._hear_correction(draft, pending, text, today):
            pass
        elif act.intent == "change" and pending and command(text) == "back":
            self._go_back(draft, pending)
        elif pending == FACT:
            self._hear_fact(draft, text, act, today)
        elif pending == CHOICE:
            self._hear_choice(draft, act, text, today)
        elif pending == CONFIRM:
            self._hear_confirm(draft, act, text, today)
        elif pending:
            self._hear_field(draft, pending, act, text, today)
        return draft

    def _hear_story(self, draft: Draft, text: str, today: date) -> None:
        told = draft.values.get("narrative", "")
        told = f"{told}\n{text}".strip() if text not in told else told
        draft.set("narrative", told)
        self._absorb(draft, text, today)
        draft.asked["narrative"] = draft.asked.get("narrative", 0) + 1
        rich, first = story.richness(told), draft.asked["narrative"] == 1
        if rich < TELLS_NOTHING and not draft.asked.get("opening"):
            # 同志我跟你说个事: nothing is told yet, so nothing is missing in it.
            draft.asked |= {"opening": 1, "narrative": 0}
            return
        if rich < TELLABLE and draft.asked["narrative"] <= MAX_ASKS:
            return
        # A short text that points nowhere is asked for more, once, instead of being advised on at random.
        if first and rich < RICH and not self.advice(draft, today).cued:
            return
        self._advise(draft, today)

    def _advise(self, draft: Draft, today: date) -> Advice:
        advice = self.advice(draft, today)
        draft.channel, draft.dispute, draft.collect = advice.channel, advice.dispute, list(advice.collect)
        left = MAX_QUESTIONS - len(draft.facts)
        draft.questions = [q for q in advice.questions if q not in draft.facts][: max(left, 0)]
        draft.advised = True
        if advice.second and not draft.others:
            draft.others.append(draft.values["narrative"])
        if "prior" not in draft.values and advice.priors:
            draft.set("prior", list(advice.priors), sure=False)
        return advice

    def _absorb(
        self, draft: Draft, text: str, today: date, only: Sequence[str] | None = None, but: str = ""
    ) -> list[str]:
        """Takes what a text tells by the way, of the fields `only` when given, never `but`; returns the fields that changed.

        What is settled stays: only a correction changes it.
        """
        changed = []
        for key, (value, confidence) in read_story(text, today).items():
            if key in draft.sure or draft.values.get(key) == value or key == but:
                continue
            if only is not None and (key not in only or confidence < CLEAR):
                continue
            guessed = key in draft.guessed  # the person's own words, however plain, are better than our reading
            if key in draft.values and confidence < SURE and not guessed:
                continue
            draft.set(key, value, sure=confidence >= SURE or guessed)
            changed.append(key)
            if key == "anonymous" and value:
                draft.note("declined:anonymous")
        for key in refused_in(text):
            if key not in draft.refused:
                draft.refused.append(key)
                draft.note(f"declined:{key}")
        return changed

    def _hear_fact(self, draft: Draft, text: str, act: Act, today: date) -> None:
        if act.intent == "file_it":  # who wants it registered now is not held up by what only sharpens the advice
            draft.facts |= dict.fromkeys(draft.questions, "unknown")
            draft.questions = []
            self._advise(draft, today)
            draft.questions = []
            draft.choice = "file"
            self._guess_demand(draft)
            return
        key = draft.questions.pop(0)
        told = act.value or self._advisor.facts.of_answer(key, text, today)
        draft.facts[key] = told or "unknown"
        if len(text) > 4 and not answers.unknown(text):
            draft.values["narrative"] += f"\n{text}"
            self._absorb(draft, text, today)
        self._advise(draft, today)  # an answer may settle what the next question asks, or open another one

    def _hear_choice(self, draft: Draft, act: Act, text: str, today: date) -> None:
        if act.intent in ("file_it", "affirm"):
            draft.choice = "file"
            self._guess_demand(draft)
        elif act.intent in ("not_now", "deny", "cancel", "goodbye"):
            draft.choice = "leave"
        elif self._take_shape(draft, CHOICE, text, today):
            draft.note("advice_choice_again")
        elif story.richness(text) < TELLS_NOTHING:
            draft.asked[CHOICE] = draft.asked.get(CHOICE, 0) + 1
            draft.note("advice_choice_again")
            if draft.asked[CHOICE] > MAX_ASKS:
                draft.note("human_hint")
        else:
            before = (draft.channel, draft.dispute)
            if draft.channel in ("consultation", "none") and story.richness(text) >= TELLABLE:
                draft.topic_from = len(draft.values["narrative"]) + 1
            draft.values["narrative"] += f"\n{text}"
            self._absorb(draft, text, today)
            self._advise(draft, today)
            if (draft.channel, draft.dispute) == before and not draft.questions:
                draft.note("advice_same")

    def _guess_demand(self, draft: Draft) -> None:
        """Who tells a plain grievance is not asked what they want; the guess is said at once and again in the summary."""
        if draft.settled("demand") or draft.channel in ("suggestion", "consultation", "none"):
            return
        implied = (
            demands.of_accusation()
            if draft.channel == "accusation"
            else demands.implied_demand(draft.values["narrative"][draft.topic_from :])
        )
        if implied:
            draft.guess("demand", implied)
            draft.note("guessed_demand", value=implied)

    def _hear_correction(self, draft: Draft, pending: str | None, text: str, today: date) -> bool:
        known = {k: show(k, v) for k, v in draft.values.items()}
        done = False
        for c in corrections.find_corrections(text, known, today, labels()):
            key = c.field
            if key == pending and c.confidence < SURE:
                continue  # 电话是 … is the answer to the question for it
            if key.startswith("#"):
                rows = self.rows(draft)
                number = int(key[1:])
                if not 1 <= number <= len(rows):
                    continue
                key = rows[number - 1]
            done = self._change(draft, key, c.value_text, today) or done
        return done

    def _change(self, draft: Draft, key: str, said: str, today: date) -> bool:
        reply = read_answer(key, said, today) if said else None
        if reply is None or (reply.value is None and not reply.refused):
            draft.reask = key
            draft.asked.pop(key, None)
            return True
        if reply.refused:
            draft.values.pop(key, None)
            draft.refused.append(key)
        else:
            draft.set(key, reply.value)
            draft.note("changed_field", label=labels()[key], value=show(key, reply.value))
        if draft.reask == key:
            draft.reask = ""
        return True

    def _hear_field(self, draft: Draft, key: str, act: Act, text: str, today: date) -> None:
        if key in FREE and answers.anonymous(text) is not None and len(text) <= SHORT:
            self._absorb(draft, text, today)  # 匿名 is a wish about the name, whatever was asked
            return
        if key in draft.values and key not in draft.sure and (text in AGREES or act.intent == "affirm"):
            self._settle(draft, key)  # what was heard with doubt is confirmed
            return
        form = shape(text, today)
        reply = read_answer(key, text, today)
        if form and form.field == key:  # 没得电话 refuses, 老板叫王德发 is 老板王德发
            reply = Reply(refused=True) if form.value is None else Reply(value=form.value) if key in FREE else reply
        if act.intent == "skip" and reply.value is None and not reply.refused:
            reply = Reply(unknown=True)
        if act.intent == "decline" and reply.value is None:
            reply = Reply(refused=True)
        alien = self._is_alien(draft, key, text, today)
        nothing = alien or (reply.value is None and not (reply.refused or reply.unknown))
        doubtful = not alien and _doubtful(key, text) and not (reply.refused or reply.unknown)
        elsewhere = (nothing or doubtful) and not answers.refers_back(text)
        if elsewhere and (
            self._take_shape(draft, key, text, today) or (not alien and self._told_otherwise(draft, key, text, today))
        ):
            # No miss, but without end the same question is not put in the same words either.
            times = draft.asked[f"{key}+"] = draft.asked.get(f"{key}+", 0) + 1
            if times < MAX_ASKS:
                return
            alien = True
        draft.asked[key] = draft.asked.get(key, 0) + 1
        if (alien or doubtful) and draft.asked[key] < MAX_ASKS:
            if not draft.notes:
                draft.note(f"retry:{key}")
            return
        if reply.refused:
            self._refuse(draft, key)
        elif reply.value is not None and not alien:
            draft.set(key, reply.value)
        elif answers.refers_back(text):
            self._settle(draft, key)
        elif reply.unknown and not alien:
            if key not in draft.unknown:
                draft.unknown.append(key)
        elif key in FREE and not alien:
            draft.set(key, text)
        elif draft.asked[key] >= MAX_ASKS:
            if key not in draft.sure:  # asked again at the person's wish: what was there stays
                draft.unknown.append(key)
                draft.note("left_open", label=labels()[key])
        else:
            draft.note(f"retry:{key}")
            return
        if draft.reask == key:
            draft.reask = ""
        if draft.settled(key) and not alien and key not in ("demand", "narrative"):
            self._absorb(draft, text, today, only=None if len(text) > SHORT else STRUCTURED)
        if key == "narrative":
            self._advise(draft, today)

    def _is_alien(self, draft: Draft, key: str, text: str, today: date) -> bool:
        """Whether the answer is nothing but a value of a field that the one asked cannot be."""
        if key in FREE and (text in YES or text in AGREES):
            return True  # 对, 登记: no value of anything
        form = shape(text, today)
        if form is None:
            return False
        # A village may be whom one complains of, once it is told where.
        unplaced = form.field == "place" and key == "respondent" and not _placed(draft)
        return unplaced or form.field in ALIEN.get(key, ())

    def _take_shape(self, draft: Draft, asked: str, text: str, today: date) -> bool:
        """Takes an answer that is nothing but a value of another field than the one asked; what is settled stays."""
        form = shape(text, today)
        if form is None or form.field == asked:
            return False
        key = form.field
        if key == "place" and asked in ("phone", "address") and draft.settled("place"):
            key = "address"  # where the problem is was told: this is where the person lives
        if key == "place" and key in draft.sure and asked == "respondent" and not _placed(draft):
            draft.set(key, f"{form.value}{draft.values[key]}")  # 县人民医院, and in which county
            draft.note("noted_meanwhile")
            return True
        if key in draft.sure or key == asked or (form.value is None and key in draft.refused):
            return False
        if form.value is None:
            self._refuse(draft, key)
        else:
            if key == "name" and key in draft.refused:
                draft.values.pop("anonymous", None)
            draft.set(key, form.value)
            draft.note("noted_meanwhile")
        return True

    def _go_back(self, draft: Draft, pending: str) -> None:
        """返回: the question before is put again; its answer stands until there is another."""
        before = (
            [k for k in draft.asked if k in self.plan(draft) and k != pending and k in fields()] if draft.choice else []
        )
        if before:
            draft.reask = before[-1]
            draft.asked.pop(draft.reask)
        else:
            draft.note("nothing_before")

    def _told_otherwise(self, draft: Draft, key: str, text: str, today: date) -> bool:
        """Takes an answer to a question that was not asked; the one that was asked stays open and has missed nothing."""
        changed = self._absorb(draft, text, today, but=key)
        if not changed or not draft.settled(changed[0]):
            return False
        draft.note("noted_meanwhile")
        return True

    def _refuse(self, draft: Draft, key: str) -> None:
        draft.refused.append(key)
        draft.values.pop(key, None)
        draft.note(f"declined:{key}")
        if key == "name":
            draft.set("anonymous", True)

    def _settle(self, draft: Draft, key: str) -> None:
        """The person says that it was told already: what was found, however unsure, stands."""
        if key in draft.values:
            draft.sure.append(key)
        elif key in ("demand", "narrative"):
            draft.set(key, draft.values["narrative"])
        else:
            draft.unknown.append(key)

    def _hear_confirm(self, draft: Draft, act: Act, text: str, today: date) -> None:
        if act.intent in ("affirm", "file_it"):
            draft.confirmed = True
        elif corrections.gives_up(text, draft.wanted):
            wanted = str(draft.values.get("demand") or "")
            demand = wanted if text in wanted else f"{wanted}；{text}".lstrip("；")
            draft.set("demand", demand)
            draft.note("changed_field", label=labels()["demand"], value=demand)
        elif act.intent in ("not_now", "cancel", "goodbye"):
            draft.choice = "leave"
        elif answers.anonymous(text) is not None and len(text) <= SHORT:
            self._absorb(draft, text, today)  # a wish about the name is no part of the story
        elif _ADDS.match(text) and len(_ADDS.sub("", text)) >= 3:
            added = _ADDS.sub("", text)
            draft.values["narrative"] += f"\n{added}"
            self._absorb(draft, added, today)
            draft.note("added_to_story")
        elif act.intent == "deny" or (story.richness(text) < TELLS_NOTHING and not self._absorb(draft, text, today)):
            draft.asked[CONFIRM] = draft.asked.get(CONFIRM, 0) + 1
            draft.note("what_to_change" if draft.asked[CONFIRM] <= MAX_ASKS else "human_hint")
        else:
            draft.values["narrative"] += f"\n{text}"
            self._absorb(draft, text, today)
            draft.note("added_to_story")

    def keep(self, before: Draft, act: Act, today: date) -> Draft:
        """The draft after a turn that told of danger: the matter in it is kept for when the person is safe.

        A wish to die or to harm is no part of a petition and is not kept.
        """
        draft, text = before.copy(), clean(act.text).text.strip()
        draft.last_turn = act.id
        text = "，".join(c for c in re.split(r"[，。！？!?；;\n]", text) if c and not safety.inward(c))
        told = draft.values.get("narrative", "")
        tells = story.richness(text) >= TELLABLE and text not in told
        if tells and (told or story.richness(text) >= RICH or self._advisor.advise(text, today, danger_over=True).cued):
            draft.peril = True
            draft.set("narrative", f"{told}\n{text}".strip())
            self._absorb(draft, text, today)
        return draft

    def take_up(self, before: Draft, today: date) -> Draft:
        """The draft when its teller goes on with it: a matter that could be told in full only now gets its advice."""
        draft = before.copy()
        if not draft.advised and story.richness(draft.values.get("narrative", "")) >= TELLABLE:
            self._advise(draft, today)
        return draft

    def stray(self, before: Draft) -> Draft:
        """The draft after chat that may have been an answer: it counts as one that was not understood.

        The second time the field is left open.
        """
        draft, pending = before.copy(), self.pending(before)
        if pending in fields() and pending != "narrative":
            draft.asked[pending] = draft.asked.get(pending, 0) + 1
            if draft.asked[pending] >= MAX_ASKS:
                draft.reask = "" if draft.reask == pending else draft.reask
                if not draft.settled(pending):
                    draft.unknown.append(pending)
        return draft
