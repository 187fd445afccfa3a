"""A demonstration office: invented petitioners, cases of the last three months worked by the rules, accounts to sign in with."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone

from bot.knowledge.model import Story
from bot.petition import lifecycle
from bot.petition.advice.engine import Advisor
from bot.petition.case import Filing
from bot.petition.dialogue.filing import record_of
from bot.petition.errors import PetitionError
from bot.petition.keys import category_of
from bot.petition.progress import standing as standing_of
from bot.petition.roles import ACCUSATION
from bot.storage.cases import CaseStore
from bot.storage.staff import StaffStore

DAYS = 90
SOURCES = ("网上", "网上", "网上", "来电", "来访", "来信", "热线")
PLACES = ("云溪市青石区莲花街道", "云溪市青石区望江街道", "云溪市白塔县白塔镇", "云溪市白塔县李家村")
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "安宁和平康泰明远文静思远嘉禾"
ACCOUNTS = (("demo-clerk", "clerk"), ("demo-handler", "handler"), ("demo-supervisor", "supervisor"), ("demo-discipline", "discipline"),
            ("demo-auditor", "auditor"), ("demo-admin", "admin"))  # fmt: skip
#: What a step of the demonstration carries.
DATA = {
    "kind": "转送",
    "reason": "演示",
    "basis": "信访工作条例 31",
    "where": "主管部门",
    "notice": "演示",
}


def accounts(staff: StaffStore, now: datetime) -> list[tuple[str, str]]:
    """Makes the demonstration accounts that are not there yet; names and first passwords."""
    out = []
    for name, role in ACCOUNTS:
        try:
            out.append((name, staff.add(name, role, "住建" if role == "handler" else "", now)))
        except PetitionError:
            continue  # made by an earlier run
    return out


def fill(advisor: Advisor, cases: CaseStore, today: date, number: int, seed: int) -> int:
    """Files `number` invented cases over the last DAYS days and works them as far as their age suggests; how many were filed."""
    chance = random.Random(seed)
    stories = [s for s in advisor.knowledge.stories if s.channel not in ("none", "emergency", "consultation")]
    for i in range(number):
        story = chance.choice(stories)
        filed = today - timedelta(days=chance.randint(0, DAYS))
        receipt = cases.file(_filing(advisor, story, chance, seed, i, filed), _at(filed), filed)
        _work(cases, receipt.case_no, filed, today, chance)
    _hot(advisor, cases, today, seed)
    return number


#: One matter that many people tell in the week of the demonstration, so that the report has a hot topic.
HOT = "翠湖花园二期的电梯从上个月起天天困人，翠湖物业公司说等配件，老人孩子上下楼只能爬，请督促尽快修好"
HOT_PEOPLE = 7


def _hot(advisor: Advisor, cases: CaseStore, today: date, seed: int) -> None:
    """Files the hot topic and lets one of its tellers rate, urge and be answered."""
    numbers = []
    for i in range(HOT_PEOPLE):
        day = today - timedelta(days=i % 6)
        fields = {
            "narrative": HOT.replace("二期", f"二期{i + 1}号楼"), "demand": "请督促尽快修好", "place": f"翠湖花园二期{i + 1}号楼",
            "address": "云溪市青石区翠湖花园",
            "respondent": "翠湖物业公司", "name": SURNAMES[i] + "女士", "phone": f"1390000{i:04d}", "publicity": "是",
        }  # fmt: skip
        filing = Filing(
            draft_id=f"demo-hot-{seed}-{i}", source="网上", conversation=f"demo-hot-{seed}-{i}", channel="petition",
            category="申诉求决", agency="住建", fields=fields, advice=record_of(advisor.advise(fields["narrative"], day)),
        )  # fmt: skip
        numbers.append(cases.file(filing, _at(day), day).case_no)
    first = cases.get(numbers[-1])
    if first.status == "registered":
        cases.transition(
            first.case_no, "dispatched", "demo-clerk", "clerk", DATA | {"agency": "住建"}, _at(today), today
        )
        cases.rate(first.case_no, "满意", "登记很快", _at(today), today)
        cases.urge(first.case_no, "电梯今天又困人了，请快一点", _at(today), today)


def _filing(advisor: Advisor, story: Story, chance: random.Random, seed: int, i: int, filed: date) -> Filing:
    secret = category_of(story.channel) == ACCUSATION
    fields = {"narrative": story.text, "demand": "请依法处理并答复", "place": chance.choice(PLACES)}
    if secret:
        fields |= {"anonymous": "是"}
    else:
        fields |= {
            "name": chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2)),
            "phone": f"1380000{chance.randint(0, 9999):04d}",
        }
    return Filing(
        draft_id=f"demo-{seed}-{i}", source=chance.choice(SOURCES), conversation=f"demo-{seed}-{i}", channel=story.channel,
        category=category_of(story.channel), agency=story.agency, fields=fields, urgent=story.urgent,
        advice=record_of(advisor.advise(story.text, filed)),
    )  # fmt: skip


def _work(cases: CaseStore, number: str, filed: date, today: date, chance: random.Random) -> None:
    """Takes allowed steps, a few days apart, until today; some cases lie still, so that the desk shows what is late."""
    day = filed
    while chance.random() < 0.85:
        day += timedelta(days=chance.randint(1, 14))
        view = cases.get(number)
        standing = standing_of(view)
        if view.status == "replied" and chance.random() < 0.8:
            day += timedelta(days=30)  # most are content, and the clerk closes the case when the thirty days are over
        steps = [
            t
            for t in lifecycle.TRANSITIONS
            if t.source == view.status and t.target not in ("withdrawn", "merged", "registered", "final_review")
        ]
        allowed = [t for t in steps if _may(standing, t, view.agency, day)]
        if day > today or not allowed:
            return
        step = chance.choice(allowed)
        cases.transition(number, step.target, "demo", "system", DATA | {"agency": view.agency}, _at(day), day)
        # A rating may be changed once only, and a review may go back and forth.
        if step.target == "replied" and step.source != "review" and view.category != ACCUSATION:
            rating = chance.choice(("满意", "满意", "基本满意", "不满意"))
            words = {"满意": "办得挺快", "基本满意": "还可以", "不满意": "说是办了，其实没有解决"}[rating]
            cases.rate(number, rating, words, _at(day), day)


def _may(standing: lifecycle.Standing, t: lifecycle.Transition, agency: str, day: date) -> bool:
    try:
        lifecycle.check(standing, t.target, "system", DATA | {"agency": agency}, day)
    except PetitionError:
        return False
    return True


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=timezone.utc)
