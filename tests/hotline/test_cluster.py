"""A backlog on Dask: the same drafts as one process makes, a killed worker, a file that kills, no open port."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hotline.making import calls, write

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

import psutil

from bot.hotline import batch, cluster
from bot.hotline.batch import Item, SetAside, files_of, items_of
from bot.hotline.command import load_advisor

ROOT = Path(__file__).parent.parent.parent
CALLS = calls()
MAKE = partial(load_advisor, str(ROOT / "var" / "models"), "")


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    for n in range(3):
        for c in CALLS:
            write(tmp_path, f"{c['id']}{n}", c["format"], c["turns"])
    (tmp_path / "broken.json").write_text("{}", encoding="utf-8")
    return items_of(files_of([tmp_path]), {})


def _dies(item: Item, advisor: Any) -> Any:
    if "poison" in item.path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch.one(item, advisor)


def _make_dying() -> Any:
    cluster.one = _dies
    return MAKE()


def test_the_cluster_makes_what_one_process_makes_and_only_loopback_hears_it(items: list[Item], advisor) -> None:
    with cluster.client(workers=2) as connected:
        ours = [psutil.Process(), *psutil.Process().children(recursive=True)]
        heard_on = {c.laddr.ip for p in ours for c in p.net_connections() if c.status == psutil.CONN_LISTEN}
        assert heard_on == {"127.0.0.1"}
        found = list(cluster.outcomes(items, MAKE, connected))
    assert found == list(batch.outcomes(items, lambda: advisor))


def test_a_killed_worker_and_a_file_that_kills_lose_no_other(items: list[Item], tmp_path: Path) -> None:
    write(tmp_path, "poison", "txt", CALLS[0]["turns"])
    items = items_of(files_of([tmp_path]), {})
    with cluster.client(workers=2) as connected:
        pids = list(connected.run(os.getpid).values())
        made = cluster.outcomes(items, _make_dying, connected)
        found = [next(made)]
        os.kill(pids[0], signal.SIGKILL)
        found += list(made)
    assert [i for i, _ in found] == items
    aside = {i.path.name: o.reason for i, o in found if isinstance(o, SetAside)}
    assert set(aside) == {"broken.json", "poison.txt"}
    assert "中断" in aside["poison.txt"]


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tls://10.0.0.1:8786", "10.0.0.1:8786"])
def test_an_open_scheduler_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="证书"), cluster.client(address):
        pass
