"""The tables behind it: one worker at a time, one way out for every answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from databases import engine, keys  # noqa: F401

from bot.storage.crypto import Keyring
from bot.storage.wechat import AFTER, LEASE, RETRIES_OVER, WeChatStore
from bot.storage.wechat_links import Links, TokenStore
from bot.storage.wechat_out import SENDING, OutgoingStore

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)
SOON = NOW + timedelta(seconds=4)


def later(**how: float) -> datetime:
    return NOW + timedelta(**how)


@pytest.fixture
def store(engine, keys) -> WeChatStore:  # noqa: F811
    return WeChatStore(engine, keys)


@pytest.fixture
def out(engine, keys) -> OutgoingStore:  # noqa: F811
    return OutgoingStore(engine, keys)


def told(store: WeChatStore, key: str, *pages: str, until: datetime = NOW, at: datetime = NOW) -> str:
    """A message that was received and answered; returns whose it was."""
    who = store.follower("o1", at).who
    store.receive(key, who, 1, {"kind": "text", "text": key}, "message", at, until)
    message = store.next(who, at)
    assert message is not None
    store.finish(message, pages, at)
    return who


def test_a_message_is_new_once(store: WeChatStore) -> None:
    who = store.follower("o1", NOW).who
    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: store.receive("m:1", who, 1, {}, "message", NOW, SOON), range(20)))
    assert new.count(True) == 1


def test_followers_are_one_row_each_however_many_see_them_first(store: WeChatStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda i: store.follower(f"o{i % 2}", NOW), range(20)))
    assert len(seen) == 2
    assert store.openid(store.who("o1")) == "o1"


def test_one_worker_has_a_follower_until_it_ends_or_dies(store: WeChatStore) -> None:
    who = store.follower("o1", NOW).who
    assert store.lease(who, "a", NOW)
    assert not store.lease(who, "b", NOW)
    assert store.lease(who, "a", later(seconds=5))
    assert not store.lease(who, "b", NOW + LEASE + timedelta(seconds=1))
    assert store.lease(who, "b", later(seconds=6) + LEASE)
    store.release(who, "a")
    assert not store.lease(who, "a", later(seconds=7) + LEASE)
    store.release(who, "b")
    assert store.lease(who, "a", later(seconds=7) + LEASE)


def test_an_answer_goes_to_the_request_or_by_message_never_both(store: WeChatStore, out: OutgoingStore) -> None:
    who = told(store, "m:1", "答", until=SOON)
    assert out.due(NOW) == []
    assert store.passive("m:1", 2048, NOW) == ["答"]
    assert out.due(later(seconds=5)) == []
    assert store.passive("m:1", 2048, later(seconds=5)) == ["答"]  # the platform asks again: it did not arrive
    store.confirm("m:1", later(seconds=5))
    assert out.due(later(hours=1)) == []
    told(store, "m:2", "再答")
    assert out.due(NOW) == [who]
    claimed = out.claim(who, NOW)
    assert claimed is not None
    assert store.passive("m:2", 2048, NOW) == []
    out.sent(claimed[0].id, NOW)
    assert store.passive("m:2", 2048, NOW) == []


def test_the_two_ways_never_both_take_an_answer(store: WeChatStore, out: OutgoingStore) -> None:
    for n in range(20):
        who = told(store, f"m:{n}", "答")
        with ThreadPoolExecutor(2) as pool:
            passive = pool.submit(store.passive, f"m:{n}", 2048, NOW)
            sending = pool.submit(out.claim, who, NOW)
        given = [] if passive.exception() else passive.result()
        assert (given == ["答"]) != (sending.result() is not None)
        if sending.result():
            out.sent(sending.result()[0].id, NOW)
        store.confirm(f"m:{n}", NOW)


def test_an_answer_that_a_crash_cut_off_is_sent_when_nobody_asks_again(store: WeChatStore, out: OutgoingStore) -> None:
    who = told(store, "m:1", "答", until=SOON)
    store.passive("m:1", 2048, NOW)
    assert out.due(NOW + RETRIES_OVER - timedelta(seconds=1)) == []
    assert out.due(NOW + RETRIES_OVER + timedelta(seconds=1)) == [who]


def test_a_send_that_a_crash_cut_off_is_sent_again(store: WeChatStore, out: OutgoingStore) -> None:
    who = told(store, "m:1", "答")
    assert out.claim(who, NOW) is not None
    assert out.claim(who, NOW) is None
    assert out.due(NOW + SENDING + timedelta(seconds=1)) == [who]


def test_pages_leave_in_order_and_after_the_answer(store: WeChatStore, out: OutgoingStore) -> None:
    who = told(store, "m:1", "一", "二", "三", until=SOON)
    assert store.passive("m:1", 2048, NOW) == ["一"]
    assert out.due(NOW) == []
    assert out.claim(who, NOW + AFTER) is None  # the first page is not confirmed
    store.confirm("m:1", NOW)
    sent = []
    while (claimed := out.claim(who, NOW + AFTER)) is not None:
        sent.append(claimed[0].body)
        out.sent(claimed[0].id, NOW)
    assert sent == ["二", "三"]


def test_four_messages_in_48_hours_and_three_in_a_minute_after_a_tap(store: WeChatStore, out: OutgoingStore) -> None:
    who = told(store, "m:1", *"一二三四五六")
    blocked = []
    for _ in range(6):
        claimed = out.claim(who, NOW)
        assert claimed is not None
        blocked.append(claimed[1])
        out.keep(claimed[0].id, "x") if claimed[1] else out.sent(claimed[0].id, NOW)
    assert blocked == ["", "", "", "", "no quota", "no quota"]
    assert out.left(who, NOW) == 0
    store.receive("e:1", who, 2, {}, "tap", NOW, NOW)
    assert out.left(who, NOW) == 3
    assert out.left(who, later(minutes=2)) == 0
    store.receive("m:2", who, 3, {}, "message", NOW, NOW)
    assert out.left(who, later(hours=47)) == 4
    assert out.left(who, later(hours=49)) == 0


def test_the_token_is_renewed_by_one_worker(engine, keys) -> None:  # noqa: F811
    one, two = TokenStore(engine, keys, "app"), TokenStore(engine, keys, "app")
    assert one.claim(None, NOW) is False
    assert two.claim(None, NOW) is None
    one.save("T1", 7200, False, NOW)
    assert two.current(NOW) == "T1"
    assert two.current(later(seconds=7000)) is None
    assert two.claim("T1", NOW) is True
    two.save("T2", 7200, True, NOW)
    assert one.claim("T1", NOW) is None  # renewed already
    assert one.claim("T2", later(seconds=10)) is False  # forced renewals are rationed
    assert two.claim("T2", later(seconds=10) + timedelta(minutes=1)) is True  # the claim of a dead worker is over


def test_unbinding_cuts_every_tie(store: WeChatStore, out: OutgoingStore, engine, keys) -> None:  # noqa: F811
    links = Links(engine, keys)
    who = told(store, "m:1", "一")
    before = store.conversation(who)
    ticket = links.ticket(before, NOW)
    links.unbind(who)
    assert store.conversation(who) != before
    assert links.redeem(ticket, NOW) is None
    assert out.held(who) == 0


def test_a_ticket_opens_once_and_in_time(engine, keys: Keyring) -> None:  # noqa: F811
    links = Links(engine, keys)
    ticket = links.ticket("c1", NOW)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: links.redeem(ticket, NOW), range(8)))
    assert opened.count("c1") == 1
    assert links.redeem(links.ticket("c1", NOW), later(minutes=31)) is None
