"""The advice: story and facts in, ranked channels out, each with reason, basis, clock, papers and first step.

The order of reasoning is the handbook's (section 7): danger, pure questions, prior procedures, kind of matter, then the ways of
article 31 with the ordinary petition last. The model proposes disputes; the conditions of the knowledge base decide; every
claim carries its basis. Nothing here is a decision of an agency: confidence is said and a person may always decide otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.knowledge.loader import Knowledge
from bot.knowledge.model import Basis, Clock, Dispute, Path, Procedure
from bot.petition import safety
from bot.petition.advice.facts import FactReader
from bot.petition.advice.limits import Running, limit_of
from bot.petition.advice.triage import Ranking, Triage
from bot.petition.clocks import Length, last_day
from bot.petition.keys import CHANNELS, category_of
from bot.petition.understand import dates, priors
from bot.petition.understand.text import clean

#: Share of the channel model against the votes of the likely disputes; less where a cue and the model agree on one dispute.
MODEL_SHARE, SHARE_WHEN_SURE = 0.95, 0.5
SURE_DISPUTE = 0.25
#: From which probability on the model's word marks a matter urgent beside the rules of safety.yml.
URGENT_FROM = 0.35
#: Of an accusation and a claim of one's own in one text, the accusation goes first and the claim is registered apart (条例 30).
ACCUSATION_FIRST = 0.15
#: Where the person told the very fact that a way of a sure dispute hangs on, that way is meant.
FACT_LIFT = 0.35
#: What the first, second … open path of a dispute adds to its channel.
PATH_VOTES = (1.0, 0.4, 0.25, 0.15)
#: A text that only asks is a consultation, the more so the shorter it is (codebook, rules 6 and 9).
ASK_BONUS = 0.2
_ASKS = re.compile(
    r"请问|咨询|想了解|[吗呢么][？?。!！]?$|[?？]|如何|怎么(?:办理|算|判|申请|认定|处罚|办|写|才)|是否|多少|什么(?:条件|材料|时候|情况|手续|标准|区别)|哪些|有没有|能不能|可不可以|可以.{0,20}吗"
)
_WANTS = re.compile(
    r"要求|恳请|请求|强烈|希望(?!了解)|投诉|举报|查处|严查|处理一下|解决|整改|没人管|不管|不给|拖欠|欠我|扰民|盼|请(?:领导|政府|有关|相关|尽快|督促|帮)|什么时候(?:能|可以|才能)(?:修|解决|通|开工|完工|恢复|拆|发|给|办)|我要|赔我|退我|我不服|不认可|不同意|认定我|冤|被.{0,4}(?:骗|打|偷|抢|撞|砍)|(?:收到|拿到)[^。！？]{0,16}(?:认定书|决定书|通知书|裁决书|判决书)|(?:我|俺)[^。！？]{0,10}(?:觉得|认为)[^。！？]{0,6}不"
)
#: What the dispute's agencies and the procedure's own add to the model's shares; fixed: the channel is that agency's business.
DISPUTE_LIFT, PROCEDURE_LIFT, FIXED_LIFT = (0.1, 0.05, 0.03), 0.05, 0.8
#: A question about this service itself ("我可以在这里投诉吗") is no question of policy and no part of the matter.
_SERVICE = re.compile(
    r"[^。！？?!，]{0,12}(?:在这里|在这儿|这里|你们|您们|你这)[^。！？?!，]{0,10}(?:反映|投诉|complain|管|登记|受理|帮)[^。！？?!，]{0,6}(?:[吗么不]|[?？])[?？。]?",
    re.I,
)
#: A procedure that has been gone through makes its own follow-up likelier.
PRIOR_VOTES = {"court": {"judicial": 0.35}, "review": {"petition": 0.8}, "police": {"judicial": 0.03, "police": 0.03}}
#: The procedure that stands for a channel when no likely dispute has a way into it.
GENERIC = {
    "emergency": "emergency_help",
    "judicial": "appeal_judgment",
    "police": "criminal_report",
    "accusation": "discipline_report",
    "personnel_appeal": "institution_staff_appeal",
    "reconsideration": "admin_reconsideration",
    "labor_arbitration": "labour_arbitration",
    "other_arbitration": "commercial_arbitration",
    "litigation": "civil_suit",
    "admin_procedure": "certificate_apply",
    "enforcement": "illegal_act_report",
    "petition": "petition_ordinary",
    "suggestion": "suggestion_submit",
    "consultation": "policy_consultation",
    "none": "not_a_petition",
}
#: Conduct that goes on is judged by the law of today, whenever it began.
#: Pay of one's own that somebody keeps back, told beside what he is accused of.
_OWN_PAY = re.compile(
    r"(?:扣|欠|拖|不发|没发|少发)[^。！？]{0,16}(?:工资|工钱|款|奖金?|绩效|补贴|加班费)|(?:工资|工钱|奖金|绩效|补贴)[^。！？]{0,10}(?:不发|没发|不给|扣)"
)
_GOES_ON = re.compile(
    r"天天|每天|每晚|每到|一直|至今|现在还|还在|仍在|持续|经常|总是|长期|到现在|反复|不停|(?:半|[一二两三四五六七八九十几\d]+)个?多?(?:年|月|天|星期)多?了(?!结|解)"
)
DANGER_AGENCY = {"fire_medical": "消防"}
MAX_QUESTIONS = 2
#: Characters of a story that advice reads: what five pages hold.
READ = 4_500
LOW_CONFIDENCE = 0.45
SURE_DATE = 0.55


@dataclass(frozen=True)
class ChannelAdvice:
    """One channel with the procedure that leads into it. `clocks`: every time limit that applies, the one to mind first."""

    key: str
    procedure: Procedure
    why: str
    basis: tuple[Basis, ...]
    clocks: tuple[Running, ...]
    score: float

    @property
    def clock(self) -> Clock | None:
        """The time limit to mind first."""
        return self.clocks[0].clock if self.clocks else None

    @property
    def starts(self) -> date | None:
        """The day it runs from, when known."""
        return self.clocks[0].starts if self.clocks else None

    @property
    def due(self) -> date | None:
        """Its last day, when known."""
        return self.clocks[0].due if self.clocks else None

    def as_dict(self) -> dict[str, Any]:
        """The `Channel` object of the contracts."""
        p, clock = self.procedure, None
        if self.clock:
            length = Length.parse(self.clock.length) if self.clock.length else None
            clock = {
                "text": self.clock.text,
                "days": length.natural_days if length else None,
                "starts": self.starts.isoformat() if self.starts and self.clocks[0].exact else None,
                "due": self.due.isoformat() if self.due and self.clocks[0].exact else None,
            }
        return {
            "key": self.key,
            "name": CHANNELS[self.key],
            "procedure": p.id,
            "agency": p.agency,
            "why": self.why,
            "basis": [{"law": b.law, "article": b.article, "part": b.part} for b in self.basis],
            "clock": clock,
            "materials": list(p.materials),
            "first": p.first,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True)
class Advice:
    """The whole advice. `questions` are fact ids to ask before it is final; `cued`: whether any cue of any dispute fired; `trace` says how it came about."""

    channel: str
    channels: tuple[ChannelAdvice, ...]
    ranked: Mapping[str, float]
    agency: str
    agencies: Mapping[str, float]
    category: str
    content: str
    dispute: str
    urgent: bool
    priors: tuple[str, ...]
    confidence: float
    questions: tuple[str, ...]
    collect: tuple[str, ...]
    cautions: tuple[str, ...]
    facts: Mapping[str, str]
    danger: safety.Danger | None = None
    second: str = ""
    cued: bool = True
    trace: tuple[str, ...] = field(default=())

    @property
    def needs_human(self) -> bool:
        """Whether a person should look before anything is said to be certain."""
        return self.confidence < LOW_CONFIDENCE or self.channel in ("accusation", "emergency")


class Advisor:
    """Gives advice. Holds no state of a conversation. `danger` reads a cleaned text for present danger (`Peril.read`)."""

    def __init__(
        self, knowledge: Knowledge, triage: Triage, danger: Callable[[str], safety.Danger | None] = safety.danger
    ) -> None:
        self._k, self._triage, self._reader = knowledge, triage, FactReader(knowledge.facts)
        self._danger = danger

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge base that the advice speaks from."""
        return self._k

    @property
    def facts(self) -> FactReader:
        """The reader of decisive facts, for answers to decisive questions."""
        return self._reader

    def advise(
        self, story: str, today: date, told: Mapping[str, str] | None = None, danger_over: bool = False
    ) -> Advice:
        """Advice on `story` as of `today`; `told` holds facts that the person has answered (they win over the story).

        `danger_over`: the danger that the story tells of was met and is past, so that the matter itself is advised on.
        """
        text = clean(_head_and_end(story)).text
        matter = _SERVICE.sub("", text) if len(_SERVICE.sub("", text)) >= 8 else text
        ranking = self._triage.rank(matter)
        facts = self._reader.of_story(text, today) | self._when(text, today) | dict(told or {})
        known = tuple(dict.fromkeys(p.value for p in priors.find_priors(text)))
        peril = None if danger_over else self._danger(text)
        likely = list(ranking.disputes.items())[:5]
        scores = self._channel_scores(ranking, likely, facts, known, matter)
        if peril:
            scores = {"emergency": 1.0} | {k: v * 0.3 for k, v in scores.items() if k != "emergency"}
        else:
            scores.pop("emergency", None)
        channel = next(iter(scores))
        dispute = self._leading(channel, likely, facts)
        event = _event_day(text, facts, today)
        channels = self._channels(channel, dispute, scores, facts, today, event)
        agencies = self._agencies(ranking, dispute, channels[0].procedure, channel, peril)
        total = sum(scores.values()) or 1.0
        return Advice(
            channel=channel,
            channels=channels,
            ranked={k: v / total for k, v in scores.items()},
            agency=next(iter(agencies)),
            agencies=agencies,
            category=category_of(channel),
            content=dispute.content if dispute else "其他",
            dispute=dispute.id if dispute else "",
            urgent=peril is not None or safety.pressing(text) or ranking.urgent >= URGENT_FROM,
            priors=known,
            confidence=round(scores[channel] / total, 3),
            questions=() if peril else self._questions(dispute, channels[0], facts),
            collect=dispute.collect if dispute else (),
            cautions=dispute.cautions if dispute else (),
            facts=facts,
            danger=peril,
            second=self._second(text, channel, scores),
            cued=bool(ranking.fired) or peril is not None,
            trace=self._trace(ranking, likely, facts, known, channels),
        )

    def _when(self, text: str, today: date) -> dict[str, str]:
        found = dates.best_date(text, today)
        # "今天" in a story mostly says that it goes on; it starts no time limit
        return {"occurred_on": found.value} if found and found.confidence >= SURE_DATE else {}

    def _open(self, dispute: Dispute, facts: Mapping[str, str]) -> list[Path]:
        """The paths whose conditions hold. An unknown fact closes a path unless `unknown` is among its values."""
        return [p for p in dispute.paths if _holds(p.when, facts)]

    def _channel_scores(
        self,
        ranking: Ranking,
        likely: Sequence[tuple[str, float]],
        facts: Mapping[str, str],
        known: Iterable[str],
        text: str,
    ) -> dict[str, float]:
        best, weight_of_best = likely[0]
        sure = weight_of_best >= SURE_DISPUTE and any(f.startswith(f"{best}:") for f in ranking.fired)
        share = SHARE_WHEN_SURE if sure else MODEL_SHARE
        scores = {key: share * p for key, p in ranking.channels.items()}
        votes: dict[str, float] = {}
        for key, weight in likely:
            seen: set[str] = set()
            for path in self._open(self._k.disputes[key], facts):
                channel = self._k.procedures[path.procedure].channel
                if channel not in seen and len(seen) < len(PATH_VOTES):
                    votes[channel] = votes.get(channel, 0.0) + weight * PATH_VOTES[len(seen)]
                    seen.add(channel)
        total = sum(votes.values()) or 1.0
        for key, vote in votes.items():
            scores[key] = scores.get(key, 0.0) + (1 - share) * vote / total
        if sure and self._k.disputes[best].category == "检举控告":
            scores["accusation"] = scores.get("accusation", 0.0) + ACCUSATION_FIRST
        if sure:
            first = next(iter(self._open(self._k.disputes[best], facts)), None)
            if first and first.when and all(facts.get(name, "unknown") != "unknown" for name in first.when):
                channel = self._k.procedures[first.procedure].channel
                scores[channel] = scores.get(channel, 0.0) + FACT_LIFT
        asks, wants = bool(_ASKS.search(text)), bool(_WANTS.search(text))
        if asks and not wants:
            scores["consultation"] = scores.get("consultation", 0.0) + ASK_BONUS * min(1.0, 60 / max(len(text), 1))
        for prior in known:
            for key, bonus in PRIOR_VOTES.get(prior, {}).items():
                scores[key] = scores.get(key, 0.0) + bonus
        return {k: scores[k] for k in sorted(scores, key=scores.__getitem__, reverse=True)}

    def _leading(self, channel: str, likely: Sequence[tuple[str, float]], facts: Mapping[str, str]) -> Dispute | None:
        """The likeliest dispute that has an open way into the channel; else the likeliest when it is likely indeed."""
        for key, weight in likely:
            d = self._k.disputes[key]
            if weight > 0.04 and any(self._k.procedures[p.procedure].channel == channel for p in self._open(d, facts)):
                return d
        return self._k.disputes[likely[0][0]] if likely and likely[0][1] > 0.5 else None

    def _channels(
        self,
        channel: str,
        dispute: Dispute | None,
        scores: Mapping[str, float],
        facts: Mapping[str, str],
        today: date,
        event: date,
    ) -> tuple[ChannelAdvice, ...]:
        """The chosen channel's first way, then the dispute's other open ways in the order of its file; each procedure once."""
        out: dict[str, ChannelAdvice] = {}
        paths = self._open(dispute, facts) if dispute else []
        lead = next((p for p in paths if self._k.procedures[p.procedure].channel == channel), None)
        if lead is None:
            procedure = self._k.procedures[GENERIC[channel]]
            out[procedure.id] = self._one(procedure, procedure.why, (), facts, today, event, scores[channel])
        for path in sorted(paths, key=lambda p: p is not lead):
            procedure = self._k.procedures[path.procedure]
            if procedure.id not in out:
                score = scores.get(procedure.channel, 0.0)
                out[procedure.id] = self._one(procedure, path.why, path.basis, facts, today, event, score)
        return tuple(out.values())

    def _one(
        self,
        procedure: Procedure,
        why: str,
        extra: tuple[Basis, ...],
        facts: Mapping[str, str],
        today: date,
        event: date,
        score: float,
    ) -> ChannelAdvice:
        clocks = [
            c
            for c in procedure.clocks
            if _holds(c.when, facts) and (not c.basis or self._k.cite(c.basis, today, event))
        ]
        running = tuple(limit_of(c, facts, today) for c in clocks)
        claimed = (*extra, *procedure.basis, *(b for c in clocks for b in c.basis))
        return ChannelAdvice(procedure.channel, procedure, why, self._k.cite(claimed, today, event), running, score)

    def _agencies(
        self,
        ranking: Ranking,
        dispute: Dispute | None,
        procedure: Procedure,
        channel: str,
        peril: safety.Danger | None,
    ) -> dict[str, float]:
        """The model's agencies, lifted by what the dispute and the procedure say."""
        scores = dict(ranking.agencies)
        if dispute:
            for i, a in enumerate(dispute.agencies):
                scores[a] = scores.get(a, 0.0) + DISPUTE_LIFT[min(i, 2)]
        if procedure.agency != "其他":
            fixed = channel in (
                "litigation",
                "judicial",
                "labor_arbitration",
                "personnel_appeal",
                "accusation",
                "police",
            )
            scores[procedure.agency] = scores.get(procedure.agency, 0.0) + (FIXED_LIFT if fixed else PROCEDURE_LIFT)
        if peril:
            agency = DANGER_AGENCY.get(peril.kind, "公安")
            scores[agency] = scores.get(agency, 0.0) + 2.0
        total = sum(scores.values())
        return {k: round(scores[k] / total, 4) for k in sorted(scores, key=scores.__getitem__, reverse=True)}

    def _questions(self, dispute: Dispute | None, first: ChannelAdvice, facts: Mapping[str, str]) -> tuple[str, ...]:
        """Facts worth a question: the day that starts a short clock, then what would change the way or its time limits.

        A date that only matters on one side of a choice (the day a paper was received, if any was) comes after the choice.
        """
        choices = [
            key
            for key in (dispute.questions if dispute else ())
            if dispute
            and key not in facts
            and self._k.facts[key].kind == "choice"
            and self._decides(dispute, key, facts)
        ]
        own = dispute is not None and any(p.procedure == first.procedure.id for p in dispute.paths)
        date_asked = first.clocks[0].asks_for if own and first.clocks else ""
        if not date_asked:
            return tuple(choices[:MAX_QUESTIONS])
        before = [key for key in choices if dispute and self._may_void(dispute, key, facts, date_asked)]
        after = [key for key in choices if key not in before]
        return (*before, date_asked, *after)[:MAX_QUESTIONS]

    def _may_void(self, dispute: Dispute, key: str, facts: Mapping[str, str], date_asked: str) -> bool:
        """Whether an answer to the choice `key` leads to where nothing starts on `date_asked` (no paper was received, say)."""
        for value in self._k.facts[key].options:
            known = {**facts, key: value}
            way = next(iter(self._open(dispute, known)), None)
            clocks = self._k.procedures[way.procedure].clocks if way else ()
            if not any(date_asked in c.starts and _holds(c.when, known) for c in clocks):
                return True
        return False

    def _decides(self, dispute: Dispute, key: str, facts: Mapping[str, str]) -> bool:
        """Whether the answers to the choice `key` lead to different ways, or to different time limits of the first one."""
        ends_in = set()
        for value in self._k.facts[key].options:
            known = {**facts, key: value}
            ways = tuple(dict.fromkeys(p.procedure for p in self._open(dispute, known)))
            limits = tuple(c.text for c in self._k.procedures[ways[0]].clocks if _holds(c.when, known)) if ways else ()
            ends_in.add((ways, limits))
        return len(ends_in) > 1

    def _second(self, text: str, channel: str, scores: Mapping[str, float]) -> str:
        """A claim of the person's own beside an accusation, or the reverse: to be registered apart (条例 30)."""
        others = [
            k
            for k, v in scores.items()
            if k != channel and v > 0.22 and k not in ("consultation", "none", "suggestion")
        ]
        if channel == "accusation" and _OWN_PAY.search(text):
            return next(k for k in scores if k in ("labor_arbitration", "enforcement", "petition", "personnel_appeal"))
        if channel == "accusation" and others and ("补给我" in text or "一起" in text):
            return others[0]
        return "accusation" if "accusation" in others else ""

    def _trace(
        self,
        ranking: Ranking,
        likely: Sequence[tuple[str, float]],
        facts: Mapping[str, str],
        known: Iterable[str],
        channels: Sequence[ChannelAdvice],
    ) -> tuple[str, ...]:
        out = [f"dispute {k} {w:.2f}" for k, w in likely]
        out += [f"cue {c}" for c in ranking.fired if c.split(":")[0] in dict(likely)]
        out += [f"channel model {k} {p:.2f}" for k, p in list(ranking.channels.items())[:3]]
        out += [f"fact {k}={v}" for k, v in facts.items()] + [f"prior {p}" for p in known]
        return (*out, *(f"way {c.key} by {c.procedure.id}" for c in channels))


def _head_and_end(story: str) -> str:
    """The story as far as advice reads it: what it opens with and what it ends with. The case keeps every word."""
    return story if len(story) <= READ else story[: READ * 2 // 3] + "\n" + story[-(READ // 3) :]


def _event_day(text: str, facts: Mapping[str, str], today: date) -> date:
    """The day whose law the conduct is judged by: the last day that the told date allows; today when it goes on or is not told."""
    told = facts.get("occurred_on", "")
    if not told or _GOES_ON.search(text):
        return today
    return min(last_day(told), today)


def _holds(when: Mapping[str, tuple[str, ...]], facts: Mapping[str, str]) -> bool:
    """Whether every fact of a condition has one of its values; an unknown one only where `unknown` is among them."""
    return all(facts.get(name, "unknown") in values for name, values in when.items())
