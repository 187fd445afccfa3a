"""A backlog on Dask: the same drafts as one process makes, a killed worker, a file that kills, no open port."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hotline.making import calls, write

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client, LocalCluster

from bot.hotline import batch, cluster
from bot.hotline.batch import Item, SetAside, files_of, items_of
from bot.hotline.cluster import Tls
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


def _certificates(folder: Path, authority: str) -> Tls:
    """An authority of its own and one certificate of it, good for a day."""
    folder.mkdir()
    now = datetime.now(timezone.utc)

    def make(name: str, signer: tuple[Any, Any] | None) -> tuple[Any, Any]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = x509.CertificateBuilder().subject_name(subject).issuer_name(signer[0].subject if signer else subject)
        own = own.public_key(key.public_key()).serial_number(x509.random_serial_number())
        own = own.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        own = own.add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        return own.sign(signer[1] if signer else key, hashes.SHA256()), key

    ca = make(authority, None)
    cert, key = make("sufang", ca)
    pem = serialization.Encoding.PEM
    written = {
        "ca": ca[0].public_bytes(pem), "cert": cert.public_bytes(pem),
        "key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    }  # fmt: skip
    for name, content in written.items():
        (folder / f"{name}.pem").write_bytes(content)
    return Tls(*(folder / f"{n}.pem" for n in ("ca", "cert", "key")))


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, Tls]]:
    """A scheduler with a worker, as somebody else runs it, over TLS; its address and certificates that it trusts."""
    tls = _certificates(tmp_path / "tls", "ours")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50, security=tls.security(), protocol="tls://",
    ) as running:  # fmt: skip
        yield running.scheduler_address, tls


def test_a_scheduler_elsewhere_works_over_tls(items: list[Item], advisor, scheduler: tuple[str, Tls]) -> None:
    address, tls = scheduler
    assert address.startswith("tls://")
    with cluster.client(address, tls=tls) as connected:
        found = list(cluster.outcomes(items[:20], MAKE, connected))
    assert found == list(batch.outcomes(items[:20], lambda: advisor))


def _let_in(address: str, tls: Tls | None) -> bool:
    """Whether the port at `address` talks to somebody who asks for no proof but shows this certificate, or none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls:
        context.load_cert_chain(tls.cert, tls.key)
    host, port = address.rsplit("/", 1)[1].split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=5) as plain, context.wrap_socket(plain) as s:
            return bool(s.recv(1))
    except OSError:  # refused by alert or by hanging up
        return False


def test_nobody_without_a_certificate_of_the_authority_reaches_the_scheduler(
    tmp_path: Path, scheduler: tuple[str, Tls]
) -> None:
    address, tls = scheduler
    assert _let_in(address, tls)
    assert not _let_in(address, None)
    assert not _let_in(address, _certificates(tmp_path / "strangers", "theirs"))
    with pytest.raises(OSError, match="Timed out"), Client(address.replace("tls", "tcp"), timeout=3):
        pass


def test_the_machines_own_cluster_is_closed_to_its_other_users(tmp_path: Path) -> None:
    with cluster.client(workers=1) as connected:
        ports = [connected.scheduler.address, *connected.scheduler_info()["workers"]]
        assert len(ports) == 2
        for address in ports:
            assert address.startswith("tls://127.0.0.1:")
            assert not _let_in(address, None)
            assert not _let_in(address, _certificates(tmp_path / address[-5:].strip(":"), "theirs"))
        with pytest.raises(OSError, match="Timed out"), Client(ports[0].replace("tls", "tcp"), timeout=3):
            pass


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tls://10.0.0.1:8786", "10.0.0.1:8786"])
def test_an_open_scheduler_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="证书"), cluster.client(address):
        pass
