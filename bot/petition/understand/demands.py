"""What the person wants."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_STRONG = re.compile(
    r"(?:强烈要求|要求|恳请|请求|诉求(?:是|：|:)?|恳求|希望|盼望|期望|望(?=[^，。]{2,})|请(?:领导|政府|有关部门|相关部门|贵|市|区|县|尽快|及时|帮|依法|查|给|你们|求|予)|建议)"
)
_WANT = re.compile(
    r"(?:我要|我想要?|俺要|俺就是要|我们要|就想|就要|只想|只求|我就想|让他们?|叫他们?|给我(?!家|们家|说|看|打|发|上|一)|把[^，。！？；]{1,12}(?:修|退|还|补|撤|改|换|公开|拆|贴|恢复|赔)|(?:该|得)管|管一管|管管|(?:能不能|可不可以|可否|能否|是否可以)[^，。！？]{2,})"
)
_ASK = re.compile(
    r"(?:请问|问下|想问|咨询)?[^，。！？；\n]{0,20}(?:什么时候|何时|怎么办|找谁|咋办|怎么解决|如何解决|谁来管|还来得及)[^，。！？；\n]{0,20}[?？]?"
)
_END = re.compile(r"[。！？!?；;\n]")
_LEAD = re.compile(r"^(?:就是|就|我就是|嗯|哦|那个|请|希望|要求|我要求|我的诉求是?|诉求是?|我想|我要|想)+[，, ：:]*")
MAX = 60


def _clip(s: str, start: int) -> str:
    stop = _END.search(s, start)
    piece = s[start : stop.start() if stop else len(s)]
    if len(piece) > MAX:
        cut = max(piece.rfind(c, 0, MAX) for c in "，,、 ")
        piece = piece[: cut if cut > 10 else MAX]
    return piece.strip(" ，,：:")


def find_demand(text: str, asked: bool = False) -> Found | None:
    """The last strong demand of a story (要求, 希望 …), else what the person says to want, else the question put."""
    s = clean(text).text
    if asked:
        body = s.strip(" \n\t。.")
        return Found("demand", body, body, 0, len(body), 0.9) if body and len(body) <= 500 else None
    for pattern, confidence in ((_STRONG, 0.85), (_WANT, 0.75), (_ASK, 0.4)):
        matches = list(pattern.finditer(s))
        if not matches:
            continue
        m = matches[-1]
        piece = _clip(s, m.start())
        if len(piece) >= 4:
            return Found("demand", piece, piece, m.start(), m.start() + len(piece), confidence)
    return None
