"""Settings are read once and fail fast."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError


def test_all_settings_are_optional() -> None:
    s = Settings.from_env({})
    assert (s.env, s.host, s.port, s.rate_limits_on) == ("production", "127.0.0.1", 5005, True)
    assert s.database_url.startswith("sqlite:///")


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as e:
        Settings.from_env(
            {
                "SUFANG_PORT": "x",
                "SUFANG_NOW": "2026-11-23",
                "SUFANG_SECRET_KEY": "short",
                "SUFANG_TYPO": "1",
                "SUFANG_DATABASE_URL": "mysql://x",
            }
        )
    for name in ("SUFANG_PORT", "SUFANG_NOW", "SUFANG_SECRET_KEY", "SUFANG_TYPO", "SUFANG_DATABASE_URL"):
        assert name in str(e.value)


def test_the_legal_today_may_be_set_in_tests_only() -> None:
    assert Settings.from_env({"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23"}).today() == date(2026, 11, 23)


def test_a_secret_may_come_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text("s" * 40)
    s = Settings.from_env({"SUFANG_SECRET_KEY_FILE": str(file)})
    assert s.secret_key == "s" * 40
    assert "ssss" not in repr(s)


def test_cases_leave_for_a_safe_address_only() -> None:
    good = Settings.from_env({"SUFANG_UPSTREAM_URL": "https://platform.example/api", "SUFANG_UPSTREAM_TOKEN": "t" * 20})
    assert good.upstream_url == "https://platform.example/api"
    assert "t" * 20 not in repr(good)
    assert Settings.from_env({"SUFANG_UPSTREAM_URL": "http://127.0.0.1:8080"}).upstream_url
    for url in ("http://platform.example/api", "ftp://x", "platform.example", "https://user:pass@platform.example"):
        with pytest.raises(SettingsError, match="SUFANG_UPSTREAM_URL"):
            Settings.from_env({"SUFANG_UPSTREAM_URL": url})
