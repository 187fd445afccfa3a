"""Writes a call (pairs of a, c or o and a text) the way each recogniser stores it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
Call = Sequence[tuple[str, str]]
#: a agent, c caller, o another voice, b a second agent, d somebody beside the caller.
SPEAKER = {"a": 0, "c": 1, "o": 2, "b": 3, "d": 4}
NAMED = {"a": "坐席", "c": "市民", "o": "语音"}


def _times(i: int) -> tuple[int, int]:
    return i * 3000, i * 3000 + 2500


def funasr(call: Call) -> Any:
    info = [
        {"text": t, "start": e - 100, "end": e, "timestamp": [[s, e]], "spk": SPEAKER[w]}
        for i, (w, t) in enumerate(call)
        for s, e in [_times(i)]
    ]
    return [{"key": "x", "text": "".join(t for _, t in call), "sentence_info": info}]


def whisper(call: Call) -> Any:
    segments = [{"id": i, "start": i * 3.0, "end": i * 3 + 2.5, "text": t} for i, (_, t) in enumerate(call)]
    return {"text": " ".join(t for _, t in call), "segments": segments, "language": "zh"}


def whisperx(call: Call) -> Any:
    segments = [
        {
            "start": i * 3.0, "end": i * 3 + 2.5, "text": t,
            "words": [{"word": t[0], "speaker": f"SPEAKER_0{SPEAKER[w]}"}, {"word": t[1]}],
        }
        for i, (w, t) in enumerate(call)
    ]  # fmt: skip
    return {"segments": segments, "word_segments": []}


def aliyun(call: Call) -> Any:
    said = [
        {"BeginTime": _times(i)[0], "EndTime": _times(i)[1], "Text": t, "ChannelId": SPEAKER[w]}
        for i, (w, t) in enumerate(call)
    ]
    return {"StatusCode": 21050000, "Result": {"Sentences": said, "Words": None}}


def aliyun_back(call: Call) -> Any:
    said = [
        {"begin_time": _times(i)[0], "end_time": _times(i)[1], "text": t, "channel_id": SPEAKER[w]}
        for i, (w, t) in enumerate(call)
    ]
    return {"task_id": "t", "result": said}


def tencent(call: Call) -> Any:
    said = [
        {"FinalSentence": t, "WrittenText": None, "Words": None, "StartMs": s, "EndMs": e, "SpeakerId": SPEAKER[w]}
        for i, (w, t) in enumerate(call)
        for s, e in [_times(i)]
    ]
    return {"Response": {"Data": {"Status": 2, "ResultDetail": said, "Result": ""}}}


def iflytek(call: Call) -> Any:
    def best(i: int, w: str, t: str) -> str:
        words = [{"cw": [{"w": ch, "wp": "n"}]} for ch in t]
        return json.dumps(
            {"st": {"bg": str(_times(i)[0]), "ed": str(_times(i)[1]), "rl": str(SPEAKER[w] + 1), "rt": [{"ws": words}]}}
        )

    lattice = [{"json_1best": best(i, w, t)} for i, (w, t) in enumerate(call)]
    return {"code": "000000", "content": {"orderInfo": {"status": 4}, "orderResult": json.dumps({"lattice": lattice})}}


def huawei(call: Call) -> Any:
    role = {"a": "AGENT", "c": "USER", "o": "IVR"}
    return {
        "segments": [
            {
                "start_time": _times(i)[0],
                "end_time": _times(i)[1],
                "result": {"text": t, "analysis_info": {"role": role[w]}},
            }
            for i, (w, t) in enumerate(call)
        ]
    }


def volcengine(call: Call) -> Any:
    said = [
        {"text": t, "start_time": s, "end_time": e, "additions": {"speaker": str(SPEAKER[w] + 1)}}
        for i, (w, t) in enumerate(call)
        for s, e in [_times(i)]
    ]
    return {"result": {"text": "", "utterances": said}}


def tickets(call: Call) -> Any:
    who = {"a": "hot-line", "c": "citizen", "o": "ivr"}
    return {"1_x": [{who[w]: t} for w, t in call]}


def txt(call: Call) -> str:
    return "\n".join(f"{NAMED[w]}：{t}" for w, t in call)


def srt(call: Call) -> str:
    return "\n\n".join(
        f"{i + 1}\n00:{i // 60:02d}:{i % 60:02d},000 --> 00:{i // 60:02d}:{i % 60:02d},900\n{NAMED[w]}：{t}"
        for i, (w, t) in enumerate(call)
    )


def srt_bare(call: Call) -> str:
    """Subtitles that do not say who speaks."""
    return "\n\n".join(
        f"{i + 1}\n00:{i // 60:02d}:{i % 60:02d},000 --> 00:{i // 60:02d}:{i % 60:02d},900\n{t}"
        for i, (_, t) in enumerate(call)
    )


def vtt(call: Call) -> str:
    cues = (
        f"00:{i // 60:02d}:{i % 60:02d}.000 --> 00:{i // 60:02d}:{i % 60:02d}.900\n<v {NAMED[w]}>{t}</v>"
        for i, (w, t) in enumerate(call)
    )
    return "WEBVTT\n\n" + "\n\n".join(cues)


def wenet(call: Call) -> str:
    lines: list[Any] = [{"status": "ok", "type": "server_ready"}]
    for i, (_, t) in enumerate(call):
        s, e = _times(i)
        lines += [
            {"status": "ok", "type": "partial_result", "nbest": json.dumps([{"sentence": t[:3]}])},
            {
                "status": "ok",
                "type": "final_result",
                "nbest": json.dumps([{"sentence": t, "word_pieces": [{"word": t[0], "start": s, "end": e}]}]),
            },
        ]
    return "\n".join(json.dumps(x, ensure_ascii=False) for x in lines)


def runtime(call: Call) -> str:
    """The offline message of a 2-pass recogniser after its online ones."""
    whole = "".join(t if t[-1] in "。？！，" else t + "。" for _, t in call)
    lines = [{"mode": "2pass-online", "text": t[:2], "is_final": False} for _, t in call[:2]]
    lines.append({"mode": "2pass-offline", "text": whole, "timestamp": "[[0,1]]", "is_final": True})
    return "\n".join(json.dumps(x, ensure_ascii=False) for x in lines)


#: Format name → file ending and writer.
WRITERS: dict[str, tuple[str, Callable[[Call], Any]]] = {
    "funasr_python": ("json", funasr),
    "funasr_runtime": ("jsonl", runtime),
    "whisper": ("json", whisper),
    "whisperx": ("json", whisperx),
    "aliyun_filetrans": ("json", aliyun),
    "aliyun_back": ("json", aliyun_back),
    "tencent": ("json", tencent),
    "iflytek_orderresult": ("json", iflytek),
    "huawei_sis": ("json", huawei),
    "volcengine": ("json", volcengine),
    "wenet": ("jsonl", wenet),
    "srt": ("srt", srt),
    "srt_bare": ("srt", srt_bare),
    "webvtt": ("vtt", vtt),
    "txt": ("txt", txt),
    "txt_gbk": ("txt", lambda call: txt(call).encode("gb18030")),
    "ticket12345_turns": ("json", tickets),
}
#: Formats that tell no speakers apart.
UNLABELLED = ("whisper", "wenet", "funasr_runtime", "srt_bare")


def write(folder: Path, name: str, format_: str, call: Call) -> Path:
    """The call as a file of the format."""
    ending, make = WRITERS[format_]
    made = make(call)
    path = folder / f"{name}.{ending}"
    if not isinstance(made, bytes):
        made = (made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)).encode()
    path.write_bytes(made)
    return path


def calls(name: str = "calls.yml") -> list[dict[str, Any]]:
    """The project's own calls with what is right for them; `turns` as pairs."""
    rows = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    for row in rows:
        row["turns"] = [next(iter(t.items())) for t in row["turns"]]
        row["gold"] = {k: _plain(v) for k, v in row["gold"].items()}
        row["time"] = row["time"].isoformat() if isinstance(row["time"], datetime) else row["time"]
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value
