"""Whom the caller complains of: a unit that both persons name, or a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.hotline.found import Element
from bot.hotline.person import third_people
from bot.hotline.speech import Said, Topics, spelled
from bot.hotline.where import Places
from bot.petition.understand import respondents

_CH = "\u4e00-\u9fff"
_KIND = (
    r"有限责任公司|有限公司|分公司|公司|集团|物业|供热|热力|水务|燃气|火锅|烧烤|面馆|刀削面|餐厅|饭店|饭馆|酒楼|酒店|宾馆|网吧|门窗|装饰|装修|科技|传媒|置业|地产|劳务|建筑|建设|家居|服饰|教育|培训(?:班|学校|机构)?|"
    r"工厂|包装厂|砖厂|厂|超市|商场|商行|药店|专卖店|4S店|健身房?|健身中心|美容院|理发店|养老院|驾校|学校|小学|中学|大学|学院|幼儿园|医院|诊所|卫生院|银行|信用社|棋牌室|麻将馆|养殖场|养猪场|屠宰场|沙场|采石场|加油站|停车场|合作社|中介|平台|旅行社|"
    r"村委会|居委会|业委会|街道办事处|街道办|管理局|监督管理局|监管局|执法局|城管局|执法大队|执法队|交警大队|交警队|派出所|公安局|分局|人社局|住建局|民政局|教育局|税务局|社保局|医保局|管委会|镇政府|乡政府|区政府|县政府|店"
)
_ORG = re.compile(rf"[{_CH}A-Za-z]{{1,12}}?(?:{_KIND})(?:有限公司|公司|集团|厂|店|(?<=服务)中心)?(?![镇村乡路街])")
_LEFT = re.compile(
    r".*(?:就是|不是|还是|是|叫做?|喊|的|嘞|在|那个|这个|哪个|一个|一家|那家|这家|有个|某个|我们|俺们|咱们|他们|你们|楼下|楼上|附近|隔壁|旁边|对面|门口|投诉|反映|举报|关于|要求|督促|通知|联系|单位|向|跟|和(?!平|顺|谐|美|润|泰|兴)|与|给|被|把|找|让|去|到|问|说|讲|由|对|及|挨着|了|我|俺|额|你|恁|他|她|个|家(?!家|乐|居|园|美|福|和)|喺|佢|这|那|转|在内|登记|请|进|上|打|开|[找问去诉映报]过|告诉|后来|原来|现在|今年|去年|都|也|就|还|又|里|月|日|号|年)"
)
_NOT = re.compile(
    r"^(?:公司|单位|学校|物业|物业公司|厂|厂里|店|门店|饭店|超市|中介|平台|医院|派出所|银行|驾校|小学|中学|大学|幼儿园|热力|热力公司|供热|供热公司|供热单位|自来水公司|燃气公司|开发公司|建筑公司|集团|总公司|分公司|[大小新老本各每该几两某别]?(?:公司|店|厂|学校|医院|物业)|科技|门窗|装饰|装修|教育|培训|建设|建筑|工厂|加工店|门窗店|酒店|专卖店|合作社|健身房?|管理局|执法队|执法局|分局|区政府|县政府|镇政府|乡政府|公安局|街道办|居委会|村委会|业委会|[区县市]?(?:人社|住建|民政|教育|城管|公安|税务|医保|社保)局)$|热线|什么|哪|怎么|法律|义务|再教育|受教育|承办|有关|相关|其他|别的|一号店|书店里|^(?:重新|刚|刚刚|简单|自己|才)(?:装修|装饰|建设|建筑)$"
)
_PUBLIC = re.compile(
    r"派出所|公安局|街道办|管理局|监管局|执法|医院|银行|人社局|住建局|民政局|教育局|法院|[区县镇乡]政府|政务|交警"
)
#: Bare words for a unit, and the level of the place that names it.
_BARE = (("街道", "town", ""), ("社区", "ward", ""), ("居委会", "ward", "居委会"), ("村委会", "site", "村委会"), ("村里", "site", "村委会"), ("大队", "site", "村委会"))  # fmt: skip
_BLAMED = re.compile(
    r"不给|不退|不管|不修|不发|不批|不办|欠|推|拖|罚|收回|收走|强|骗|没(?:审|批|交齐|人管|给)|不肯|不让|赖|扣|开除|辞退|在审|没交|投诉|反映|举报|乱收|关门|跑路|讲没|处罚|决定书|不服|定了|说了算"
)
_DISPATCH = re.compile(r"转(?:到|给|交)?|去|到|向|找|联系|拨打|由|和|跟|要求[^，。]{0,6}$")


def _trim(name: str) -> str:
    m = _LEFT.match(name)
    while m and m.end() < len(name) - 1 and re.search(_KIND, name[m.end() :]):
        name = name[m.end() :]
        m = _LEFT.match(name)
    return (
        re.sub(
            r"^(?:开|做|办|搞|去|进|来|新|那边|还有|有|又|老|整)(?=[\u4e00-\u9fff]*$)(?!心|元|发|源|福|利|丰|生|百姓)",
            "",
            name,
        )
        if len(name) < 5
        else name
    )


def names_of_units(text: str) -> list[str]:
    """Names of units in a readable text, without what only says that there is one."""
    out = []
    for m in _ORG.finditer(spelled(text)):
        name = _trim(m[0])
        if len(name) >= 3 and not _NOT.search(name):
            out.append(name)
    return out


def respondent(topics: Topics, told: str, turns: Sequence[Said], places: Places, whose: str = "") -> Element | None:
    """The unit complained of: what answers the question for it and what both say count most; else a unit that the place names; else a person. `whose`: for whom the caller speaks."""
    mine = "".join(t.text for t in turns if t.role != "agent")
    denied = set(re.findall(rf"不是([{_CH}]{{2,8}})(?=[，。])", mine))
    own = re.search(
        r"我(?:自己)?(?:家)?(?:是)?(?:那个|这个|们)?(?:开了?|经营|承包了?)(?:一?个|一?家|的)?[^，。]{0,4}(?:店|馆|超市|厂|面|摊|铺|公司)|我(?:的|那个|们?家?)(?:门头|店|铺子|摊位)",
        mine,
    )
    weight: dict[str, float] = {}
    first: dict[str, Said] = {}
    for topic, turn in topics:
        if turn.denied:
            continue
        for name in names_of_units(turn.text):
            if name in denied or any(d in name for d in denied if len(d) > 2):
                continue
            official = bool(_PUBLIC.search(name))
            if turn.role == "agent":
                if name[-4:] not in mine and name[:3] not in mine:
                    continue  # the agent's own offices are nobody's respondent
                worth = 0.8
                if official and _DISPATCH.search(turn.text[max(0, turn.text.find(name) - 8) : turn.text.find(name)]):
                    worth = 0.0
            else:
                at = turn.text.find(name)
                worth = 2.0 if "respondent" in topic else 1.0
                worth += 1.0 if re.search(r"(?:叫|喊|名字是)$", turn.text[max(0, at - 3) : at]) else 0.0
                around = turn.text[max(0, at - 12) : at + len(name) + 14]
                worth += 0.7 if _BLAMED.search(around) else 0.0
                worth -= 0.9 if official and not _BLAMED.search(around) else 0.2 if official else 0.0
                before, after = turn.text[max(0, at - 8) : at], turn.text[at + len(name) : at + len(name) + 4]
                if re.search(
                    r"(?:报警|找过|问过|打过?|去过|隔壁|旁边|附近|挨着|对面)[^，。]{0,3}$", before
                ) or re.match(r"(?:的)?(?:隔壁|旁边|对面|附近|门口|往)", after):
                    worth -= 1.2
                if own and (topic & {"place", "address"} or re.search(r"我(?:家|的|们)?(?:那个|这个)?$|我开", before)):
                    worth -= 2.5
            weight[name] = weight.get(name, 0.0) + worth
            first.setdefault(name, turn)
    person = _person(topics, told, turns, places, whose)
    if weight:

        def worth_of(name: str) -> tuple[float, int]:
            kin = sum(w for other, w in weight.items() if other != name and (name in other or other in name))
            return round(weight[name] + 0.6 * kin, 2), min(len(name), 12)

        best = max(weight, key=worth_of)
        if worth_of(best)[0] >= 1.0:
            value = best
            boss = next((p for p in third_people(topics) if re.search(r"老板|负责人|法人|经理", p[0])), None)
            if boss and not _PUBLIC.search(best):
                value = f"{best}（{'老板' if '老板' in boss[0] else '负责人'}{boss[1]}）"
            return Element(value, first[best].find(best), 0.85 if worth_of(best)[0] >= 2 else 0.7)
    if person and person.confidence >= 0.7:
        return person
    bare = _bare(topics, places)
    return bare or person


def _bare(topics: Topics, places: Places) -> Element | None:
    """街道 and 社区 that put off the caller are those of the place."""
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    for word, level, end in _BARE:
        atom = places.best(level)
        if atom is None or (level == "site" and not re.search(r"[村屯寨]$", atom.name) and end):
            continue
        for _, turn in topics:
            if turn.role == "agent":
                continue
            m = re.search(rf"{word}(?:[^，。]{{0,10}})", turn.text)
            around = turn.text[max(0, m.start() - 10) : m.end() + 10] if m else ""
            if m and _BLAMED.search(around) and not any(atom.name in x for x in out):
                out.append(atom.name + end if not atom.name.endswith(word) else atom.name)
                spans.append(turn.span(m.start(), m.start() + len(word)))
                break
    return Element("、".join(out), tuple(spans), 0.6) if out else None


_OFFICE = re.compile(r"书记|村主任|主任|村长|支书|局长|所长|校长|院长|镇长|乡长|队长|会计|科长|站长")


def _person(topics: Topics, told: str, turns: Sequence[Said], places: Places, whose: str) -> Element | None:
    """The person whose name the agent asked for, with the office and the village; else the kind of person that the story tells of."""
    for asked, name, turn in third_people(topics):
        if name in whose or re.search(r"母亲|父亲|老公|丈夫|妻子|老婆|老人|孩子|爱人|患者|学生", asked):
            continue
        office = _OFFICE.search(asked)
        village = places.best("site") or places.best("town")
        base = village.name if office and village and re.search(r"[村镇乡]$", village.name) else ""
        return Element(base + (office[0] if office else "") + name, turn.find(name), 0.75)
    found = respondents.best_respondent(told)
    if (
        found
        and 2 < len(found.text) < 14
        and not _NOT.search(found.text)
        and not re.search(r"^(?:下子|开|增设|还有|希望|具体|通知|有个)", found.text)
    ):
        said = next((t for t in turns if found.text in t.text and t.role != "agent"), None)
        if said and (_BLAMED.search(said.text) or found.confidence > 0.7):
            name = _trim(found.text) if re.search(_KIND, found.text) else found.text
            end = said.text.find(name) + len(name)
            beside = re.match(r"(?:的)?(?:隔壁|旁边|对面|附近|门口|往)", said.text[end : end + 4])
            if (
                len(name) > 2
                and not beside
                and not _NOT.search(name)
                and not re.search(r"^[上我他你]", name)
                and not re.search(r"医院$", name)
            ):
                return Element(name, said.find(name), 0.5)
    return None
