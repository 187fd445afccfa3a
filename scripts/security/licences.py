"""Licences of the locked packages, from what they declare themselves. Fails on GPL/AGPL in the served process and on what declares nothing.

python scripts/security/licences.py requirements/run.txt [--json]
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

#: Strong copyleft; LGPL and MPL may be used unchanged as libraries.
FORBIDDEN = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|(?<!Lesser )General Public License|\bSSPL\b", re.I)
ALLOWED_WEAK = re.compile(r"LGPL|Lesser General Public|MPL|Mozilla", re.I)
#: Packages that declare no licence in their metadata, with what their source says (read by hand on the day given).
BY_HAND: dict[str, str] = json.loads((Path(__file__).parent / "licences_by_hand.json").read_text(encoding="utf-8"))


def locked(path: Path) -> list[tuple[str, str]]:
    """(name, version) of each line of a lock file."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.M)
    return [(name.lower().replace("_", "-"), version) for name, version in found]


def licence(name: str) -> str:
    """What an installed package says, "" when it says nothing, None-like "not installed" when it is for another platform."""
    try:
        meta = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed here"
    classifiers = [
        c.rpartition("::")[2].strip() for c in meta.get_all("Classifier") or () if c.startswith("License ::")
    ]
    told = (
        meta.get("License-Expression")
        or "; ".join(c for c in classifiers if c != "OSI Approved")
        or meta.get("License")
        or ""
    )
    told = " ".join(told.split())
    return BY_HAND.get(name, "") if told in ("", "UNKNOWN") else told[:80]


def main(paths: list[str]) -> int:
    """Prints the report."""
    rows = sorted({(n, v, licence(n)) for p in paths if not p.startswith("--") for n, v in locked(Path(p))})
    bad = [r for r in rows if not r[2] or (FORBIDDEN.search(r[2]) and not ALLOWED_WEAK.search(r[2]))]
    if "--json" in paths:
        print(json.dumps([{"name": n, "version": v, "licence": text} for n, v, text in rows], ensure_ascii=False))
    else:
        for name, version, text in rows:
            print(f"{name:32} {version:14} {text or 'declares nothing'}")
    for name, version, text in bad:
        print(f"not allowed in the served process: {name} {version}: {text or 'declares nothing'}", file=sys.stderr)
    print(f"{len(rows)} packages, {len(bad)} not allowed", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
