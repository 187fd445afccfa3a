"""Rate, processes and memory of `hotline` on generated calls.

    python benchmarks/hotline_rate.py make FOLDER --calls 1000 --turns 40     writes calls and meta.jsonl
    python benchmarks/hotline_rate.py rate FOLDER                            calls a second in this process, CPU and wall time
    python benchmarks/hotline_rate.py workers FOLDER                         one process against two, wall time
    python benchmarks/hotline_rate.py memory --calls 100000                  resident memory along a run over calls that are made as it goes

Generated calls are the project's own ones with other names, numbers, places and sums, lengthened to the wanted number of turns.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hotline.making import WRITERS, calls, write  # noqa: E402

from bot.hotline.batch import Item, SetAside, files_of, items_of, outcomes, read_meta, records  # noqa: E402
from bot.hotline.command import load_advisor  # noqa: E402
from bot.hotline.repeats import Repeats  # noqa: E402

MAKE = partial(load_advisor, str(ROOT / "var" / "models"), "")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "建国秀英志强丽华海燕文军晓东玉兰春梅国平小红明辉永福淑珍宝山"
TALK = [
    ("a", "嗯，我在听，您接着说。"), ("c", "他们就是推来推去的，今天说明天，明天说后天，一直没有人来。"), ("a", "好的，这个情况我记下了。"),
    ("c", "我们也不是要为难谁，就是想把事情解决了。"), ("a", "理解您的心情。"), ("c", "我跑了好几趟了，班都请了两次假。"), ("a", "您之前有没有留下什么凭证？"),
    ("c", "有的，照片我都拍了，聊天记录也在手机里头。"), ("a", "请您保存好。"), ("c", "嗯嗯，那个，我都存着的。"),
]  # fmt: skip


def made(number: int, turns: int, own: list[dict[str, Any]]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The n-th generated call: always the same one for the same number."""
    r = random.Random(number)
    call = own[number % len(own)]
    gold = call["gold"]
    name = r.choice(SURNAMES) + "".join(r.choice(GIVEN) for _ in range(2))
    swaps = {str(gold["phone"]): f"1{r.randint(3, 9)}{r.randint(0, 999999999):09d}"} if gold.get("phone") else {}
    if gold.get("name"):
        swaps[str(gold["name"])] = name
    said = []
    for w, t in call["turns"]:
        for old, new in swaps.items():
            t = t.replace(old, new)
        said.append((w, t))
    middle = len(said) * 2 // 3
    more = [TALK[(i + number) % len(TALK)] for i in range(max(0, turns - len(said)))]
    return call, [*said[:middle], *more, *said[middle:]]


def make(folder: Path, count: int, turns: int) -> None:
    """Writes `count` calls in all formats."""
    folder.mkdir(parents=True, exist_ok=True)
    own, formats = calls(), list(WRITERS)
    with (folder / "meta.jsonl").open("w", encoding="utf-8") as meta:
        for n in range(count):
            call, said = made(n, turns, own)
            path = write(folder, f"c{n:07d}", formats[n % len(formats)], said)
            row = {"file": path.name, "call_time": call["time"], "hotline": call["hotline"]}
            meta.write(json.dumps(row, ensure_ascii=False) + "\n")


def _items(folder: Path) -> list[Item]:
    return items_of(files_of([folder]), read_meta(folder / "meta.jsonl"))


def rate(folder: Path) -> dict[str, float]:
    """Calls a second of one process, the model loaded; repeats included."""
    items, advisor = _items(folder), MAKE()
    list(outcomes(items[:50], lambda: advisor))
    wall, cpu = time.perf_counter(), time.process_time()
    with Repeats() as repeats:
        bad = sum(isinstance(o, SetAside) for _, o in records(outcomes(items, lambda: advisor), repeats))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"calls": len(items), "bad": bad, "per second": len(items) / wall, "per CPU second": len(items) / cpu}


def _cpu() -> float:
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def workers(folder: Path) -> dict[str, Any]:
    """Wall and CPU time of one process and of two, the start left out: the clock runs from the first draft to the last."""
    items = _items(folder)
    MAKE()
    rows = []
    for n in (1, 2, 1, 2):
        first, cpu = 0.0, 0.0
        with Repeats() as repeats:
            for i, _ in enumerate(records(outcomes(items, MAKE, n), repeats)):
                if i == 32:
                    first, cpu = time.perf_counter(), _cpu()
            rows.append({"workers": n, "per second": (len(items) - 33) / (time.perf_counter() - first)})
        rows[-1]["CPU seconds"] = _cpu() - cpu
    best = {n: max(r["per second"] for r in rows if r["workers"] == n) for n in (1, 2)}
    return {"runs": rows, "ratio": best[2] / best[1]}


def memory(count: int, turns: int) -> Iterator[dict[str, float]]:
    """Resident memory (MB) along a run. Each call is written when its turn comes and deleted after it."""
    own, formats, advisor = calls(), list(WRITERS), MAKE()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Repeats(Path(folder) / "index") as repeats:

        def items() -> Iterator[Item]:
            for n in range(count):
                call, said = made(n, turns, own)
                path = write(Path(folder), f"c{n}", formats[n % len(formats)], said)
                yield Item(path, call["time"], call["hotline"])
                path.unlink()

        for n, _ in enumerate(records(outcomes(items(), lambda: advisor), repeats), 1):
            if n in (100, 1000) or n % 5000 == 0 or n == count:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                yield {
                    "calls": n,
                    "MB": round(pages * resource.getpagesize() / 1e6, 1),
                    "per second": round(n / (time.perf_counter() - start), 1),
                }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "rate", "workers", "memory"])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=40)
    args = parser.parse_args()
    if args.what == "memory":
        for row in memory(args.calls, args.turns):
            print(json.dumps(row), flush=True)
        return
    if args.folder is None:
        parser.error("which folder?")
    if args.what == "make":
        make(args.folder, args.calls, args.turns)
    else:
        print(json.dumps({"rate": rate, "workers": workers}[args.what](args.folder)))


if __name__ == "__main__":
    main()
