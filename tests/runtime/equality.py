"""Two agents with the same model: Rasa as it comes, and ours. Random conversations are said to both and everything is compared.

The stock one: `Agent`, `MessageProcessor`, `RulePolicy`, `SQLTrackerStore`, actions through a JSON round trip as over HTTP.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.output import MessageCollector, unanswered
from bot.petition.dialogue import intake
from bot.runtime.in_process import InProcessEndpoint
from bot.runtime.live_store import LiveTrackerStore
from bot.runtime.lock_store import WaitingLockStore
from bot.runtime.processor import FastAgent
from bot.storage.chat import EventLog
from bot.storage.crypto import Keyring
from bot.storage.open import make_engine, upgrade
from bot.storage.turns import TurnLog

STORIES = (
    "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了",
    "我在工地干了半年，老板拖欠我三万块工资不给，一共二十多个人",
    "村里把我家两亩地占了修路，补偿款到现在没有给",
    "孩子在学校被老师打了，学校说没有这回事，我们想要个说法",
    "建议在人民路口加一个红绿灯，天天堵车",
)
ANSWERS = (
    "要求装净化设备", "把钱还给我", "昆明市五华区莲花街道翠湖里小区", "去年三月", "老灶台川菜馆", "李春梅", "13800001234",
    "不想说", "不知道", "匿名", "没有", "是的", "对", "帮我登记", "确认提交", "不对", "改第2项，要求赔偿三千元", "三千元", "五个人",
    "已经打过12345了", "还有一件事", "跳过",
)  # fmt: skip
ASIDES = (
    "你好", "谢谢", "再见", "信访会不会被打击报复", "要多久能办完", "为什么要问这个", "再说一遍", "我要找人工", "查进度", "催一下",
    "看看我填的", "需要什么材料", "算了不办了", "重新开始", "接着办", "你真没用", "asdfgh 123", "/restart", "/back", "/session_start",
    "今天天气怎么样", "他拿刀追我", "我安全了", "。", "补充一下，昨天晚上又开始了，而且更严重", "撤回", "不满意",
)  # fmt: skip


class OverHttp(InProcessEndpoint):
    """What an action gets and gives goes through JSON, as between two processes."""

    async def execute(self, call: dict[str, Any]) -> Any:
        return json.loads(json.dumps(await super().execute(json.loads(json.dumps(call)))))


def counted_ids() -> Iterator[str]:
    """Draft ids in place of random ones, so that two runs give the same receipts."""
    return (f"{n:032x}" for n in itertools.count(1))


class Pair:
    """The stock agent and ours. Each has case files of its own, so that numbers are the same on both sides."""

    def __init__(self, model: Path, folder: Path, settings: Any, kept_events: int = 40_000) -> None:
        self.folder, self.kept = folder, kept_events
        self.stock = Agent.load(str(model), action_endpoint=OverHttp(), lock_store=WaitingLockStore())
        store = SQLTrackerStore(self.stock.domain, dialect="sqlite", db=str(folder / "stock.db"))
        self.stock.tracker_store = self.stock.processor.tracker_store = store
        url = f"sqlite:///{folder / 'ours.db'}"
        upgrade(url)
        engine, keys = make_engine(url), Keyring.of_text("a secret of the equality test, long enough")
        live = LiveTrackerStore(None, EventLog(engine, keys), TurnLog(engine, keys), kept_events)
        self.ours = FastAgent.of(model, live, WaitingLockStore(), InProcessEndpoint())
        self.live = live
        self._ids = {"stock": counted_ids(), "ours": counted_ids()}
        self._services = {side: self._make_services(settings, side) for side in self._ids}

    def _make_services(self, settings: Any, side: str) -> Any:
        from dataclasses import replace

        from actions import base
        from bot.storage.cases import CaseStore

        url = f"sqlite:///{self.folder / side}-cases.db"
        upgrade(url)
        cases = CaseStore(make_engine(url), Keyring.of_text("a secret of the equality test, long enough"))
        return replace(base.services(), cases=cases)

    async def say(self, side: str, sender: str, text: str, n: int, intent: str | None = None) -> list[dict[str, Any]]:
        from actions import base

        agent, out = (self.stock if side == "stock" else self.ours), MessageCollector()
        parsed = {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": []} if intent else None
        message = UserMessage(text, out, sender, parse_data=copy.deepcopy(parsed), message_id=f"{sender}-{n}")
        swapped = {name: m.services for name, m in _modules_with_services()}
        mine = self._services[side]
        for _, module in _modules_with_services():
            module.services = lambda: mine  # type: ignore[attr-defined]
        try:
            with mock.patch.object(intake.secrets, "token_hex", lambda n: next(self._ids[side])):
                await agent.handle_message(message)
        finally:
            for name, module in _modules_with_services():
                module.services = swapped[name]  # type: ignore[attr-defined]
        assert base
        return out.messages or [unanswered()]  # as the channel says it

    async def tracker(self, side: str, sender: str) -> DialogueStateTracker:
        store = self.stock.tracker_store if side == "stock" else self.live
        tracker = await store.retrieve_full_tracker(sender)  # stock reads one session only unless asked for all
        assert tracker is not None
        return tracker


def _modules_with_services() -> list[tuple[str, Any]]:
    import sys

    return [(n, m) for n, m in list(sys.modules.items()) if n.startswith("actions.") and hasattr(m, "services")]


def plain(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """The events without what is a time or an id of this run."""
    out = []
    for event in tracker.events:
        data = json.loads(json.dumps(event.as_dict(), default=str))
        for key in ("timestamp", "metadata"):
            data.pop(key, None)
        parse = data.get("parse_data")
        if parse:
            for key in ("intent_ranking", "text_tokens", "response_selector", "metadata"):
                parse.pop(key, None)
        out.append(data)
    return out


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What a tracker says of itself now."""
    loop = tracker.active_loop
    return {
        "slots": json.loads(json.dumps(tracker.current_slot_values(), default=str)),
        "loop": (loop.name, loop.is_interrupted, loop.rejected) if loop else None,
        "action": tracker.latest_action_name,
        "paused": tracker.is_paused(),
        "message": tracker.latest_message.text if tracker.latest_message else None,
    }


def conversation(rng: random.Random, turns: int) -> Iterator[tuple[str, str | None]]:
    """What a person says: a story, answers, and things in between, in an order that no script foresees. (text, intent of a button)."""
    yield rng.choice(STORIES), None
    for _ in range(turns - 1):
        kind = rng.random()
        if kind < 0.06:
            yield rng.choice(STORIES), None
        elif kind < 0.16:
            yield rng.choice(
                (
                    ("帮我登记", "file_it"),
                    ("确认提交", "affirm"),
                    ("要修改", "deny"),
                    ("先不登记", "not_now"),
                    ("接着办", "resume"),
                )
            )
        elif kind < 0.64:
            yield rng.choice(ANSWERS), None
        else:
            yield rng.choice(ASIDES), None


async def compare(pair: Pair, seed: int, turns: int, per_conversation: int = 25, together: int = 4) -> list[str]:
    """Says `turns` random turns to both, with reloads and evictions in between; returns every difference found."""
    rng = random.Random(seed)
    differences: list[str] = []
    done = 0
    while done < turns:
        talks = {f"s{seed}-{done}-{i}": conversation(rng, rng.randint(5, per_conversation)) for i in range(together)}
        n = 0
        while talks and done < turns:
            sender = rng.choice(list(talks))
            step = next(talks[sender], None)
            if step is None:
                del talks[sender]
                continue
            text, intent = step
            n, done = n + 1, done + 1
            if rng.random() < 0.05:
                pair.live.evict(sender)
            said = [await pair.say(side, sender, text, n, intent) for side in ("stock", "ours")]
            if said[0] != said[1]:
                differences.append(f"{sender} turn {n} {text!r}: replies {said[0]} != {said[1]}")
            a, b = [await pair.tracker(side, sender) for side in ("stock", "ours")]
            if plain(a) != plain(b):
                differences.append(f"{sender} turn {n} {text!r}: events {_first(plain(a), plain(b))}")
            if state(a) != state(b):
                differences.append(f"{sender} turn {n} {text!r}: state {state(a)} != {state(b)}")
            if differences:
                return differences
    return differences


def _first(a: list[Any], b: list[Any]) -> str:
    for i, (x, y) in enumerate(itertools.zip_longest(a, b)):
        if x != y:
            return f"{i}: {x} != {y}"
    return ""
