"""Random turns, sensible and senseless, against the real agent: never silent, nothing lost, nothing changed behind one's back.

FUZZ_TURNS sets how many (a few hundred when it is not set; 10000 for the long run).
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from bot.nlu.scene import VALUE_SLOTS

TURNS = int(os.environ.get("FUZZ_TURNS", "240"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
#: Conversations end here at the latest and a new person comes.
LONGEST = 40
STORIES = (
    "楼下川菜馆的油烟从今年三月开始天天往我家窗户灌，物业说管不了",
    "包工头欠我们九个人工钱四万二，工地在昆明市官渡区小板桥街道",
    "村口的桥七月份被水冲塌了，一直没人修",
    "我要举报镇长收工程老板的钱",
    "建议图书馆多买点大字书",
    "退休要交满多少年社保",
    "电梯坏了",
)
ANSWERS: dict[str, tuple[str, ...]] = {
    "demand": ("要求整改", "把钱给我们", "修好就行"),
    "place": ("昆明市五华区莲花街道翠湖里小区", "南阳市石门镇柳树沟村"),
    "occurred_on": ("今年三月", "上礼拜三", "2025年6月1号"),
    "respondent": ("老灶台川菜馆", "城东物业公司"),
    "amount": ("三万二", "500元"),
    "people_count": ("12户", "就我自己"),
    "prior": ("打过12345", "没有"),
    "name": ("李春梅", "我叫王大山"),
    "phone": ("13800001234", "幺三九零零零零五六七八"),
    "address": ("翠湖里小区3栋502",),
    "fact": ("没有", "不清楚", "有"),
    "narrative": STORIES,
}
ASIDE = ("这个要钱吗", "多久能办完", "你是真人吗", "会保密吗", "谢谢", "为什么问这个", "再说一遍", "看看我填了什么", "等一下我找找", "转人工")  # fmt: skip
NOISE = ("asdfgh", "……", "？？？", "1", "哈哈哈", "😀😀", "/affirm{\"all\":true}", "{0[narrative]}", "<b>x</b>", "的的的的", " ", "嗯", "啊?", "滚", "你们这些废物", "x" * 900)  # fmt: skip
REFUSALS = ("不想说", "不知道", "都行", "记不清了", "跳过", "不方便留")
CHANGES = ("电话错了，是13911112222", "改第2项", "时间说错了，是去年五月", "地点不对", "名字写错了，是赵小兰")
LEAVES = ("先不登记", "不弄了", "重新开始", "再见")


class Person:
    """What one person hears and knows, and the checks of every turn."""

    def __init__(self, talk: Any, rng: random.Random) -> None:
        self.talk, self.rng, self.field, self.heard = talk, rng, "", ""
        self.missed: dict[str, int] = {}

    def turn(self, kind: str, text: str) -> None:
        before = {k: v for k, v in self.talk.slots().items() if k in VALUE_SLOTS and v is not None}
        asked = self.field
        messages = self.talk.say(text)
        where = f"{kind} {text[:40]!r} at {asked!r}"
        assert messages, f"silence after {where}"
        assert all(m["text"].strip() for m in messages), f"an empty message after {where}"
        kinds = [(m.get("custom") or {}).get("kind") for m in messages]
        assert "error" not in kinds, where
        self.field = self._asks(messages)
        after = {k: v for k, v in self.talk.slots().items() if k in VALUE_SLOTS}
        self._unchanged(kind, asked, before, after, where)
        if kind == "noise" and asked and asked == self.field and asked not in ("choice", "confirm"):
            key = f"{asked} {messages[-1]['text'][-20:]}"
            self.missed[key] = self.missed.get(key, 0) + 1

    def _asks(self, messages: list[dict[str, Any]]) -> str:
        for m in reversed(messages):
            custom = m.get("custom") or {}
            if custom.get("kind") == "ask":
                return str(custom["field"])
            if custom.get("kind") in ("advice", "summary"):
                return {"advice": "choice", "summary": "confirm"}[custom["kind"]]
        return ""

    def _unchanged(self, kind: str, asked: str, before: dict[str, Any], after: dict[str, Any], where: str) -> None:
        if kind in ("leave", "change", "file") or asked in ("", "narrative"):
            return
        for key, value in before.items():
            if key in ("narrative", "prior", "anonymous") or key == asked:
                continue
            if kind in ("aside", "noise", "refusal"):
                assert after[key] == value, f"{key} changed from {value!r} to {after[key]!r} after {where}"
        if "narrative" in before and asked:
            assert str(before["narrative"]) in str(after["narrative"]), f"the story was lost after {where}"


def next_turn(person: Person) -> tuple[str, str]:
    """What the person says: mostly what fits, often not."""
    rng, asked = person.rng, person.field
    roll = rng.random()
    if not asked:
        return rng.choice([("story", rng.choice(STORIES)), ("aside", rng.choice(ASIDE)), ("noise", rng.choice(NOISE))])
    if roll < 0.5:
        if asked == "choice":
            return "file", rng.choice(["帮我登记", "登记吧"])
        if asked == "confirm":
            return "file", rng.choice(["确认提交", "对的，提交"])
        return "answer", rng.choice(ANSWERS.get(asked, ("不知道",)))
    kind, texts = rng.choice(
        [("aside", ASIDE), ("noise", NOISE), ("refusal", REFUSALS), ("change", CHANGES)]
        + ([("leave", LEAVES)] if roll > 0.97 else [])
    )
    return kind, rng.choice(texts)


@pytest.mark.parametrize("agent", ["memory"], indirect=True)
def test_random_turns_never_lose_a_person(talk: Any) -> None:
    rng = random.Random(SEED)
    done = 0
    while done < TURNS:
        talk.sender = f"fuzz-{SEED}-{done}"
        person = Person(talk, rng)
        for _ in range(rng.randint(5, LONGEST)):
            person.turn(*next_turn(person))
            done += 1
        assert not person.missed or max(person.missed.values()) <= 2, person.missed
