"""How many turns are in work, when there are too many, and the figures for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

#: Turns in work at once; one more would wait for several seconds, so it is told to come back instead.
MOST = 400


class Busy(Exception):
    """Too much is in work. `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("busy")
        self.retry_after = retry_after


class _Counted(Collector):
    """Counters that the channel keeps as plain numbers."""

    def __init__(self, counters: Mapping[str, int]) -> None:
        self._counters = counters

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, value in self._counters.items():
            family = CounterMetricFamily(f"sufang_{name}", f"Number of {name}")
            family.add_metric([], value)
            yield family


class Load:
    """The turns of one process."""

    def __init__(self, counters: Mapping[str, int], most: int = MOST) -> None:
        self.most = most
        self.now = 0
        self._pace = 0.005  # seconds between two finished turns while there is work, smoothed
        self._last = 0.0
        self.registry = CollectorRegistry()
        self.registry.register(_Counted(counters))
        self._seconds = Histogram(
            "sufang_turn_seconds", "Time from a message to its answer", registry=self.registry,
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
        )  # fmt: skip
        self._shed = Counter(
            "sufang_shed", "Messages told to come back because too much was in work", registry=self.registry
        )
        self._failed = Counter("sufang_failed_turns", "Turns that ended in an error", ["kind"], registry=self.registry)
        Gauge("sufang_turns_in_work", "Turns in work now", registry=self.registry).set_function(lambda: float(self.now))
        self.ready = Gauge("sufang_ready", "Whether the last readiness check passed", registry=self.registry)

    def watch(self, name: str, what: str, read: Any) -> None:
        """A figure that is read when it is asked for."""
        Gauge(name, what, registry=self.registry).set_function(read)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around a turn. Raises Busy when too many are in work already."""
        if self.now >= self.most:
            self._shed.inc()
            raise Busy(max(1.0, self.now * self._pace))
        started = time.monotonic()
        self.now += 1
        try:
            yield
        except BaseException as e:
            self._failed.labels(type(e).__name__).inc()
            raise
        finally:
            self.now -= 1
            ended = time.monotonic()
            self._seconds.observe(ended - started)
            if self.now:
                self._pace = 0.95 * self._pace + 0.05 * min(1.0, ended - self._last)
            self._last = ended

    def text(self) -> bytes:
        """For `/metrics`."""
        return generate_latest(self.registry)
