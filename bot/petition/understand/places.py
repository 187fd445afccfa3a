"""Where the problem is, and where the person lives."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.knowledge.loader import ROOT
from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_CH = "\u4e00-\u9fffA-Za-z0-9"
_LEVELS = (
    "特别行政区|自治区|自治州|自治县|开发区|高新区|工业园区|工业园|产业园|新区|园区|省|市|区|县|旗|盟|街道|镇|乡|苏木|社区|居委会|村|屯|庄|寨|组|队|"
    "大道|大街|胡同|弄|巷|路(?!灯|面|过|上有)|街|号院|号楼|号|小区|花园|家园|公寓|广场|城|苑|湾|里|府|新村|大厦|中心|期|栋|幢|座|单元|楼|室|"
    "学校|小学|中学|幼儿园|医院|市场|菜场|公园|车站|地铁站|公交站|路口|桥|河|湖|水库|工地|楼盘|宿舍|家属院|门口|附近|对面|段"
)
#: Words that end a place from the left: what stands before them belongs to the sentence.
_LEFT = re.compile(
    r".*(?:我是|俺是|本人是|我们是|我在|俺在|住在|现住|家住|住址|地址|地点|位于|坐落于?|就在|在|住|来自|咨询|反映|关于|举报|投诉|是|由|从|到|往|经过|对|我们|俺们|咱们|我|俺|咱|你们|那个|这个|请问|领导|书记|市长|您好|你好|同志|有|的|去|给|把|被|向|叫|和|与|跟|及|或|就|都|也|店铺发货地写|拆了|买了|于|年|月|日|前|后|[，。！？；：、,;:!?\s“”\"（(）)])"
)
_PLACE = re.compile(rf"[{_CH}]{{1,12}}?(?:{_LEVELS})(?:[{_CH}·]{{0,8}}?(?:{_LEVELS})){{0,7}}")
_BAD_END = re.compile(
    r"(?:小区物业|一路|走路|马路|修路|道路|公路|上街|逛街|电话号|账号|型号|几号|楼上|楼下|城里|里|家里|手里|心里|这里|那里|哪里|夜里|村里|城|号|楼|期|桥|河|队|组|段|湖)$"
)
_TOO_PLAIN = re.compile(
    r"^(?:本|该|此|我们|咱们|俺们|每|各|全|整个|某|这|那|哪|一|几|两|多|上|下|后|前|城市|超市|门市|股市|上市|菜市|夜市|农村|进城|全国|地区|社区|小区|街道|学校|医院|市场|公园|工地|广场|中心|大厦|村|镇|乡|县|区|市|省|路口|门口|附近|对面|车站|自治区|小学|中学|幼儿园|学区|景区|片区|辖区|县城|市区|城区|郊区|山区|省市|当地|现场|楼盘|宿舍)$"
)
_ORG = re.compile(r"(?:政府|局|委员会|公司|物业|办公室|办事处|大队|派出所|法院|检察院|银行|集团|厂|店)$")
#: Sentence words that also stand in the middle of names.
_IN_NAMES = "和与于有前后日月年都也就去给把里"
_HOME = re.compile(
    r"(?:(?<=[，。,；; ])住(?!院|户|宅|房|在|址)|家住|我住|俺住|现住址?|住址|住在|现在?住|家庭住址|我家在|俺家在|租住在)(?:是|为|在|[:：])?\s*"
)
_LEAD = re.compile(
    r"^(?:就在|就是|就|我现在住在?|我家住在?|我住在?|现在?租?住在?|住在?|在|地址是?|住址是?|嗯|哦|是|俺家|我家|位于|店铺发货地写的)+[，, ]*"
)


@lru_cache(maxsize=1)
def _divisions() -> re.Pattern[str]:
    """Names of provinces and cities that people say without 省 or 市."""
    names = (ROOT / "lexicon" / "divisions.txt").read_text(encoding="utf-8").split()
    return re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))


def _trim(s: str, start: int, end: int) -> tuple[int, int]:
    """Cuts a raw match to what is a place: from the last sentence word on, and not into the next one."""
    m = _LEFT.match(s[start:end])
    while m and m.end() < end - start:
        if m.end() <= 2 and m[0][-1] in _IN_NAMES:  # 盛和路 is one name
            break
        rest = s[start + m.end() : end]
        if not re.search(_LEVELS, rest):
            break
        start += m.end()
        m = _LEFT.match(s[start:end])
    return start, end


def find_places(text: str) -> list[Found]:
    """Every place phrase, the finer the surer."""
    s = clean(text).text
    out: list[Found] = []
    for m in _PLACE.finditer(s):
        start, end = _trim(s, *m.span())
        piece = s[start:end]
        if (
            len(piece) < 2
            or _TOO_PLAIN.match(piece)
            or (len(piece) <= 3 and _BAD_END.search(piece) and not re.search(r"[A-Z]", piece))
        ):
            continue
        levels = len(re.findall(_LEVELS, piece))
        confidence = min(
            0.95,
            0.45
            + 0.14 * levels
            + (0.15 if _divisions().search(piece) or re.search(r"[A-Z]\d*[市区县镇]", piece) else 0),
        )
        after = s[end : end + 6]
        if _ORG.match(after) or re.match(r"(?:政府|门口|局|委|公安|法院|物业|公司|领导|书记|市长|人民)", after):
            confidence -= 0.4
        out.append(Found("place", piece, piece, start, end, round(confidence, 2)))
    for m in _divisions().finditer(s):
        if not any(f.start <= m.start() < f.end for f in out):
            end = m.end()
            # 宁波北仑, 青岛 崂山区: a city name right before a place belongs to it.
            joined = next((f for f in out if 0 <= f.start - end <= 2), None)
            if joined:
                out[out.index(joined)] = Found(
                    "place",
                    s[m.start() : joined.end],
                    s[m.start() : joined.end],
                    m.start(),
                    joined.end,
                    min(0.95, joined.confidence + 0.15),
                )
            else:
                previous = out[-1] if out else None
                out.append(Found("place", m[0], m[0], m.start(), end, 0.55 if not previous else 0.4))
    return sorted(out, key=lambda f: f.start)


def best_place(text: str, asked: bool = False) -> Found | None:
    """The most exact place of a story; when `asked`, the answer itself without its lead-in."""
    found = find_places(text)
    if asked:
        return _whole("place", text)
    homes = [m.end() for m in _HOME.finditer(clean(text).text)]
    found = [f for f in found if not any(0 <= f.start - h <= 2 for h in homes)] or found
    return max(found, key=lambda f: (f.confidence, len(f.text), -f.start), default=None)


def _whole(key: str, text: str) -> Found | None:
    s = re.sub(r"<[^<>]{0,200}>", "", clean(text).text).strip(" \n\t，。；;,.!！")
    lead = _LEAD.match(s)
    body = s[lead.end() :] if lead and lead.end() < len(s) else s
    body = re.split(r"老家|户口在|身份证上", body)[0].strip(" ，,。") or body
    if not body or len(body) > 120 or re.search(r"[?？]$", s):
        return None
    at = s.find(body)
    return Found(
        key, body, body, at, at + len(body), 0.85 if re.search(_LEVELS, body) or _divisions().search(body) else 0.6
    )


def find_address(text: str, asked: bool = False) -> Found | None:
    """Where the person lives: after 家住 and the like, or the whole answer when `asked`."""
    s = clean(text).text
    if asked:
        if re.search(r"不说|不写|不留|告诉我|刚才|前面", s):
            return None
        return _whole("address", text)
    m = _HOME.search(s)
    if not m:
        return None
    stop = re.search(r"[。！？；;\n，,]|(?:我|俺|本人|电话|手机|是)", s[m.end() :])
    piece = s[m.end() : m.end() + (stop.start() if stop else 40)].strip()
    if 3 <= len(piece) <= 40 and (re.search(_LEVELS, piece) or _divisions().search(piece)):
        return Found("address", piece, piece, m.end(), m.end() + len(piece), 0.85)
    return None
