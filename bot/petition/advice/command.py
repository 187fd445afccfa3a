"""`advise`: one text in, one JSON object out, with the keys of the contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.knowledge.loader import Knowledge
from bot.knowledge.region import regional
from bot.petition import peril
from bot.petition.advice.engine import GENERIC, Advice, Advisor
from bot.petition.advice.triage import Triage, load_or_train
from bot.petition.keys import CHANNELS
from bot.petition.opinions import Opinions
from bot.petition.peril import Peril
from bot.petition.understand import counts, dates, demands, money, places, respondents

MAX_AGENCIES = 5
MAX_CHANNELS = 5


def advisor_of(knowledge: Knowledge, models: Path, deep: bool = True) -> Advisor:
    """The advisor on this knowledge, with its models from `models`, learnt first when the knowledge changed.

    `deep` allows the sentence encoder where the words alone leave doubt; without it a text costs a third.
    """
    ranks, danger = load_or_train(knowledge, models), peril.ready(knowledge, models)
    if not deep:
        ranks, danger = Opinions(ranks.first), Peril(Opinions(danger.opinions.first))
    return Advisor(knowledge, Triage(knowledge, ranks), danger.read)


@dataclass(frozen=True)
class Advise:
    """The advice as a function of text and day."""

    advisor: Advisor

    @classmethod
    def ready(cls, models: Path, region: str = "", deep: bool = True) -> Advise:
        """On the knowledge of a region, as in SUFANG_REGION; otherwise as `advisor_of`."""
        return cls(advisor_of(regional(region), models, deep))

    def one(self, key: Any, text: str, today: date, explain: bool = False) -> dict[str, Any]:
        """The object of one line."""
        a = self.advisor.advise(text, today)
        out = {
            "id": key,
            "channel": a.channel,
            "channels": self._channels(a),
            "agency": a.agency,
            "agencies": [{"key": k, "score": s} for k, s in list(a.agencies.items())[:MAX_AGENCIES]],
            "category": a.category,
            "content_category": a.content,
            "urgent": a.urgent,
            "prior": list(a.priors),
            "spans": spans(text, today),
            "confidence": a.confidence,
        }
        if explain:
            out["facts"], out["rules"], out["questions"] = dict(a.facts), list(a.trace), list(a.questions)
        return out

    def _channels(self, a: Advice) -> list[dict[str, Any]]:
        """Ranked by score: the ways of the advice in full, the other candidates with their general procedure."""
        full = {c.key: c.as_dict() for c in reversed(a.channels)}  # the first way of a channel stands for it
        ranked = [a.channel, *(k for k in a.ranked if k != a.channel)][:MAX_CHANNELS]
        out = []
        for key in ranked:
            entry = full.get(key) or self._general(key)
            out.append(entry | {"score": round(a.ranked.get(key, 0.0), 4)})
        return out

    def _general(self, key: str) -> dict[str, Any]:
        p = self.advisor.knowledge.procedures[GENERIC[key]]
        basis = [{"law": b.law, "article": b.article, "part": b.part} for b in p.basis]
        return {
            "key": key, "name": CHANNELS[key], "procedure": p.id, "agency": p.agency, "why": p.why, "basis": basis,
            "clock": None, "materials": list(p.materials), "first": p.first,
        }  # fmt: skip


def spans(text: str, today: date) -> dict[str, str | None]:
    """The main strings of a text as they stand in it."""
    when = dates.best_date(text, today)
    found = {
        "place": places.best_place(text),
        "respondent": respondents.best_respondent(text),
        "amount": money.best_amount(text),
        "people": counts.best_people(text),
        "demand": demands.find_demand(text),
    }
    out = {k: (f.text if f else None) for k, f in found.items()}
    return out | {"when": when.text if when else None}
