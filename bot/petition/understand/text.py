"""Cleaning a text for reading, with the way back to what was typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

#: Zero-width, bidi and control characters (line breaks and tabs stay).
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u0000-\u0008\u000b-\u001f\u007f]")
#: Anything that NFKC could change or that has to go; plain Chinese and ASCII text skips the work.
_ODD = re.compile("[^\n\t\u0020-\u007e\u3001-\u3011\u4e00-\u9fff，。！？：；（）“”‘’《》、…—·]")
#: Runs of blanks longer than anybody means: cut to their beginning, so that no expression goes over them again and again.
_BLANKS = re.compile("[ \t\n\u3000\xa0]{17,}")
#: How much longer than it was typed a text may become: one character (ﷺ) may stand for eighteen, and all of them have to be read.
MAX_MORE = 1000
#: Full-width forms that are kept, since the Chinese sentence needs them.
_KEEP = frozenset("，。！？：；（）《》【】、“”‘’…—～")


@dataclass(frozen=True)
class Cleaned:
    """`text` and, for each of its characters, the index in the raw text that it came from."""

    text: str
    offsets: tuple[int, ...] | None
    size: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The raw range of text[start:end]."""
        if self.offsets is None:
            return start, end
        if start >= end or start >= len(self.offsets):
            return self.size, self.size
        return self.offsets[start], self.offsets[min(end, len(self.offsets)) - 1] + 1


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    """Common characters that exist in traditional writing only: without any of them there is nothing to convert."""
    return re.compile(
        "[們個這來時會說對過還沒錢給區縣鎮鄉處請問題應該為與業園東車門見長開關讓實現發電話號碼證據農徵補償遷樓層房單據學醫院師費資動勞護權國務員樣兩讀寫點圖書館麼嗎媽爺龍鳳麗馬魚鳥紅綠銀鐵錶鐘鏡閉間聞閱隊陽陰際雖雙雜離難雲靜頭頁順須預領題顏類風飛飯駕驗騙體髮鬆鮮鹽麵黨齊齡壞壓塊塵夠幾從後復徑憑戲戶擔擋據擠擴擾攔攤敗敵數斷曉條極構標檔檢歡歲歷殘決汙況淨湯溝滅滿漁潔濕濟瀏灣災烏煙煩熱燈爭牆狀獎獲環療癢盜監盡眾睏礙禮種稅穩窮競筆節範築簡糧糾紀紙級細終統絕給經綁維網緊線練縮績繳續罷聯聲聽職腦臉臨舉舊莊蓋藥蘭號虧衛衝裝裡褲覺觀計訂討記訊託許訪設詐評詞試話該詳誤誰論諾謀謊譯護變貌財貨貪貸買賀資賊賓賠賣質賬賺購趕跡踐車軌軟較載輕輛輪輯輸辦農違遲遠遷適鄰醜鋪錄鍋鎖鎮閒閙陸險隨隱靈順顧願顯飲飽餐餘駛騎髒鬧魯點張陳劉楊黃趙吳周鄭馮許嚴顧蔣韓葉閻餘盧萬錫賀謝貴華聯絡協議費罰訴訟裁決執]"
    )


@lru_cache(maxsize=256)
def clean(raw: str) -> Cleaned:
    """Full width to half width, hidden characters out, traditional to simplified. Linear in the length of `raw`."""
    text, offsets = raw, None
    runs = (
        {i for m in _BLANKS.finditer(raw) for i in range(m.start() + 16, m.end())}
        if _BLANKS.search(raw)
        else frozenset()
    )
    if runs or _ODD.search(raw):
        out: list[str] = []
        where: list[int] = []
        for i, ch in enumerate(raw):
            if i in runs or _HIDDEN.match(ch):
                continue
            plain = ch if ch in _KEEP else unicodedata.normalize("NFKC", ch)
            if len(out) + len(plain) - i > MAX_MORE:
                plain = ch
            for c in plain:
                out.append(c)
                where.append(i)
        text, offsets = "".join(out), tuple(where)
    if _traditional().search(text):
        simple = _simplifier().convert(text)
        # Phrase tables may change the length; then characters are converted one by one, which keeps the offsets.
        text = simple if len(simple) == len(text) else "".join(_simplifier().convert(c)[:1] or c for c in text)
    return Cleaned(text, offsets, len(raw))


_SENTENCE = re.compile(r"[^。！？!?\n；;]+[。！？!?\n；;]*")


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence."""
    return [m.span() for m in _SENTENCE.finditer(text)]
