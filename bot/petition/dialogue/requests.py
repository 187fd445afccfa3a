"""Requests about a case that is filed already: urge, supplement, withdraw, rate, review."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Protocol

from bot.petition.case import CaseView
from bot.petition.catalogue import Catalogue
from bot.petition.documents import day
from bot.petition.lifecycle import next_step
from bot.petition.progress import next_of, standing

#: What people say for each of the three ratings of 评价.
_RATINGS = (
    (
        "不满意",
        re.compile(r"不满|差评|太差|不好|不行|不咋|差劲|敷衍|糊弄|不认可|很差|没用|0分|零分|一颗星|1星|1分|失望"),
    ),
    ("基本满意", re.compile(r"基本|还行|还可以|一般|凑合|三星|3星|3分")),
    ("满意", re.compile(r"满意|满分|好评|不错|很好|挺好|五星|5星|5分|赞|100分|十分")),
)


#: A rating of the office that registered and passed on, not of the unit that handled.
_DEPARTMENT = re.compile(r"信访局|信访部门|登记的|接待的|窗口")
#: What only says that a review is wanted; what is left over is the reason, which needs so many characters.
_ASKING = re.compile(
    r"我?(?:要|想|请求?)?(?:申请|请求|要求|提出|办理?)?(?:复查|复核|复审)(?:申请|一下)?|不服|对?(?:这个|处理)?(?:答复|意见|结果|处理意见)"
)
ENOUGH = 4
#: Statuses before the written answer.
UNANSWERED = ("registered", "dispatched", "notified", "accepted", "handling", "extended")
#: What only says that something will be added.
_ADDING = re.compile(
    r"我?(?:还)?(?:要|想|得|需要)?(?:再)?(?:补充|追加|添加?|补交?|加)(?:一?[下点些条句段份]|几句)?(?:材料|证据|内容|情况|说明)?|给?(?:我)?(?:的|那个?|刚才|上次|之前)?(?:登记)?的?(?:件|事|编号)|\d{12}|进去|[吗吧了的]|[，。！？,.:：!? ]"
)


def lacks(intent: str, text: str) -> bool:
    """Whether the turn only says what is wanted, so that what belongs to it is still to come."""
    if intent == "supplement":
        return len(_ADDING.sub("", text)) < ENOUGH
    if intent == "rate":
        return rating_of(text) is None
    return intent == "request_review" and len(_reason(text)) < ENOUGH


class CaseService(Protocol):
    """What a request needs of the case store."""

    def urge(self, case_no: str, note: str, now: datetime, today: date) -> None: ...
    def supplement(self, case_no: str, text: str, now: datetime, today: date, conversation: str = "") -> None: ...
    def withdraw(self, case_no: str, reason: str, now: datetime, today: date) -> None: ...
    def rate(self, case_no: str, rating: str, words: str, now: datetime, today: date, whom: str = "") -> str: ...
    def apply_review(self, case_no: str, reason: str, now: datetime, today: date) -> CaseView: ...
    def main_of(self, case_no: str) -> str: ...
    def get(self, case_no: str) -> CaseView: ...


def request(
    intent: str,
    text: str,
    case_no: str,
    cases: CaseService,
    say: Catalogue,
    now: datetime,
    today: date,
    conversation: str = "",
) -> str:
    """Does what the person asks for and says so. Raises PetitionError with a plain sentence when the case does not allow it.

    `conversation`: whose files go with a supplement.
    """
    if intent == "urge":
        cases.urge(case_no, text, now, today)
        return say.say("urged", case_no=case_no)
    if intent == "supplement":
        if lacks(intent, text):
            return say.say("supplement_ask", case_no=case_no)
        cases.supplement(case_no, text, now, today, conversation)
        return say.say("supplemented", case_no=case_no)
    if intent == "withdraw":
        cases.withdraw(case_no, text, now, today)
        return say.say("withdrawn", case_no=case_no)
    if intent == "rate":
        rating = rating_of(text)
        if rating is None:
            return say.say("rate_ask")
        whom = cases.rate(case_no, rating, text, now, today, "department" if _DEPARTMENT.search(text) else "")
        told = say.say(f"rated_{whom}", rating=rating)
        return told + (_dissatisfied(case_no, cases, say, today) if rating == "不满意" else "")
    return _review(text, case_no, cases, say, now, today)


def _review(text: str, case_no: str, cases: CaseService, say: Catalogue, now: datetime, today: date) -> str:
    """申请复查 or 复核 of a case that has its written answer, with a reason; otherwise how it is done and when."""
    view = cases.get(cases.main_of(case_no))
    step = next_step(standing(view))
    if step.key not in ("apply_review", "apply_final"):
        if view.status in ("review", "final_review"):
            return say.say(
                "review_running", case_no=case_no, what=next_of(view, today, say)["what"], due=_day(step.due)
            )
        return say.say("review_guidance", case_no=case_no)
    what = "复查" if step.key == "apply_review" else "复核"
    if step.due and today > step.due:
        return say.say("review_lapsed", what=what, due=_day(step.due))
    if lacks("request_review", text):
        left = (step.due - today).days if step.due else 0
        return say.say("review_ask", case_no=case_no, what=what, due=_day(step.due), left=left)
    after = cases.apply_review(case_no, text, now, today)
    told = next_step(standing(after))
    return say.say("review_applied", case_no=case_no, what=what, due=_day(told.due))


def _reason(text: str) -> str:
    return _ASKING.sub("", text).strip("，。！？,.!? ")


def _dissatisfied(case_no: str, cases: CaseService, say: Catalogue, today: date) -> str:
    """What who is not satisfied can do now: apply for review in time, or hurry and add while it is being handled."""
    view = cases.get(cases.main_of(case_no))
    step = next_step(standing(view))
    if step.key in ("apply_review", "apply_final") and step.due and today <= step.due:
        what = "复查" if step.key == "apply_review" else "复核"
        return say.say("dissatisfied_review", what=what, due=_day(step.due), left=(step.due - today).days)
    return say.say("dissatisfied_wait") if view.status in UNANSWERED else ""


def _day(d: date | None) -> str:
    return day(d) if d else ""


def rating_of(text: str) -> str | None:
    """满意, 基本满意 or 不满意 as the words say; None when they do not."""
    return next((name for name, pattern in _RATINGS if pattern.search(text)), None)
