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


WECHAT = {"SUFANG_WECHAT_TOKEN": "token", "SUFANG_WECHAT_AES_KEY": "a" * 43, "SUFANG_WECHAT_APP_ID": "wx1"}


def test_an_account_is_read_and_its_secrets_are_never_shown() -> None:
    s = Settings.from_env({**WECHAT, "SUFANG_WECHAT_APP_SECRET": "hidden-secret"})
    assert s.wechat is not None
    assert (s.wechat.app_id, s.wechat.max_age, s.wechat.api_base) == ("wx1", 300, "https://api.weixin.qq.com")
    assert not s.wechat.plain_allowed
    assert "hidden" not in repr(s)
    assert "aaaa" not in repr(s)
    assert Settings.from_env({}).wechat is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"SUFANG_WECHAT_AES_KEY": "short"}, {"SUFANG_WECHAT_TOKEN": "有空格 的"}, {"SUFANG_WECHAT_APP_ID": ""}, {"SUFANG_WECHAT_TOKEN": ""},
        {"SUFANG_WECHAT_MAX_AGE": "0"}, {"SUFANG_WECHAT_MAX_AGE": "-1"}, {"SUFANG_WECHAT_API_BASE": "http://127.0.0.1:1"},
        {"SUFANG_WECHAT_PAGE_URL": "ftp://x"},
    ],
)  # fmt: skip
def test_a_wrong_account_does_not_start(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="SUFANG_WECHAT"):
        Settings.from_env({**WECHAT, **wrong})


def test_what_only_tests_may_do_with_an_account() -> None:
    s = Settings.from_env(
        {**WECHAT, "SUFANG_ENV": "test", "SUFANG_WECHAT_MAX_AGE": "0", "SUFANG_WECHAT_API_BASE": "http://127.0.0.1:1/"}
    )
    assert s.wechat is not None
    assert (s.wechat.max_age, s.wechat.api_base, s.wechat.plain_allowed) == (0, "http://127.0.0.1:1", True)


def test_cases_leave_for_a_safe_address_only() -> None:
    good = Settings.from_env({"SUFANG_UPSTREAM_URL": "https://platform.example/api", "SUFANG_UPSTREAM_TOKEN": "t" * 20})
    assert good.upstream_url == "https://platform.example/api"
    assert "t" * 20 not in repr(good)
    assert Settings.from_env({"SUFANG_UPSTREAM_URL": "http://127.0.0.1:8080"}).upstream_url
    for url in ("http://platform.example/api", "ftp://x", "platform.example", "https://user:pass@platform.example"):
        with pytest.raises(SettingsError, match="SUFANG_UPSTREAM_URL"):
            Settings.from_env({"SUFANG_UPSTREAM_URL": url})
