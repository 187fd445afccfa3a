"""Several serving processes on one machine behind nginx, each conversation always at the same one.

The processes are plain `sufang serve` on loopback ports; nginx hashes on the conversation id, which is the first part of the signed
token. If a process dies it is started again, and meanwhile its conversations go to the next one, which reads them from the database.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from bot.settings import Settings

#: Seconds after which a process that ended is started again; doubled each time it ends early, up to the most.
FIRST_WAIT, MOST_WAIT = 1.0, 30.0
#: A process that lived this long is well.
WELL_AFTER = 60.0
#: Seconds for the running turns when everything is stopped.
STOP_WITHIN = 40.0

_NGINX = """# Written by `sufang serve --workers {count}`; changes are lost at the next start.
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server_tokens off;
    client_max_body_size 11m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;

    # The conversation: first part of the bearer token, or of the token in a socket's address. A new one goes anywhere.
    map $http_authorization $from_header {{
        default "";
        "~^[Bb]earer (?<header_id>[0-9a-f]{{32}})\\." $header_id;
    }}
    map $arg_token $from_address {{
        default "";
        "~^(?<address_id>[0-9a-f]{{32}})\\." $address_id;
    }}
    map "$from_header$from_address" $conversation {{
        default "$from_header$from_address";
        "" $request_id;
    }}
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        "" "";
    }}
    upstream workers {{
        hash $conversation consistent;
{servers}
        keepalive 64;
    }}
    server {{
        listen {host}:{port} backlog=1024;
        location / {{
            proxy_pass http://workers;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 2s;
            proxy_read_timeout 65s;
            # Only what no process has begun is tried at the next one.
            proxy_next_upstream error timeout;
            proxy_next_upstream_tries 2;
        }}
        # Figures and health are of one process each: ask those on their own ports.
        location = /metrics {{ return 404; }}
    }}
}}
"""


def nginx_conf(folder: Path, host: str, port: int, ports: list[int]) -> str:
    """The proxy's configuration."""
    servers = "\n".join(f"        server 127.0.0.1:{p} max_fails=2 fail_timeout=5s;" for p in ports)
    return _NGINX.format(count=len(ports), folder=folder, servers=servers, host=host, port=port)


class Worker:
    """One serving process that is started again when it ends."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._command, self._env = command, env
        self._wait, self._due = FIRST_WAIT, 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def keep(self, now: float) -> None:
        """Starts it when it is not running and its time has come."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            well = now - self._started > WELL_AFTER
            self._wait = FIRST_WAIT if well else min(MOST_WAIT, self._wait * 2)
            self._due, self.process = now + self._wait, None
            print(f"一个进程结束了，{self._wait:.0f} 秒后重新启动", file=sys.stderr)
        if now >= self._due:
            self._started = now
            self.process = subprocess.Popen(self._command, env=self._env)

    def signal(self, how: int) -> None:
        """Sends a signal if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)


def run(settings: Settings, count: int) -> int:
    """Serves with `count` processes until SIGINT or SIGTERM. Exit code."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        print("多个进程要有 nginx 在前面分配对话，这台机器上没有；装好 nginx 再试，或者不加 --workers", file=sys.stderr)
        return 1
    if settings.database_url.startswith("sqlite"):
        print("提示：多个进程共用 SQLite 要互相等，人多时请用 PostgreSQL（SUFANG_DATABASE_URL）", file=sys.stderr)
    folder = settings.data_dir / "proxy"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = [settings.port + 10 + i for i in range(count)]
    conf = folder / "nginx.conf"
    conf.write_text(nginx_conf(folder, settings.host, settings.port, ports), encoding="utf-8")
    workers = []
    for i, port in enumerate(ports):
        env = os.environ | {"SUFANG_PORT": str(port), "SUFANG_HOST": "127.0.0.1", "SUFANG_PROXIES": "1"}
        command = [sys.executable, "-m", "bot", "serve", *([] if i == 0 else ["--no-desk"])]
        workers.append(Worker(command, env))
    proxy = Worker([nginx, "-e", "stderr", "-p", str(folder), "-c", str(conf)], dict(os.environ))
    print(
        f"{count} 个进程，对外地址 http://{settings.host}:{settings.port}/（进程在端口 {ports[0]} 到 {ports[-1]}）",
        flush=True,
    )
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while not stopping:
        for one in (*workers, proxy):
            one.keep(time.monotonic())
        time.sleep(0.5)
    proxy.signal(signal.SIGQUIT)  # finishes what it has begun
    _wait([proxy], 10)
    for one in workers:
        one.signal(signal.SIGTERM)
    _wait(workers, STOP_WITHIN)
    return 0


def _wait(workers: list[Worker], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for one in workers:
        if one.process is not None:
            try:
                one.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.process.kill()
