"""Reading transcripts as speech recognisers store them; the format is told from the content, not from the file's name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from bot.hotline.readers import Misshapen, of_json, of_jsonl
from bot.hotline.turns import Transcript, TranscriptError, Turn

__all__ = ["Transcript", "TranscriptError", "Turn", "parse", "read"]

_CLOCK = r"(?:(\d+):)?(\d\d):(\d\d)[.,](\d{1,3})"
_TIME = re.compile(rf"{_CLOCK}\s*-->\s*{_CLOCK}")
_WHO = r"坐席|座席|话务员?|接线员?|客服|工作人员|受理员|市民|来电人?|群众|用户|客户|诉求人|反映人|语音|[A-Za-z]{1,12}[_-]?\d{0,2}|(?:说话人|发言人|讲话人)\s?\d+"
_PREFIX = re.compile(
    rf"^\s*(?:\[?[\d:.,~\- ]{{4,26}}\]?\s*)?[【\[]?({_WHO})[】\]]?\s*(?:[\d:.]{{4,12}}\s*)?[：:]\s*(.*)$", re.S
)
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>(.*?)(?:</v>|$)", re.S)
_TAG = re.compile(r"<[^>]{1,60}>")
#: A NUL never stands in a text; a file that has some was written in another encoding or is no text at all.
_BINARY = re.compile("[\x00\x01\x02\x03\x04\x05\x06]")


def read(path: Path) -> Transcript:
    """The call in `path`. Raises TranscriptError, which names file, place and reason."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise TranscriptError(f"{path.name}：读不出来：{e.strerror}") from e
    return parse(path.name, raw)


def parse(name: str, raw: bytes) -> Transcript:
    """The call in the bytes of a file called `name`. Raises TranscriptError."""
    if not raw.strip():
        raise TranscriptError(f"{name}：文件是空的")
    text = _decode(name, raw)
    try:
        format_, turns = _parse(text)
    except json.JSONDecodeError as e:
        raise TranscriptError(f"{name}：第 {e.lineno} 行第 {e.colno} 列：不是完整的 JSON（{e.msg}）") from e
    except Misshapen as e:
        raise TranscriptError(f"{name}：{e}") from e
    except RecursionError as e:
        raise TranscriptError(f"{name}：嵌套太深，不是转写") from e
    kept = tuple(t for t in turns if t.text.strip())
    if not kept:
        raise TranscriptError(f"{name}：读成了 {format_}，但里面没有话")
    return Transcript(format_, kept)


def _decode(name: str, raw: bytes) -> str:
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    place = 0
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as e:
            place = max(place, e.start)
            continue
        binary = _BINARY.search(text)
        if binary:
            raise TranscriptError(f"{name}：第 {binary.start() + 1} 个字符不是文字，这不是文本文件")
        return text
    raise TranscriptError(f"{name}：第 {place + 1} 个字节既不是 UTF-8 也不是 GB18030")


def _parse(text: str) -> tuple[str, list[Turn]]:
    head = text.lstrip()[:6]
    if head.startswith("WEBVTT"):
        return "webvtt", list(_cues(text))
    if head[:1] in "[{" and not _PREFIX.match(text.lstrip().split("\n", 1)[0]):
        try:
            data = json.loads(text)
        except json.JSONDecodeError:
            lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
            if len(lines) < 2:
                raise
            return of_jsonl([(n, _line(n, line)) for n, line in lines])
        return of_json(data)
    if _TIME.search(text[:2000]):
        return "srt", list(_cues(text))
    return "txt", list(_lines(text))


def _line(number: int, line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError as e:
        raise Misshapen(f"第 {number} 行", f"第 {e.colno} 列起不是完整的 JSON（{e.msg}）") from e


def _ms(parts: tuple[str | None, ...]) -> int:
    h, m, s = (int(p or 0) for p in parts[:3])
    return ((h * 60 + m) * 60 + s) * 1000 + int((parts[3] or "0").ljust(3, "0"))


def _said(text: str, start: int = 0, end: int = 0) -> Turn:
    """A line with the speaker's prefix or voice tag taken off."""
    voice = _VOICE.search(text)
    if voice:
        return Turn(voice[1].strip(), _TAG.sub("", voice[2]).strip(), start, end)
    m = _PREFIX.match(text)
    return Turn(m[1], m[2].strip(), start, end) if m else Turn("", _TAG.sub("", text).strip(), start, end)


def _cues(text: str) -> Iterator[Turn]:
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        m = _TIME.search(block)
        if m:
            told = " ".join(line.strip() for line in block[m.end() :].split("\n")[1:] if line.strip())
            yield _said(told, _ms(m.groups()[:4]), _ms(m.groups()[4:]))


def _lines(text: str) -> Iterator[Turn]:
    """A line is a turn; one without a speaker goes on with the turn before when the file names speakers."""
    turns: list[Turn] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        turn = _said(line.strip())
        if not turn.speaker and turns and turns[-1].speaker:
            turns[-1] = Turn(turns[-1].speaker, turns[-1].text + turn.text)
        else:
            turns.append(turn)
    yield from turns
