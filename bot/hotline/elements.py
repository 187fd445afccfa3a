"""What a call tells: each field from the answer to the agent's question, from his read-back, or from the story itself.

A later correction wins over what came before, and what the agent read back and the caller did not deny is sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.hotline import person, values
from bot.hotline.demand import demand, matter_of
from bot.hotline.found import Element
from bot.hotline.speech import Said, Topics, story, topics_of
from bot.hotline.unit import respondent
from bot.hotline.where import Places, address, place

#: Words that tell that something is wrong.
PROBLEM = re.compile(
    r"欠|骗|不给|不退|不修|没人管|不还|坏|停水|停电|停暖|不热|漏|塌|裂|断|堵|吵|噪音|扰民|臭|油烟|污染|占道|违建|违法|强拆|拆|收回|罚|开除|辞退|轧|伤|摔|打人|打了|偷|走丢|拖|涨价|乱收费|假|过期|困|贪|低保|没批|不批|不办|推|不服|考核|没人|脏|垃圾|积水|黑|煤气|着火|冒烟|漏电|触电"
)


def elements(
    turns: Sequence[Said], day: date, hotline: str = "", topics: Topics | None = None
) -> dict[str, Element | None]:
    """Every field of the draft but the demand; None where nothing was said. `hotline`: the city whose hotline was called."""
    topics = topics_of(turns) if topics is None else topics
    mine = [t for t in turns if t.role != "agent"]
    told = story(topics)
    unnamed = person.is_anonymous(mine)
    hidden = bool(unnamed.value)
    places = Places(topics, hotline)
    behalf = person.on_behalf_of(mine, topics)
    blamed = respondent(topics, told, turns, places, str(behalf.value) if behalf else "")
    where = place(topics, places, blamed)
    return {
        "name": None if hidden else person.name(topics, turns),
        "phone": person.phone(turns),
        "id_number": person.id_number(turns),
        "address": address(topics, turns, places, where, hidden),
        "place": where,
        "respondent": blamed,
        "occurred_on": values.occurred_on(topics, turns, day),
        "amount_yuan": values.amount_yuan(topics, turns),
        "people": values.people(mine, topics),
        "demand": None,
        "anonymous": unnamed,
        "on_behalf_of": behalf,
    }


def with_demand(
    found: dict[str, Element | None], topics: Topics, turns: Sequence[Said], channel: str, urgent: bool
) -> dict[str, Element | None]:
    """The fields with the demand, which is worded by what kind of matter it is."""
    return found | {"demand": demand(topics, turns, channel, urgent, matter_of(topics, PROBLEM), found)}
