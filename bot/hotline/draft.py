"""One transcript to one draft record: pure, the same for the same content."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from bot.hotline import routing
from bot.hotline.demand import wishes
from bot.hotline.elements import PROBLEM, elements, with_demand
from bot.hotline.formats import Transcript
from bot.hotline.masking import mask
from bot.hotline.person import third_people
from bot.hotline.repeats import Repeats
from bot.hotline.roles import roles, turn_roles
from bot.hotline.speech import Said, Topics, heard, story, topics_of
from bot.petition import safety
from bot.petition.advice.engine import Advice, Advisor
from bot.petition.keys import category_of
from bot.petition.roles import ACCUSATION
from bot.petition.understand import priors

#: The agent restates in the words of the office, against what he says to everybody.
_RESTATES = re.compile(r"是吧|对吧|是吗|对吗|诉求|属于|要求|反映")
_CHATTER = re.compile(r"您好|贵姓|电话|身份证|再见|怎么称呼|保密|稍等|几号楼")
_URGES = re.compile(r"^(?:要求)?(?:催办|加急|尽快处理$)")
#: What the advice reads at most, in characters: how the caller begins, then what tells of a problem, then the rest in its order.
ROOM = 300
_SENTENCES = re.compile(r"[^。！？?]+[。！？?]?")
#: What a clerk needs to send a draft on, with its weight in completeness.
NEEDED = {"demand": 0.3, "place": 0.25, "name": 0.1, "phone": 0.2, "occurred_on": 0.15}


def draft(call: Transcript, name: str, advisor: Advisor, call_time: str, hotline: str = "") -> dict[str, Any]:
    """The record of the contracts but for `duplicate_of`. `call_time`: ISO, the base of relative dates; `hotline`: the city called."""
    day = datetime.fromisoformat(call_time).date() if call_time else date.today()
    parts = turn_roles(call)
    turns = heard(zip(parts, (t.text for t in call.turns), strict=True))
    topics = topics_of(turns)
    told = story(topics)
    found = elements(turns, day, hotline, topics)
    advice = advisor.advise(_matter(topics, told) or "没有听清", day)
    ranked, agencies = _ranked(turns, advice, advisor)
    channel = next(iter(ranked))
    urgent = advice.urgent or safety.pressing(told) or safety.danger(told) is not None
    found = with_demand(found, topics, turns, channel, urgent)
    raw = "\n".join(x.text for x in call.turns)
    people = [str(e.value) for k in ("name",) if (e := found[k])] + [n for _, n, _ in third_people(topics)]
    known = [raw[a:b] for t in turns for n in people for a, b in t.all(n)]
    said = " ".join(t.text for t in turns)
    return {
        "file": name,
        "format": call.format,
        "call_time": call_time or None,
        "roles": roles(call),
        "channel": channel,
        "channels": [{"key": k, "score": round(s, 4)} for k, s in list(ranked.items())[:5]],
        "agency": next(iter(agencies)),
        "agencies": [{"key": k, "score": round(s, 4)} for k, s in list(agencies.items())[:5]],
        "category": category_of(channel),
        "urgent": urgent,
        "prior": list(dict.fromkeys(p.value for p in priors.find_priors(said))),
        "fields": {k: (e.as_dict() if e else None) for k, e in found.items()},
        "duplicate_of": None,
        "completeness": round(sum(w for k, w in NEEDED.items() if found[k]), 2),
        "masked_text": mask([(role, x.text) for role, x in zip(parts, call.turns, strict=True)], known),
    }


def _matter(topics: Topics, told: str) -> str:
    """What is advised on: the caller's story without his asides, what the agent restated, and the wishes of both."""
    summed, wished = wishes(topics)
    wanted = "，".join(dict.fromkeys(w for w, _ in (*summed, *wished[-2:])))
    agent = "".join(
        t.text
        for _, t in topics
        if t.role == "agent" and not t.denied and _RESTATES.search(t.text) and not _CHATTER.search(t.text)
    )
    plain = [x for x in _SENTENCES.findall(told) if not x.endswith(("吗。", "嘛。"))]
    room, kept = ROOM - len(agent) - len(wanted), []
    for x in sorted(range(len(plain)), key=lambda i: (i > 2, not PROBLEM.search(plain[i]), i)):
        if room > 0:
            kept.append(x)
            room -= len(plain[x])
    return "".join(plain[x] for x in sorted(kept)) + agent + wanted


def _ranked(turns: list[Said], advice: Advice, advisor: Advisor) -> tuple[dict[str, float], dict[str, float]]:
    """Channels and agencies, best first: the advice, lifted by what the agent said about the way."""
    channels = dict(advice.ranked)
    if advice.channel != "emergency":
        for key, lift in routing.channels(turns).items():
            channels[key] = channels.get(key, 0.0) + lift
    agencies = dict(advice.agencies)
    for key, lift in routing.agencies(turns, advisor.knowledge.agencies).items():
        agencies[key] = agencies.get(key, 0.0) + lift
    channels = _sorted(channels)
    if next(iter(channels)) == "none":
        agencies["其他"] = max(agencies.values(), default=0.0) + 0.5
    return channels, _sorted(agencies)


def _sorted(scores: dict[str, float]) -> dict[str, float]:
    total = sum(scores.values()) or 1.0
    return {k: scores[k] / total for k in sorted(scores, key=scores.__getitem__, reverse=True)}


def linked(record: dict[str, Any], repeats: Repeats, draft: str = "", apart: bool = False) -> dict[str, Any]:
    """The record with the earlier call on its matter; what only urges goes where the matter was sent. The index remembers it.

    `draft`: the id of the draft that the record becomes at the desk. `apart`: that somebody has accused is not told by a record that is none.
    """
    before = repeats.same(record)
    if before:
        record["duplicate_of"] = before["file"]
        demand = record["fields"]["demand"]
        if demand and _URGES.search(str(demand["value"])) and all(before["routing"]):
            record["channel"], record["agency"], record["category"] = before["routing"]
        if apart and before["routing"][2] == ACCUSATION != record["category"]:
            record["duplicate_of"] = None
        elif before["draft"]:
            record["duplicate_draft"] = before["draft"]
    repeats.add(record, draft)
    return record
