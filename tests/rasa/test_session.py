"""A session that expired, and a form that never carries a question over."""

from __future__ import annotations

import asyncio
from typing import Any

STORY = "楼下川菜馆的油烟从今年三月开始天天往我家窗户灌，物业说管不了"


def expire(talk: Any) -> None:
    """What Rasa does when the session is older than its life."""

    async def again() -> None:
        tracker = await talk.agent.tracker_store.get_or_create_tracker(talk.sender)
        from bot.channels.output import MessageCollector

        await talk.agent.processor._update_tracker_session(tracker, MessageCollector(), None)
        await talk.agent.tracker_store.save(tracker)

    processor = talk.agent.processor
    original = processor._has_session_expired
    processor._has_session_expired = lambda tracker: True
    try:
        talk.loop.run_until_complete(again())
    finally:
        processor._has_session_expired = original


def test_after_the_session_expired_the_draft_is_offered_back(talk: Any) -> None:
    talk.say(STORY)
    talk.say("帮我登记")
    expire(talk)
    slots = talk.slots()
    assert slots["requested_slot"] is None
    assert "油烟" in slots["narrative"]
    offer = talk.say("你好")
    assert "接着办" in [b["title"] for b in offer[0]["buttons"]]
    messages = talk.say("接着办", "resume")
    assert messages[-1]["custom"]["field"] == "place"


def test_after_the_session_expired_one_may_start_over(talk: Any) -> None:
    talk.say(STORY)
    expire(talk)
    talk.say("重新开始")
    assert talk.slots()["narrative"] is None


def test_words_after_an_expired_session_are_not_an_answer_to_an_old_question(talk: Any) -> None:
    talk.say(STORY)
    talk.say("帮我登记")
    talk.say("要求整改")
    expire(talk)
    talk.say("你好")
    assert talk.slots()["place"] != "你好"


def test_two_people_do_not_share_a_draft(talk: Any, loop: asyncio.AbstractEventLoop) -> None:
    talk.say(STORY)
    other = type(talk)(talk.agent, talk.sender + "x", loop)
    other.say("你好")
    assert other.slots()["narrative"] is None
