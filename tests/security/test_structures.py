"""Well-formed nonsense: XML, JSON and YAML whose parts are of any shape are read or refused in words. Few examples here; `make security` has many."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "security"))
import fuzz  # noqa: E402

TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANY = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)

#: Members of the bodies of the chat.
MEMBERS = ("id", "text", "payload", "attachments", "do", "case_no", "query_code", "phone", "changes")


@settings(max_examples=60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, ANY | TEXT)))
def test_a_body_of_any_shape_is_taken_or_refused(body: dict[str, Any]) -> None:
    fuzz.chat_json(json.dumps(body).encode())


#: Members of the platform's messages.
NAMES = (
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Content",
    "MsgId",
    "MediaId",
    "Event",
    "EventKey",
    "Recognition",
    "Encrypt",
)
KINDS = st.sampled_from(("text", "image", "voice", "video", "location", "link", "event", "file", "TEXT", "", "unknown"))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), KINDS | TEXT | st.integers().map(str) | st.just("<a><b>1</b></a>")),
        max_size=12,
    ),
    st.booleans(),
)
def test_a_message_of_any_shape_is_taken_or_refused(members: list[tuple[str, str]], whole: bool) -> None:
    head = "<ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>" if whole else ""
    inner = "".join(f"<{k}>{v if v.startswith('<a>') else f'<![CDATA[{v}]]>'}</{k}>" for k, v in members)
    fuzz.wechat(f"<xml>{head}{inner}</xml>".encode())


@pytest.mark.parametrize("name", fuzz.KNOWLEDGE)
@settings(max_examples=15)
@given(data=st.data())
def test_a_knowledge_file_of_any_shape_is_read_or_told_by_its_name(name: str, data: st.DataObject) -> None:
    """A real entry of the corpus with one value of another shape, or something else altogether."""
    seeds = [s.split(b"\n", 1)[1] for s in fuzz.corpus("knowledge_files") if s.startswith(name.encode() + b"\n")]
    value = yaml.safe_load(data.draw(st.sampled_from(seeds))) if seeds else None
    places = list(_places(value))
    if places and data.draw(st.booleans()):
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(ANY)
    else:
        value = data.draw(ANY)
    fuzz.knowledge_files(name.encode() + b"\n" + yaml.safe_dump(value, allow_unicode=True).encode())


def _places(value: Any) -> Any:
    """Every place inside a value, as its holder and key."""
    for key, inner in list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from _places(inner)
