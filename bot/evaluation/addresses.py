"""Parts of addresses on character-labelled lines (`字 B-label`, blank line between addresses)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.evaluation.shares import f1
from bot.petition.understand.addresses import parse_address

#: Their labels by ours; labels that are not here (persons, repetitions, remarks) are not measured.
LABELS = {
    "prov": "province", "city": "city", "district": "county", "devzone": "devzone", "town": "town", "community": "community", "road": "road",
    "subroad": "road", "roadno": "roadno", "subroadno": "roadno", "poi": "poi", "subpoi": "poi", "houseno": "houseno", "cellno": "cellno",
    "floorno": "floorno", "roomno": "roomno",
}  # fmt: skip


def labelled(path: Path) -> Iterator[tuple[str, set[tuple[str, str]], set[str]]]:
    """Each address with its labelled parts (label, text) and the texts of the parts that are not measured."""
    text, parts = "", []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip():
            char, tag = line.rsplit(" ", 1)
            text += char
            if tag[0] in "BS" or not parts:
                parts.append((tag[2:].lower(), char))
            else:
                parts[-1] = (parts[-1][0], parts[-1][1] + char)
        elif text:
            measured = {(LABELS[k], t) for k, t in parts if k in LABELS}
            yield text, measured, {t for k, t in parts if k not in LABELS}
            text, parts = "", []


def addresses_report(path: Path) -> dict[str, Any]:
    """Micro-F1 of exact parts, per kind and in all; parts inside what is not measured are left out on both sides."""
    counts: dict[str, Counter[str]] = {"gold": Counter(), "got": Counter(), "right": Counter()}
    n = 0
    for text, gold, unmeasured in labelled(path):
        n += 1
        read = {(p.kind, p.text) for p in parse_address(text)}
        got = {x for x in read if x in gold or not any(x[1] in u for u in unmeasured)}
        for name, found in (("gold", gold), ("got", got), ("right", gold & got)):
            counts[name].update(kind for kind, _ in found)
    report: dict[str, Any] = {"n": n}
    report["micro-F1"] = round(f1(*(counts[k].total() for k in ("gold", "got", "right"))), 3)
    return report | {
        kind: round(f1(*(counts[k][kind] for k in ("gold", "got", "right"))), 3)
        for kind in dict.fromkeys(LABELS.values())
    }
