"""One transcript to one draft record: pure, the same for the same content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.hotline.elements import Said, elements, smooth, story, third_people, topics_of
from bot.hotline.formats import Transcript, TranscriptError, read
from bot.hotline.masking import mask
from bot.hotline.roles import roles, turn_roles
from bot.petition import safety
from bot.petition.advice.engine import Advisor
from bot.petition.understand import priors
from bot.petition.understand.text import clean

#: What the agent restates in the words of the office, against what he says to everybody.
_RESTATES = re.compile(r"是吧|对吧|是吗|对吗|诉求|属于|要求|反映")
_CHATTER = re.compile(r"您好|贵姓|电话|身份证|再见|怎么称呼|保密|稍等|几号楼")
_WRONGED = re.compile(r"欠|不给|骗|打了|打我|扣|拖|开除|不服|投诉")
_SENTENCES = re.compile(r"[^。！？]+[。！？]?")
#: What a clerk needs to send a draft on, with its weight in completeness.
NEEDED = {"demand": 0.3, "place": 0.25, "name": 0.1, "phone": 0.2, "occurred_on": 0.15}
#: Similarity of the callers' words from which a call is the same matter when place or unit agree too.
SAME_WORDS, SAME_PHONE = 0.5, 0.08


def draft(call: Transcript, name: str, advisor: Advisor, call_time: str) -> dict[str, Any]:
    """The record of the contracts but for `duplicate_of`. `call_time`: ISO, the base of relative dates."""
    day = datetime.fromisoformat(call_time).date() if call_time else date.today()
    parts = turn_roles(call)
    turns, at = [], 0
    for turn, role in zip(call.turns, parts, strict=True):
        plain = clean(turn.text).text
        turns.append(Said(role, plain if len(plain) == len(turn.text) else turn.text, at))
        at += len(turn.text) + 1
    heard = [t for t in turns if t.role != "other"]
    told = story(heard)
    found = elements(heard, day)
    summary = next((str(found[k].value) for k in ("demand",) if found[k]), "")  # type: ignore[union-attr]
    agent = "".join(
        t.text for t in heard if t.role == "agent" and _RESTATES.search(t.text) and not _CHATTER.search(t.text)
    )
    asks = re.search(r"咨询(?!，也不是)|想了解|政策|条件|问一下|想问", told[:80])
    asks = None if _WRONGED.search(told) else asks
    matter = (
        told if asks else "".join(x for x in _SENTENCES.findall(told) if not x.endswith(("？", "吗。", "嘛。"))) or told
    )
    advice = advisor.advise(f"{agent}{matter}{summary}" or "没有听清", day)
    raw = "\n".join(x.text for x in call.turns)
    known = [str(e.value) for k in ("name",) if (e := found[k])]
    known += [name for _, name, _ in third_people(topics_of(heard))]
    known += [raw[a:b] for k in ("name", "address") if (e := found[k]) for a, b in e.evidence]
    said = " ".join(smooth(t.text) for t in heard)
    return {
        "file": name,
        "format": call.format,
        "call_time": call_time or None,
        "roles": roles(call),
        "channel": advice.channel,
        "channels": [{"key": k, "score": round(s, 4)} for k, s in list(advice.ranked.items())[:5]],
        "agency": advice.agency,
        "agencies": [{"key": k, "score": s} for k, s in list(advice.agencies.items())[:5]],
        "category": advice.category,
        "urgent": advice.urgent or safety.danger(told) is not None or safety.pressing(told),
        "prior": list(dict.fromkeys(p.value for p in priors.find_priors(said))),
        "fields": {k: (e.as_dict() if e else None) for k, e in found.items()},
        "duplicate_of": None,
        "completeness": round(sum(w for k, w in NEEDED.items() if found[k]), 2),
        "masked_text": mask([Said(role, x.text, 0) for role, x in zip(parts, call.turns, strict=True)], known),
    }


@dataclass
class Earlier:
    """The calls read so far by phone, place and unit, for finding the same matter again without looking at all of them."""

    _by_key: dict[str, list[tuple[str, dict[str, Any], frozenset[int]]]] = field(default_factory=dict)

    def same(self, record: Mapping[str, Any]) -> str | None:
        """The earliest call on the same matter: the same phone about much the same, or much the same words about one place."""
        pieces = _pieces(record)
        found = []
        for key in _keys(record):
            for name, other, theirs in self._by_key.get(key, ()):
                share = len(pieces & theirs) / max(1, min(len(pieces), len(theirs)))
                where = _near(record, other, "place") or _near(record, other, "respondent")
                phone = key.startswith("phone ")
                if (phone and (where or share >= SAME_PHONE)) or (where and share >= SAME_WORDS):
                    found.append((str(other["call_time"] or ""), name))
        return min(found)[1] if found else None

    def add(self, record: Mapping[str, Any]) -> None:
        """Remembers a call."""
        kept = {
            "fields": {k: record["fields"].get(k) for k in ("place", "respondent")},
            "call_time": record["call_time"],
        }
        for key in _keys(record):
            self._by_key.setdefault(key, []).append((record["file"], kept, _pieces(record)))


def _keys(record: Mapping[str, Any]) -> list[str]:
    """What two calls on one matter share: the phone, or the end of the place's or the unit's name."""
    out = [f"phone {_value(record, 'phone')}"] if _value(record, "phone") else []
    for name in ("place", "respondent"):
        text = re.sub(r"\W", "", str(_value(record, name) or ""))
        out += [f"{name} {text[i : i + 4]}" for i in range(len(text) - 3)]
    return out


def _value(record: Mapping[str, Any], key: str) -> Any:
    e = record["fields"].get(key)
    return e["value"] if e else None


def _pieces(record: Mapping[str, Any]) -> frozenset[int]:
    words = re.sub(r"[^\u4e00-\u9fff]", "", str(record["masked_text"]))
    return frozenset(hash(words[i : i + 3]) for i in range(len(words) - 2))


def _near(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    a, b = (re.sub(r"\W", "", str(_value(r, key) or "")) for r in (one, other))
    return len(a) > 3 and len(b) > 3 and (a in b or b in a or a[-4:] == b[-4:])


def drafts(
    paths: Iterable[Path], meta: Mapping[str, Mapping[str, Any]], advisor: Advisor
) -> Iterator[dict[str, Any] | TranscriptError]:
    """Every file's record in the order of the calls' times; a file that cannot be read yields its error and stops nothing."""
    earlier = Earlier()
    for path in sorted(paths, key=lambda p: (str(meta.get(p.name, {}).get("call_time", "")), p.name)):
        try:
            record = draft(read(path), path.name, advisor, str(meta.get(path.name, {}).get("call_time") or ""))
        except TranscriptError as e:
            yield e
            continue
        record["duplicate_of"] = earlier.same(record)
        earlier.add(record)
        yield record
