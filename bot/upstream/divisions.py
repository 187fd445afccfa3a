"""行政区划码 (GB/T 2260) of a place as people tell it: as deep as its beginning names one division and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.knowledge.loader import ROOT

_SUFFIX = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$")


@lru_cache(maxsize=1)
def _table() -> dict[str, set[str]]:
    """Name → the codes it has. Provinces and cities go by their short names too, districts never: 长安 may be a street."""
    out: dict[str, set[str]] = {}
    for code, name in _rows():
        out.setdefault(name, set()).add(code)
        short = _SUFFIX.sub("", name)
        if len(code) < 6 and len(short) > 1:
            out.setdefault(short, set()).add(code)
    return out


def _rows() -> Iterator[tuple[str, str]]:
    for line in (ROOT / "lexicon" / "division_codes.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, name, *below = line.split()
            if name != "-":
                yield code, name
            yield from ((code + piece[:2], piece[2:]) for piece in below)


def _may(found: str, above: str, size: int) -> bool:
    """Whether a division may follow the one above it. 城区, 郊区, 矿区 are districts only behind their city."""
    return found.startswith(above) and len(found) > len(above) and (size > 2 or len(found) < 6 or bool(above))


def code_of(place: str) -> str:
    """Six digits for what `place` begins with (广东省深圳市南山区, 深圳南山区), or "" when that is no division or several.

    朝阳区 alone is one of Beijing and one of Changchun, so it has no code; 长春市朝阳区 has.
    """
    text, code = re.sub(r"\s", "", place), ""
    while text:
        found = [
            (size, deeper)
            for size in range(min(len(text), 16), 1, -1)
            if (deeper := {c for c in _table().get(text[:size], ()) if _may(c, code, size)})
        ]
        if not found or len(found[0][1]) > 1:
            break
        text, code = text[found[0][0] :], found[0][1].pop()
    return code.ljust(6, "0") if code else ""
