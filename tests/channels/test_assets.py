"""The built files as they go over the wire."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.assets import Assets
from bot.settings import Settings


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    (tmp_path / "index.html").write_text(
        '<title>页</title><sufang-chat display="page"></sufang-chat>', encoding="utf-8"
    )
    (tmp_path / "chat-0a1b2c3d.js").write_text("let a=1;" * 50)
    (tmp_path / "embed.js").write_text("let b=1")
    return Assets(replace(Settings(), allowed_origins=("https://a.example",)), tmp_path)


def test_text_is_compressed_for_those_who_take_it(assets: Assets) -> None:
    packed, plain = assets.file("chat-0a1b2c3d.js", "gzip, br", ""), assets.file("chat-0a1b2c3d.js", "", "")
    assert packed is not None
    assert plain is not None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "Content-Encoding" not in plain.headers


def test_what_is_named_after_its_content_lasts_and_the_rest_is_asked_for_again(assets: Assets) -> None:
    hashed, named = assets.file("chat-0a1b2c3d.js", "", ""), assets.file("embed.js", "", "")
    assert hashed is not None
    assert named is not None
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "immutable" not in named.headers["Cache-Control"]
    again = assets.file("embed.js", "", named.headers["ETag"])
    assert again is not None
    assert again.status == 304


@pytest.mark.parametrize("name", ["nothing.js", "../settings.py", "", "index.html"])
def test_other_names_are_no_files(assets: Assets, name: str) -> None:
    assert assets.file(name, "", "") is None


def test_the_policy_names_the_own_host_and_listed_frames_only(assets: Assets) -> None:
    policy = assets.policy("chat.example:5005")
    assert "connect-src 'self' ws://chat.example:5005 wss://chat.example:5005;" in policy
    assert "frame-ancestors 'self' https://a.example;" in policy
    assert "unsafe" not in policy
    for evil in ("x; script-src *", "x 'unsafe-inline'", "x\r\ny", ""):
        assert "connect-src 'self';" in assets.policy(evil)


def test_the_page_names_the_office_of_its_region() -> None:
    page = Assets(replace(Settings(), region="sample")).page("h", "").body.decode()
    assert '<sufang-chat office="云溪市（样板，虚构）"' in page
