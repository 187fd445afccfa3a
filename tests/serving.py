"""A real server as a process of its own, for contract, fault and browser tests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class Server:
    """`python -m bot serve` on a free port with data of its own. May be killed and started again on the same data."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.settings, self.process = data, settings, None
        data.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            (data / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
        with socket.socket() as s, socket.socket() as desk:
            for one in (s, desk):
                one.bind(("127.0.0.1", 0))
            self.port, self.desk_port = s.getsockname()[1], desk.getsockname()[1]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUFANG_")}
        env |= {
            "SUFANG_ENV": "test",
            "SUFANG_NOW": "2026-11-23",
            "SUFANG_RATE_LIMITS": "off",
            "SUFANG_DATA_DIR": str(self.data),
            "SUFANG_PORT": str(self.port),
            "SUFANG_DESK_PORT": str(self.desk_port),
        }
        self.log = (self.data / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=env | self.settings, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError((self.data / "serve.log").read_text(encoding="utf-8")[-3000:])
            with contextlib.suppress(OSError):
                if self.call("GET", "/readyz")[0] == 200:
                    return self
            time.sleep(0.2)
        raise RuntimeError("the server did not get ready")

    def stop(self, how: int = signal.SIGINT) -> int:
        """Sends a signal and waits for the end."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.log.close()
        return code

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = "",
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> tuple[int, Any]:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json", **(headers or {})}, method=method
        )
        if token:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=60) as r:
                payload, status = r.read(), r.status
        except urllib.error.HTTPError as e:
            payload, status = e.read(), e.code
        try:
            return status, json.loads(payload)
        except ValueError:
            return status, payload.decode("utf-8", "replace")


class Citizen:
    """One person on the page."""

    def __init__(self, server: Server) -> None:
        self.server = server
        status, session = server.call("POST", "/chat/session", {})
        assert status == 201, session
        self.token, self.greeting = session["token"], session["messages"]

    def send(self, key: str | None = None, **what: Any) -> tuple[int, Any]:
        return self.server.call("POST", "/chat/messages", {"id": key or uuid.uuid4().hex, **what}, self.token)

    def say(self, text: str, key: str | None = None) -> list[dict[str, Any]]:
        status, answer = self.send(key, text=text)
        assert status == 200, answer
        return answer["messages"]

    def kinds(self, text: str) -> list[str | None]:
        return [(m.get("custom") or {}).get("kind") for m in self.say(text)]

    def to_summary(self) -> list[dict[str, Any]]:
        """A whole story up to the summary."""
        for text in (
            "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了",
            "帮我登记",
            "要求装净化设备",
            "昆明市五华区莲花街道翠湖里小区",
            "老灶台川菜馆",
            "李春梅",
        ):
            self.say(text)
        return self.say("13800001234")
