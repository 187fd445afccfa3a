"""Requests about a case that is filed already: urge, supplement, withdraw, rate, review."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Protocol

from bot.petition.catalogue import Catalogue

#: What people say for each of the three ratings of 评价.
_RATINGS = (
    ("不满意", re.compile(r"不满|差评|太差|不好|很差|没用|0分|零分|一颗星|1星|1分|失望")),
    ("基本满意", re.compile(r"基本|还行|还可以|一般|凑合|三星|3星|3分")),
    ("满意", re.compile(r"满意|满分|好评|不错|很好|挺好|五星|5星|5分|赞|100分|十分")),
)


class CaseService(Protocol):
    """What a request needs of the case store."""

    def urge(self, case_no: str, note: str, now: datetime, today: date) -> None: ...
    def supplement(self, case_no: str, text: str, now: datetime, today: date) -> None: ...
    def withdraw(self, case_no: str, reason: str, now: datetime, today: date) -> None: ...
    def rate(self, case_no: str, rating: str, words: str, now: datetime, today: date) -> None: ...


def request(
    intent: str, text: str, case_no: str, cases: CaseService, say: Catalogue, now: datetime, today: date
) -> str:
    """Does what the person asks for and says so. Raises PetitionError with a plain sentence when the case does not allow it."""
    if intent == "urge":
        cases.urge(case_no, text, now, today)
        return say.say("urged", case_no=case_no)
    if intent == "supplement":
        if len(text) <= 8:
            return say.say("supplement_ask", case_no=case_no)
        cases.supplement(case_no, text, now, today)
        return say.say("supplemented", case_no=case_no)
    if intent == "withdraw":
        cases.withdraw(case_no, text, now, today)
        return say.say("withdrawn", case_no=case_no)
    if intent == "rate":
        rating = rating_of(text)
        if rating is None:
            return say.say("rate_ask")
        cases.rate(case_no, rating, text, now, today)
        return say.say("rated_thanks", rating=rating)
    return say.say("review_guidance", case_no=case_no)


def rating_of(text: str) -> str | None:
    """满意, 基本满意 or 不满意 as the words say; None when they do not."""
    return next((name for name, pattern in _RATINGS if pattern.search(text)), None)
