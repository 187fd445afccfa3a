"""Every regular expression of the program and of the knowledge base does bounded work on hostile texts: steps are counted, not seconds."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import yaml
from steps import Program, TooMuch, attacks

ROOT = Path(__file__).parent.parent.parent
#: The work may grow as the square of the text's length at most, with room for rounding: a message has 5,000 characters, and `re` does the
#: 10**7 steps of a square within the turn. Cubes and exponentials it does not.
SQUARE = 2.35
#: Two lengths, short enough to count, from which growth is told.
SIZES = (40, 80)
#: Expressions with windows of fixed length settle on longer texts only.
LONGER = (160, 320)


_BLANKS = re.compile(r"\s{17,}")
CUT = " " * 16


def literals(path: Path) -> Iterator[str]:
    """Patterns that stand as they are in calls of `re`. What is put together at run time is read by `computed`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr
            in ("compile", "sub", "subn", "match", "search", "fullmatch", "findall", "finditer", "split")
            and node.args
        ):
            try:
                value = ast.literal_eval(node.args[0])
            except ValueError:
                continue
            if isinstance(value, str):
                yield value


def computed() -> Iterator[str]:
    """Patterns of the modules' own names, as they are after import: those put together from word lists too."""
    import importlib
    import pkgutil

    import bot

    for room in ("petition", "knowledge", "hotline", "storage", "desk"):
        package = importlib.import_module(f"bot.{room}")
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in info.name:
                continue
            module = importlib.import_module(info.name)
            for value in vars(module).values():
                values = (
                    value.values()
                    if isinstance(value, dict)
                    else value
                    if isinstance(value, (list, tuple))
                    else [value]
                )
                for v in values:
                    for p in v if isinstance(v, (list, tuple)) else [v]:
                        if isinstance(p, re.Pattern) and isinstance(p.pattern, str):
                            yield p.pattern
    assert bot.__version__


def written(value: object) -> Iterator[str]:
    """/expressions/ anywhere in a file of the knowledge base."""
    if isinstance(value, dict):
        for v in value.values():
            yield from written(v)
    elif isinstance(value, list):
        for v in value:
            yield from written(v)
    elif isinstance(value, str) and len(value) > 2 and value[0] == value[-1] == "/":
        yield value[1:-1]


@lru_cache(maxsize=1)
def patterns() -> dict[str, str]:
    """pattern → where it stands."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "actions").rglob("*.py")):
        for p in literals(path):
            found.setdefault(p, path.name)
    for p in computed():
        found.setdefault(p, "computed")
    for path in sorted((ROOT / "bot" / "knowledge").rglob("*.yml")):
        for p in written(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found.setdefault(p, path.name)
    return found


def worst(pattern: str) -> tuple[float, str]:
    """The largest power by which the steps grow with the length of a text, and such a text."""
    program = Program(pattern)
    found = max(_powers(program, SIZES), default=(0.0, ""))
    return found if found[0] <= SQUARE or math.isinf(found[0]) else max(_powers(program, LONGER), default=(0.0, ""))


def _powers(program: Program, sizes: tuple[int, int]) -> Iterator[tuple[float, str]]:
    for short, long in zip(attacks(program, sizes[0]), attacks(program, sizes[1]), strict=False):
        short, long = _BLANKS.sub(CUT, short), _BLANKS.sub(CUT, long)  # `clean` does it to whatever a person sends
        if len(long) >= 1.5 * len(short):
            try:
                more = program.search(long) / program.search(short)
            except TooMuch:
                yield float("inf"), long
                return
            yield math.log(more) / math.log(len(long) / len(short)), long


@pytest.mark.parametrize("bad", [r"(a+)+b", r"(a|a)*c", r"(\d+)*x", r"a+a+b", r"(a|aa)+$", r"a*b?a*b?a*;"])
def test_the_count_finds_what_is_known_to_be_bad(bad: str) -> None:
    assert worst(bad)[0] > SQUARE


@pytest.mark.parametrize("good", [r"\d{1,20}", r"[^a]{0,20}b", r"(?<!\d)\d{11}(?!\d)", r"甲.{0,5}乙", r"^a*$"])
def test_the_count_lets_pass_what_is_known_to_be_good(good: str) -> None:
    assert worst(good)[0] <= SQUARE


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"(a|b)+?c", "ababc"), (r"x{2,4}y", "xxxy"), (r"(?<=1)2(?=3)", "123"), (r"\bab\b", "x ab y"), (r"(?i)AB", "ab"), (r"(a+)-\1", "aa-aa")],
)  # fmt: skip
def test_the_counting_matcher_agrees_with_re(pattern: str, text: str) -> None:
    program = Program(pattern)
    for at in range(len(text)):
        found = re.compile(pattern).match(text, at)
        assert program.run(text, at, [0]) == (found.end() if found else -1)


def test_every_expression_does_bounded_work_on_the_longest_text() -> None:
    found = patterns()
    assert len(found) > 300
    slow = {}
    for pattern, where in found.items():
        power, text = worst(pattern)
        if power > SQUARE:
            slow[pattern] = (where, round(power, 2), text[:20])
    assert not slow


def test_runs_of_blanks_are_cut_before_anything_reads_them() -> None:
    from bot.petition.understand.text import clean

    cleaned = clean("是" + " " * 4_000 + "\n" * 900 + "不是")
    assert len(cleaned.text) == 19
    assert cleaned.span(17, 19) == (4_901, 4_903)
