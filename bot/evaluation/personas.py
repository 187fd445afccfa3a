"""Simulated citizens against a running server: the program that plays them lies beside their file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

#: Seconds that all of them together may take.
TIMEOUT = 3600


def personas_report(path: Path, url: str) -> dict[str, Any]:
    """How many succeed and how many turns a filing takes. Raises OSError without the program, ValueError when it says nothing."""
    program = path.parent / "converse.py"
    if not program.is_file():
        raise FileNotFoundError(f"没有找到 {program}")
    done = subprocess.run(
        [sys.executable, str(program), str(path), "--url", url, "--json"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    try:
        said = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError) as e:
        raise ValueError(done.stderr.strip()[-200:] or "没有结果") from e
    failed = {r["id"]: "; ".join(r["faults"]) for r in said.pop("results", []) if not r["ok"]}
    return said | {"failed": failed}
