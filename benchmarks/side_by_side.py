"""Stock Rasa and ours on this machine, in one run, with the same conversations over HTTP; the result is ratios.

Rounds alternate between the two, and medians are compared, because what else runs on a machine changes by the minute.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import gc
import json
import os
import platform
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import chart
from benchmarks.client import OurTalk, StockTalk, Talk
from benchmarks.conversations import Step, filing, plain
from benchmarks.processes import Server
from benchmarks.stock_project import assemble

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("rasa", "rasa-sdk", "sanic", "SQLAlchemy", "tensorflow", "scikit-learn", "numpy", "cryptography")


@dataclass
class Side:
    """One of the two, running. talk: makes a conversation."""

    name: str
    servers: list[Server]
    talk: Callable[[int], Talk]
    measured: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    once: dict[str, float] = field(default_factory=dict)

    def cpu(self) -> float:
        return sum(s.cpu() for s in self.servers)

    def fine_cpu(self) -> float:
        return sum(s.fine_cpu() for s in self.servers)

    def memory(self) -> float:
        return sum(s.memory() for s in self.servers)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def environment(**more: str) -> dict[str, str]:
    """What both sides get: no telemetry, one day, no rate limits."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUFANG_")}
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    quiet |= {"SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONHASHSEED": "0"}
    test = {"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_RATE_LIMITS": "off"}
    return kept | quiet | test | {"PYTHONPATH": str(ROOT)} | more


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


# -- training and starting -----------------------------------------------------------------------------------------------


def train(command: Sequence[str], folder: Path) -> dict[str, float]:
    """Wall and CPU seconds of a training."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": time.perf_counter() - started, "cpu_s": cpu}


async def first_reply(side: Side, deadline: float = 600.0) -> dict[str, float]:
    """From the start of the processes to the first answer, and what they hold then."""
    started = min(s.started for s in side.servers)
    while time.perf_counter() - started < deadline:
        if not all(s.alive() for s in side.servers):
            raise RuntimeError(f"{side.name} ended while starting")
        talk = side.talk(0)
        try:
            await talk.begin()
            if talk.said[-1]:
                cost = {"wall_s": time.perf_counter() - started, "cpu_s": side.cpu(), "memory_mb": side.memory()}
                talk.close()
                return cost
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        talk.close()
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{side.name} did not answer")


def start_stock(folder: Path, port: int, action_port: int) -> Side:
    rasa = [sys.executable, "-m", "rasa"]
    env = environment(SUFANG_DATA_DIR=str(folder / "var"))
    (folder / "var").mkdir(exist_ok=True)
    _link_models(folder / "var")
    subprocess.run([sys.executable, "-m", "bot", "db", "upgrade"], cwd=ROOT, env=env, check=True, capture_output=True)
    actions = Server([*rasa, "run", "actions", "-p", str(action_port)], folder, env, folder / "actions.log")
    serve = [*rasa, "run", "-m", "models", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    core = Server([*serve, "-p", str(port), "-i", "127.0.0.1"], folder, env, folder / "rasa.log")
    return Side("stock", [core, actions], lambda _: StockTalk(port))


def start_ours(folder: Path, ports: Sequence[int], name: str = "ours", **settings: str) -> Side:
    """One process a port, on the same data; conversations are split between them."""
    folder.mkdir(exist_ok=True)
    _link_models(folder)
    servers = []
    for port in ports:
        env = environment(
            SUFANG_DATA_DIR=str(folder), SUFANG_PORT=str(port), SUFANG_DESK_PORT=str(free_ports(1)[0]), **settings
        )
        servers.append(Server([sys.executable, "-m", "bot", "serve"], ROOT, env, folder / "serve.log"))
    return Side(name, servers, lambda i: OurTalk(ports[i % len(ports)]))


def _link_models(folder: Path) -> None:
    (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)


# -- workloads -----------------------------------------------------------------------------------------------------------


async def run(side: Side, scripts: Sequence[Sequence[Step]], together: int) -> tuple[dict[str, float], list[Talk]]:
    """Says all scripts, `together` of them at a time, each as fast as it is answered."""
    talks: list[Talk] = []
    queue = list(enumerate(scripts))[::-1]

    async def worker() -> None:
        while queue:
            i, steps = queue.pop()
            talk = side.talk(i)
            talks.append(talk)
            await talk.begin()
            for step in steps:
                await talk.say(step)
            talk.close()

    gc.collect()
    cpu, started = side.cpu(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(min(together, len(scripts)))))
    wall, used = time.perf_counter() - started, side.cpu() - cpu
    seconds = sorted(s for t in talks for s in t.seconds)
    turns = len(seconds)
    at = lambda share: seconds[min(turns - 1, int(turns * share))] * 1000  # noqa: E731
    return {
        "turns": turns, "turns_per_s": turns / wall, "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": seconds[-1] * 1000,
        "cpu_ms_per_turn": used / turns * 1000, "failed": sum(t.failed for t in talks),
    }, talks  # fmt: skip


async def paced(side: Side, rate: float, seconds: float) -> dict[str, float]:
    """Messages at a steady pace, whatever the answers take: no queue of our own making. Latency counts from the due time."""
    lanes = max(8, int(rate))
    talks = [side.talk(i) for i in range(lanes)]
    scripts = [iter([*filing(i), *plain(400)]) for i in range(lanes)]
    for talk in talks:
        await talk.begin()
    loop = asyncio.get_running_loop()
    begin, took = loop.time() + 0.1, []
    busy = [asyncio.Lock() for _ in talks]

    async def one(n: int) -> None:
        due = begin + n / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        async with busy[n % lanes]:
            await talks[n % lanes].say(next(scripts[n % lanes]))
        took.append(loop.time() - due)

    await asyncio.gather(*(one(n) for n in range(int(rate * seconds))))
    for talk in talks:
        talk.close()
    took.sort()
    return {
        "rate": rate, "turns": len(took), "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[min(len(took) - 1, int(len(took) * 0.99))] * 1000,
    }  # fmt: skip


async def long_talk(side: Side, turns: int = 200, window: int = 20) -> dict[str, float]:
    """One conversation: what a turn costs at its beginning and at its end."""
    talk = side.talk(0)
    await talk.begin()
    marks = []
    for i, step in enumerate(plain(turns)):
        if i in (4, 4 + window, turns - window):
            marks.append(side.fine_cpu())
        await talk.say(step)
    marks.append(side.fine_cpu())
    talk.close()
    early, late = (marks[1] - marks[0]) / window * 1000, (marks[3] - marks[2]) / window * 1000
    return {
        "cpu_ms_turn_5": early, "cpu_ms_turn_200": late, "cpu_ratio": late / early,
        "p50_ms_turn_5": statistics.median(talk.seconds[5 : 5 + window]) * 1000,
        "p50_ms_turn_200": statistics.median(talk.seconds[-window:]) * 1000,
    }  # fmt: skip


# -- did both say the same -----------------------------------------------------------------------------------------------

_VARIES = (re.compile(r"\d{12}"), re.compile(r"(?<!\d)\d{6}(?!\d)"))


def plain_text(messages: list[dict[str, Any]]) -> str:
    """The texts of a turn without case numbers and query codes."""
    text = "\n".join(m.get("text", "") for m in messages)
    for pattern in _VARIES:
        text = pattern.sub("#", text)
    return text


#: What the stock pipeline cannot tell: a question in between has a topic, which is our own component's to find.
NOT_SHARED = frozenset(["信访会不会被打击报复", "要多久能办完"])


async def same_words(sides: Sequence[Side], scripts: Sequence[Sequence[Step]]) -> dict[str, Any]:
    """Says the same to both; counts the turns that were answered in the same words."""
    said = []
    for side in sides:
        _, talks = await run(side, scripts, 1)
        said.append([m for t in talks for m in t.said])
    steps = [step for script in scripts for step in (Step("（问候）"), *script)]
    shared = [i for i, s in enumerate(steps) if s.text not in NOT_SHARED]
    different = [i for i in shared if plain_text(said[0][i]) != plain_text(said[1][i])]
    return {
        "turns": len(steps), "shared": len(shared), "same": len(shared) - len(different),
        "different": [
            {"said": steps[i].text or steps[i].press, "stock": plain_text(said[0][i])[:200], "ours": plain_text(said[1][i])[:200]}
            for i in different
        ],
    }  # fmt: skip


# -- all of it -----------------------------------------------------------------------------------------------------------


def median(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(r[key] for r in rows) for key in rows[0]} if rows else {}


async def rounds(sides: Sequence[Side], count: int, large: int) -> None:
    """The measured rounds, alternating."""
    for n in range(count):
        for side in sides if n % 2 == 0 else list(reversed(sides)):
            many = 1 if side.name == "stock" else 3  # so that both are measured for seconds, not for moments
            loads = {
                "filings_1": ([filing(i) for i in range(2 * many)], 1),
                "filings_20": ([filing(i) for i in range(20 * many)], 20),
                "plain_20": ([plain(6) for _ in range(20 * many)], 20),
                f"filings_{large}": ([filing(i)[:3] for i in range(large)], large),
            }
            for name, (scripts, together) in loads.items():
                measured, _ = await run(side, scripts, together)
                side.measured.setdefault(name, []).append(measured)
                say(
                    f"  round {n + 1} {side.name:6} {name:12} {measured['turns_per_s']:7.1f} turns/s  p50 {measured['p50_ms']:7.1f}  p99 {measured['p99_ms']:8.1f} ms  CPU {measured['cpu_ms_per_turn']:6.2f} ms  failed {measured['failed']}"
                )


def machine() -> dict[str, Any]:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "",
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


def ratios(stock: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    """Ours in terms of stock; above 1 is better for `turns_per_s`, below 1 for everything else."""
    out: dict[str, float] = {}
    for name in sorted(set(stock) & set(ours)):
        for key in ("turns_per_s", "p50_ms", "p99_ms", "cpu_ms_per_turn", "wall_s", "cpu_s", "memory_mb", "cpu_ratio"):
            if stock[name].get(key) and key in ours[name]:
                out[f"{name}.{key}"] = ours[name][key] / stock[name][key]
    return out


async def measure(args: argparse.Namespace, work: Path) -> dict[str, Any]:
    port, action_port, ours_port, *pair = free_ports(5)
    stock_folder = assemble(work / "stock", action_port)
    trained: dict[str, dict[str, float]] = {}
    if args.stock_model:
        (stock_folder / "models").mkdir()
        shutil.copy(args.stock_model, stock_folder / "models" / "stock.tar.gz")
    else:
        say("training stock …")
        trained["stock"] = train([sys.executable, "-m", "rasa", "train", "--quiet", "--force"], stock_folder)
    say("training ours …")
    if args.stock_model is None:
        trained["ours"] = train([sys.executable, "-m", "bot", "train", "--force"], ROOT)
    else:
        train([sys.executable, "-m", "bot", "train"], ROOT)
    sides: list[Side] = []
    try:
        say("starting stock …")
        sides.append(start_stock(stock_folder, port, action_port))
        sides[0].once |= {f"start.{k}": v for k, v in (await first_reply(sides[0])).items()}
        say("starting ours …")
        sides.append(start_ours(work / "ours", [ours_port]))
        sides[1].once |= {f"start.{k}": v for k, v in (await first_reply(sides[1])).items()}
        scripts = [*(filing(i) for i in range(3)), plain(10)]
        same = await same_words(sides, scripts)
        say(f"the same words in {same['same']} of {same['shared']} shared turns")
        await rounds(sides, args.rounds, args.large)
        for side in sides:
            side.measured["long_talk"] = [await long_talk(side) for _ in range(1 if side.name == "stock" else 3)]
            rate = 80.0 if side.name == "ours" else 5.0
            side.measured["paced"] = [await paced(side, rate, args.paced_seconds)]
            side.once["memory_after_mb"] = side.memory()
        sides[0].stop()
        if args.two:
            say("two processes …")
            two = start_ours(work / "two", pair, "two")
            sides.append(two)
            await first_reply(two)
            for _ in range(args.rounds):
                measured, _ = await run(two, [filing(i) for i in range(60)], 20)
                two.measured.setdefault("filings_20", []).append(measured)
    finally:
        for side in sides:
            side.stop()
    report: dict[str, Any] = {}
    for side in sides:
        report[side.name] = {name: median(rows) for name, rows in side.measured.items()}
        starts = {k.split(".")[1]: v for k, v in side.once.items() if k.startswith("start.")}
        report[side.name] |= {
            "start": starts,
            "train": trained.get(side.name, {}),
            "memory_after_mb": side.once.get("memory_after_mb"),
        }
    result = {
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine(),
        "versions": {p: version(p) for p in PACKAGES}, "byte_code": "written" if not sys.dont_write_bytecode else "not written",
        "rounds": args.rounds, "same_words": same, "measured": report,
        "ratios": ratios(*(_dicts(report[n]) for n in ("stock", "ours"))),
    }  # fmt: skip
    if "two" in report:
        result["ratios_two"] = ratios(_dicts(report["stock"]), _dicts(report["two"]))
    return result


def _dicts(report: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in report.items() if isinstance(v, dict)}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'':34}{'stock':>12}{'ours':>12}{'ratio':>9}"]
    for name, value in result["ratios"].items():
        load, _, key = name.rpartition(".")
        stock, ours = (result["measured"][side][load][key] for side in ("stock", "ours"))
        lines.append(f"{name:34}{stock:12.2f}{ours:12.2f}{value:9.3f}")
    for name, value in result.get("ratios_two", {}).items():
        lines.append(f"{'two processes ' + name:58}{value:9.3f}")
    same = result["same_words"]
    lines.append(f"same words in {same['same']} of {same['shared']} shared turns ({same['turns']} said)")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="sufang bench", description=__doc__)
    p.add_argument("--rounds", type=int, default=3, help="measured rounds of each side (3)")
    p.add_argument("--large", type=int, default=200, help="conversations of the large load (200)")
    p.add_argument("--paced-seconds", type=float, default=15, help="seconds of the paced load (15)")
    p.add_argument("--two", action="store_true", help="also two processes of ours")
    p.add_argument("--stock-model", type=Path, help="a stock model trained before; then training is not measured")
    p.add_argument("--out", type=Path, help="where the JSON goes (benchmarks/results/<date>.json)")
    p.add_argument("--chart", type=Path, help="draw the chart of the README there, as SVG")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    args = parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        result = asyncio.run(measure(args, Path(folder)))
    out = args.out or RESULTS / f"{result['at'][:10]}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if args.chart:
        args.chart.write_text(chart.svg(result), encoding="utf-8")
    print(table(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
