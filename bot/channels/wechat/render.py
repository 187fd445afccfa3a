"""Message objects on a small screen without buttons: short paragraphs, numbered choices, pages that end where a sentence ends.

Pure. A choice's number is its place among the buttons of the answer given last, which is stored with the conversation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from bot.petition.catalogue import Catalogue
from bot.petition.understand.numerals import parse_number

#: The platform's limit for a text is 2,048 bytes of UTF-8; what is left over is for the hint that there is more.
PAGE_BYTES = 1920
#: A told story is folded in the summary: its teller knows it.
FOLDED = 90
_LINE_NO = re.compile(r"^(\d{1,2})\. ", re.M)
_CHOICE = re.compile(
    r"^(?:我?选|选择|回复|第|按)?\s*(?:第)?\s*(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,3})\s*(?:个|号)?\s*[.。,，、!！)）]*$"
)
_ENDS = ("\n", "。！？!?…；;", "，,、：: ")
_SPACE = re.compile(r"[\s.。,，、!！?？“”\"'~～·]+")


def pages(messages: Sequence[Mapping[str, Any]], say: Catalogue) -> list[str]:
    """The messages of one turn as texts of at most `PAGE_BYTES`, in order. The choices stay together, at the end."""
    parts = [_laid_out(m) for m in messages]
    choices = _choices(messages, say)
    body = "\n\n".join(p for p in parts if p)
    out = cut(body, PAGE_BYTES)
    if choices:
        if out and len((out[-1] + "\n\n" + choices).encode()) <= PAGE_BYTES:
            out[-1] += "\n\n" + choices
        else:
            out += cut(choices, PAGE_BYTES)
    return out


def _laid_out(message: Mapping[str, Any]) -> str:
    text = str(message.get("text") or "").strip()
    kind = (message.get("custom") or {}).get("kind")
    if kind == "summary":
        # Lines carry their number in a circle, so that a bare number always means a choice and 改第3项 still means a line.
        text = _LINE_NO.sub(lambda m: f"{circled(int(m[1]))} ", text)
        return "\n".join(_folded(line) for line in text.split("\n"))
    if kind == "advice":
        return re.sub(r"\n+", "\n\n", text)
    return text


def circled(n: int) -> str:
    """① to ⑳; other numbers as (21)."""
    return chr(0x2460 + n - 1) if 1 <= n <= 20 else f"({n})"


def _folded(line: str) -> str:
    return line if len(line) <= FOLDED + 30 or line[:1] not in "①②③" else f"{line[:FOLDED]}…（共{len(line)}字）"


def _choices(messages: Sequence[Mapping[str, Any]], say: Catalogue) -> str:
    titles = [str(b["title"]) for m in messages for b in m.get("buttons") or ()]
    if not titles:
        return ""
    return "\n".join([say.say("wechat_choose"), *(f"{i}. {t}" for i, t in enumerate(titles, 1))])


def chosen(text: str, buttons: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The button that a text means: its number in digits or Chinese numerals, or its words; None when it means none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    words = _SPACE.sub("", plain)
    for b in buttons:
        if words and words == _SPACE.sub("", unicodedata.normalize("NFKC", b["title"])):
            return b
    if any(0x2460 <= ord(ch) <= 0x2473 for ch in text):
        return None  # ③ is a line of the summary, not a choice
    m = _CHOICE.match(plain)
    if not m:
        return None
    number = int(m["n"]) if m["n"].isdigit() else parse_number(m["n"])
    return buttons[int(number) - 1] if number and 1 <= number <= len(buttons) else None


def cut(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` bytes of UTF-8, cut at the end of a paragraph or sentence where there is one, never in a character."""
    out: list[str] = []
    rest = text.strip()
    while len(rest.encode()) > limit:
        head = rest.encode()[:limit].decode("utf-8", "ignore")
        places = (max(head.rfind(ch) for ch in ends) + 1 for ends in _ENDS)
        at = next((p for p in places if p > len(head) // 2), len(head))
        out.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*out, rest] if rest else out
