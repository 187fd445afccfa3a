"""Reading transcripts as speech recognisers store them. Each reader takes what it needs and nothing else; the format is told from the file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class TranscriptError(Exception):
    """A file that cannot be read; the message names file, place and reason."""


@dataclass(frozen=True)
class Turn:
    """One utterance as it stands in the file. `speaker`: the file's label, "" when it does not tell speakers apart; times in ms."""

    speaker: str
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Transcript:
    """A call: format key, turns in order, and whether the labels tell two persons apart."""

    format: str
    turns: tuple[Turn, ...]

    @property
    def labelled(self) -> bool:
        """Whether the file tells speakers apart."""
        return len({t.speaker for t in self.turns if t.speaker}) > 1


_TIME = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[.,](\d{3})[ \t]{0,9}-->[ \t]{0,9}(\d{1,3}):(\d\d):(\d\d)[.,](\d{3})")
_PREFIX = re.compile(
    r"^\s*(坐席|话务员|接线员|客服|工作人员|市民|来电人|群众|用户|客户|话务|[A-Za-z]{1,10}\d{0,2}|说话人\d+)\s*[：:]\s*(.*)$"
)
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>(.*?)(?:</v>|$)", re.S)
_TAG = re.compile(r"<[^>]{1,60}>")
_SENTENCE = re.compile(r"[^。！？?!；\n]+[。！？?!；]?")


def read(path: Path) -> Transcript:
    """The call in `path`. Raises TranscriptError."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise TranscriptError(f"{path.name}：读不出来：{e.strerror}") from e
    text = _decode(path, raw)
    try:
        format_, turns = _parse(text)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise TranscriptError(f"{path.name}：认不出格式，或者缺少内容（{type(e).__name__}：{e}）") from e
    kept = tuple(t for t in turns if t.text.strip())
    if not kept:
        raise TranscriptError(f"{path.name}：里面没有话")
    return Transcript(format_, kept)


def _decode(path: Path, raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as e:
            place = e.start
    raise TranscriptError(f"{path.name}：第 {place} 个字节既不是 UTF-8 也不是 GB18030")


def _parse(text: str) -> tuple[str, list[Turn]]:
    head = text.lstrip()[:6]
    if head.startswith("WEBVTT"):
        return "webvtt", list(_cues(text))
    if _TIME.search(text[:400]) and head[:1] not in "[{":
        return "srt", list(_cues(text))
    if head[:1] in "[{":
        try:
            return _json(json.loads(text))
        except json.JSONDecodeError:
            lines = [json.loads(line) for line in text.splitlines() if line.strip()]
            return _jsonl(lines)
    return "txt", list(_lines(text))


def _ms(parts: tuple[str, ...]) -> int:
    h, m, s, ms = map(int, parts)
    return ((h * 60 + m) * 60 + s) * 1000 + ms


def _said(text: str, start: int = 0, end: int = 0) -> Turn:
    """A line with the speaker's prefix or voice tag taken off."""
    voice = _VOICE.search(text)
    if voice:
        return Turn(voice[1].strip(), _TAG.sub("", voice[2]).strip(), start, end)
    m = _PREFIX.match(text)
    return Turn(m[1], m[2].strip(), start, end) if m else Turn("", _TAG.sub("", text).strip(), start, end)


def _cues(text: str) -> Iterator[Turn]:
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        m = _TIME.search(block)
        if m:
            yield _said(" ".join(block[m.end() :].split("\n")).strip(), _ms(m.groups()[:4]), _ms(m.groups()[4:]))


def _lines(text: str) -> Iterator[Turn]:
    for line in text.splitlines():
        if line.strip():
            yield _said(line.strip())


def _json(data: Any) -> tuple[str, list[Turn]]:
    if isinstance(data, list):
        return "funasr_python", [t for item in data for t in _funasr(item)]
    for key, reader in _BY_KEY.items():
        if key in data:
            return reader(data)
    if len(data) >= 1 and all(isinstance(v, list) for v in data.values()):
        turns = [Turn(str(k), str(v)) for said in data.values() for item in said for k, v in item.items()]
        return "ticket12345_turns", turns
    raise ValueError("没有认识的键：" + "、".join(list(data)[:5]))


def _jsonl(lines: list[Any]) -> tuple[str, list[Turn]]:
    if any("nbest" in x or x.get("type") == "server_ready" for x in lines):
        return "wenet", [t for x in lines if x.get("type") == "final_result" for t in _wenet(x)]
    turns: list[Turn] = []
    for x in lines:
        if x.get("mode") in ("2pass-online", "online"):
            continue
        turns += _funasr(x)
    return "funasr_runtime", turns


def _funasr(item: Any) -> list[Turn]:
    info = item.get("sentence_info") or []
    if info:
        out = []
        for s in info:
            stamps = s.get("timestamp") or []
            start = stamps[0][0] if stamps else s.get("start", 0)  # some versions give the last character's start
            speaker = str(s["spk"]) if s.get("spk") is not None else ""
            out.append(Turn(speaker, str(s.get("text") or s.get("sentence") or ""), int(start), int(s.get("end", 0))))
        return out
    stamps = item.get("stamp_sents") or []
    text = str(item.get("text") or "")
    if stamps and not text:
        return [
            Turn(
                "", "".join(str(s.get("text_seg", "")).split()) + str(s.get("punc", "")), int(s["start"]), int(s["end"])
            )
            for s in stamps
        ]
    return [Turn("", m[0]) for m in _SENTENCE.finditer(text)]


def _wenet(x: Any) -> list[Turn]:
    best = json.loads(x["nbest"]) if isinstance(x["nbest"], str) else x["nbest"]
    pieces = best[0].get("word_pieces") or [{"start": 0, "end": 0}]
    return [Turn("", str(best[0]["sentence"]), int(pieces[0]["start"]), int(pieces[-1]["end"]))]


def _whisper(data: Any) -> tuple[str, list[Turn]]:
    turns, speakers = [], False
    for s in data["segments"]:
        if "result" in s:
            return _huawei(data)
        who = [w["speaker"] for w in s.get("words") or () if w.get("speaker")]
        speaker = s.get("speaker") or (max(set(who), key=who.count) if who else "")
        speakers = speakers or bool(speaker)
        turns.append(
            Turn(
                str(speaker),
                str(s.get("text", "")).strip(),
                int(1000 * (s.get("start") or 0)),
                int(1000 * (s.get("end") or 0)),
            )
        )
    return ("whisperx" if speakers or "word_segments" in data else "whisper"), turns


def _huawei(data: Any) -> tuple[str, list[Turn]]:
    out = []
    for s in data["segments"]:
        result = s["result"]
        role = (result.get("analysis_info") or {}).get("role") or ""
        out.append(
            Turn(str(role), str(result.get("text") or ""), int(s.get("start_time", 0)), int(s.get("end_time", 0)))
        )
    return "huawei_sis", out


def _aliyun(data: Any) -> tuple[str, list[Turn]]:
    out = []
    for s in (data.get("Result") or {}).get("Sentences") or ():
        who = s.get("SpeakerId") if s.get("SpeakerId") is not None else s.get("ChannelId")
        out.append(
            Turn(
                "" if who is None else str(who),
                str(s.get("Text") or ""),
                int(s.get("BeginTime", 0)),
                int(s.get("EndTime", 0)),
            )
        )
    return "aliyun_filetrans", out


def _result(data: Any) -> tuple[str, list[Turn]]:
    """`result`: the call-back of Aliyun, or Volcengine's utterances."""
    items = data["result"] if isinstance(data["result"], list) else [data["result"]]
    if any("utterances" in x for x in items):
        return "volcengine", [
            Turn(
                str((u.get("additions") or {}).get("speaker") or ""),
                str(u["text"]),
                int(u["start_time"]),
                int(u["end_time"]),
            )
            for x in items
            for u in x.get("utterances") or ()
        ]
    out = []
    for s in items:
        who = s.get("speaker_id") if s.get("speaker_id") is not None else s.get("channel_id")
        out.append(
            Turn(
                "" if who is None else str(who),
                str(s.get("text") or ""),
                int(s.get("begin_time", 0)),
                int(s.get("end_time", 0)),
            )
        )
    return "aliyun_filetrans", out


def _tencent(data: Any) -> tuple[str, list[Turn]]:
    body = data["Response"]["Data"]
    detail = body.get("ResultDetail")
    if detail:
        return "tencent", [
            Turn(
                "" if s.get("SpeakerId") is None else str(s["SpeakerId"]),
                str(s.get("FinalSentence") or s.get("WrittenText") or ""),
                int(s.get("StartMs") or 0),
                int(s.get("EndMs") or 0),
            )
            for s in detail
        ]
    plain = re.sub(r"\[[\d:.,]+(?:,\d)?\]\s*", "", str(body.get("Result") or ""))
    return "tencent", [Turn("", line.strip()) for line in plain.split("\n")]


def _iflytek(data: Any) -> tuple[str, list[Turn]]:
    content = data["content"]
    result = content["orderResult"]
    result = json.loads(result) if isinstance(result, str) else result
    out = []
    for item in result.get("lattice") or result.get("lattice2") or ():
        best = item["json_1best"]
        st = (json.loads(best) if isinstance(best, str) else best)["st"]
        words = "".join(str(c["w"]) for rt in st["rt"] for ws in rt["ws"] for c in ws["cw"][:1])
        out.append(Turn(str(st.get("rl") or ""), words, int(st.get("bg") or 0), int(st.get("ed") or 0)))
    return "iflytek_orderresult", out


_BY_KEY: dict[str, Callable[[Any], tuple[str, list[Turn]]]] = {
    "Result": _aliyun,
    "Response": _tencent,
    "content": _iflytek,
    "result": _result,
    "segments": _whisper,
    "sentence_info": lambda d: ("funasr_python", _funasr(d)),
    "mode": lambda d: ("funasr_runtime", _funasr(d)),
}
