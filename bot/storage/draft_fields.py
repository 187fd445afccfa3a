"""What a hotline draft holds for a case: its fields as a clerk types them, what was changed in them, and the transcript without the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

MARK = "＊"
#: Fields that name a person or a door.
PERSONAL = ("name", "phone", "id_number", "address")
#: Field of the draft → field of a case.
CASE_FIELDS = {
    "demand": "demand", "place": "place", "respondent": "respondent", "occurred_on": "occurred_on", "amount_yuan": "amount",
    "people": "people_count", "name": "name", "phone": "phone", "id_number": "id_number", "address": "address", "on_behalf_of": "on_behalf_of",
}  # fmt: skip


def as_typed(record: Mapping[str, Any]) -> dict[str, str]:
    """The draft's fields by the keys of a case, as a clerk would type them."""
    found = {CASE_FIELDS[k]: e["value"] for k, e in record["fields"].items() if e and k in CASE_FIELDS}
    return {k: str(v) for k, v in found.items() if v not in (None, "")}


def edits(before: Mapping[str, str], after: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was done to each field: kept, changed, added, removed; characters edited (Levenshtein) and the longer length."""
    out = []
    for key in CASE_FIELDS.values():
        old, new = before.get(key, "").strip(), after.get(key, "").strip()
        if old or new:
            kind = "kept" if old == new else "added" if not old else "removed" if not new else "changed"
            out.append(
                {"field": key, "kind": kind, "edits": Levenshtein.distance(old, new), "length": max(len(old), len(new))}
            )
    return out


def masked(record: Mapping[str, Any], turns: Sequence[Sequence[str]], final: Mapping[str, str]) -> list[list[str]]:
    """The turns as in the record's masked text, and without what the clerk corrected; each as long as before, so that evidence still fits."""
    whole, out, at = str(record["masked_text"]), [], 0
    hidden = [v for v in (final.get(k, "").strip() for k in PERSONAL) if len(v) > 1]
    for role, text in turns:
        said = whole[at : at + len(text)]
        for value in hidden:
            said = said.replace(value, MARK * len(value))
        out.append([role, said])
        at += len(text) + 1
    return out
