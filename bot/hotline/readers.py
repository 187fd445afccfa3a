"""The JSON of each recogniser into turns. Each reader takes what it needs and nothing else, and says where something is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.hotline.turns import Turn

_SENTENCE = re.compile(r"[^。！？?!；\n]+[。！？?!；]?")
_STAMPED = re.compile(r"\[(\d+):(\d+(?:\.\d+)?),(\d+):(\d+(?:\.\d+)?)(?:,(\d+))?\]\s*")


class Misshapen(ValueError):
    """Something is not as the format has it: the place in the file and the reason."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}：{reason}" if place else reason)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """What goes wrong inside is said with its place."""
    try:
        yield
    except Misshapen:
        raise
    except KeyError as e:
        raise Misshapen(place, f"缺少 {e.args[0]}") from e
    except json.JSONDecodeError as e:
        raise Misshapen(place, f"里面的 JSON 第 {e.pos + 1} 个字符起不对（{e.msg}）") from e
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as e:
        raise Misshapen(place, f"内容的类型不对（{type(e).__name__}）") from e


def _each(items: Any, place: str, make: Callable[[Any], Turn]) -> list[Turn]:
    """A turn of each item, with the item's number in what goes wrong."""
    if not isinstance(items, list):
        raise Misshapen(place, f"应是列表，却是 {type(items).__name__}")
    out = []
    for i, item in enumerate(items):
        with _at(f"{place}[{i}]"):
            out.append(make(item))
    return out


def _turn(item: Any, text: str, start: str, end: str, *speakers: str, scale: float = 1.0) -> Turn:
    """A turn of the keys that a format uses; the first speaker key that is there counts."""
    who = next((item[k] for k in speakers if item.get(k) is not None), "")
    said = item.get(text)
    if said is not None and not isinstance(said, str):
        raise TypeError(text)
    return Turn(str(who), (said or "").strip(), int(scale * (item.get(start) or 0)), int(scale * (item.get(end) or 0)))


def of_json(data: Any) -> tuple[str, list[Turn]]:
    """Format key and turns of one JSON value. Raises Misshapen."""
    with _at(""):
        if isinstance(data, list):
            return "funasr_python", [t for i, item in enumerate(data) for t in _funasr(item, f"[{i}]")]
        if not isinstance(data, dict):
            raise Misshapen("", f"应是对象或列表，却是 {type(data).__name__}")
        for key, reader in _BY_KEY.items():
            if key in data:
                return reader(data)
        if data and all(isinstance(v, list) for v in data.values()):
            return _tickets(data)
        known = "、".join(sorted(map(str, data))[:5]) or "没有键"
        raise Misshapen("", f"不是认识的格式（最外层的键：{known}）")


def of_jsonl(lines: list[tuple[int, Any]]) -> tuple[str, list[Turn]]:
    """Format key and turns of the messages of a running recogniser, each with its line number. Raises Misshapen."""
    for n, x in lines:
        if not isinstance(x, dict):
            raise Misshapen(f"第 {n} 行", f"应是对象，却是 {type(x).__name__}")
    if any("nbest" in x or x.get("type") == "server_ready" for _, x in lines):
        turns = []
        for n, x in lines:
            if x.get("type") == "final_result":
                with _at(f"第 {n} 行"):
                    turns.append(_wenet(x))
        return "wenet", turns
    out: list[Turn] = []
    for n, x in lines:
        if x.get("mode") not in ("2pass-online", "online"):
            out += _funasr(x, f"第 {n} 行")
    return "funasr_runtime", out


def _tickets(data: Any) -> tuple[str, list[Turn]]:
    turns = []
    for key, said in data.items():
        for i, item in enumerate(said):
            with _at(f"{key}[{i}]"):
                turns += [Turn(str(who), str(text)) for who, text in item.items()]
    return "ticket12345_turns", turns


def _funasr(item: Any, place: str) -> list[Turn]:
    with _at(place):
        info = item.get("sentence_info") or []
        if info:
            return _each(info, f"{place}.sentence_info", _funasr_sentence)
        stamps = item.get("stamp_sents") or []
        text = item.get("text")
        if text is not None and not isinstance(text, str):
            raise TypeError("text")
        if stamps and not text:
            return _each(
                stamps,
                f"{place}.stamp_sents",
                lambda s: Turn(
                    "",
                    "".join(str(s.get("text_seg", "")).split()) + str(s.get("punc", "")),
                    int(s["start"]),
                    int(s["end"]),
                ),
            )
        if text is None:
            raise KeyError("text")
        return [Turn("", m[0]) for m in _SENTENCE.finditer(text)]


def _funasr_sentence(s: Any) -> Turn:
    stamps = s.get("timestamp") or []
    start = stamps[0][0] if stamps else s.get("start", 0)  # some versions give the last character's start
    speaker = str(s["spk"]) if s.get("spk") is not None else ""
    return Turn(speaker, str(s.get("text") or s.get("sentence") or ""), int(start), int(s.get("end", 0)))


def _wenet(x: Any) -> Turn:
    best = json.loads(x["nbest"]) if isinstance(x["nbest"], str) else x["nbest"]
    pieces = best[0].get("word_pieces") or [{"start": 0, "end": 0}]
    return Turn("", str(best[0]["sentence"]), int(pieces[0]["start"]), int(pieces[-1]["end"]))


def _whisper(data: Any) -> tuple[str, list[Turn]]:
    segments = data["segments"]
    if isinstance(segments, list) and segments and isinstance(segments[0], dict) and "result" in segments[0]:
        return _huawei(data)

    def one(s: Any) -> Turn:
        who = [w["speaker"] for w in s.get("words") or () if w.get("speaker")]
        speaker = s.get("speaker") or (max(sorted(set(who)), key=who.count) if who else "")
        turn = _turn(s, "text", "start", "end", scale=1000)
        return Turn(str(speaker), turn.text, turn.start, turn.end)

    turns = _each(segments, "segments", one)
    return ("whisperx" if any(t.speaker for t in turns) or "word_segments" in data else "whisper"), turns


def _chunks(data: Any) -> tuple[str, list[Turn]]:
    """Whisper as the transformers pipeline gives it."""
    return "whisper", _each(
        data["chunks"],
        "chunks",
        lambda s: Turn(
            "", str(s["text"]).strip(), int(1000 * (s["timestamp"][0] or 0)), int(1000 * (s["timestamp"][1] or 0))
        ),
    )


def _huawei(data: Any) -> tuple[str, list[Turn]]:
    def one(s: Any) -> Turn:
        result = s["result"]
        role = (result.get("analysis_info") or {}).get("role") or ""
        return Turn(
            str(role), str(result.get("text") or ""), int(s.get("start_time") or 0), int(s.get("end_time") or 0)
        )

    return "huawei_sis", _each(data["segments"], "segments", one)


def _aliyun(data: Any) -> tuple[str, list[Turn]]:
    result = data["Result"]
    if not result:
        raise Misshapen("Result", f"是空的：识别没有成功（StatusText：{str(data.get('StatusText'))[:40]}）")
    return "aliyun_filetrans", _each(
        result["Sentences"],
        "Result.Sentences",
        lambda s: _turn(s, "Text", "BeginTime", "EndTime", "SpeakerId", "ChannelId"),
    )


def _dashscope(data: Any) -> tuple[str, list[Turn]]:
    """Aliyun's model studio: one transcript a channel, put back into the order of time."""
    turns: list[Turn] = []
    for i, channel in enumerate(data["transcripts"]):
        with _at(f"transcripts[{i}]"):
            for t in _each(
                channel["sentences"],
                f"transcripts[{i}].sentences",
                lambda s: _turn(s, "text", "begin_time", "end_time", "speaker_id"),
            ):
                turns.append(t if t.speaker else Turn(str(channel.get("channel_id", "")), t.text, t.start, t.end))
    return "aliyun_filetrans", sorted(turns, key=lambda t: t.start)


def _result(data: Any) -> tuple[str, list[Turn]]:
    """`result`: the call-back of Aliyun, or Volcengine's utterances."""
    items = data["result"] if isinstance(data["result"], list) else [data["result"]]
    if any(isinstance(x, dict) and "utterances" in x for x in items):

        def one(u: Any) -> Turn:
            turn = _turn(u, "text", "start_time", "end_time")
            return Turn(str((u.get("additions") or {}).get("speaker") or ""), turn.text, turn.start, turn.end)

        found = (_each(x.get("utterances") or [], f"result[{i}].utterances", one) for i, x in enumerate(items))
        return "volcengine", [t for turns in found for t in turns]
    return "aliyun_filetrans", _each(
        items, "result", lambda s: _turn(s, "text", "begin_time", "end_time", "speaker_id", "channel_id")
    )


def _tencent(data: Any) -> tuple[str, list[Turn]]:
    body = data["Response"]
    if "Error" in body:
        raise Misshapen("Response.Error", f"识别没有成功（{str(body['Error'].get('Code'))[:40]}）")
    body = body["Data"]
    detail = body.get("ResultDetail")
    if detail:

        def one(s: Any) -> Turn:
            turn = _turn(s, "FinalSentence", "StartMs", "EndMs", "SpeakerId")
            return turn if turn.text else Turn(turn.speaker, str(s.get("WrittenText") or ""), turn.start, turn.end)

        return "tencent", _each(detail, "Response.Data.ResultDetail", one)
    plain = body.get("Result")
    if not isinstance(plain, str):
        raise Misshapen(
            "Response.Data", f"没有 ResultDetail，也没有 Result（StatusStr：{str(body.get('StatusStr'))[:20]}）"
        )
    turns = []
    for line in plain.split("\n"):
        m = _STAMPED.match(line.strip())
        start, end = ((int(m[1]) * 60 + float(m[2])) * 1000, (int(m[3]) * 60 + float(m[4])) * 1000) if m else (0, 0)
        turns.append(Turn((m[5] or "") if m else "", line.strip()[m.end() if m else 0 :].strip(), int(start), int(end)))
    return "tencent", turns


def _iflytek(data: Any) -> tuple[str, list[Turn]]:
    content = data["content"]
    result = content["orderResult"]
    with _at("content.orderResult"):
        result = json.loads(result) if isinstance(result, str) else result

    def one(item: Any) -> Turn:
        best = item["json_1best"]
        st = (json.loads(best) if isinstance(best, str) else best)["st"]
        words = "".join(str(c["w"]) for rt in st["rt"] for ws in rt["ws"] for c in ws["cw"][:1])
        return Turn(str(st.get("rl") or ""), words, int(st.get("bg") or 0), int(st.get("ed") or 0))

    name = "lattice" if result.get("lattice") else "lattice2"
    return "iflytek_orderresult", _each(result.get(name) or [], f"orderResult.{name}", one)


_BY_KEY: dict[str, Callable[[Any], tuple[str, list[Turn]]]] = {
    "Result": _aliyun,
    "Response": _tencent,
    "content": _iflytek,
    "transcripts": _dashscope,
    "result": _result,
    "segments": _whisper,
    "chunks": _chunks,
    "sentence_info": lambda d: ("funasr_python", _funasr(d, "")),
    "mode": lambda d: ("funasr_runtime", _funasr(d, "")),
    "text": lambda d: ("funasr_python", _funasr(d, "")),
}
