"""Where the matter is and where the caller lives: the pieces that the call names, put together from the district down to the door."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.hotline.found import Element, Spans
from bot.hotline.speech import Said, Topics, spelled
from bot.knowledge.loader import ROOT
from bot.petition.understand import contacts
from bot.petition.understand.numerals import parse_number

_CH = "\u4e00-\u9fff"
_NUM = r"(?:\d+|[一二三四五六七八九十百零幺]+)"
#: Levels from the widest to the narrowest, each with how its names end. `site` holds housing estates, `plot` business grounds.
_LEVELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("district", re.compile(rf"[{_CH}]{{1,8}}?(?:自治县|自治旗|经济(?:技术)?开发区|经开区|高新区|开发区|工业园区?|(?<![小社园校片景厂辖住宅务学考地])[区县旗](?!政府|里|城|委)|(?<![城超门股菜夜上都])市(?!场|民|长|里|面|政|监|区|委|局))")),
    ("town", re.compile(rf"[{_CH}]{{1,6}}?(?:街道(?!上|边)|镇(?!里|长|政府|上|中)|乡(?!里|长|下|政府|亲|村)|苏木)")),
    ("ward", re.compile(rf"[{_CH}]{{1,6}}?社区")),
    ("road", re.compile(rf"[{_CH}]{{1,7}}?(?:大道|大街|(?<![道公马铁一走半网线电])路(?!口|灯|面|过|上|边|费|程|子|局|段|由|公交)|街(?!道|上|坊)|胡同|巷(?!子|口))(?:[东西南北]段)?")),
    ("site", re.compile(rf"[{_CH}\dA-Z]{{1,8}}?(?:小区|花园|家园|新村|公寓|雅筑|名邸|[^\W\d](?:苑|府|庭|湾|墅|郡|城(?!管|市|区|里|乡|东|西|南|北|关)|里(?=，|。|$|小区|\d|[一二三四五六七八九]))|安置[点房]|家属院|大院|村(?!里|委|口|长|头|民|干部|支书|书记|上|道|务|主任)|屯|寨)(?:小区)?")),
    ("building", re.compile(rf"{_NUM}(?:号楼|栋|幢|#楼)(?:[、，和]{_NUM}(?:号楼|栋|幢|#楼)){{0,5}}")),
    ("plot", re.compile(rf"[{_CH}]{{2,12}}?(?:工业园|产业园|科技园|批发市场|农贸市场|菜市场|广场|大厦|写字楼|(?:商场|购物中心)(?:[一二三四五六\d]楼)?|公园|水库|地铁站|火车站|汽车站|小学|中学|学校|幼儿园|医院|工地|项目部)")),
)  # fmt: skip
#: Words of the sentence that a lazy match takes along on its left.
_LEFT = re.compile(
    r".*(?:我们|俺们|咱们|他们|你们|我家|俺家|就是|那个|这个|一个|哪个|那边|这边|这里|那里|住在|家在|就在|位于|位置|地址|地点|过来|过去|上班|来到|旁边|隔壁|附近|对面|后头|前头|的话|关于|反映|投诉|举报|表扬|感谢|登记|转给|转到|不是|应该|还有|以及|因为|向|在|是|叫|的|嘞|住|到|去|喺|我|俺|额|你|恁|您|他|她|了|给|给|被|把|让|从(?!化)|和(?!平|田|林|静|硕|顺|谐|睦|润)|跟|与|有(?!机)|哈|说|讲|[找问打去诉映报]过|转|及|往|个|姓|这|那|边|找|请|要求|希望|按|由|对|经)"
)
_NOT = re.compile(
    r"^(?:我|你|他|这|那|哪|某|本|各|每|全|整|几|一|两|多|上|下|前|后|什么|同|别|新|老|旧|大|小|好|城|主城|市|那|这|家|屋|手|心|夜|嘴)?(?:区|县|市|旗|镇|乡|街道|社区|小区|村|路|街|巷|花园|公寓|学校|医院|小学|中学|幼儿园|公园|广场|工地|大院|家属院|城|里|府)$|[那这哪家屋]里$|什么|哪个|哪里|怎么|么事|城市|农村|地区|辖区|进城|全村|同村|我村|本村|走路|修路|马路|道路|公路|半路|迷路|一路|出路|网络|政府|乡镇|物业|公交|管理|上市|超市|夜市|门市|法院|户口"
)
_OFFICE = re.compile(
    r"^(?:人民|政府|公安|法院|检察|劳动|仲裁|人社|民政|司法|教育|住建|城管|城市|市场监管|卫健|农业|信访|热线|派出所|.{0,3}局|.{0,2}委(?!会))"
)
_NEAR = re.compile(rf"(?P<to>往[东西南北](?:走)?[^，。]{{0,6}}?)?[，]?(?P<far>{_NUM}[{_CH}]{{0,2}}米)")
_JUNCTION = re.compile(r"交叉口|交汇|路口|交界|十字|跟|与|和")
_AGREES = re.compile(r"(?:对|是(?!不是)|嗯|没错|系|中|就是)")
_FUNCTION = re.compile(
    r"[我你他她它您俺额恁的了不没就是在要给把被说讲叫姓打来去什么怎吗呢吧啊嘛呀哦嗯喂对好都还也又很这哪谁啥]|再见|谢谢|电话|登记|物业|里头|开了|新开"
)
_TAIL = re.compile(r"(?:那边|这边|那里|这里|那儿|附近|旁边|那块|那片|一带|那头|里头|门口|对面|往西|往东)+$")
#: Units that are places themselves; a debtor company or a property manager is not where the matter is.
_SHOP = re.compile(
    rf"[{_CH}]{{2,14}}(?:火锅|烧烤|面馆|刀削面|门窗|超市|商场|饭店|餐厅|酒店|宾馆|厂|店|棋牌室|网吧|养殖场|养猪场|沙场|采石场|驾校|健身房?|健身中心|学校|小学|中学|大学|学院|幼儿园|医院|诊所|卫生院|养老院|加油站|停车场|培训班)$"
)
#: Whether the place of the matter is where the caller lives.
_AT_HOME = re.compile(
    r"我们?小区|俺们?小区|咱们?小区|我家楼|俺家楼|楼下|楼上|俺楼|我们楼|我家(?:住|在|隔壁|对门)|我们这栋|我住的?|我们家这?个?暖气|下楼|下去"
)
_COUNTED = re.compile(
    r"([一二三四五六七八九十百零幺]+)(?=号楼|栋|幢|单元|室|层|楼|号院|号|[、，和][一二三四五六七八九十]+(?:号楼|栋|幢))|(?<=[元栋幢楼])([一二三四五六七八九零幺]{3,4})$"
)


def plain_numbers(text: str) -> str:
    """An address with digits: 二十七栋一八零三 becomes 27栋1803."""

    def digits(m: re.Match[str]) -> str:
        told = m[0].replace("幺", "一")
        if len(told) > 2 and not set(told) & set("十百"):
            return told.translate(contacts._SPOKEN)
        value = parse_number(told)
        return str(int(value)) if value is not None else m[0]

    return _COUNTED.sub(digits, text)


@lru_cache(maxsize=1)
def _counties() -> dict[str, tuple[str, ...]]:
    """City → its districts and counties."""
    lines = (ROOT / "lexicon" / "cities.txt").read_text(encoding="utf-8").splitlines()
    return {row[0]: tuple(row[1:]) for line in lines if len(row := line.split()) > 1}


Pattern = re.Pattern[str] | None


@lru_cache(maxsize=512)
def _of_city(city: str) -> tuple[frozenset[str], dict[str, str], Pattern, Pattern]:
    """The districts of a city, their short names (观山湖 is 观山湖区), and patterns that find the ones and the others."""
    full = _counties().get(re.sub(r"(?:市|地区|盟|自治州)$", "", city), ())
    short = {n[:-1]: n for n in full if len(n) > 2}
    if not full:
        return frozenset(), {}, None, None
    return (
        frozenset(full),
        short,
        re.compile("|".join(sorted(full, key=len, reverse=True))),
        re.compile(rf"(?:{'|'.join(sorted(short, key=len, reverse=True))})(?!路|街|大道|镇|乡|小区|花园|公园)")
        if short
        else None,
    )


@dataclass
class Atom:
    """One name of a place, with what speaks for it and where it was said first."""

    name: str
    weight: float
    spans: Spans
    order: int


class Places:
    """The names of places of one call, by level. `hotline`: the city whose hotline was called."""

    def __init__(self, topics: Topics, hotline: str = "") -> None:
        self.levels: dict[str, dict[str, Atom]] = {}
        self.trail: list[Atom] = []
        self._city = hotline
        self._known, self._short, self._find_known, self._find_short = _of_city(hotline)
        mine = [t.text for _, t in topics if t.role != "agent"]
        # What the agent says and the caller answers with yes is as good as told.
        self._agreed = {
            a.at: a.text
            for (_, a), (_, b) in pairwise(topics)
            if a.role == "agent" and b.role != "agent" and not a.denied and _AGREES.match(b.text)
        }
        mine += self._agreed.values()
        self._told = "。".join(mine)
        self._denied = set(re.findall(rf"不是([{_CH}]{{2,8}})(?=[，。]|的)", self._told))
        order = 0
        for topic, turn in topics:
            if turn.denied:
                continue
            weight = 3.0 if "place" in topic else 2.0 if topic & {"respondent", "address"} else 1.0
            text = spelled(turn.text)
            at_place = bool(topic & {"place", "address"})
            for piece in re.split(r"[，。！？；：、?!,]", self._keep_lists(text)):
                order += 1
                self._read(piece.replace("\x00", "、"), turn, weight, order, at_place)
        self._settle()

    @staticmethod
    def _keep_lists(text: str) -> str:
        return re.sub(rf"(?<=[楼栋幢])[、，](?={_NUM}(?:号楼|栋|幢))", "\x00", text)

    def _read(self, piece: str, turn: Said, weight: float, order: int, at_place: bool) -> None:
        found = False
        for m in self._find_known.finditer(piece) if self._find_known else ():
            name = m[0]
            if not _OFFICE.match(piece[m.end() :]):
                if turn.role != "agent" or self._also_told(name):
                    self._add("district", name, (0.6 if turn.role == "agent" else weight) + 2.0, turn.find(name), order)
                    found = True
                piece = piece.replace(name, " ")
        rest = piece
        for level, pattern in _LEVELS:
            for m in pattern.finditer(piece):
                name = _own(_trim(m[0]), level) if level != "building" else m[0]
                plot_too_long = level == "plot" and len(name) > 9
                if len(name) < 2 or _NOT.search(name) or name in self._denied or plot_too_long:
                    continue
                if level == "district" and (
                    name[:-1] == self._city or (name[-1] in "市县区" and len(name) > 5 and name not in self._known)
                ):
                    continue
                if level == "site" and name[-1] in "城里府湾庭墅郡" and not at_place:
                    continue
                worth = weight
                if level == "district" and _OFFICE.match(piece[m.end() :]):
                    worth = 0.3
                if turn.role == "agent":
                    if not self._also_told(name):
                        continue
                    worth = 1.5 if turn.at in self._agreed else 0.6
                if level == "district":
                    worth += 2.0 if name in self._known else 0.0
                    found = True
                found = found or level in ("town", "ward")
                self._add(level, name, worth, turn.find(name), order)
                rest = rest.replace(m[0], "")
        for m in self._find_short.finditer(piece) if self._find_short and turn.role != "agent" else ():
            short, name = m[0], self._short[m[0]]
            if name not in piece:
                self._add("district", name, weight + 0.5, turn.find(short), order)
                found, rest = True, rest.replace(short, "")
        if turn.role != "agent" and (found or self._just_placed(order)):
            self._tail(rest, turn, weight, order, at_place)
        if found:
            self._last = order

    _last = -9

    def _just_placed(self, order: int) -> bool:
        return order - self._last == 1

    def _tail(self, rest: str, turn: Said, weight: float, order: int, at_place: bool) -> None:
        """What follows a district without an ending that tells its level: 海珠区，江南西."""
        name = _TAIL.sub("", _trim(rest)).strip()
        bare = re.sub(rf"[^{_CH}]", "", name)
        if (
            2 <= len(bare) <= 6
            and bare == name
            and not _FUNCTION.search(name)
            and not _NOT.search(name)
            and not _SHOP.search(name)
            and not any(p.search(name) for _, p in _LEVELS)
        ):
            worth = weight if at_place or _TAIL.search(rest) else weight - 1.5
            if worth > 0:
                self.trail.append(Atom(name, worth, turn.find(name), order))

    def _also_told(self, name: str) -> bool:
        """Whether the caller said the name too, or something written much like it: the agent spells it right."""
        core = re.sub(r"(?:街道|社区|小区|[区县市镇乡村路街巷])$", "", name)
        if core and core in self._told:
            return True
        n, end = len(core), name[len(core) :]
        windows = (self._told[i : i + n] for i in range(len(self._told) - n) if self._told.startswith(end, i + n))
        return n >= 2 and any(sum(a == b for a, b in zip(core, w, strict=True)) >= n - 1 for w in windows)

    def _add(self, level: str, name: str, weight: float, spans: Spans, order: int) -> None:
        here = self.levels.setdefault(level, {})
        if name in here:
            here[name].weight += weight
        else:
            here[name] = Atom(name, weight, spans, order)

    def _settle(self) -> None:
        """Joins spellings of one name: the agent's, said after the caller's and not denied, is the written one."""
        for here in self.levels.values():
            for name, atom in list(here.items()):
                for other, theirs in list(here.items()):
                    if name == other or name not in here or other not in here:
                        continue
                    if name in other:
                        theirs.weight += atom.weight
                        theirs.spans = atom.spans if len(name) > len(other) - 2 else theirs.spans
                        del here[name]
                    elif (
                        len(name) == len(other) > 2
                        and sum(a != b for a, b in zip(name, other, strict=True)) == 1
                        and theirs.order > atom.order
                        and not re.search(_NUM, name)
                    ):
                        theirs.weight += atom.weight
                        del here[name]

    def best(self, level: str) -> Atom | None:
        """The name of a level that most speaks for, the first of equals."""
        here = self.levels.get(level)
        return max(here.values(), key=lambda a: (a.weight, -a.order)) if here else None

    def road(self) -> list[Atom]:
        """The road, or the two roads of a crossing."""
        here = sorted(self.levels.get("road", {}).values(), key=lambda a: -a.weight)
        if len(here) > 1 and here[1].weight >= 2 and (_JUNCTION.search(self._between(here[0].name, here[1].name))):
            return sorted(here[:2], key=lambda a: a.order)
        return here[:1]

    def _between(self, one: str, other: str) -> str:
        m = re.search(rf"(?:{one}(.{{0,8}}){other}|{other}(.{{0,8}}){one})(.{{0,4}})", self._told)
        return "跟" if m and len(m[1] or m[2] or "") <= 1 else "".join(x or "" for x in m.groups()) if m else ""


def _own(name: str, level: str) -> str:
    """A name without the wider one said right before it: 白云区白云南路."""
    return (
        re.sub(r"^.+(?:自治县|街道|[区县旗镇乡])(?=.{3,})", "", name)
        if level in ("road", "site", "plot", "ward", "town")
        else name
    )


def _trim(name: str) -> str:
    m = _LEFT.match(name)
    while m and m.end() < len(name):
        name = name[m.end() :]
        m = _LEFT.match(name)
    return name


def place(topics: Topics, places: Places, premises: Element | None) -> Element | None:
    """The place of the matter. `premises`: the unit complained of, which stands for its place when nothing finer is said."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []

    def take(atom: Atom | None) -> bool:
        if atom is None or any(atom.name in p for p in parts):
            return False
        inside = next((p for p in parts if atom.name.startswith(p)), "")
        parts.append(atom.name[len(inside) :])  # 汾江中路 and 汾江中路东建大厦
        spans.extend(atom.spans)
        return True

    district = places.best("district")
    take(district if district and district.weight >= 0.9 else None)
    take(places.best("town"))
    take(places.best("ward"))
    roads = places.road()
    if len(roads) == 2:
        parts.append(f"{roads[0].name}与{roads[1].name}交叉口")
        spans += [*roads[0].spans, *roads[1].spans]
    else:
        take(roads[0] if roads else None)
    fine = take(places.best("site"))
    building = places.best("building")
    if building and (fine or roads) and "address" not in _topics_at(topics, building):
        parts.append(building.name.replace("，", "、"))
        spans += building.spans
    if roads:
        for _, turn in topics:
            near = _NEAR.search(turn.text) if turn.role != "agent" else None
            if near and (near["to"] or re.search(r"往[东西南北]", turn.text)):
                way = re.search(r"往[东西南北]", turn.text)
                parts.append((way[0] if way else "") + near["far"])
                spans.append(turn.span(*near.span("far")))
                break
    if not fine and len(parts) < 3:
        trail = max(places.trail, key=lambda a: a.weight, default=None)
        plot = places.best("plot")
        if trail and (not plot or trail.weight >= plot.weight):
            fine = take(trail)
        elif plot and plot.weight >= 1.5:
            fine = take(plot)
    if premises and not fine and (parts or premises.confidence >= 0.7) and len("".join(parts)) < 14:
        name = re.sub(r"（.*", "", str(premises.value))
        if not _SHOP.search(name):
            pass
        elif not any(name in p or p in name for p in parts):
            parts.append(name)
            spans += premises.evidence
        elif parts and any(p in name for p in parts):
            parts = [p for p in parts if p not in name] + [name]
    text = plain_numbers("".join(parts))
    if len(text) < 2:
        return None
    sure = 0.85 if any("place" in t for t, _ in topics) else 0.65
    return Element(text, tuple(dict.fromkeys(spans))[:5], sure)


def _topics_at(topics: Topics, atom: Atom) -> frozenset[str]:
    where = atom.spans[0][0] if atom.spans else -1
    return next((t for t, turn in reversed(topics) if turn.at <= where), frozenset())


_DOOR = re.compile(
    rf"(?:[{_CH}]{{1,10}}?(?:路|街|巷|道|小区|花园|家园|苑|村|雅筑|公寓)[，,]?)?{_NUM}(?:号楼|栋|幢|号院|单元|号|层|楼|室)(?:[，,]?{_NUM}(?:号楼|栋|幢|单元|号|层|楼|室)?){{0,4}}"
)


def address(
    topics: Topics, turns: Sequence[Said], places: Places, where: Element | None, anonymous: bool
) -> Element | None:
    """The caller's home: the answer to the question for it, completed by the place; else the place when the matter is at home."""
    base = "".join(a.name for level in ("district", "town", "ward", "road", "site") if (a := places.best(level)))
    found: Element | None = None
    for i, (topic, turn) in enumerate(topics):
        if turn.role == "agent" or not ("address" in topic or re.search(r"家住|我住|俺住|我家在", turn.text)):
            continue
        text = spelled(turn.text)
        bare = re.fullmatch(r"(?:嗯|就是|是)?(?P<n>[\d一二三四五六七八九零幺]{3,4})(?:室|号)?[。，]?", text.strip())
        m = _DOOR.search(text)
        if bare:
            asked = next(
                (re.search(rf"{_NUM}(?:号楼|栋|幢)", t.text) for _, t in reversed(topics[:i]) if t.role == "agent"),
                None,
            )
            building = places.best("building")
            part = asked[0] if asked else building.name if building else ""
            found = Element(plain_numbers(base + part + bare["n"]), turn.find(bare["n"]), 0.8)
        elif m:
            door = re.sub(r"[，,]", "", m[0]).strip()
            head = re.match(rf"[{_CH}]+?(?=\d|[一二三四五六七八九十]+(?:号|栋|幢|单元|层|楼))", door)
            own = _trim(head[0]) if head else ""
            if own:
                door = own + door[len(head[0]) if head else 0 :]
            above = "".join(
                a.name
                for level in ("district", "town", "ward", "road", "site")
                if (a := places.best(level))
                and a.name not in door
                and not (own and level in ("road", "site") and own[-1] == a.name[-1])
            )
            building = places.best("building")
            if not own and not re.search(r"号楼|栋|幢|号院", door) and building and "、" not in building.name:
                above += building.name
            found = Element(plain_numbers(above + door), turn.find(m[0]), 0.8)
    if found:
        return found
    if anonymous or where is None:
        return None
    building, site = places.best("building"), places.best("site")
    if (building or (site and re.search(r"小区|花园|家园|苑|雅筑|公寓|新村", site.name))) and any(
        _AT_HOME.search(t.text) for t in turns if t.role != "agent"
    ):
        door = building.name if building and "、" not in building.name else ""
        return Element(plain_numbers(base + door), where.evidence, 0.55)
    return None
