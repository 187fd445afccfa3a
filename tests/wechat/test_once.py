"""Every message once and no answer lost, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import random

import pytest
from wechat_stage import Stage


def bubbles(stage: Stage, openid: str) -> list[tuple[str, str]]:
    return [(s.via, s.text) for s in stage.platform.person(openid).screen]


async def test_a_quick_answer_is_one_passive_reply(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say("o-zhang", "你好")
    assert bubbles(stage, "o-zhang") == [("passive", "收到：你好")]
    assert stage.platform.calls["custom"] == 0


async def test_a_bot_that_takes_7_s_20_s_or_for_ever_answers_each_once_by_message(stage: Stage) -> None:
    await stage.worker(turn_limit=25)
    said = {"o-seven": "慢7 一件事", "o-twenty": "慢20 一件事", "o-never": "永不"}
    await asyncio.gather(*(stage.platform.say(who, text) for who, text in said.items()))
    assert all(bubbles(stage, who) == [] for who in said if who != "o-seven")
    await asyncio.gather(*(stage.platform.seen(who, "", 0) for who in said))
    for who, text in said.items():
        await stage.platform.say(who, "还在吗")
        late, now = bubbles(stage, who)
        assert now == ("passive", "收到：还在吗")
        if who == "o-never":
            assert late[0] == "service"
            assert "请再发一次" in late[1]
        else:
            assert late == ("service", f"收到：{text}")
            assert stage.turns(text) == 1


async def test_an_error_in_a_turn_is_said(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say("o-zhang", "坏")
    assert "请再发一次" in bubbles(stage, "o-zhang")[0][1]


async def test_a_retry_joins_the_running_turn(stage: Stage) -> None:
    """A platform that hangs up early tries again while the turn still runs: the second request gets the answer."""
    await stage.worker()
    stage.platform.patience = 2.5
    await stage.platform.say("o-zhang", "慢4 一件事")
    assert bubbles(stage, "o-zhang") == [("passive", "收到：慢4 一件事")]
    assert stage.turns("慢4 一件事") == 1


async def test_killed_between_processing_and_answer_the_answer_is_found_again(stage: Stage) -> None:
    worker = await stage.worker()
    sending = asyncio.create_task(stage.platform.say("o-zhang", "死"))
    assert worker.process is not None
    await asyncio.to_thread(worker.process.wait, 30)
    await asyncio.to_thread(worker.start)
    number = await sending
    await stage.platform.seen("o-zhang", number, 0)
    texts = [text for _, text in bubbles(stage, "o-zhang")]
    assert "收到：死" in texts
    assert texts.count("收到：死") == 1
    assert stage.turns("死") == 1


async def test_killed_and_nobody_asks_again_the_answer_is_sent(stage: Stage) -> None:
    worker = await stage.worker()
    stage.platform.tries = 1
    assert worker.process is not None
    await stage.platform.say("o-zhang", "死")
    assert worker.process.wait(30) == -9
    await asyncio.to_thread(worker.start)
    shown = len(stage.platform.person("o-zhang").screen)
    await stage.platform.seen("o-zhang", "", shown)
    assert bubbles(stage, "o-zhang")[-1] == ("service", "收到：死")
    assert stage.turns("死") == 1


async def test_another_worker_takes_over_from_a_dead_one(stage: Stage) -> None:
    first = await stage.worker()
    sending = asyncio.create_task(stage.platform.say("o-zhang", "死"))
    second = await stage.worker()  # deliveries go to the second from now on
    number = await sending
    await stage.platform.seen("o-zhang", number, 0)
    assert first.process is not None and first.process.poll() is not None
    assert second.process is not None and second.process.poll() is None
    assert [text for _, text in bubbles(stage, "o-zhang") if text.startswith("收到")] == ["收到：死"]
    assert stage.turns("死") == 1


async def test_a_storm_of_a_thousand_deliveries_of_a_hundred_messages_over_two_workers(stage: Stage) -> None:
    one, two = await stage.worker(), await stage.worker()
    people = [f"o-{i}" for i in range(25)]
    messages = [(people[i % 25], f"第{i}条", str(8_000_000_000 + i), i // 25) for i in range(100)]
    deliveries = [(m, worker.address) for m in messages for worker in (one, two) for _ in range(5)]
    random.Random(8).shuffle(deliveries)
    places = asyncio.Semaphore(40)

    async def deliver(message: tuple[str, str, str, int], to: str) -> None:
        openid, text, number, second = message
        async with places:
            await stage.platform.say(openid, text, msg_id=number, created=1_800_000_000 + second, to=to)

    await asyncio.gather(*(deliver(m, to) for m, to in deliveries))
    for openid, text, number, _ in messages:
        while f"收到：{text}" not in "\n".join(t for _, t in bubbles(stage, openid)):
            count = len(stage.platform.person(openid).screen)
            await stage.platform.seen(openid, number, count)
    assert stage.rows("SELECT count(*) FROM wechat_inbox WHERE done_at IS NOT NULL") == [(100,)]
    assert stage.rows("SELECT count(*) FROM chat_turns") == [(100,)]
    for openid, text, _, _ in messages:
        assert stage.turns(text) == 1
        told = [t for _, shown in bubbles(stage, openid) for t in shown.split("\n\n")]
        assert told.count(f"收到：{text}") == 1


@pytest.mark.parametrize("mode", ["plain", "compatible"])
async def test_the_other_modes(stage: Stage, mode: str) -> None:
    await stage.worker()
    stage.platform.mode = mode
    await stage.platform.say("o-zhang", "你好")
    assert bubbles(stage, "o-zhang") == [("passive", "收到：你好")]


async def test_disordered_messages_are_told_in_their_order_when_they_wait(stage: Stage) -> None:
    await stage.worker()
    first = asyncio.create_task(stage.platform.say("o-zhang", "慢3 先占着", created=1_800_000_000))
    await stage.until("SELECT 1 FROM wechat_inbox WHERE attempts = 1")
    later = asyncio.create_task(stage.platform.say("o-zhang", "后说的", created=1_800_000_009))
    await stage.until("SELECT 1 FROM wechat_inbox WHERE created = 1800000009")
    earlier = asyncio.create_task(stage.platform.say("o-zhang", "先说的", created=1_800_000_005))
    await asyncio.gather(first, later, earlier)
    from bot.storage.chat import EventLog

    log = EventLog(stage.engine, stage.keys)
    said = "\n".join(row.encode().decode("unicode_escape") for row in log.read(log.senders()[0]))
    assert said.index("先说的") < said.index("后说的")
