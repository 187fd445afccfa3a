"""A backlog over several machines: Dask distributed (the extra `cluster`).

Dask moves work as pickles, so whoever reaches its ports runs code. Therefore: without an address the cluster is this machine's own,
everything on loopback and over TLS with a certificate that lives as long as the run, which other users of the machine do not have;
a scheduler elsewhere is reached over TLS with certificates of both sides, or not at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client, KilledWorker, LocalCluster, Security
from distributed.client import Future

from bot.hotline.batch import IN_FLIGHT, Item, Outcome, SetAside, one, pieces_of
from bot.petition.advice.engine import Advisor

#: How often a piece of work may see its process die before its files are tried one by one.
ALLOWED_DEATHS = 1


@dataclass(frozen=True)
class Tls:
    """Certificates for a scheduler elsewhere: authority, own certificate and key (PEM files)."""

    ca: Path
    cert: Path
    key: Path

    def security(self) -> Security:
        """As Dask wants it; unencrypted connections are refused."""
        own = {
            f"tls_{who}_{what}": str(getattr(self, what))
            for who in ("client", "scheduler", "worker")
            for what in ("cert", "key")
        }
        return Security(require_encryption=True, tls_ca_file=str(self.ca), **own)


@contextmanager
def client(address: str = "", workers: int = 2, tls: Tls | None = None) -> Iterator[Client]:
    """A client of the scheduler at `address` (tls://…), or of a cluster of this machine alone. Raises ValueError for an open address."""
    with dask.config.set(
        {"distributed.scheduler.allowed-failures": ALLOWED_DEATHS, "distributed.comm.timeouts.connect": "20s"}
    ):
        if address:
            if not address.startswith("tls://") or tls is None:
                raise ValueError("远程的调度器只能走 tls://，并且要有证书")
            with Client(address, security=tls.security(), timeout=20) as connected:
                yield connected
            return
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0", silence_logs=50,
                security=tls.security() if tls else Security.temporary(), protocol="tls://",
            ) as cluster,
            Client(cluster, timeout=60) as connected,
        ):  # fmt: skip
            yield connected


_advisor: Advisor | None = None


def _piece(items: list[Item], make: Callable[[], Advisor]) -> list[Outcome]:
    global _advisor
    if _advisor is None:
        _advisor = make()
    return [one(item, _advisor) for item in items]


def outcomes(items: Iterable[Item], make: Callable[[], Advisor], connected: Client) -> Iterator[tuple[Item, Outcome]]:
    """Every item with its draft or its reason, in order, as `batch.outcomes` gives them. `make` must be importable there."""
    threads = max(1, sum(connected.nthreads().values()))
    waiting: deque[tuple[list[Item], Future]] = deque()
    for piece in pieces_of(items):
        waiting.append((piece, connected.submit(_piece, piece, make, pure=False)))
        if len(waiting) >= threads * IN_FLIGHT:
            yield from _collect(waiting, make, connected)
    while waiting:
        yield from _collect(waiting, make, connected)


def _collect(
    waiting: deque[tuple[list[Item], Any]], make: Callable[[], Advisor], connected: Client
) -> Iterator[tuple[Item, Outcome]]:
    piece, future = waiting.popleft()
    try:
        yield from zip(piece, future.result(), strict=True)
        return
    except KilledWorker:
        pass  # one of these files kills the process that reads it
    for item in piece:
        try:
            yield item, connected.submit(_piece, [item], make, pure=False).result()[0]
        except KilledWorker:
            yield item, SetAside(item.path.name, f"{item.path.name}：处理它的进程多次中断，可能内存不够")
