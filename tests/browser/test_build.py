"""The committed build: made from the sources, small, and free of what a strict policy forbids."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from browser.driver import ROOT

WEB, STATIC = ROOT / "web", ROOT / "bot" / "channels" / "static"


def test_the_build_is_not_older_than_its_sources() -> None:
    """The same hash as in vite.config.js, so that a forgotten build is seen where there is no Node."""
    names = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js"]
    for folder in ("src", "public"):
        names += [p.relative_to(WEB).as_posix() for p in (WEB / folder).rglob("*") if p.is_file()]
    h = hashlib.sha256()
    for name in sorted(names):
        h.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    assert h.hexdigest() == (STATIC / "sources.sha256").read_text().strip(), (
        "run scripts/web.sh build and commit the result"
    )


def test_the_build_is_the_build_of_the_sources(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (WEB / "node_modules" / "vite").is_dir():
        pytest.skip("no node or no web/node_modules (scripts/web.sh deps): the build was NOT repeated")
    done = subprocess.run(
        [ROOT / "scripts" / "web.sh", "check"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def first_load() -> list[Path]:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    return [STATIC / "index.html", *(STATIC / n for n in re.findall(r"/static/([\w.-]+)", page))]


def test_the_first_load_is_small() -> None:
    sizes = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in first_load()}
    assert len(sizes) >= 4
    assert sum(sizes.values()) <= 30_000, sizes


def test_no_registry_is_named_in_the_lock_file() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()


def test_nothing_evaluates_text_or_calls_elsewhere() -> None:
    for script in STATIC.glob("*.js"):  # a name space and a hint in an error message are no calls
        code = script.read_text(encoding="utf-8")
        assert not re.search(r"\bnew Function\b|\beval\(", code), script.name
        assert set(re.findall(r"https?://[\w.-]+", code)) <= {"http://www.w3.org", "https://socket.io"}, script.name
