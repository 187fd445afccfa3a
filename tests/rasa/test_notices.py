"""What the desk tells a conversation unasked is in its history: new ones once, all of them when the page is opened again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from filings import filing


class Asked:
    """A request for the history."""

    def __init__(self, after: str) -> None:
        self.args = {"after": after}


def test_a_notice_is_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.channels.web import WebChannel
    from bot.settings import Settings
    from bot.storage.open import upgrade

    for name, value in (("ENV", "test"), ("NOW", "2026-11-23"), ("DATA_DIR", str(tmp_path))):
        monkeypatch.setenv(f"SUFANG_{name}", value)
    settings = Settings.from_env()
    upgrade(settings.database_url)
    web = WebChannel.from_credentials(None)
    now, today = settings.now(), settings.today()
    number = web._cases.file(filing(conversation="c9"), now, today).case_no
    web._cases.transition(number, "dispatched", "x", "clerk", {"kind": "转送", "agency": "城管"}, now, today)
    monkeypatch.setattr(web, "_conversation", lambda request: "c9")
    told = [json.loads(asyncio.run(web._history(Asked(after))).body)["messages"] for after in ("3", "3", "0")]
    assert [len(messages) for messages in told] == [1, 0, 1]
    assert told[0][0]["custom"]["kind"] == "notice"
    assert told[0][0]["from"] == "bot"
