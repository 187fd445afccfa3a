"""What a real screen reader says during a filing: `python tests/browser/listen.py` needs a desktop of its own (`apt install orca xvfb openbox dbus at-spi2-core`).

Orca runs beside a Chromium with a window on a screen that nobody sees; its own log says what it would speak. The filing is done by
keyboard alone. Prints what was said and fails when an answer was not said, was said twice, or was said in pieces. Not a test of `make
test`: few machines have it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from serving import Server  # noqa: E402

from browser.conftest import STORY, TURNS  # noqa: E402
from browser.driver import Browser, chromium  # noqa: E402

SAID = re.compile(r"^(\d\d:\d\d:\d\d\.\d+) - SPEECH OUTPUT: '(.*?)'\s*(?:\{.*?\}|voice=\S+.*?)?$", re.S)
PAUSE = 3


def now() -> str:
    """The time as Orca's log writes it."""
    return datetime.now().strftime("%H:%M:%S.%f")


def heard(log: Path) -> list[tuple[str, str]]:
    """When something was said, and what. The log is complete once Orca has ended."""
    entries = re.split(r"\n(?=\d\d:\d\d:\d\d\.\d+ - )", log.read_text(encoding="utf-8", errors="replace"))
    return [(m[1], " ".join(m[2].split())) for e in entries if (m := SAID.search(e.split("\n\n")[0]))]


def filing(debugger: str) -> list[tuple[str, str]]:
    """Every deed and when; one that an answer follows ends with "!"."""
    page = Browser(debugger).page("")
    done = [("00:00", "the page opens")]

    def deed(what: str, code: str, **args: str) -> None:
        done.append((now(), what))
        page.js(code, **args)
        page.until("!document.querySelector('.dots')")
        time.sleep(PAUSE)

    to = (
        "for (let i = 0; i < 60; i++) { await page.keyboard.press('Shift+Tab');"
        "if (await page.evaluate(n => [document.activeElement.getAttribute('aria-label'), document.activeElement.textContent.trim()].includes(n), args.name)) break }"
    )
    deed("Tab", "await page.keyboard.press('Tab')")
    deed("Enter", "await page.keyboard.press('Enter')")
    say = "await page.keyboard.insertText(args.text); await page.keyboard.press('Enter')"
    deed(f"{STORY} + Enter!", say, text=STORY)
    deed("Shift+Tab to 帮我登记", to, name="帮我登记")
    deed("Enter!", "await page.keyboard.press('Enter')")
    for text in TURNS:
        deed(f"{text} + Enter!", say, text=text)
    deed("Shift+Tab to 修改第 7 项", to, name="修改第 7 项：电话")
    deed("Enter", "await page.keyboard.press('Enter')")
    deed("Escape", "await page.keyboard.press('Escape')")
    deed("Shift+Tab to 确认提交", to, name="确认提交")
    deed("Enter!", "await page.keyboard.press('Enter')")
    return done


def judge(done: list[tuple[str, list[str]]]) -> list[str]:
    """What was wrong."""
    wrong = []
    for what, said in done:
        answers = [s for s in said if s.startswith("诉访通：")]
        if what.endswith("!") and len(answers) != 1:
            wrong.append(f"after {what!r} the answer was said {len(answers)} times")
        for whole in answers:
            pieces = [s for s in said if s != whole and len(s) > 3 and s in whole and s != "正在处理"]
            if pieces:
                wrong.append(f"after {what!r} said in pieces: {pieces}")
    everything = " ".join(s for _, said in done for s in said)
    wrong += [
        f"never said: {w}"
        for w in ("跳到输入框", "在这里输入您想说的话", "第1步，共4步", "请您看看对不对", "编号：", "查询码：")
        if w not in everything
    ]
    return wrong


def inside() -> int:
    """On the screen of its own, with a session bus of its own."""
    home = Path(tempfile.mkdtemp())
    (home / "quiet").mkdir()
    # Without a speech server Orca still writes down what it would say, and waits for nobody.
    (home / "quiet" / "speechd.py").write_text('raise ImportError("nobody listens")\n')
    profile = home / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text('{"translate":{"enabled":false}}')
    env = os.environ | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **more: str) -> None:
        running.append(subprocess.Popen(command, env=env | more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    server = Server(home / "data").start()
    try:
        start("openbox")
        start("/usr/libexec/at-spi-bus-launcher", "--launch-immediately")
        time.sleep(1)
        for what in ("IsEnabled", "ScreenReaderEnabled"):
            subprocess.run(
                ["dbus-send", "--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties.Set", "string:org.a11y.Status", f"string:{what}", "variant:boolean:true"],
                env=env, stdout=subprocess.DEVNULL, check=True,
            )  # fmt: skip
        start(str(chromium()), "--no-sandbox", "--disable-gpu", "--force-renderer-accessibility", "--no-first-run", f"--user-data-dir={home / 'profile'}", f"--remote-debugging-port={port}", "--window-size=900,900", f"--app={server.base}/")  # fmt: skip
        time.sleep(8)
        start("orca", "--debug", f"--debug-file={home / 'orca.log'}", "--enable=speech", "--disable=braille", LANGUAGE="en", PYTHONPATH=str(home / "quiet"))  # fmt: skip
        time.sleep(6)
        deeds = filing(f"http://127.0.0.1:{port}")
    finally:
        for one in reversed(running):
            one.terminate()
            one.wait(20)
        server.stop()
    said = heard(home / "orca.log")
    ends = [at for at, _ in deeds[1:]] + ["99"]
    done = [(what, [s for at, s in said if begin <= at < end]) for (begin, what), end in zip(deeds, ends, strict=True)]
    for what, lines in done:
        print("\n".join([f"\n[{what}]", *("  " + line for line in lines)]))
    wrong = judge(done)
    print("\n" + ("\n".join(wrong) or "every answer was said once, in order and as a whole"))
    return 1 if wrong else 0


def main() -> int:
    if "--inside" in sys.argv:
        return inside()
    lacking = [
        n for n in ("orca", "Xvfb", "xvfb-run", "openbox", "dbus-run-session", "dbus-send") if not shutil.which(n)
    ]
    if lacking or chromium() is None:
        print("not here: " + ", ".join(lacking or ["chromium"]), file=sys.stderr)
        return 2
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24", "dbus-run-session", "--", sys.executable, __file__]
    return subprocess.run([*command, "--inside"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
