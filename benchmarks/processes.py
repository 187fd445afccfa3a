"""Starting servers and reading what they cost."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """A process and its children."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str], log: Path) -> None:
        self.started = time.perf_counter()
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def pids(self) -> list[int]:
        """The process and everything below it."""
        below: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            below.setdefault(int(fields[1]), []).append(int(path.parent.name))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += below.get(pid, [])
        return found

    def cpu(self) -> float:
        """CPU seconds used so far, of ended threads too; to a hundredth."""
        total = 0
        for pid in self.pids():
            fields = _read(pid, "stat").rpartition(")")[2].split()
            total += sum(map(int, fields[11:13])) if fields else 0
        return total / TICK

    def fine_cpu(self) -> float:
        """CPU seconds of the threads that live now, to the nanosecond: for windows of a few turns."""
        total = 0
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    total += int(task.read_text().split()[0])
                except (OSError, IndexError):
                    continue
        return total / 1e9

    def memory(self) -> float:
        """Resident memory in MB."""
        return sum(int((_read(p, "statm").split() or ["0", "0"])[1]) * PAGE for p in self.pids()) / 1e6

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Asks it to end, then makes it."""
        if self.alive():
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(30)
        self._log.close()


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
