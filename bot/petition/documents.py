"""The papers of a case (条例 22-36): which may be issued now, what their text is, by which dates. Wording: knowledge/documents.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml
from bot.petition import clocks
from bot.petition.case import CaseView
from bot.petition.errors import PetitionError, TransitionError
from bot.petition.lifecycle import PETITIONER, WITHOUT_31
from bot.petition.progress import standing
from bot.petition.roles import ACCUSATION

MAX_TEXT = 4000
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Kind:
    """A kind of paper. `asks`: what the issuer types, key → label; `event`: what its issue means to the clocks, if anything."""

    key: str
    title: str
    word: str
    to: str
    when: tuple[str, ...]
    roles: tuple[str, ...]
    lines: tuple[str, ...]
    basis: tuple[str, ...]
    asks: Mapping[str, str]
    may: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    only: str
    category: str
    event: str


@dataclass(frozen=True)
class Paper:
    """A paper as it is archived. `number` is "" until it is issued."""

    kind: str
    title: str
    case_no: str
    addressee: str
    lines: tuple[str, ...]
    basis: tuple[str, ...]
    signer: str
    date: str
    number: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the archive."""
        return asdict(self)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Paper:
        """From the archive."""
        return cls(**{**raw, "lines": tuple(raw["lines"]), "basis": tuple(raw["basis"])})

    def numbered(self, number: str) -> Paper:
        """The same with its number."""
        return replace(self, number=number)


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """All kinds by key. Raises KnowledgeError."""
    out = {}
    for key, raw in read_yaml(ROOT / "documents.yml").items():
        try:
            out[key] = Kind(
                key, raw["title"], raw["word"], raw["to"], tuple(raw["when"]), tuple(raw["roles"]), tuple(map(str, raw["lines"])),
                tuple(raw["basis"]), dict(raw.get("asks", {})), tuple(raw.get("may", ())),
                {k: tuple(v) for k, v in raw.get("choices", {}).items()}, raw.get("only", ""), raw.get("category", ""),
                raw.get("event", ""),
            )  # fmt: skip
        except (KeyError, TypeError) as e:
            raise KnowledgeError(f"documents.yml:{key}：缺少 {e}") from e
    return out


def allowed(view: CaseView, role: str) -> list[Kind]:
    """The papers that this role may issue now."""
    return [k for k in kinds().values() if not _why_not(k, view, role)]


def _why_not(kind: Kind, view: CaseView, role: str) -> str:
    if view.status not in kind.when:
        return f"现在的状态不能出具{kind.title}。"
    wanted = ("discipline",) if view.category == ACCUSATION else kind.roles
    if role not in wanted:
        return f"{kind.title}不由您这个岗位出具。"
    if kind.only and _sent(view) != kind.only:
        return f"{kind.title}只用于{kind.only}的件。"
    if kind.category and kind.category != view.category:
        return f"{kind.title}只用于{kind.category}。"
    if (
        not kind.category
        and view.category in WITHOUT_31
        and kind.key in ("opinion", "acceptance", "refusal", "extension")
    ):
        return "建议意见和检举控告不出具这种文书。"
    return ""


def missing(view: CaseView, role: str = "") -> list[str]:
    """Titles of the papers that the law asks for at this status and that are not there yet; of clerk and handler, their own."""
    wanted = {
        "dispatched": ("assignment", "told_where") if _sent(view) == "交办" else ("transfer", "told_where"),
        "notified": ("told_way",),
        "guided": ("guidance",),
        "accepted": ("acceptance",),
        "not_accepted": ("refusal",),
        "extended": ("extension",),
        "replied": ("suggestion_reply",) if view.category == "建议意见" else ("opinion",),
        "review": ("review_acceptance", "review_opinion"),
        "final_review": ("final_acceptance", "final_opinion"),
    }.get(view.status, ())
    issued = {e.data.get("kind") for e in view.events if e.event == "告知书"}
    return (
        []
        if view.category == ACCUSATION
        else [
            kinds()[k].title
            for k in wanted
            if k not in issued and (role not in ("clerk", "handler") or role in kinds()[k].roles)
        ]
    )


def _sent(view: CaseView) -> str:
    sent = [e.data.get("kind", "") for e in view.events if e.target == "dispatched"]
    return str(sent[-1]) if sent else ""


def write(
    key: str,
    view: CaseView,
    role: str,
    told: Mapping[str, str],
    fields: Mapping[str, Any],
    units: tuple[str, str],
    today: date,
) -> Paper:
    """The text of a paper. `told`: what the issuer typed; `units`: names of the agency in charge and of the petition office.

    Raises TransitionError when something is missing or the paper may not be issued now, PetitionError for an unknown kind.
    """
    kind = kinds().get(key)
    if kind is None:
        raise PetitionError("没有这种文书。")
    why = _why_not(kind, view, role)
    if why:
        raise TransitionError(why)
    answers = {k: str(told.get(k, "")).strip()[:MAX_TEXT] for k in kind.asks}
    lacking = [label for k, label in kind.asks.items() if not answers[k] and k not in kind.may]
    if lacking:
        raise TransitionError(f"还缺：{'、'.join(lacking)}。")
    for k, choices in kind.choices.items():
        if answers[k] not in choices:
            raise TransitionError(f"{kind.asks[k]}应为：{'、'.join(choices)}。")
    if "feedback_by" in answers:
        answers["feedback_by"] = day(_date(answers["feedback_by"], kind.asks["feedback_by"]))
    agency, office = units
    values = _dates(view, today) | answers
    values |= {
        "name": str(fields.get("name") or "（匿名）"), "case_no": view.case_no, "agency": agency, "sent": _sent(view),
        "approved_by": next((str(e.data["approved_by"]) for e in view.events if e.data.get("approved_by")), ""),
        "demand": str(fields.get("demand") or fields.get("narrative") or "")[:500],
    }  # fmt: skip
    lines = tuple(_fill(line, values, kind) for line in kind.lines if not _optional(line, values, kind))
    addressee = agency if kind.to != PETITIONER else str(fields.get("name") or "信访人")
    signer = office if role == "clerk" or kind.to != PETITIONER else agency
    return Paper(key, kind.title, view.case_no, addressee, lines, kind.basis, signer, today.isoformat())


def _optional(line: str, values: Mapping[str, str], kind: Kind) -> bool:
    return any(not values.get(k) for k in _SLOT.findall(line) if k in kind.may)


def _fill(line: str, values: Mapping[str, str], kind: Kind) -> str:
    """Puts the values in, in one pass: what somebody typed is never read as a placeholder."""

    def value(m: re.Match[str]) -> str:
        if not values.get(m[1]):
            raise TransitionError(f"还不能出具{kind.title}：这件事没有走到那一步。")
        return values[m[1]]

    return _SLOT.sub(value, line)


def _dates(view: CaseView, today: date) -> dict[str, str]:
    """Every date that a paper may speak of, as 2026年11月23日."""
    s = standing(view)
    out = {"filed_on": view.filed_on, "apply_30": clocks.XF_REVIEW_APPLY.due(today)}
    # Administrative review counts natural days whose last one moves from a holiday (行政复议法 88), litigation likewise.
    out |= {
        "appeal_60": clocks.due(today, clocks.Length(60, "day")),
        "appeal_6m": clocks.due(today, clocks.Length(6, "month")),
    }
    if "dispatched" in s.entered:
        sent = s.entered["dispatched"]
        out |= {
            "dispatched_on": sent,
            "notify_due": clocks.XF_NOTIFY.due(sent),
            "object_due": clocks.XF_OBJECT.due(sent),
        }
    if "accepted" in s.entered:
        end = clocks.XF_HANDLE.due(s.entered["accepted"])
        out |= {"accepted_on": s.entered["accepted"], "handle_due": end, "extended_due": clocks.XF_EXTEND.due(end)}
    if "review" in s.entered:
        out |= {"review_on": s.entered["review"], "review_due": clocks.XF_REVIEW_DECIDE.due(s.entered["review"])}
    if "final_review" in s.entered:
        out |= {
            "final_on": s.entered["final_review"],
            "final_due": clocks.XF_FINAL_DECIDE.due(s.entered["final_review"]),
        }
    return {k: day(v) for k, v in out.items()}


def _date(text: str, label: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TransitionError(f"{label}应写成 2026-01-31 这样。") from None


def day(d: date) -> str:
    """2026年11月26日"""
    return f"{d.year}年{d.month}月{d.day}日"


def number_of(kind: Kind, year: int, sequence: int) -> str:
    """〔2026〕 in the manner of official papers."""
    return f"{kind.word}〔{year}〕{sequence}号"
