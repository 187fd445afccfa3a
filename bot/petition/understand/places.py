"""Where the problem is, and where the person lives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.petition.understand.boundaries import anchored, bare_divisions, begin, county_stems
from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

#: The last words of places by how exact they are: (words, weight, longest name before them).
_KINDS: tuple[tuple[str, float, int], ...] = (
    ("特别行政区|自治区|自治州|自治县|省|(?<=[A-Z])州", 0.05, 6),
    ("市(?!场|长|民|政|委|局|里|内|面|容|值|价)", 0.1, 5),
    ("区(?!域|别|分|政|委|长|间|局|里|内|县)|县(?!政|委|长|局|里|内|城|级|乡|直)|旗(?!下|舰|杆|袍)", 0.15, 6),
    (
        "创业园|科技园|物流园|工业区|软件园|开发区|高新区|经开区|工业园区|工业园|产业园|经济区|示范区|新区|园区|景区",
        0.2,
        8,
    ),
    ("街道(?!办)|镇(?!政|长|上|里|中心|委)|乡(?!政|长|下|里|村|亲|镇|委)|苏木|办事处", 0.22, 5),
    (
        "社区(?!居|服|里)|居委会|村(?!民|委|支|里|长|干|官|主|书|部|两|口|庄|组|级|子)|屯|庄(?!园|稼|严)|寨|林场|农场",
        0.27,
        6,
    ),
    ("组(?!长|织|成|建|合|团)|队(?!长|伍|员)", 0.2, 4),
    (
        "大道|大街|胡同|巷(?!子|道)|路(?!灯|面|过|上|程|线|费|段|基|况|人|边|旁|由|政|口|局|径|费)|街(?!道|上|边|头|坊|办)|高速|国道|省道|县道|环线|公路|铁路|立交|大桥|隧道|桥(?!梁|面|洞)|河(?!道|里|边|水|流|堤|床)|水库|水渠",
        0.24,
        6,
    ),
    (
        "小区(?!内|里|物|业|的业)|花园(?!式)|家园|公寓|广场|新城|新村|苑|湾|大厦|雅居|豪庭|名邸|名都|华府|府邸|公馆|国际城|香山|绿洲|绿城|山庄|别墅|佳园|嘉园|丽景|半岛|天地|世纪城|新天地|安置房|安置点|商住楼|家属院|家属区|宿舍|生活区",
        0.32,
        9,
    ),
    (
        "学校|小学|中学|幼儿园|大学|学院|医院|卫生院|菜市场|农贸市场|市场|菜场|商场|公园|车站|地铁站|公交站|火车站|西站|东站|南站|北站|路口|工地|楼盘|项目(?!部|经|款|组)|码头|机场|收费站|加油站|中转站|垃圾站|变电站|基站|养老院|敬老院|体育馆|图书馆|殡仪馆|公墓",
        0.2,
        10,
    ),
    (
        "[0-9A-Za-z一二三四五六七八九十]+(?:号院|号楼|号(?!文|令|下|左|上|晚|早|中|凌|开|到|线)|期(?!间|限|货|望|待)|栋|幢|座|单元|楼(?!盘|市|下|上|道|房|层|梯|顶)|层|室|弄|组|队)",
        0.12,
        0,
    ),
    (
        "交汇处|交界处|交叉口|交叉路口|十字路口|丁字路口|路段|沿线|一带|门口|大门|正门|附近|对面|旁边|楼下|楼上|地下室|地下车库|出口|入口|拐角",
        0.06,
        4,
    ),
)
_LEVEL = re.compile("|".join(f"(?P<k{i}>{words})" for i, (words, _, _) in enumerate(_KINDS)))
_DIVISION_KINDS = frozenset({0, 1, 2})
#: Counties and whatever is finer: enough to send a matter where it belongs.
_EXACT_KINDS = frozenset({2, 3, 4, 5, 7, 8})
_TAIL_KIND, _NUMBER_KIND = len(_KINDS) - 1, len(_KINDS) - 2
_COMPOUND = 8
#: Any last word of a place, for answers.
_LEVELS = "|".join(words for words, _, _ in _KINDS)
_ANY_LEVEL = re.compile(_LEVELS)
_TOO_PLAIN = re.compile(
    r"^(?:有|些|条|道|本|该|此|我们|咱们|俺们|每|各|全|整个|整|某|这|那|哪|一|几|两|多|上|下|后|前|老|新|旧|大|小|城|超|门|股|夜|菜|农|进|农贸|居住|住宅|商业|地|社|片|辖|市|郊|山|省|我|你|他|同一|其他|其它|贵|外|内|原|公办|民办|私立|公立|重点|人民|中心|附属|第一|第二|实验|职业|技术|公共|免费|集贸|二手|高档|高层|低层|多层|开放式|封闭式|老旧|老式|成熟|众|主|次|东|西|南|北|中|左|右|马|道|铁|公|高速|水泥|柏油|土|石子|乡|村|镇|县|区|街|修|走|让|行|问|销|出|思|网|电|线|套|多条|一条|两条|整条|单行|断头|沿街|临街|过|逛|走走|步行|商业步行)*"
    r"(?:学校|小学|中学|幼儿园|大学|学院|医院|卫生院|菜市场|农贸市场|市场|菜场|商场|公园|车站|工地|楼盘|项目|小区|社区|街道|村|镇|乡|县|区|市|省|路|街|组|队|庄|花园|家园|公寓|广场|大厦|宿舍|门口|附近|对面|路口|旁边|楼下|楼上|河|桥|弄|湾|家属院|路段|沿线|一带|公路|大道|巷|公交站|地铁站|火车站|新村|新城|别墅|山庄|州|天地|开发区|园区|新区|景区|加油站|机场|码头|基站|收费站|安置房|旗|屯|寨|国际城|半岛|高速|入口|出口|大门|拐角)$"
)
_SAID_BEFORE = re.compile(
    r"(?:位于|坐?落于|坐?座落|地处|发生在|就在|住在|关于|来自|反映|投诉|举报|我是|我们是|在|是|到|对)$"
)
_HOME = re.compile(
    r"(?:(?<=[，。,；; ])住(?!院|户|宅|房|在|址)|家住|我住|俺住|现住址?|住址|住在|现在?住|家庭住址|我家在|俺家在|租住在)(?:是|为|在|[:：])?\s*"
)
_ORIGIN = re.compile(
    r"(?:户籍|户口|籍贯|老家|祖籍|身份证|生于|出生于?|考入|毕业于|嫁到|来自|打工|务工|原籍)[^，。；\n]{0,6}$"
)
_ORG_AFTER = re.compile(
    r"(?:人民)?(?:政府|法院|检察院|公安|交警|城管|派出所|[\u4e00-\u9fff]{0,6}(?:局|委员会|委办|厅|中心领导|站领导|处领导)|市委|县委|区委|党委|物业|公司|领导|书记|[市县区镇乡]长|信访|社保|住建|工商|国土|房产)"
)
_ASKED_FOR = re.compile(r"(?:尊敬的|敬爱的|尊敬|请|恳请|望|希望|建议)$")
_JOINED = re.compile(r"\s*(?:与|和|、|及|跟|—|-)\s*$")
_MEETING = ("交汇处", "交界处", "交叉口", "交叉路口", "路口", "十字路口")
_LEAD = re.compile(
    r"^(?:就在|就是|就|我?就住在?|俺们?就?住在?|我现在住在?|我家住在?|我住在?|现在?租?住在?|住在?|在|地址是?|住址是?|嗯|哦|是|俺家|我家|位于|店铺发货地写的)+[，, ]*"
)


@dataclass
class _Chain:
    """Neighbouring levels as one place."""

    start: int
    end: int
    kinds: list[int]
    anchored: bool
    bounded: bool


def _chains(s: str) -> list[_Chain]:
    out: list[_Chain] = []
    for m in _LEVEL.finditer(s):
        kind = int((m.lastgroup or "k0")[1:])
        last = out[-1] if out else None
        least = last.end if last else 0
        gap = s[least : m.start()] if last else ""
        joins = last is not None and (not gap.strip(" ") or m.start() == least)
        if kind in (_NUMBER_KIND, _TAIL_KIND):
            if last and kind == _TAIL_KIND and m[0] in _MEETING and (pair := _pair(out, s, m.start())):
                out[-2:] = [pair]
                last = pair
                joins = not s[pair.end : m.start()].strip()
            if last and (joins or (kind == _TAIL_KIND and len(gap) <= 3 and re.fullmatch(r"[东西南北侧边]{0,3}", gap))):
                last.end = m.end()
                last.kinds.append(kind)
            elif last and kind == _NUMBER_KIND and 2 <= len(gap) <= 6 and begin(s, m.start(), least, 7)[0] == least:
                last.end = m.end()  # 江宁区翠屏雅筑27栋: an estate without a last word of its own
                last.kinds.append(_COMPOUND)
            continue
        known = anchored(s, m.end(), least) if kind in (*_DIVISION_KINDS, 4, 5) else None
        if known is not None:
            start, bounded = known, True
        else:
            shortest = 2 if kind != 5 else 1
            start, bounded = begin(s, m.start(), least, _KINDS[kind][2], shortest)
            bare = bare_divisions().match(s, start)
            if start == m.start() and not (last and last.end == start):
                continue
            if kind in _DIVISION_KINDS and known is None and m.start() - start < 1 + (bare is None):
                continue
        piece = s[start : m.end()]
        if (
            last
            and start == last.end
            and re.fullmatch(r"(?:要|在|正|没|不|去)?(?:修|走|让|问|上|过|占|堵)[路街桥]", piece)
        ):
            continue
        if (
            last
            and start == last.end
            and (last.anchored or last.bounded)
            and not (m.start() - start > 3 and _ORG_AFTER.match(s, start))
        ):
            last.end = m.end()
            last.kinds.append(kind)
        elif not _TOO_PLAIN.match(piece):
            out.append(
                _Chain(start, m.end(), [kind], known is not None or bool(bare_divisions().match(piece)), bounded)
            )
    return out


def _pair(out: list[_Chain], s: str, end: int) -> _Chain | None:
    """甲路与乙路 before 交汇处."""
    if len(out) < 2 or end - out[-1].end > 2:
        return None
    a, b = out[-2:]
    if _JOINED.fullmatch(s[a.end : b.start]):
        return _Chain(a.start, b.end, [*a.kinds, *b.kinds], a.anchored, a.bounded)
    return None


def _scored(s: str) -> list[tuple[float, Found]]:
    """Every place with a score for choosing the place of the problem; the confidence says how surely it is a place."""
    out: list[tuple[float, Found]] = []
    covered: list[tuple[int, int]] = []
    for c in _chains(s):
        piece = s[c.start : c.end]
        before, after = s[max(0, c.start - 10) : c.start], s[c.end : c.end + 10]
        only_division = all(k in _DIVISION_KINDS for k in c.kinds)
        confidence = 0.42 + sum(_KINDS[k][1] for k in set(c.kinds)) + (0.15 if c.anchored else 0)
        if not c.bounded and not c.anchored:
            confidence -= 0.3
        if only_division and not c.anchored:
            confidence -= 0.15
        score = confidence + (0.12 if c.start < 25 else 0.0) + (0.08 if _SAID_BEFORE.search(before) else 0.0)
        score += 0.06 * min(s.count(piece) - 1, 3)
        if _ORG_AFTER.match(after) and not re.match(r"(?:物业|公司)", after):
            score -= 0.3 if only_division else 0.12
            confidence -= 0.4
        if _ORIGIN.search(before):
            score -= 0.45
        if _ASKED_FOR.search(before):
            score -= 0.2
        note = "exact" if any(k in _EXACT_KINDS for k in c.kinds) else ""
        out.append(
            (score, Found("place", piece, piece, c.start, c.end, round(min(0.95, max(0.1, confidence)), 2), note))
        )
        covered.append((c.start, c.end))
    for m in bare_divisions().finditer(s):
        if any(a <= m.start() < b for a, b in covered):
            continue
        near = next((i for i, (_, f) in enumerate(out) if 0 <= f.start - m.end() <= 1), None)
        if near is not None:
            score, f = out[near]
            text = s[m.start() : f.end]
            out[near] = (
                score + 0.05,
                Found("place", text, text, m.start(), f.end, min(0.95, f.confidence + 0.15), f.note),
            )
        elif re.match(r"(?:人|户口|户籍|话|菜|政府|大学|银行|市政府|.{0,4}公司)", s[m.end() :]):
            out.append((0.15, Found("place", m[0], m[0], m.start(), m.end(), 0.3)))
        else:
            size = next((n for n in (3, 2) if s[m.end() : m.end() + n] in county_stems()), 0)
            text = s[m.start() : m.end() + size]
            note = "exact" if size else ""
            confidence, score = (0.75, 0.6) if size else (0.55, 0.36)
            out.append((score, Found("place", text, text, m.start(), m.end() + size, confidence, note)))
    return out


def find_places(text: str) -> list[Found]:
    """Every place phrase, the finer the surer."""
    return sorted((f for _, f in _scored(clean(text).text)), key=lambda f: f.start)


#: From this score on a candidate is a place.
_FLOOR = 0.3


def best_place(text: str, asked: bool = False) -> Found | None:
    """The most exact place of a story; when `asked`, the answer itself without its lead-in."""
    if asked:
        return _whole("place", text)
    s = clean(text).text
    found = [(score, f) for score, f in _scored(s) if score >= _FLOOR]
    homes = [m.end() for m in _HOME.finditer(s)]
    away = [x for x in found if not any(0 <= x[1].start - h <= 2 for h in homes)] or found
    return max(away, key=lambda x: (x[0], len(x[1].text), -x[1].start), default=(0.0, None))[1]


#: 按市场: how; 修路: what is to be done; not where.
_MANNER = re.compile(
    r"(?:要求|希望|请|把|给|快|赶紧)?(?:修[一复理]?[下条座个]?|铺|补|通|建|架|换|挖|清|拆|装|安装?|封|堵|赔|还|退)(?:一?[下条座个])?(?:路|桥|灯|井|沟|渠|河|坝|墙|房)+$|"
    r"(?:按|照|依|凭|随|比照)(?!.{0,3}(?:[县区镇乡村]|市(?!场|价)))"
)


def _names_place(text: str) -> bool:
    return bool(_ANY_LEVEL.search(text) or bare_divisions().search(text))


def _whole(key: str, text: str) -> Found | None:
    s = re.sub(r"<[^<>]{0,200}>", "", clean(text).text).strip(" \n\t，。；;,.!！")
    lead = _LEAD.match(s)
    body = s[lead.end() :] if lead and lead.end() < len(s) else s
    body = re.split(r"老家|户口在|身份证上", body)[0].strip(" ，,。") or body
    if not body or len(body) > 120 or re.search(r"[?？]$", s):
        return None
    at = s.find(body)
    where = _names_place(body) and not _MANNER.match(body)
    return Found(key, body, body, at, at + len(body), 0.85 if where else 0.6)


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
    if 3 <= len(piece) <= 40 and _names_place(piece):
        return Found("address", piece, piece, m.end(), m.end() + len(piece), 0.85)
    return None
