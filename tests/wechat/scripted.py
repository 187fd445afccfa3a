"""A worker whose bot does what its message says: the real channel in a process of its own, without Rasa's agent.

Usage: python tests/wechat/scripted.py PORT TURN_LIMIT. Like the real tracker, the bot writes a turn down before it answers.
"""

# ruff: noqa: E402  the import that defers others comes first
from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.runtime import lazy_import

lazy_import.install()  # as the served process does; a worker is started many times

from sanic import Sanic

from bot.channels.wechat.channel import WeChatChannel
from bot.settings import Settings
from bot.storage.chat import EventLog
from bot.storage.open import open_cases, open_engine, open_keyring, upgrade

LONG = "这是一段很长的说明，讲一件事要从头讲起，一句一句讲清楚才行。" * 60


class ScriptedBot:
    """`慢n …` takes n seconds, `永不` for ever, `死` kills the process once between its turn and its answer, `长n` says n long messages."""

    def __init__(self, log: EventLog, data: Path) -> None:
        self._log, self._data = log, data

    async def handle(self, message: Any) -> None:
        text = message.text
        if text.startswith("慢"):
            await asyncio.sleep(float(text[1:].split(" ")[0]))
        if text == "永不":
            await asyncio.sleep(3600)
        if text == "坏":
            raise RuntimeError("simulated")
        said: list[dict[str, Any]] = [{"text": f"收到：{text}"}]
        if text.startswith("长"):
            said += [{"text": f"第{i + 1}段。" + LONG} for i in range(int(text[1:]))]
        if text == "选":
            said[0]["buttons"] = [
                {"title": "帮我登记", "payload": "/file_it"},
                {"title": "先不登记", "payload": "/not_now"},
            ]
        if text == "提交":
            said[0]["custom"] = {"kind": "receipt", "case_no": (self._data / "case").read_text()}
        parsed = (message.parse_data or {}).get("intent", {}).get("name")
        if parsed:
            said = [{"text": f"按了：{parsed}"}]
        rows = await asyncio.to_thread(self._log.read, message.sender_id)
        user = {"event": "user", "message_id": message.message_id, "text": text}
        new = [json.dumps(e) for e in (user, *({"event": "bot", **m} for m in said))]
        await asyncio.to_thread(self._log.append, message.sender_id, len(rows), new)
        if text == "死" and not (self._data / "died").exists():
            (self._data / "died").touch()
            os.kill(os.getpid(), 9)
        for m in said:
            await message.output_channel.send_response(message.sender_id, m)

    async def said(self, conversation: str, message_id: str) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        inside = False
        for row in await asyncio.to_thread(self._log.read, conversation):
            event = json.loads(row)
            if event.pop("event") == "user":
                inside = event["message_id"] == message_id
            elif inside:
                out.append(event)
        return out


def main(port: int, turn_limit: float) -> None:
    settings = Settings.from_env()
    upgrade(settings.database_url)
    engine, keys = open_engine(settings), open_keyring(settings)
    bot = ScriptedBot(EventLog(engine, keys), settings.data_dir)
    channel = WeChatChannel(settings, engine, keys, open_cases(settings), turn_limit)
    channel.turns.recover = bot.said
    app = Sanic("scripted", configure_logging=False)
    app.config.ACCESS_LOG = False
    app.blueprint(channel.blueprint(bot.handle), url_prefix=channel.url_prefix())
    app.run("127.0.0.1", port, workers=1, access_log=False, debug=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
