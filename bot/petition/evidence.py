"""Where in the story each field stands: the words that a clerk compares a value with, and that are hidden from who gave no reason.

Read anew from the story, not kept: what was understood then is found again by its value, so cases of every channel and age have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import accumulate
from typing import Any

from bot.petition.fields import ANONYMOUS, BY_TEXT
from bot.petition.roles import PERSONAL, mask
from bot.petition.understand import answers, contacts, counts, dates, demands, money, names, places, priors, respondents
from bot.petition.understand.found import Found

#: A place in a text: its first character and the one behind its last.
Span = tuple[int, int]
#: Shown places of one value; a name may stand in every sentence.
MOST = 5
_DIGITS = re.compile(r"\D")


def _one(found: Found | None) -> list[Found]:
    return [found] if found else []


#: Field → everything in a text that could be its value. `day`: the day on which it was told.
_FIND: dict[str, Callable[[str, date], Iterable[Any]]] = {
    "demand": lambda text, day: _one(demands.find_demand(text)),
    "place": lambda text, day: [*places.find_places(text), *_one(places.best_place(text))],
    "occurred_on": dates.find_dates,
    "respondent": lambda text, day: [*respondents.find_respondents(text), *_one(respondents.best_respondent(text))],
    "amount": lambda text, day: money.find_amounts(text),
    "people_count": lambda text, day: counts.find_people(text),
    "prior": lambda text, day: priors.find_priors(text),
    "name": lambda text, day: _one(names.find_name(text)),
    "phone": lambda text, day: contacts.find_phones(text),
    "address": lambda text, day: _one(places.find_address(text)),
    "id_number": lambda text, day: contacts.find_ids(text),
}
#: Fields whose value is a wish or a relation, found by the words for it.
_SAID = {"anonymous": ANONYMOUS, "reply_by": BY_TEXT}


def evidence(fields: Mapping[str, Any], day: date) -> dict[str, list[Span]]:
    """Field key → where in `fields["narrative"]` its value stands, in the order of the text; a field that was told elsewhere is not there.

    `day`: when it was told, since 上个月 means another month each day.
    """
    story = str(fields.get("narrative") or "")
    out: dict[str, list[Span]] = {}
    for key, value in fields.items():
        if key == "narrative" or value in (None, "", [], False):
            continue
        spans = sorted(set(_spans(key, value, story, day)))
        if spans:
            out[key] = _apart(spans)[:MOST]
    return out


def masked(fields: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The fields with what names a person hidden, but for a hint: in the personal fields, and where the story or a wish tells it.

    Nothing changes its length, so that `evidence` of the open fields fits the masked story.
    """
    personal = {k: str(v).strip() for k, v in fields.items() if k in PERSONAL and v}
    told = evidence({**fields, **personal}, day)
    out: dict[str, Any] = {}
    for key, value in fields.items():
        if key in PERSONAL and value:
            out[key] = mask(key, value)
        elif isinstance(value, str):
            out[key] = _hidden(value, personal, told if key == "narrative" else {})
        else:
            out[key] = value
    return out


def hidden(text: str, fields: Mapping[str, Any]) -> str:
    """What somebody wrote about a case, with what names its person hidden as in the masked story: the personal values, telephones, identity numbers."""
    return _hidden(text, {k: str(v).strip() for k, v in fields.items() if k in PERSONAL and v}, {}) if text else text


def _hidden(text: str, personal: Mapping[str, str], told: Mapping[str, list[Span]]) -> str:
    spans = [(s, k) for k in personal if k != "on_behalf_of" for s in told.get(k, ())]
    for key, value in personal.items():
        word = value.partition(" ")[2] if key == "on_behalf_of" else value  # 母亲 王秀兰: the name alone
        if len(word) > 1:
            spans += [(m.span(), key) for m in re.finditer(re.escape(word), text)]
    spans += [((f.start, f.end), "phone") for f in contacts.find_phones(text)]
    spans += [((f.start, f.end), "id_number") for f in contacts.find_ids(text)]
    for (start, end), key in spans:
        text = text[:start] + mask(key, text[start:end])[: end - start] + text[end:]
    return text


def _spans(key: str, value: Any, story: str, day: date) -> Iterator[Span]:
    literal = str(value).strip()
    if key in ("amount", "people_count", "prior") or isinstance(value, bool):
        literal = ""  # 3 stands in 13800001234 too
    if len(literal) > 1:
        yield from (m.span() for m in re.finditer(re.escape(literal), story))
    if key == "on_behalf_of":
        yield from answers.relation_spans(story, literal)
    if key in _SAID:
        yield from (m.span() for m in _SAID[key].finditer(story))
    if key == "demand":
        yield from demands.implied_spans(story, literal)
    find = _FIND.get(key)
    if find is None:
        return
    # A story grows by a line with each turn, and each turn was read for itself.
    lines = story.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    for offset, text in ((0, story), *zip(starts, lines, strict=False)) if len(lines) > 1 else ((0, story),):
        for found in find(text, day):
            if _same(key, found.value, value) and 0 <= found.start < found.end <= len(text):
                yield offset + found.start, offset + found.end


def _same(key: str, found: Any, value: Any) -> bool:
    if key == "prior":
        return isinstance(value, list) and found in value
    if key in ("amount", "people_count"):
        try:
            return float(found) == float(value)
        except (TypeError, ValueError):
            return False
    if key in ("phone", "id_number"):
        return _DIGITS.sub("", str(found)) == _DIGITS.sub("", str(value)) != ""
    return str(found) == str(value)


def _apart(spans: list[Span]) -> list[Span]:
    """Spans without those that lie in an earlier or longer one."""
    out: list[Span] = []
    for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not out or start >= out[-1][1]:
            out.append((start, end))
    return out
