"""A headless Chromium over its own protocol: enough to press keys, read the page and take a picture."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets import connect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
]


def chromium() -> str | None:
    """The browser's path, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """One tab."""

    def __init__(self, width: int = 420, height: int = 860) -> None:
        self._profile = tempfile.mkdtemp()
        command = [
            str(chromium()),
            *FLAGS,
            f"--user-data-dir={self._profile}",
            f"--window-size={width},{height}",
            "about:blank",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self._port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as r:
            target = next(t for t in json.load(r) if t["type"] == "page")
        self._loop = asyncio.new_event_loop()
        self._socket = self._loop.run_until_complete(self._connect(target["webSocketDebuggerUrl"]))
        self._n = 0
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=False)

    @staticmethod
    async def _connect(url: str) -> Any:
        return await connect(url, max_size=None, ping_interval=None)

    def _port(self) -> str:
        file = Path(self._profile) / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, IndexError):
                return file.read_text().splitlines()[0]
            time.sleep(0.05)
        raise RuntimeError("chromium did not start")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._n += 1
        self._loop.run_until_complete(
            self._socket.send(json.dumps({"id": self._n, "method": method, "params": params}))
        )
        while True:
            message = json.loads(self._loop.run_until_complete(asyncio.wait_for(self._socket.recv(), 60)))
            if message.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.errors.append(json.dumps(message["params"], ensure_ascii=False)[:300])
            if message.get("id") == self._n:
                return message.get("result", {})

    def run(self, script: str) -> Any:
        done = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return done.get("result", {}).get("value")

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def until(self, script: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self.run(f"!!({script})"):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {script}")
            time.sleep(0.05)

    def kinds(self) -> list[str]:
        return self.run("[...document.querySelectorAll('#log [data-kind]')].map(e => e.dataset.kind)")

    def type(self, text: str) -> None:
        """Types into the focused box and sends with the Enter key, as a person does."""
        before = self.run("document.querySelectorAll('#log .turn').length")
        self.run("document.getElementById('words').focus()")
        self.send("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13)
        self.until(
            f"document.querySelectorAll('#log .turn').length >= {before} + 2 && document.getElementById('state').textContent === ''"
        )

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._loop.run_until_complete(self._socket.close())
        self._loop.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        shutil.rmtree(self._profile, ignore_errors=True)
