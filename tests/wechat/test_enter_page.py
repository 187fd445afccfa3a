"""The way from the chat to the page, run in Node with the few things of a browser that it uses."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import bot.channels.wechat

SCRIPT = Path(bot.channels.wechat.__file__).parent / "static" / "enter.js"
BROWSER = """
const kept = new Map(Object.entries(JSON.parse(process.argv[1])));
const buttons = [], went = [];
const state = { textContent: "", after: (b) => buttons.push(b) };
globalThis.localStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
globalThis.document = { getElementById: () => state, createElement: () => ({ addEventListener(_, work) { this.work = work; } }) };
globalThis.location = { hash: "#ticket", pathname: "/channels/wechat/page", replace: (to) => went.push(to) };
globalThis.history = { replaceState() {} };
globalThis.fetch = async () => ({ ok: true, json: async () => ({ token: "fromwechat.2.sig" }) });
new Function(require("fs").readFileSync(process.argv[2], "utf8"))();
setTimeout(() => {
  const asked = buttons.map((b) => b.textContent);
  const press = process.argv[3];
  if (press) buttons.find((b) => b.textContent === press).work();
  console.log(JSON.stringify({ asked, went, kept: Object.fromEntries(kept), said: state.textContent }));
}, 20);
"""


def opened(kept: dict[str, str], press: str = "") -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the page's script is not run")
    done = subprocess.run(
        [node, "-e", BROWSER, json.dumps(kept), str(SCRIPT), press],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_browser_without_a_conversation_opens_the_one_of_the_link() -> None:
    told = opened({})
    assert (told["asked"], told["went"]) == ([], ["/"])
    assert told["kept"] == {"sufang-token": "fromwechat.2.sig"}


def test_the_same_conversation_keeps_what_was_typed() -> None:
    told = opened({"sufang-token": "fromwechat.1.old", "sufang-draft": "还没写完"})
    assert told["asked"] == []
    assert told["kept"] == {"sufang-token": "fromwechat.2.sig", "sufang-draft": "还没写完"}


def test_another_conversation_is_not_left_without_asking() -> None:
    mine = {"sufang-token": "mine.1.sig", "sufang-draft": "我要举报", "sufang-unsent": "[1]"}
    told = opened(mine)
    assert told["went"] == []
    assert told["kept"] == mine
    assert "另一次对话" in told["said"]
    assert opened(mine, "留在原来的对话")["kept"] == mine
    left = opened(mine, "打开微信里的对话")
    assert left["kept"] == {"sufang-token": "fromwechat.2.sig"}  # what was typed in the other one does not go along
    assert left["went"] == ["/"]
