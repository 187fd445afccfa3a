"""Many turns in one process: does its memory grow, does a turn get slower? `python -m benchmarks.soak --turns 200000`."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from benchmarks.conversations import filing, plain
from benchmarks.side_by_side import first_reply, free_ports, run, say, start_ours


async def soak(turns: int, together: int, folder: Path) -> list[dict[str, float]]:
    """A row for each tenth: turns so far, memory, CPU of a turn."""
    side = start_ours(folder, free_ports(1))
    rows: list[dict[str, float]] = []
    try:
        await first_reply(side)
        done = 0.0
        while done < turns:
            part, _ = await run(side, [[*filing(i), *plain(8)] for i in range(max(together, turns // 200))], together)
            done += part["turns"]
            rows.append(
                {
                    "turns": done,
                    "memory_mb": side.memory(),
                    "cpu_ms_per_turn": part["cpu_ms_per_turn"],
                    "failed": part["failed"],
                }
            )
            say(json.dumps(rows[-1]))
    finally:
        side.stop()
    return rows


def main() -> int:
    """Entry point; fails when memory grew by more than a tenth over the second half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200_000)
    parser.add_argument("--together", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        rows = asyncio.run(soak(args.turns, args.together, Path(folder) / "data"))
    half, last = rows[len(rows) // 2]["memory_mb"], rows[-1]["memory_mb"]
    print(f"{rows[-1]['turns']:.0f} turns: {half:.0f} MB at half, {last:.0f} MB at the end")
    return 1 if last > half * 1.1 else 0


if __name__ == "__main__":
    raise SystemExit(main())
