"""The table of fields: how each is asked, read from an answer, read from a story, and shown.

One table drives prompts, extraction, validation and tests. Wording lives in `bot/knowledge/fields.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml
from bot.petition.keys import PRIORS
from bot.petition.understand import answers, contacts, counts, dates, demands, money, names, places, priors, respondents

#: Up to so many characters a refusal holds no value beside it.
SHORT = 12
#: A field counts as told when it was found in a story with at least this confidence.
SURE = 0.7
_WORKED = re.compile(r"(?:干|做|打工|上班|工作|上工|住|用|交|等|跑|开|租|养|种)了?(?:也?有|大概|差不多|快)?$")
_REFUSES = {
    "phone": re.compile(
        r"(?:电话|手机|号码|联系方式)[^，。！？]{0,8}(?:不留|不给|不想留|不想给|不提供|不填|不方便|都不|没有|没得)"
        r"|(?:没|没有|木有|没得|冇|无|不用|不会用)(?:手机|电话|号码|联系方式)"
    ),
    "name": re.compile(r"(?:名字|姓名|真名)[^，。！？]{0,8}(?:不留|不给|不想|不提供|不填|不写|不方便|不说)"),
    "address": re.compile(r"(?:住址|地址|家在哪)[^，。！？]{0,8}(?:不留|不给|不想|不提供|不填|不写|不方便|不说)"),
    "id_number": re.compile(r"(?:身份证|证件)[^，。！？]{0,8}(?:不留|不给|不想|不提供|不填|不方便|都不)"),
}
#: Words of a story by which a person asks for a text message, and to stay unnamed.
BY_TEXT = re.compile(r"(?:只能|请|就|用|发)(?:发)?短信|(?:别|不要|不能|没法)(?:给我)?(?:打|接)电话|听不见")
ANONYMOUS = re.compile(
    r"匿名|(?:别|不要|不能|不想|不敢)(?:让|叫)?[^，。！？]{0,8}(?:知道是我|知道我是谁)|不(?:想)?(?:透露|暴露)(?:我的)?(?:姓名|身份|名字)"
)


@dataclass(frozen=True)
class FieldSpec:
    """One field: its wording."""

    key: str
    label: str
    ask: tuple[str, ...]
    why: str
    retry: str
    personal: bool
    declined: str


@dataclass(frozen=True)
class Reply:
    """An answer to a direct question. At most one of value, refused, unknown says something; none: not understood."""

    value: Any = None
    refused: bool = False
    unknown: bool = False


@lru_cache(maxsize=1)
def fields() -> dict[str, FieldSpec]:
    """The shipped table, by key. Raises KnowledgeError."""
    out = {}
    for key, raw in read_yaml(ROOT / "fields.yml").items():
        try:
            ask = raw["ask"] if isinstance(raw["ask"], list) else [raw["ask"]]
            out[key] = FieldSpec(
                key,
                raw["label"],
                tuple(ask),
                raw["why"],
                raw.get("retry", ""),
                bool(raw.get("personal")),
                raw.get("declined", ""),
            )
        except (KeyError, TypeError) as e:
            raise KnowledgeError(f"fields.yml:{key}：缺少 {e}") from e
    return out


def labels() -> dict[str, str]:
    """Field key → Chinese label."""
    return {k: f.label for k, f in fields().items()}


def _plain(text: str) -> str:
    return re.sub(r"<[^<>]{0,200}>", "", text).strip(" \t\n，。；;,.、!！")


def _date(text: str, today: date) -> Any:
    found = dates.best_date(text, today)
    return found.value if found and found.kind != "future" else None


def _phone(text: str, today: date) -> Any:
    found = contacts.find_phones(text)
    return found[-1].value if found else None


def _id(text: str, today: date) -> Any:
    found = contacts.find_ids(text)
    return found[0].value if found else None


def _prior(text: str, today: date) -> Any:
    found = list(dict.fromkeys(p.value for p in priors.find_priors(text)))
    if found:
        return found
    return [] if priors.none_said(text) or answers.yes_no(text) is False else None


def _value(find: Callable[..., Any], **extra: Any) -> Callable[[str, date], Any]:
    def read(text: str, today: date) -> Any:
        found = find(text, **extra)
        return found.value if found else None

    return read


def _free(text: str, today: date) -> Any:
    return _plain(text) or None


_READ: dict[str, Callable[[str, date], Any]] = {
    "narrative": _free,
    "demand": _value(demands.find_demand, asked=True),
    "place": _value(places.best_place, asked=True),
    "occurred_on": _date,
    "respondent": _value(respondents.best_respondent, asked=True),
    "amount": _value(money.answer_amount),
    "people_count": _value(counts.answer_people),
    "prior": _prior,
    "evidence": _free,
    "name": _value(names.find_name, asked=True),
    "phone": _phone,
    "address": _value(places.find_address, asked=True),
    "id_number": _id,
    "anonymous": lambda text, today: answers.anonymous(text),
    "publicity": lambda text, today: answers.publicity(text),
    "reply_by": lambda text, today: answers.reply_by(text),
    "on_behalf_of": lambda text, today: answers.relation(text),
}
#: Fields whose answer may be kept in the person's own words when nothing finer is found in it.
FREE = ("narrative", "demand", "place", "respondent", "address", "evidence", "reply_by")


#: Fields of which there may be none (涉及多少钱？没有).
_NONE_OF = ("amount", "people_count", "id_number", "occurred_on", "demand", "place", "respondent")


def read_answer(key: str, text: str, today: date) -> Reply:
    """Reads `text` as the answer to a direct question for field `key`."""
    value = _READ[key](text, today)
    if key in ("anonymous", "publicity") and value is not None:
        return Reply(value=value)
    if answers.nothing(text) and key in (*_NONE_OF, "phone", "address"):
        return Reply(refused=True) if key in ("phone", "address") else Reply(unknown=True)
    short = len(text) <= SHORT and key not in ("demand", "narrative")
    if answers.declines(text) and (value is None or short or key in ("name", "phone", "address", "id_number")):
        return Reply(refused=True)
    if answers.unknown(text) and (value is None or len(text) <= 8):
        return Reply(unknown=True)
    return Reply(value=value)


def read_story(text: str, today: date) -> dict[str, tuple[Any, float]]:
    """What a story tells besides itself: field key → (value, confidence)."""
    out: dict[str, tuple[Any, float]] = {}

    def take(key: str, found: Any) -> None:
        if found is not None and found.value not in (None, ""):
            out[key] = (found.value, found.confidence)

    take("demand", demands.find_demand(text))
    where = places.best_place(text)
    take("place", where)
    if where and where.note != "exact":
        out["place"] = (where.value, min(where.confidence, SURE - 0.1))
    whom = respondents.best_respondent(text)
    take("respondent", whom)
    if whom:
        out["respondent"] = (whom.value, 0.8 if respondents.identifies(whom) else SURE - 0.1)
    take("amount", money.best_amount(text))
    take("people_count", counts.best_people(text))
    take("name", names.find_name(text))
    take("address", places.find_address(text))
    when = dates.best_date(text, today)
    if when and when.kind != "future" and not (when.kind == "duration" and _WORKED.search(text[: when.start])):
        out["occurred_on"] = (when.value, when.confidence)
    phones = contacts.find_phones(text)
    if phones:
        out["phone"] = (phones[-1].value, phones[-1].confidence)
    known = list(dict.fromkeys(p.value for p in priors.find_priors(text)))
    if known or (priors.none_said(text) and len(text.strip()) > 3):  # 没有 alone says of what only to who asked
        out["prior"] = (known, 0.8)
    relation = answers.relation(text)
    if relation and relation != "本人":
        out["on_behalf_of"] = (relation, 0.8)
    if ANONYMOUS.search(text):
        said = answers.anonymous(text)
        out["anonymous"] = (True if said is None else said, 0.8)
    if BY_TEXT.search(text):
        out["reply_by"] = ("短信", 0.8)
    return out


def refused_in(text: str) -> list[str]:
    """Fields that the person refuses beforehand ("电话我不留")."""
    return [key for key, pattern in _REFUSES.items() if pattern.search(text)]


def show(key: str, value: Any) -> str:
    """A value as a person reads it, on one line."""
    if key == "prior":
        return "、".join(PRIORS.get(p, p) for p in value) if value else "没有"
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "amount":
        return f"{float(value):,.2f}".rstrip("0").rstrip(".") + " 元"
    if key == "people_count":
        return f"{value}"
    if key == "occurred_on":
        y, *rest = str(value).split("-") if re.fullmatch(r"\d{4}(-\d\d){0,2}", str(value)) else (str(value),)
        return (
            y + "年" + "".join(f"{int(n)}{u}" for n, u in zip(rest, "月日", strict=False)) if rest or y.isdigit() else y
        )
    return str(value)
