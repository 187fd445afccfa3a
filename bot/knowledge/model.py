"""The shapes of the knowledge base. Frozen after loading; every claim carries its basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Basis:
    """One citation. `law` is the full title as in laws.yml; `article` its number in Arabic digits; `part` paragraph and item.

    `edition` names the version whose numbering is meant ("2012"), where a law has several; such a citation holds only
    while that version is in force.
    """

    law: str
    article: str
    part: str = ""
    edition: str = ""

    def __str__(self) -> str:
        return f"《{self.law}》第{self.article}条{self.part}"


@dataclass(frozen=True)
class LawVersion:
    """One version of a law, in force from `since` up to and including `until` (None: still in force)."""

    edition: str
    since: date
    until: date | None
    articles: int
    source: str = "T"


@dataclass(frozen=True)
class Law:
    """A law with its versions. `text` names the file that the citation check reads where the full texts are at hand.

    `by_event`: the version of the day of the event applies (conduct is judged by the law of its day), not that of today.
    """

    title: str
    short: tuple[str, ...]
    versions: tuple[LawVersion, ...]
    text: str = ""
    by_event: bool = False

    def in_force(self, day: date) -> LawVersion | None:
        """The version in force on `day`, or None."""
        return next((v for v in self.versions if v.since <= day and (v.until is None or day <= v.until)), None)


@dataclass(frozen=True)
class Cap:
    """The longest that a time limit may last, whatever else happens: `length` from the first known of the dates `starts`."""

    length: str
    starts: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Clock:
    """A time limit. `length` like "60 days", "3 working_days", "6 months", "1 year", "48 hours" or "" when the law names none.

    `starts` are names of dates (see facts.yml, kind date) in order of preference; `label` says in words when it starts.
    `restarts`: dates of events that make it run anew (民法典 195, 劳动争议调解仲裁法 27); none for a limit that nothing
    interrupts, such as those of reconsideration and of suits against an act. `caps`: maximum periods. `stays`: its last day
    does not move when it falls on a holiday, because no rule at hand says that it does: the earlier day is the safe one.
    `after`: the time that an agency has first; the limit runs from the end of that time, which itself runs from `starts`.
    """

    text: str
    length: str = ""
    starts: tuple[str, ...] = ()
    label: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    basis: tuple[Basis, ...] = ()
    unverified: bool = False
    restarts: tuple[str, ...] = ()
    caps: tuple[Cap, ...] = ()
    stays: bool = False
    after: str = ""


@dataclass(frozen=True)
class Procedure:
    """Something a person can actually start, and the channel it belongs to.

    `who`: who may start it. `before`: what must come first, "" when nothing must. `then`: what comes after it, above all what
    follows when it is refused; `next`: the procedures whose own time limit starts with its outcome. `why`: the reason for this way
    where no dispute gives a better one.
    """

    id: str
    name: str
    channel: str
    agency: str
    where: str
    first: str
    basis: tuple[Basis, ...]
    clocks: tuple[Clock, ...] = ()
    materials: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    cost: str = ""
    hotline: tuple[str, ...] = ()
    unverified: bool = False
    who: str = ""
    before: str = ""
    next: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Path:
    """A dispute's way to a procedure, open when every fact in `when` has one of its values."""

    procedure: str
    why: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True)
class Example:
    """A sentence a person might say; `channel` and `agency` where they differ from the dispute's own."""

    text: str
    channel: str = ""
    agency: str = ""


@dataclass(frozen=True)
class Story:
    """A whole petition as people write it, with what it is: it teaches the ranking and samples what a change does.

    `also`: other channels that are right for it. `dispute`: "" when none fits.
    """

    text: str
    channel: str
    agency: str
    dispute: str = ""
    also: tuple[str, ...] = ()
    urgent: bool = False


@dataclass(frozen=True)
class Case:
    """A worked case: a story and what every right advice on it has. `says`: a pattern of the text; `cites`: one has to be cited."""

    id: str
    text: str
    channels: tuple[str, ...]
    says: str
    cites: tuple[Basis, ...] = ()


@dataclass(frozen=True)
class Cues:
    """Words that point to a dispute. `any` must hit at least once; `near` add weight; `no` take it away."""

    any: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dispute:
    """What people come with."""

    id: str
    name: str
    family: str
    cues: Cues
    examples: tuple[Example, ...]
    paths: tuple[Path, ...]
    agencies: tuple[str, ...]
    category: str
    content: str
    questions: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """Something that decides the channel or starts a clock.

    kind: choice or date. `options`: value → (title, cues) for a choice; cues are read both in the story and in the answer.
    """

    id: str
    kind: str
    question: str
    why: str
    options: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An answer to a question people ask in between. `variants`: channel key or case status → text."""

    id: str
    title: str
    examples: tuple[str, ...]
    text: str
    basis: tuple[Basis, ...] = ()
    variants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agency:
    """What stands behind an agency key: what people call it, words of its business, what it does, what it does not do and who does that."""

    key: str
    called: tuple[str, ...]
    words: tuple[str, ...]
    does: str
    does_not: str


@dataclass(frozen=True)
class Hotline:
    """A public number; `parallel` when it rings at 12345 as well."""

    number: str
    name: str
    parallel: bool = False
