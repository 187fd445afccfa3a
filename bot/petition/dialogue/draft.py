"""A petition that is being told: values, where they came from, what was refused, what was asked."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

#: The fields that a summary shows, in its order. `id_number` and `consent` are never asked.
SUMMARY_ORDER = (
    "narrative", "demand", "place", "occurred_on", "respondent", "amount", "people_count", "prior", "evidence",
    "on_behalf_of", "name", "phone", "address", "anonymous", "publicity", "reply_by",
)  # fmt: skip

#: Contact data that a second matter of the same person starts with.
CONTACT = ("name", "phone", "address", "reply_by", "on_behalf_of")


@dataclass
class Draft:
    """One matter in hand.

    values: field key → canonical value. sure: field keys whose value may stand without asking again.
    guessed: field keys whose value is our own reading; they are shown as such and need no question.
    refused, unknown: fields that the person would not or could not tell. facts: decisive facts told in answers.
    asked: how often each question was put. choice: "", "file" or "leave". reask: a field to ask again at the person's wish.
    peril: the story holds a danger that was met first. despair: the person told how low they are, and has not said that it is better.
    notes: keys and values of acknowledgements for the next message. others: further matters, told meanwhile.
    """

    id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    sure: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    topic_from: int = 0
    channel: str = ""
    dispute: str = ""
    questions: list[str] = field(default_factory=list)
    collect: list[str] = field(default_factory=list)
    advised: bool = False
    choice: str = ""
    confirmed: bool = False
    reask: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    misses: int = 0
    turns: int = 0
    last_turn: str = ""
    held: str = ""
    peril: bool = False
    despair: bool = False

    @property
    def started(self) -> bool:
        """Whether anything was told that would be worth coming back to."""
        return bool(self.values.get("narrative"))

    @property
    def wanted(self) -> str:
        """What is wanted and why, in the words told so far."""
        return f"{self.values.get('demand', '')}\n{self.values.get('narrative', '')}"

    def copy(self) -> Draft:
        """An independent copy."""
        return deepcopy(self)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without what equals an empty draft."""
        empty = Draft()
        return {k: v for k, v in self.__dict__.items() if v != getattr(empty, k)}

    @classmethod
    def from_dict(cls, data: dict[str, Any] | None) -> Draft:
        """The reverse of `as_dict`; keys that this version does not know are left out."""
        known = cls.__dataclass_fields__
        return cls(**{k: deepcopy(v) for k, v in (data or {}).items() if k in known})

    def set(self, key: str, value: Any, sure: bool = True) -> None:
        """Takes a value and forgets any refusal of the field."""
        self.values[key] = value
        for names in (self.refused, self.unknown, self.guessed):
            if key in names:
                names.remove(key)
        if sure and key not in self.sure:
            self.sure.append(key)

    def settled(self, key: str) -> bool:
        """Whether the field needs no question any more."""
        return key in self.sure or key in self.refused or key in self.unknown or key in self.guessed

    def guess(self, key: str, value: Any) -> None:
        """Takes a value that the person did not say in so many words."""
        self.set(key, value, sure=False)
        self.guessed.append(key)

    def note(self, key: str, **values: Any) -> None:
        """Queues an acknowledgement for the next message."""
        self.notes.append({"key": key, **values})

    def contact(self) -> dict[str, Any]:
        """What a next matter of the same person may start with."""
        return {k: self.values[k] for k in CONTACT if k in self.values}
