"""The proxy's configuration and the units are what their own checkers take; one conversation stays at one process."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from bot.runtime.workers import nginx_conf

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: its configuration was not checked")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@needs_nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text(nginx_conf(tmp_path, "127.0.0.1", 6590, [6591, 6592]), encoding="utf-8")
    done = subprocess.run(
        [NGINX, "-e", "stderr", "-t", "-p", tmp_path, "-c", conf], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr


class Named(http.server.BaseHTTPRequestHandler):
    """Answers with the port that it listens on."""

    def do_GET(self) -> None:
        body = json.dumps(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@needs_nginx
def test_a_conversation_stays_at_one_process_and_moves_only_when_that_is_gone(tmp_path: Path) -> None:
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Named) for _ in range(3)]
    for s in servers:
        threading.Thread(target=s.serve_forever, daemon=True).start()
    port = free_port()
    conf = tmp_path / "nginx.conf"
    conf.write_text(nginx_conf(tmp_path, "127.0.0.1", port, [s.server_port for s in servers]), encoding="utf-8")
    proxy = subprocess.Popen([NGINX, "-e", "stderr", "-p", tmp_path, "-c", conf], stderr=subprocess.DEVNULL)

    def ask(conversation: str, how: str = "header") -> int:
        path = f"/chat/history?token={conversation}.9.s" if how == "address" else "/chat/history"
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
        if how == "header":
            request.add_header("Authorization", f"Bearer {conversation}.9.s")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(json.load(answer))

    try:
        conversations = [f"{i:032x}" for i in range(60)]
        for _ in range(50):
            try:
                ask(conversations[0])
                break
            except OSError:
                time.sleep(0.1)
        homes = {c: ask(c) for c in conversations}
        assert len(set(homes.values())) == 3
        assert all(ask(c, how) == home for c, home in homes.items() for how in ("header", "address"))
        gone = servers[0].server_port
        servers[0].shutdown()
        servers[0].server_close()
        moved = {c: ask(c) for c in conversations}
        assert all(moved[c] == home for c, home in homes.items() if home != gone)
        assert gone not in moved.values()
    finally:
        proxy.terminate()
        proxy.wait(10)
        for s in servers[1:]:
            s.shutdown()
            s.server_close()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the unit was not checked"
)
def test_systemd_takes_the_unit() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", ROOT / "deploy/systemd/sufang.service"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    theirs = [line for line in done.stderr.splitlines() if "sufang.service" in line and "not executable" not in line]
    assert theirs == []


def test_the_kubernetes_objects_belong_together() -> None:
    objects = {
        o["kind"]: o for o in yaml.safe_load_all((ROOT / "deploy/kubernetes/sufang.yml").read_text(encoding="utf-8"))
    }
    pod = objects["StatefulSet"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    ports = {p["name"] for p in container["ports"]}
    labels = pod["metadata"]["labels"].items()
    for kind in ("StatefulSet", "PodDisruptionBudget"):
        assert objects[kind]["spec"]["selector"]["matchLabels"].items() <= labels
    assert objects["Service"]["spec"]["selector"].items() <= labels
    assert {p["targetPort"] for p in objects["Service"]["spec"]["ports"]} <= ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
        assert container[probe]["httpGet"]["path"] in ("/healthz", "/readyz")
    assert container["resources"]["limits"]["memory"]
    from bot.settings import Settings

    known = Settings.describe()
    assert all(e["name"] in known for e in container["env"])
