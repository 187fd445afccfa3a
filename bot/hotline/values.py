"""Day, sum and number of people of a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.hotline.found import Element
from bot.hotline.speech import Said, Topics
from bot.petition.understand import counts, dates, money
from bot.petition.understand.dates import DateFound

_BEGINS = re.compile(r"^.{0,6}(?:开始|起|坏|停|受的?伤|走丢|通知|出的?事|摔|交的|转的|收回|拆|塌)")
#: The start of a state, which is the event whatever else was asked.
_STARTS = re.compile(r"^.{0,4}(?:开始|起|坏|停|受的?伤|走丢|走失|出的?事)")
#: Questions for what came before the event: when the contract was made, not when the shop was shut.
_BEFORE_IT = re.compile(r"签|办(?:的|了|理)?(?:的)?卡|买的|报(?:的|了)?名|入职|进厂|交的|出生|多大|结婚|下单")
#: A turn without any of these holds no date.
_DATED = re.compile(r"[年月日号天昨周节腊冬夜晚早]|今|星期|礼拜|刚|前|小时|20\d\d|季|[春夏秋]|[A-Za-z]{3}")
#: Dates of earlier calls, of deadlines and of ages say nothing about the event.
_OTHER_DAY = re.compile(
    r"打过?(?:了)?(?:一[回次])?(?:电话(?!告诉|通知|说|讲|喊|叫)|热线|12345)|反映过|投诉过|报过?(?:了)?(?:一回|一次)?警|来过电话|的工单|出生|生的|岁|到期|期限|截止|给我答复|说.{0,4}(?:内|就)给|供暖日|考试|＿(?:刚过|过了|后头)|＿[^，]{0,8}还(?:在|没|搁|是)"
)
_HOUR = re.compile(
    r"(?:今天|今日|今早|今晚|刚才|刚刚|刚|上午|下午|早上|中午|晚上|凌晨|傍晚)[^，。]{0,4}?(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点|[一二两三四五六七八九\d]{1,2}个?(?:多)?(?:小时|钟头)(?:了|前)|(?:几|\d+|[二三四五]?十?[一二三四五六七八九十])分钟(?:前|了)"
)
_GOES_ON = re.compile(r"每天|每晚|天天|都|经常|一般|营业|上班|睡|多还|还在|预约|等")


def occurred_on(topics: Topics, turns: Sequence[Said], day: date) -> Element | None:
    """The event or the start of a state: a date with 开始 beside it, then the answer to the question for it, then the story."""
    told: list[tuple[DateFound, Said, bool]] = []
    question, background = "", set()
    years: dict[str, tuple[DateFound, Said]] = {}
    for topic, turn in topics:
        if turn.role == "agent":
            question = turn.text
        if turn.denied or not _DATED.search(turn.text):
            continue
        text = turn.text.replace("元月", "一月")
        for f in _joined(dates.find_dates(text, day), text):
            around = text[max(0, f.start - 6) : f.start] + "＿" + text[f.end : f.end + 10].split("。")[0]
            if turn.role == "agent" and f.confidence < 0.6:
                continue
            if (
                f.kind == "future"
                or len(f.value) <= 4
                or (_OTHER_DAY.search(around) and not _BEGINS.search(text[f.end :]))
            ):
                continue
            told.append((f, turn, "occurred_on" in topic))
            if turn.role != "agent" and _BEFORE_IT.search(question) and not _STARTS.search(text[f.end :]):
                background.add(f.value)
            if re.search(r"20\d\d|二零", f.text) and len(f.value) == 10:
                years[f.value[5:]] = (f, turn)
    exact = [x for x in told if len(x[0].value) == 10 and x[0].kind == "point"]
    begins = [x for x in exact if _BEGINS.search(x[1].text[x[0].end :])]
    asked = [x for x in exact if x[2]]
    asked = [x for x in asked if x[0].value not in background] or asked
    repeated = {x[0].value for x in exact if x[1].role == "agent"}
    mine = [x for x in exact if x[1].role != "agent"]
    answered = [x for x in told if x[2] and x[1].role != "agent"]
    named = [x for x in answered if x[0].kind == "point"]
    months = [x for x in told if x[1].role != "agent"]
    for group, sure in (
        ([x for x in exact if _STARTS.search(x[1].text[x[0].end :])], 0.9),
        ([x for x in begins if x[2]], 0.9),
        (asked, 0.85),
        (named, 0.8),
        (begins, 0.8),
        (answered, 0.75),
        (mine, 0.7),
        (months, 0.6),
        (exact, 0.5),
    ):
        if group:
            # What the agent read back and nobody denied is right where a date was said twice: 3月15号 … 不是，是12号.
            f, t, _ = next((x for x in group if x[0].value in repeated), group[0])
            if len(f.value) == 10 and f.value[5:] in years:  # the year was said later, by the agent's read-back
                f, t = years[f.value[5:]]
            return Element(f.value, (t.span(f.start, f.end),), sure)
    for _, turn in topics:
        m = _HOUR.search(turn.text) if turn.role != "agent" else None
        if m and not _GOES_ON.search(turn.text[max(0, m.start() - 4) : m.end() + 6]):
            return Element(day.isoformat(), (turn.span(*m.span()),), 0.55)
    return None


def _joined(found: Sequence[DateFound], text: str) -> list[DateFound]:
    """2024年秋天，9月份前后 is 2024-09: a month said right after a year's season is that year's."""
    out: list[DateFound] = []
    for f in found:
        before = out[-1] if out else None
        if (
            before
            and f.start - before.end <= 3
            and re.search(r"[春夏秋冬]|年$|年[初底末]", before.text)
            and re.match(r"\d{1,2}月|[一二三四五六七八九十]{1,2}月", f.text)
            and len(f.value) >= 7
        ):
            out[-1] = DateFound(before.value[:4] + f.value[4:], text[before.start : f.end], before.start, f.end)
        else:
            out.append(f)
    return out


_CLAIM = re.compile(
    r"欠|骗|罚|赔|一共|总共|工资|借|拨|报价|判|款|押金|定金|退|损失|交了|收了|转了|学费|要价|贪|拿了|打给|给额|好处|回扣|收了|给的?他|送了|转给"
)
_TOTAL = re.compile(r"一共|总共|合计|判他给|判给|共计|总计|加起来|就是|也就是|双倍|应该(?:赔|给|退)")
_ASKED = re.compile(r"多少钱|金额|一共多少|欠(?:您|你)?多少|多少工资")
_PART = re.compile(
    r"每月|一个月|月工资|才给|只给|先给|预支|垫|私了|税前|时薪|每天|一天|一次|随礼|随|每人|每户|利息|返了|剩"
)


def amount_yuan(topics: Topics, turns: Sequence[Said]) -> Element | None:
    """The sum that matters: one that is owed, taken, fined or paid, a total before a part."""
    found = []
    for i, t in enumerate(turns):
        if t.denied:
            continue
        asked = i > 0 and _ASKED.search(turns[i - 1].text)
        for f in money.find_amounts(t.text):
            context = t.text[max(0, f.start - 24) : f.end + 12]
            near = t.text[max(0, f.start - 8) : f.start]
            if (
                float(f.value) < 200
                or f.note == "per_unit"
                or not (_CLAIM.search(context) or asked or (i and _CLAIM.search(turns[i - 1].text)))
            ):
                continue
            rank = (
                2 if _TOTAL.search(near) else 0 if _PART.search(near) or _PART.search(t.text[f.end : f.end + 4]) else 1
            )
            found.append((rank, float(f.value), f, t))
    if not found:
        return None
    rank, value, f, t = max(found, key=lambda x: (x[0], x[1]))
    if rank == 0 and len(found) == 1 and not _CLAIM.search(t.text):
        return None
    return Element(int(value) if value == int(value) else value, (t.span(f.start, f.end),), 0.85 if rank == 2 else 0.75)


_AFFECTED = re.compile(
    r"我们|都|整栋|这栋|这一|全村|全小区|影响|业主|工友|一起|联名|得有|大概|有|加起来|共|一百|来户|人"
)
_OTHER_SIDE = re.compile(r"他们|对方|保安|城管|民警|工作人员|老板|来了|招|罚站|司机")
_EACH = re.compile(r"一层|每层|一家|每户|一户|每家|一个屋|一桌")


def people(mine: Sequence[Said], topics: Topics) -> Element | None:
    """How many people or households it concerns: what answers the question for it, else the largest number of one's own side."""
    best: tuple[tuple[int, int], Element] | None = None
    for topic, t in topics:
        if t.role == "agent":
            continue
        for f in counts.find_people(t.text) or (
            [x] if "people" in topic and (x := counts.answer_people(t.text)) else []
        ):
            before = t.text[max(0, f.start - 6) : f.start]
            if int(f.value) < 2 or f.confidence < 0.5 or _EACH.search(before) or _OTHER_SIDE.search(before):
                continue
            if "people" not in topic and not _AFFECTED.search(t.text):
                continue
            rank = (2 if "people" in topic else 1, int(f.value) if f.note != "household" else int(f.value) + 10**6)
            exact = t.text[f.start - 1 : f.start] != "来"
            if best is None or rank > best[0]:
                if best and best[0][0] == rank[0] == 2 and not exact:
                    continue
                best = (rank, Element(int(f.value), (t.span(f.start, f.end),), 0.75))
    return best[1] if best else None
