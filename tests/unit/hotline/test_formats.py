"""Each reader: what is missing is named with file, place and reason; whatever a file holds, it is a call or an error, never a crash."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hotline.making import WRITERS, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.hotline.formats import TranscriptError, parse, read

CALL = [("a", "您好，临江12345，请讲。"), ("c", "我姓葛，电梯坏了。"), ("a", "好的，再见。")]


def made(name: str, folder: Path) -> bytes:
    return write(folder, "f", name, CALL).read_bytes()


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"", "", "空的"),
        (b"   \n", "", "空的"),
        (b'{"Result": null, "StatusText": "FILE_DOWNLOAD_FAILED"}', "Result", "FILE_DOWNLOAD_FAILED"),
        (b'{"Result": {"x": 1}}', "", "缺少 Sentences"),
        (b'{"Result": {"Sentences": [{"Text": "a"}, {"Text": 3}]}}', "Result.Sentences[1]", "类型不对"),
        (b'{"Response": {"Error": {"Code": "AuthFailure"}}}', "Response.Error", "AuthFailure"),
        (b'{"Response": {"Data": {"ResultDetail": null, "Result": null, "StatusStr": "doing"}}}', "Response.Data", "doing"),
        (b'{"content": {"orderResult": "{\\"lattice\\": [{\\"json_1best\\": \\"{\\"}]}"}}', "orderResult.lattice[0]", "JSON"),
        (b'{"content": {}}', "", "缺少 orderResult"),
        (b'{"segments": [{"result": {"text": "a"}}, {"start_time": 1}]}', "segments[1]", "缺少 result"),
        (b'{"segments": {"a": 1}}', "segments", "应是列表"),
        (b'[{"sentence_info": [{"text": "a"}, 7]}]', "[0].sentence_info[1]", "类型不对"),
        (b'{"1_x": [{"citizen": "a"}, 5]}', "1_x[1]", "类型不对"),
        (b'{"mode": "offline"}', "", "缺少 text"),
        (b'{"a": 1, "b": 2}', "", "a、b"),
        (b'{"type": "server_ready"}\n{"type": "final_result"}\n', "第 2 行", "缺少 nbest"),
        (b'{"type": "server_ready"}\n{"type": "final_re', "第 2 行", "JSON"),
        (b'{"type": "server_ready"}\n[1]\n', "第 2 行", "应是对象"),
        (b'{"text": "a"', "第 1 行第", "JSON"),
        (b"WEBVTT\n\nNOTE nothing\n", "", "没有话"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "第 ", "字"),
        (b"ab\xff\xffcd", "第 3 个字节", "GB18030"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(content: bytes, place: str, reason: str) -> None:
    with pytest.raises(TranscriptError) as e:
        parse("call-7.json", content)
    assert str(e.value).startswith("call-7.json：")
    assert place in str(e.value)
    assert reason in str(e.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match=r"gone\.txt"):
        read(tmp_path / "gone.txt")


def test_errors_hold_nothing_that_was_said() -> None:
    with pytest.raises(TranscriptError) as e:
        parse("x.json", '{"Result": {"Sentences": [{"Text": ["我叫葛小梅"]}]}}'.encode())
    assert "葛小梅" not in str(e.value)


def _broken(value: Any, draw: Any) -> Any:
    """The value with one of its inner values exchanged for something else."""
    junk = draw(st.sampled_from([None, 0, -1, 1e400, "", "x", [], {}, [1], {"a": 1}, True, "\ud800"]))
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return (
            {k: v for k, v in value.items() if k != key}
            if draw(st.booleans())
            else value | {key: _broken(value[key], draw)}
        )
    if isinstance(value, list) and value and draw(st.booleans()):
        i = draw(st.integers(0, len(value) - 1))
        return [*value[:i], _broken(value[i], draw), *value[i + 1 :]]
    return junk


@pytest.mark.parametrize("name", [n for n, (ending, _) in WRITERS.items() if ending in ("json", "jsonl")])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_json_with_something_exchanged_is_a_call_or_an_error(name: str, tmp_path: Path, data: st.DataObject) -> None:
    raw = made(name, tmp_path).decode()
    lines = raw.split("\n") if name in ("wenet", "funasr_runtime") else [raw]
    i = data.draw(st.integers(0, len(lines) - 1))
    lines[i] = json.dumps(_broken(copy.deepcopy(json.loads(lines[i])), data.draw))
    check("\n".join(lines).encode(errors="surrogatepass"))


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bytes_cut_or_exchanged_are_a_call_or_an_error(name: str, tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(made(name, tmp_path))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    else:
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(1, 4))] = data.draw(st.binary(max_size=6))
    check(bytes(raw))


def check(raw: bytes) -> None:
    try:
        call = parse("f.x", raw)
    except TranscriptError as e:
        assert str(e).startswith("f.x：")
        return
    assert call.turns
    assert all(isinstance(t.text, str) and t.text.strip() for t in call.turns)


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("[00:01:02] 坐席：您好\n[00:01:05] 市民：我反映个事\n就是电梯", [("坐席", "您好"), ("市民", "我反映个事就是电梯")]),
        ("说话人1 00:03：您好\n说话人2 00:05：喂", [("说话人1", "您好"), ("说话人2", "喂")]),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v 话务员>您好</v>", [("话务员", "您好")]),
        ("1\r\n00:00:01,000 --> 00:00:02,000\r\n客服: 您好\r\n请讲\r\n", [("客服", "您好 请讲")]),
    ],
)  # fmt: skip
def test_other_habits_of_text_files(text: str, turns: list[tuple[str, str]]) -> None:
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert [(t.speaker, t.text) for t in parse("x.txt", text.encode(encoding)).turns] == turns
