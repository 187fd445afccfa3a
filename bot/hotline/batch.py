"""Many transcripts into drafts: in order, in constant memory, on one or more processes, going on where an earlier run stopped.

A file that cannot be read, or that kills the process that reads it, is set aside with its reason; the run goes on.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.hotline.draft import draft, linked
from bot.hotline.formats import TranscriptError, read
from bot.hotline.repeats import Repeats
from bot.petition.advice.engine import Advisor

#: Files of a folder that are not calls.
NOT_CALLS = ("meta.jsonl", "gold.jsonl")
#: Calls a process takes at a time, and pieces of work in flight for each process: what memory is bounded by.
PIECE, IN_FLIGHT = 16, 2
#: A transcript of a call of hours has a few megabytes; what is larger is no transcript.
MAX_BYTES = 20_000_000


@dataclass(frozen=True)
class Item:
    """One file to read, with what `meta.jsonl` says about the call."""

    path: Path
    call_time: str = ""
    hotline: str = ""


@dataclass(frozen=True)
class SetAside:
    """A file that gave no draft, and why."""

    file: str
    reason: str


Outcome = dict[str, Any] | SetAside


def one(item: Item, advisor: Advisor) -> Outcome:
    """The draft of one file, or why there is none. Raises nothing that a file can cause."""
    name = item.path.name
    try:
        size = item.path.stat().st_size
        if size > MAX_BYTES:
            raise TranscriptError(f"{name}：{size} 字节，太大，不像是通话转写")
        return draft(read(item.path), name, advisor, item.call_time, item.hotline)
    except TranscriptError as e:
        return SetAside(name, str(e))
    except OSError as e:
        return SetAside(name, f"{name}：读不出来：{e.strerror}")
    except Exception as e:  # a defect of ours must not stop the other calls
        return SetAside(name, f"{name}：没有处理成（{type(e).__name__}），请把这个文件交给维护人员")


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The transcripts of files and folders, one by one; gold, meta and README files are left alone."""
    for path in paths:
        if path.is_dir():
            with os.scandir(path) as entries:
                names = sorted(e.name for e in entries if e.is_file())
            for name in names:
                if name not in NOT_CALLS and not name.upper().startswith("README") and not name.startswith("."):
                    yield path / name
        elif path.name not in NOT_CALLS:
            yield path


def read_meta(path: Path) -> dict[str, tuple[str, str]]:
    """File name → call time and city. Raises ValueError naming file, line and reason."""
    out: dict[str, tuple[str, str]] = {}
    with path.open(encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                    name = Path(str(row["file"])).name
                    out[name] = (str(row.get("call_time") or ""), str(row.get("hotline") or ""))
                except (ValueError, KeyError, TypeError, AttributeError) as e:
                    raise ValueError(f"{path.name} 第 {number} 行：{e!r}") from e
    return out


def items_of(files: Iterable[Path], meta: Mapping[str, tuple[str, str]]) -> list[Item]:
    """The files in the order of their calls, so that the earlier of two calls is the first one."""
    found = [Item(f, *meta.get(f.name, ("", ""))) for f in files]
    return sorted(found, key=lambda x: (x.call_time, x.path.name))


# -- processes ----------------------------------------------------------------------------------------------------------

_advisor: Advisor | None = None


def _begin(make: Callable[[], Advisor]) -> None:
    global _advisor
    _advisor = make()


def _piece(items: list[Item]) -> list[Outcome]:
    assert _advisor is not None
    return [one(item, _advisor) for item in items]


def outcomes(items: Iterable[Item], make: Callable[[], Advisor], workers: int = 1) -> Iterator[tuple[Item, Outcome]]:
    """Every item with its draft or its reason, in order. `make` gives the advisor, once in each process."""
    if workers <= 1:
        advisor = make()
        for item in items:
            yield item, one(item, advisor)
        return
    pieces = pieces_of(items)
    while True:
        broken: list[list[Item]] = []
        with ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(make,)
        ) as pool:
            waiting: deque[tuple[list[Item], Future[list[Outcome]]]] = deque()
            for piece in pieces:
                try:
                    waiting.append((piece, pool.submit(_piece, piece)))
                except BrokenProcessPool:
                    broken.append(piece)
                    break
                if len(waiting) >= workers * IN_FLIGHT:
                    if not (done := _collect(waiting)):
                        break
                    yield from done
            while waiting and (done := _collect(waiting)):
                yield from done
            broken = [p for p, _ in waiting] + broken
        if not broken:
            return
        # A process died. One of these calls killed it: each is tried alone, in a process of its own, and then the rest goes on.
        for piece in broken:
            for item in piece:
                yield item, _alone(item, make)


def pieces_of(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in pieces of work."""
    piece: list[Item] = []
    for item in items:
        piece.append(item)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _collect(waiting: deque[tuple[list[Item], Future[list[Outcome]]]]) -> list[tuple[Item, Outcome]]:
    """The oldest piece's outcomes; nothing, and the piece stays, when its process died."""
    piece, future = waiting[0]
    try:
        done = future.result()
    except BrokenProcessPool:
        return []
    waiting.popleft()
    return list(zip(piece, done, strict=True))


def _alone(item: Item, make: Callable[[], Advisor]) -> Outcome:
    with ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(make,)
    ) as pool:
        try:
            return pool.submit(_piece, [item]).result()[0]
        except BrokenProcessPool:
            return SetAside(item.path.name, f"{item.path.name}：处理它的进程两次中断，可能内存不够")


def records(
    found: Iterable[tuple[Item, Outcome]], repeats: Repeats, apart: bool = False
) -> Iterator[tuple[Item, Outcome]]:
    """As `outcomes`, with each draft linked to the earlier call on its matter. `apart`: as `linked` takes it."""
    for item, outcome in found:
        yield item, outcome if isinstance(outcome, SetAside) else linked(outcome, repeats, apart=apart)


# -- output -------------------------------------------------------------------------------------------------------------


def finished(out: Path) -> set[str]:
    """The files whose drafts an interrupted run left in `out`; a last line that was cut off is taken away."""
    if not out.is_file():
        return set()
    done: set[str] = set()
    whole = 0
    with out.open("rb") as f:
        for line in f:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            done.add(str(json.loads(line)["file"]))
    if whole < out.stat().st_size:
        with out.open("r+b") as f:
            f.truncate(whole)
    return done
