"""Files from one address: a crowd is slowed, a flood does not fill the disk."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from bot.petition.origin import ADDRESS
from bot.storage import guessing
from bot.storage.chat import ChatStore

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)


def test_files_from_one_address_are_counted_over_all_conversations(chat: ChatStore, monkeypatch) -> None:
    monkeypatch.setitem(guessing.COUNTS, "e", guessing.Count(5, timedelta(minutes=2)))
    token = ADDRESS.set("one")
    try:
        assert [chat.hold_files(NOW) for _ in range(5)] == [0.0] * 5
        assert 0 < chat.hold_files(NOW) <= 120
        ADDRESS.set("another")
        assert chat.hold_files(NOW) == 0.0
        ADDRESS.set("one")
        assert chat.hold_files(NOW + timedelta(minutes=2)) == 0.0
        assert chat.hold_files(NOW + timedelta(minutes=2, seconds=1)) > 0
        assert chat.hold_files(NOW + timedelta(days=1)) == 0.0
        ADDRESS.set("")
        assert all(chat.hold_files(NOW) == 0.0 for _ in range(20))
    finally:
        ADDRESS.reset(token)


def test_a_day_of_one_address_at_full_strength_is_bounded() -> None:
    assert (
        guessing.looked_at("e", 24) <= 1200
    )  # of at most ten megabytes each, and kept for seven days when nothing is filed
