"""Reads the knowledge base, checks it against its schema and freezes it.

One bad file stops the start with a message that names file, entry and reason: half a knowledge base would give half an advice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path as File
from typing import Any

import yaml

from bot.knowledge.model import (
    Agency,
    Answer,
    Basis,
    Cap,
    Case,
    Clock,
    Cues,
    Dispute,
    Example,
    Fact,
    Hotline,
    Law,
    LawVersion,
    Path,
    Procedure,
    Story,
)

ROOT = File(__file__).parent
#: Where Rasa reads the examples of the intents.
SAYINGS = ROOT.parents[1] / "data" / "nlu"
_BASIS = re.compile(r"^(?P<law>\S.*?)(?:\((?P<edition>\d{4})\))? (?P<article>\d+)(?: ?(?P<part>\S.*))?$")


class KnowledgeError(Exception):
    """The knowledge base is wrong; the message names file, entry and reason."""


@dataclass(frozen=True)
class Knowledge:
    """Everything the advice and the conversation know. Mappings are by id."""

    laws: Mapping[str, Law]
    procedures: Mapping[str, Procedure]
    disputes: Mapping[str, Dispute]
    facts: Mapping[str, Fact]
    answers: Mapping[str, Answer]
    hotlines: Mapping[str, Hotline]
    agencies: Mapping[str, Agency]
    content: tuple[str, ...]
    stories: tuple[Story, ...]
    forms: Mapping[str, str]
    cases: tuple[Case, ...] = ()

    def cite(self, basis: Iterable[Basis], today: date, event: date | None = None) -> tuple[Basis, ...]:
        """Those citations that hold on `today`, or, for laws that go by the event's day, on `event`; without repetition."""
        out: dict[tuple[str, str, str], Basis] = {}
        for b in basis:
            law = self.laws.get(b.law)
            version = law.in_force(event if event and law.by_event else today) if law else None
            if version and b.edition in ("", version.edition) and int(b.article) <= version.articles:
                out.setdefault((b.law, b.article, b.part), b)
        return tuple(out.values())


def parse_basis(text: str) -> Basis:
    """`劳动争议调解仲裁法 27 第二款`, `仲裁法(2017) 59` → Basis. Raises KnowledgeError when the form is wrong."""
    m = _BASIS.match(str(text).strip())
    if not m:
        raise KnowledgeError(f"依据写法不对：{text!r}，应为“法律全名 条号”，例如“行政复议法 23”")
    return Basis(m["law"].strip("《》"), m["article"], m["part"] or "", m["edition"] or "")


class Entry:
    """One mapping of a YAML file, read key by key, so that what nobody reads is an error."""

    def __init__(self, where: str, data: Any) -> None:
        if not isinstance(data, dict):
            raise KnowledgeError(f"{where}：应为键值表")
        self.where, self.data, self.read = where, data, set[str]()

    def text(self, key: str, default: str | None = None) -> str:
        self.read.add(key)
        value = self.data.get(key, default)
        if value is None:
            raise KnowledgeError(f"{self.where}：缺少 {key}")
        if isinstance(value, (dict, list)):
            raise KnowledgeError(f"{self.where}：{key} 应为文字")
        return str(value).strip()

    def number(self, key: str) -> int:
        value = self.text(key)
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise KnowledgeError(f"{self.where}：{key} 应为整数")
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        self.read.add(key)
        value = self.data.get(key) or []
        if isinstance(value, (str, int)):
            value = [value]
        if not isinstance(value, list) or any(isinstance(v, (dict, list)) or v is None for v in value):
            raise KnowledgeError(f"{self.where}：{key} 应为文字列表（含逗号、冒号的文字请加引号）")
        return tuple(str(v).strip() for v in value)

    def flag(self, key: str) -> bool:
        self.read.add(key)
        return bool(self.data.get(key, False))

    def items(self, key: str) -> list[Any]:
        self.read.add(key)
        value = self.data.get(key) or []
        if not isinstance(value, list):
            raise KnowledgeError(f"{self.where}：{key} 应为列表")
        return value

    def table(self, key: str) -> dict[str, Any]:
        self.read.add(key)
        value = self.data.get(key) or {}
        if not isinstance(value, dict):
            raise KnowledgeError(f"{self.where}：{key} 应为键值表")
        return {_word(k): v for k, v in value.items()}

    def basis(self, key: str = "basis") -> tuple[Basis, ...]:
        try:
            return tuple(parse_basis(t) for t in self.texts(key))
        except KnowledgeError as e:
            raise KnowledgeError(f"{self.where}：{e}") from e

    def when(self) -> dict[str, tuple[str, ...]]:
        return {k: tuple(_word(x) for x in (v if isinstance(v, list) else [v])) for k, v in self.table("when").items()}

    def done(self) -> None:
        unknown = set(map(str, self.data)) - self.read
        if unknown:
            raise KnowledgeError(f"{self.where}：不认识的键 {sorted(unknown)}")


def _word(value: Any) -> str:
    """YAML reads yes and no as booleans; facts mean the words."""
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _day(where: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise KnowledgeError(f"{where}：{value!r} 应为 YYYY-MM-DD") from None


def _law(e: Entry) -> Law:
    versions = []
    for raw in e.items("versions"):
        v = Entry(f"{e.where}.versions", raw)
        versions.append(
            LawVersion(
                v.text("edition"),
                _day(v.where, v.text("since")),
                _day(v.where, v.text("until")) if v.data.get("until") else None,
                v.number("articles"),
                v.text("source", "T"),
            )
        )
        v.read.add("until")
        v.done()
    return Law(e.text("title"), e.texts("short"), tuple(versions), e.text("text", ""), e.flag("by_event"))


def clock_of(where: str, raw: Any) -> Clock:
    e = Entry(where, raw)
    clock = Clock(
        e.text("text"),
        e.text("length", ""),
        e.texts("starts"),
        e.text("label", ""),
        e.when(),
        e.basis(),
        e.flag("unverified"),
        e.texts("restarts"),
        tuple(_cap(f"{where}.caps", c) for c in e.items("caps")),
        e.flag("stays"),
        e.text("after", ""),
    )
    e.done()
    return clock


def _cap(where: str, raw: Any) -> Cap:
    e = Entry(where, raw)
    cap = Cap(e.text("length"), e.texts("starts"), e.text("label"))
    e.done()
    return cap


def _procedure(key: str, e: Entry) -> Procedure:
    return Procedure(
        id=key,
        name=e.text("name"),
        channel=e.text("channel"),
        agency=e.text("agency"),
        where=e.text("where"),
        first=e.text("first"),
        basis=e.basis(),
        clocks=tuple(clock_of(f"{e.where}.clocks", c) for c in e.items("clocks")),
        materials=e.texts("materials"),
        cautions=e.texts("cautions"),
        then=e.texts("then"),
        cost=e.text("cost", ""),
        hotline=e.texts("hotline"),
        unverified=e.flag("unverified"),
        who=e.text("who", ""),
        before=e.text("before", ""),
        next=e.texts("next"),
        why=e.text("why", ""),
    )


def _example(where: str, raw: Any) -> Example:
    if isinstance(raw, str):
        return Example(raw.strip())
    e = Entry(where, raw)
    example = Example(e.text("text"), e.text("channel", ""), e.text("agency", ""))
    e.done()
    return example


def _dispute(family: str, e: Entry) -> Dispute:
    cues = Entry(f"{e.where}.cues", e.table("cues"))
    paths = []
    for raw in e.items("paths"):
        p = Entry(f"{e.where}.paths", raw)
        paths.append(Path(p.text("procedure"), p.text("why"), p.when(), p.basis()))
        p.done()
    dispute = Dispute(
        id=e.text("id"),
        name=e.text("name"),
        family=family,
        cues=Cues(cues.texts("any"), cues.texts("near"), cues.texts("no")),
        examples=tuple(_example(f"{e.where}.examples", x) for x in e.items("examples")),
        paths=tuple(paths),
        agencies=e.texts("agencies"),
        category=e.text("category"),
        content=e.text("content"),
        questions=e.texts("questions"),
        collect=e.texts("collect"),
        cautions=e.texts("cautions"),
    )
    cues.done()
    return dispute


def _fact(key: str, e: Entry) -> Fact:
    options = {}
    for value, raw in e.table("options").items():
        o = Entry(f"{e.where}.options.{value}", raw)
        options[value] = (o.text("title"), o.texts("cues"))
        o.done()
    return Fact(key, e.text("kind"), e.text("question"), e.text("why"), options, e.texts("cues"))


def _answer(key: str, e: Entry) -> Answer:
    variants = {k: str(v).strip() for k, v in e.table("variants").items()}
    return Answer(key, e.text("title"), e.texts("examples"), e.text("text"), e.basis(), variants)


def _hotline(e: Entry) -> Hotline:
    return Hotline(e.text("number"), e.text("name"), e.flag("parallel"))


def read_yaml(path: File) -> Any:
    """One YAML file, or a KnowledgeError that names file and line."""
    try:
        with path.open(encoding="utf-8") as f:
            return yaml.load(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (
        OSError,
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as e:  # not UTF-8, a day that does not exist, nested without end
        raise KnowledgeError(f"{path.name}：读不出来：{e}") from e


def _rows(path: File) -> list[Any]:
    rows = read_yaml(path) or []
    if not isinstance(rows, list):
        raise KnowledgeError(f"{path.name}：应为列表")
    return rows


def _table(path: File) -> dict[Any, Any]:
    table = read_yaml(path) or {}
    if not isinstance(table, dict):
        raise KnowledgeError(f"{path.name}：应为键值表")
    return table


def _keyed(folder: File, make: Callable[[str, Entry], Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yml")):
        for key, raw in _table(path).items():
            e = Entry(f"{path.name}:{key}", raw)
            if key in out:
                raise KnowledgeError(f"{path.name}：{key} 重复")
            out[str(key)] = make(str(key), e)
            e.done()
    return out


def _disputes(folder: File) -> dict[str, Dispute]:
    out: dict[str, Dispute] = {}
    for path in sorted(folder.glob("*.yml")):
        top = Entry(path.name, read_yaml(path))
        for raw in top.items("disputes"):
            e = Entry(f"{path.name}:{raw.get('id') if isinstance(raw, dict) else raw}", raw)
            dispute = _dispute(top.text("family"), e)
            e.done()
            if dispute.id in out:
                raise KnowledgeError(f"{path.name}：{dispute.id} 重复")
            out[dispute.id] = dispute
    return out


def _agencies(path: File) -> dict[str, Agency]:
    out = {}
    for key, raw in _table(path).items():
        e = Entry(f"{path.name}:{key}", raw)
        out[key] = Agency(key, e.texts("called"), e.texts("words"), e.text("does"), e.text("not"))
        e.done()
    return out


def _stories(folder: File) -> tuple[Story, ...]:
    """The stories: a file or a folder of files a channel."""
    out = []
    for path in sorted(folder.rglob("*.yml")):
        name = path.relative_to(folder)
        channel = name.parts[0].removesuffix(".yml")
        for i, raw in enumerate(_rows(path), 1):
            e = Entry(f"stories/{name}:{i}", raw)
            told = e.text("text"), channel, e.text("agency"), e.text("dispute", ""), e.texts("also"), e.flag("urgent")
            out.append(Story(*told))
            e.done()
    return tuple(out)


def _forms(path: File) -> dict[str, str]:
    """The forms of a text: name → regular expression, with the word lists put in."""
    e = Entry(path.name, read_yaml(path))
    words = Entry(f"{path.name}:lists", e.table("lists"))
    lists = {k: "(?:" + "|".join(map(re.escape, words.texts(k))) + ")" for k in words.data}
    forms, out = Entry(f"{path.name}:forms", e.table("forms")), {}
    for name in forms.data:
        pattern = forms.text(name)
        for key, any_of in lists.items():
            pattern = pattern.replace("{" + key + "}", any_of)
        try:
            out[name] = re.compile(pattern).pattern
        except (re.error, OverflowError, RecursionError) as error:
            raise KnowledgeError(f"{path.name}:{name}：正则表达式写错了：{error}") from error
    e.done()
    return out


def _cases(path: File) -> tuple[Case, ...]:
    out = []
    for raw in _rows(path):
        e = Entry(f"{path.name}:{raw.get('id') if isinstance(raw, dict) else raw}", raw)
        out.append(Case(e.text("id"), e.text("text"), e.texts("channels"), e.text("says"), e.basis("cites")))
        e.done()
    return tuple(out)


def own_examples(folder: File = SAYINGS) -> list[tuple[str, str]]:
    """(text, intent) of every example of the conversation's intents; none where only the package is installed."""
    rows = []
    for path in sorted(folder.glob("*.yml")):
        for entry in read_yaml(path)["nlu"]:
            rows += [(line[2:].strip(), entry["intent"]) for line in entry["examples"].strip().splitlines()]
    return rows


def load(root: File = ROOT) -> Knowledge:
    """Reads the whole knowledge base below `root`. Raises KnowledgeError."""
    laws, hotlines = {}, {}
    for raw in _rows(root / "laws.yml"):
        e = Entry(f"laws.yml:{raw.get('title') if isinstance(raw, dict) else raw}", raw)
        law = _law(e)
        e.done()
        laws[law.title] = law
    for raw in _rows(root / "hotlines.yml"):
        e = Entry(f"hotlines.yml:{raw}", raw)
        line = _hotline(e)
        e.done()
        hotlines[line.number] = line
    return Knowledge(
        laws=laws,
        procedures=_keyed(root / "procedures", _procedure),
        disputes=_disputes(root / "disputes"),
        facts=_keyed(root / "facts", _fact),
        answers=_keyed(root / "answers", _answer),
        hotlines=hotlines,
        agencies=_agencies(root / "agencies.yml"),
        content=tuple(Entry("content.yml", read_yaml(root / "content.yml")).table("categories")),
        stories=_stories(root / "stories"),
        forms=_forms(root / "forms.yml"),
        cases=_cases(root / "cases.yml"),
    )


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The shipped knowledge base, read once."""
    return load()
