"""Transcripts of every format give the same call; roles, fields, masking, duplicates; a bad file stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hotline.draft import draft, drafts
from bot.hotline.elements import Said, elements, plain_numbers
from bot.hotline.formats import Transcript, TranscriptError, Turn, read
from bot.hotline.masking import mask
from bot.hotline.roles import roles, turn_roles

CALL = [
    ("a", "您好，临江12345热线，请讲。"),
    ("c", "喂你好，我要投诉我们小区物业，电梯坏了快一个月了没人修。"),
    ("a", "您是哪个小区的呢？"),
    ("c", "南湖区，枫林路那个翠竹苑小区，6号楼。"),
    ("a", "物业公司叫什么？"),
    ("c", "叫，叫捷安物业，不是捷运，捷安物业。"),
    ("a", "从什么时候开始坏的？"),
    ("c", "3月2号开始的，修了两回又坏。"),
    ("a", "您的诉求是要求住建部门督促物业修好电梯，对吗？"),
    ("c", "对对，尽快修。"),
    ("a", "您贵姓，联系电话是多少？"),
    ("c", "我姓葛，葛小梅，电话幺三七五五五零幺二三四。"),
    ("a", "葛小梅女士，幺三七五五五零幺二三四，您住几号楼几单元？"),
    ("c", "6号楼2单元501。"),
    ("a", "好的，已经登记，感谢您的来电，再见。"),
]
TIME = "2026-03-28T10:00:00+08:00"


def stamps(i: int) -> tuple[int, int]:
    return i * 3000, i * 3000 + 2500


def funasr() -> Any:
    info = [
        {"text": t, "start": e - 100, "end": e, "timestamp": [[s, e]], "spk": 0 if w == "a" else 1}
        for i, (w, t) in enumerate(CALL)
        for s, e in [stamps(i)]
    ]
    return [{"key": "x", "text": "".join(t for _, t in CALL), "sentence_info": info}]


def whisperx() -> Any:
    segments = [
        {
            "start": i * 3.0, "end": i * 3 + 2.5, "text": t,
            "words": [{"word": t[0], "speaker": f"SPEAKER_0{int(w == 'c')}"}, {"word": t[1]}],
        }
        for i, (w, t) in enumerate(CALL)
    ]  # fmt: skip
    return {"segments": segments, "word_segments": []}


def aliyun() -> Any:
    said = [{"BeginTime": i, "EndTime": i + 1, "Text": t, "ChannelId": int(w == "c")} for i, (w, t) in enumerate(CALL)]
    return {"StatusCode": 21050000, "Result": {"Sentences": said, "Words": None}}


def aliyun_back() -> Any:
    return {
        "result": [
            {"begin_time": i, "end_time": i + 1, "text": t, "channel_id": int(w == "c")}
            for i, (w, t) in enumerate(CALL)
        ]
    }


def tencent() -> Any:
    said = [
        {
            "FinalSentence": t,
            "WrittenText": None,
            "Words": None,
            "StartMs": i,
            "EndMs": i + 1,
            "SpeakerId": int(w == "c"),
        }
        for i, (w, t) in enumerate(CALL)
    ]
    return {"Response": {"Data": {"Status": 2, "ResultDetail": said, "Result": ""}}}


def iflytek() -> Any:
    lattice = [
        {
            "json_1best": json.dumps(
                {
                    "st": {
                        "bg": str(i),
                        "ed": str(i + 1),
                        "rl": "1" if w == "a" else "2",
                        "rt": [{"ws": [{"cw": [{"w": ch, "wp": "n"}]} for ch in t]}],
                    }
                }
            )
        }
        for i, (w, t) in enumerate(CALL)
    ]
    return {"code": "000000", "content": {"orderInfo": {"status": 4}, "orderResult": json.dumps({"lattice": lattice})}}


def huawei() -> Any:
    return {
        "segments": [
            {
                "start_time": i,
                "end_time": i + 1,
                "result": {"text": t, "analysis_info": {"role": "AGENT" if w == "a" else "USER"}},
            }
            for i, (w, t) in enumerate(CALL)
        ]
    }


def tickets() -> Any:
    return {"1_x": [{"hot-line" if w == "a" else "citizen": t} for w, t in CALL]}


def text(prefix: Callable[[str], str]) -> str:
    return "\n".join(f"{prefix(w)}：{t}" for w, t in CALL)


def named(w: str) -> str:
    return "坐席" if w == "a" else "市民"


def srt() -> str:
    return "\n\n".join(
        f"{i + 1}\n00:00:{i:02d},000 --> 00:00:{i:02d},900\n{named(w)}：{t}" for i, (w, t) in enumerate(CALL)
    )


def vtt() -> str:
    cues = (f"00:00:{i:02d}.000 --> 00:00:{i:02d}.900\n<v {named(w)}>{t}</v>" for i, (w, t) in enumerate(CALL))
    return "WEBVTT\n\n" + "\n\n".join(cues)


LABELLED: dict[str, tuple[str, Callable[[], Any]]] = {
    "funasr_python": ("json", funasr),
    "whisperx": ("json", whisperx),
    "aliyun_filetrans": ("json", aliyun),
    "aliyun_filetrans back": ("json", aliyun_back),
    "tencent": ("json", tencent),
    "iflytek_orderresult": ("json", iflytek),
    "huawei_sis": ("json", huawei),
    "ticket12345_turns": ("json", tickets),
    "srt": ("srt", srt),
    "webvtt": ("vtt", vtt),
    "txt": ("txt", lambda: text(named)),
    "txt gbk": ("txt", lambda: text(named).encode("gb18030")),
}


def write(folder: Path, name: str) -> Path:
    ending, make = LABELLED[name]
    made = make()
    path = folder / f"call.{ending}"
    path.write_bytes(
        made
        if isinstance(made, bytes)
        else (made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)).encode()
    )
    return path


@pytest.mark.parametrize("name", LABELLED)
def test_every_format_gives_the_same_call_and_the_same_roles(tmp_path: Path, name: str) -> None:
    call = read(write(tmp_path, name))
    assert call.format == name.split()[0]
    assert [t.text for t in call.turns] == [t for _, t in CALL]
    found = roles(call)
    assert [found[t.speaker] for t in call.turns] == ["agent" if w == "a" else "citizen" for w, _ in CALL]


def test_messages_of_a_running_recogniser_keep_only_what_is_final(tmp_path: Path) -> None:
    lines = [{"status": "ok", "type": "server_ready"}]
    for _, t in CALL:
        lines += [
            {"type": "partial_result", "nbest": json.dumps([{"sentence": t[:3]}])},
            {
                "type": "final_result",
                "nbest": json.dumps([{"sentence": t, "word_pieces": [{"word": t[0], "start": 1, "end": 2}]}]),
            },
        ]
    path = tmp_path / "w.jsonl"
    path.write_text("\n".join(json.dumps(x) for x in lines), encoding="utf-8")
    call = read(path)
    assert call.format == "wenet"
    assert [t.text for t in call.turns] == [t for _, t in CALL]
    two = [{"mode": "2pass-online", "text": t[:2]} for _, t in CALL[:2]] + [
        {"mode": "2pass-offline", "text": "".join(t for _, t in CALL)}
    ]
    path.write_text("\n".join(json.dumps(x) for x in two), encoding="utf-8")
    call = read(path)
    assert call.format == "funasr_runtime"
    assert "".join(t.text for t in call.turns) == "".join(t for _, t in CALL)
    assert roles(call) == {}


def test_without_labels_the_turns_still_have_their_speakers() -> None:
    call = Transcript("whisper", tuple(Turn("", t) for _, t in CALL))
    right = sum(r == ("agent" if w == "a" else "citizen") for r, (w, _) in zip(turn_roles(call), CALL, strict=True))
    assert right >= len(CALL) - 1


@pytest.fixture(scope="module")
def record(advisor, tmp_path_factory) -> dict[str, Any]:
    return draft(read(write(tmp_path_factory.mktemp("h"), "funasr_python")), "call.json", advisor, TIME)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "葛小梅"), ("phone", "13755501234"), ("occurred_on", "2026-03-02"), ("respondent", "捷安物业"), ("anonymous", False),
        ("address", "南湖区枫林路翠竹苑小区6号楼2单元501"),
    ],
)  # fmt: skip
def test_fields_of_the_call(record: dict[str, Any], field: str, value: Any) -> None:
    assert record["fields"][field]["value"] == value


def test_the_draft_has_the_keys_of_the_contract(record: dict[str, Any]) -> None:
    assert set(record) == {
        "file", "format", "call_time", "roles", "channel", "channels", "agency", "agencies", "category", "urgent", "prior", "fields",
        "duplicate_of", "completeness", "masked_text",
    }  # fmt: skip
    assert set(record["fields"]) == {
        "name", "phone", "id_number", "address", "place", "respondent", "occurred_on", "amount_yuan", "people", "demand", "anonymous", "on_behalf_of",
    }  # fmt: skip
    assert record["channel"] == "enforcement"
    assert record["agency"] == "住建"
    assert "南湖区" in record["fields"]["place"]["value"]
    assert "督促物业" in record["fields"]["demand"]["value"]
    assert record["completeness"] == 1.0


def test_evidence_points_into_the_raw_turns(record: dict[str, Any]) -> None:
    raw = "\n".join(t for _, t in CALL)
    for key, spoken in (("phone", "幺三七五五五零幺二三四"), ("respondent", "捷安物业"), ("name", "葛小梅")):
        a, b = record["fields"][key]["evidence"][0]
        assert raw[a:b] == spoken


def test_nothing_personal_is_left_in_the_masked_text(record: dict[str, Any]) -> None:
    for secret in ("葛小梅", "13755501234", "幺三七五五五零幺二三四", "6号楼2单元501"):
        assert secret not in record["masked_text"]
    assert "12345" in record["masked_text"]
    assert "捷安物业" in record["masked_text"]


def test_a_second_call_on_the_matter_is_found_and_another_is_not(advisor, tmp_path: Path) -> None:
    other = [
        (
            w,
            t.replace("电梯坏了快一个月了没人修", "楼下饭店油烟太大")
            .replace("葛小梅", "秦朗")
            .replace("姓葛", "姓秦")
            .replace("幺三七五五五零幺二三四", "幺五零零零零零九八七六")
            .replace("翠竹苑", "河畔里")
            .replace("枫林路", "码头街")
            .replace("捷安", "恒顺"),
        )
        for w, t in CALL
    ]
    meta = {}
    for i, said in enumerate((CALL, CALL, other)):
        path = tmp_path / f"c{i}.txt"
        path.write_text("\n".join(f"{named(w)}：{t}" for w, t in said), encoding="utf-8")
        meta[path.name] = {"call_time": f"2026-03-2{i + 1}T10:00:00+08:00"}
    (tmp_path / "bad.json").write_text('{"x": 1}', encoding="utf-8")
    found = list(drafts(sorted(tmp_path.iterdir()), meta, advisor))
    bad = [r for r in found if isinstance(r, TranscriptError)]
    good = {r["file"]: r for r in found if not isinstance(r, TranscriptError)}
    assert len(bad) == 1
    assert "bad.json" in str(bad[0])
    assert {k: r["duplicate_of"] for k, r in good.items()} == {"c0.txt": None, "c1.txt": "c0.txt", "c2.txt": None}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"Result": null}', b"\xff\xfe\xff", b'[{"sentence_info": [1]}]', b'{"content": {}}'],
)
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(TranscriptError, match=r"x\.json"):
        read(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_call_or_an_error(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("f") / "x.json"
    path.write_bytes(data)
    try:
        assert read(path).turns
    except TranscriptError as e:
        assert "x.json" in str(e)


def test_a_correction_in_the_call_wins() -> None:
    from datetime import date

    turns, at = [], 0
    for role, said in (
        ("agent", "您的电话是多少？"),
        ("citizen", "13755501111，不对，是13755502222。"),
        ("agent", "13755502222，对吗？"),
        ("citizen", "对。"),
    ):
        turns.append(Said(role, said, at))
        at += len(said) + 1
    assert elements(turns, date(2026, 3, 1))["phone"].value == "13755502222"


@pytest.mark.parametrize(
    ("said", "plain"), [("翠屏雅筑二十七栋一八零三", "翠屏雅筑27栋1803"), ("三号楼二单元四零一室", "3号楼2单元401室")]
)
def test_addresses_have_digits(said: str, plain: str) -> None:
    assert plain_numbers(said) == plain


def test_public_numbers_stay_and_cards_and_plates_go() -> None:
    said = [Said("citizen", "卡号621700 0055500 012345，车牌陕A55Z50，打过12345和12388", 0)]
    masked = mask(said)
    assert "621700" not in masked
    assert "A55Z50" not in masked
    assert "12345" in masked
    assert "12388" in masked
