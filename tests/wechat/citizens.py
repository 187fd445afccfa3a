"""Lets simulated citizens speak as followers of the account, through the simulated platform, to the real bot.

    python tests/wechat/citizens.py CONVERSE.py PERSONAS.jsonl [--only ID] [--mode safe|compatible|plain] [-v]

CONVERSE.py is the program that lets the same citizens talk over HTTP; here only its client is another. A turn counts when its
answer stands on the follower's screen as well. The message objects come from the simulator's test hook.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import secrets
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from serving import Server  # noqa: E402
from wechat_stage import ACCOUNT, account, free_port  # noqa: E402

from bot.channels.wechat.simulator import Platform  # noqa: E402


class Follower:
    """The client of one citizen: the same two calls as over HTTP."""

    def __init__(self, platform: Platform, loop: asyncio.AbstractEventLoop) -> None:
        self._platform, self._loop = platform, loop
        self._openid = "o-" + secrets.token_hex(12)

    def start(self) -> list[dict[str, Any]]:
        """Follows the account; the greeting stands on the screen."""
        self._wait(self._platform.event(self._openid, "subscribe"))
        shown = self._wait(self._platform.seen(self._openid, "", 0))
        return [{"text": s.text} for s in shown]

    def say(self, text: str) -> list[dict[str, Any]]:
        """Says something; returns the turn's message objects once its first answer is on the screen."""
        count = len(self._platform.person(self._openid).screen)
        number = self._wait(self._platform.say(self._openid, text))
        messages: list[dict[str, Any]] = self._wait(self._platform.turn(number))
        shown = self._wait(self._platform.seen(self._openid, number, count))
        first = "".join(messages[0]["text"].split())[:12]
        if not any(s.via != "platform" for s in shown) or not first:
            raise RuntimeError("nothing on the screen")
        return messages

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)


def load(path: Path) -> ModuleType:
    """The program at `path` as a module."""
    spec = importlib.util.spec_from_file_location("converse", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("converse", type=Path)
    parser.add_argument("personas", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--mode", default="safe", choices=["safe", "compatible", "plain"])
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    converse = load(args.converse)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    port = free_port()
    api = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data", **ACCOUNT, SUFANG_WECHAT_API_BASE=api)
        platform = Platform(account(api), f"{server.base}/channels/wechat", args.mode)
        asyncio.run_coroutine_threadsafe(platform.start(port), loop).result(30)
        succeeded = total = 0
        try:
            server.start()
            for line in args.personas.read_text(encoding="utf-8").splitlines():
                persona = json.loads(line)
                if args.only and persona["id"] != args.only:
                    continue
                total += 1
                try:
                    result = converse.talk(Follower(platform, loop), persona, args.verbose)
                except Exception as e:
                    result = {"ok": False, "faults": [f"{type(e).__name__}: {e}"], "turns": 0}
                succeeded += result["ok"]
                print(
                    "ok  " if result["ok"] else "FAIL", persona["id"], f"({result['turns']} turns)", *result["faults"]
                )
            bubbles = [s for p in platform.people.values() for s in p.screen]
            sent = {via: sum(s.via == via for s in bubbles) for via in ("passive", "service", "platform")}
            print(json.dumps({"n": total, "succeeded": succeeded, "bubbles": sent}))
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop()
            asyncio.run_coroutine_threadsafe(platform.stop(), loop).result(30)
    return 0 if succeeded == total else 1


if __name__ == "__main__":
    sys.exit(main())
