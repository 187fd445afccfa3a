"""What the usual Chinese libraries find in the same calls: phone, day, place, sum, each library alone on each turn, the best answer of a call.

    python benchmarks/hotline_peers.py FOLDER GOLD.jsonl > peers.json      in an environment of its own, with jionlp, cpca, wetext, phonenumbers

Only fields that a library claims to read are compared (wetext, which only writes numerals, with an expression behind it). A library
gets every turn of the file as read by our readers; a call counts as
found when any of its answers for the call is right (we count only the first of our own), so this favours the peers.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))


def alike(a: str, b: str) -> float:
    """Share of common characters, as the score of places."""
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    common = sum(x.size for x in blocks)
    return max(
        2 * common / max(1, len(a) + len(b)),
        common / len(a) if len(a) > 3 and common >= 0.9 * len(a) and len(b) <= 3 * len(a) else 0,
    )


def readers() -> dict[str, dict[str, Callable[[str, datetime], list[str]]]]:
    """Library → field → reader; a library that is not there is left out."""
    out: dict[str, dict[str, Callable[[str, datetime], list[str]]]] = {}
    with contextlib.suppress(ImportError):
        from wetext import Normalizer

        written = Normalizer(lang="zh", operator="itn").normalize
        # wetext finds nothing by itself, it writes spoken numerals as digits: the plainest expressions read the rest.
        out["wetext"] = {
            "phone": lambda t, _: re.findall(r"(?<!\d)1\d{10}(?!\d)", written(t)),
            "amount_yuan": lambda t, _: re.findall(r"\d+(?:\.\d+)?", written(t)),
        }
    with contextlib.suppress(ImportError):
        import phonenumbers

        def phones(text: str, _: datetime) -> list[str]:
            found = phonenumbers.PhoneNumberMatcher(text, "CN")
            return [str(m.number.national_number) for m in found]

        out["phonenumbers"] = {"phone": phones}
        if "wetext" in out:
            out["wetext + phonenumbers"] = {"phone": lambda t, d: phones(written(t), d)}
    with contextlib.suppress(ImportError), contextlib.redirect_stdout(io.StringIO()):
        import jionlp

        def days(text: str, base: datetime) -> list[str]:
            found = jionlp.ner.extract_time(text, time_base=base.timestamp(), with_parsing=True) or []
            return [
                str(f["detail"]["time"][0])[:10]
                for f in found
                if f.get("detail") and isinstance(f["detail"].get("time"), list)
            ]

        def places(text: str, _: datetime) -> list[str]:
            p = jionlp.parse_location(text, town_village=True)
            return ["".join(str(p.get(k) or "") for k in ("county", "town", "village", "detail"))]

        out["jionlp"] = {
            "phone": lambda t, _: list(jionlp.extract_phone_number(t)),
            "occurred_on": days,
            "place": places,
        }
    with contextlib.suppress(ImportError):
        import cpca

        def split(text: str, _: datetime) -> list[str]:
            row = cpca.transform([text]).iloc[0]
            return [f"{row['区'] or ''}{row['地址'] or ''}"]

        out["cpca"] = {"place": split}
    return out


def right(key: str, gold: str, found: str) -> bool:
    """As the score of calls has it."""
    if key == "phone":
        return re.sub(r"\D", "", found) == gold
    if key == "amount_yuan":
        return float(found) in (float(gold), float(gold) / 10000)
    return found.startswith(gold) if key == "occurred_on" else alike(gold, found) >= 0.6


def main() -> None:
    """Prints recall per library and field, and milliseconds a call."""
    from bot.hotline.formats import read

    folder, gold = (
        Path(sys.argv[1]),
        [json.loads(x) for x in Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()],
    )
    meta = {r["file"]: r for r in map(json.loads, (folder / "meta.jsonl").read_text(encoding="utf-8").splitlines())}
    result: dict[str, Any] = {}
    for name, fields in readers().items():
        for key, one in fields.items():
            hit = total = failed = 0
            start = time.perf_counter()
            for g in gold:
                wanted = g["fields"].get(key)
                if not wanted:
                    continue
                total += 1
                base = datetime.fromisoformat(meta[g["file"]]["call_time"])
                found: list[str] = []
                for turn in read(folder / g["file"]).turns:
                    try:
                        with contextlib.redirect_stdout(io.StringIO()):
                            found += one(turn.text, base)
                    except Exception:
                        failed += 1
                hit += any(right(key, str(wanted), f) for f in found if f)
            each = 1000 * (time.perf_counter() - start) / max(1, total)
            result[f"{name}: {key}"] = {
                "recall": round(hit / total, 3),
                "n": total,
                "failed turns": failed,
                "ms a call": round(each, 1),
            }
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
