"""A region: which unit really stands behind an agency in each division, and the local rules that change a procedure.

The file is written by the petition office (docs/office-guide.md). What it does not name falls back to 12345.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File

from bot.knowledge.loader import ROOT, Entry, Knowledge, KnowledgeError, clock_of, knowledge, read_yaml
from bot.knowledge.model import Clock
from bot.petition.keys import AGENCIES

FOLDER = ROOT / "region"


@dataclass(frozen=True)
class Unit:
    """The unit that is really meant: its name, phone, opening hours and address, each "" when not told."""

    name: str
    phone: str = ""
    hours: str = ""
    address: str = ""


@dataclass(frozen=True)
class Division:
    """A place with what people call it and its units by agency key."""

    name: str
    aliases: tuple[str, ...]
    units: Mapping[str, Unit]


@dataclass(frozen=True)
class LocalRule:
    """What a local document changes about a procedure; empty means as in the whole country."""

    procedure: str
    document: str
    agency: str = ""
    where: str = ""
    note: str = ""
    clock: Clock | None = None


@dataclass(frozen=True)
class Region:
    """Divisions from the largest to the smallest, and local rules."""

    name: str
    divisions: tuple[Division, ...]
    rules: tuple[LocalRule, ...]

    def unit(self, agency: str, *texts: str) -> Unit | None:
        """The unit behind `agency` in the smallest division that one of `texts` names, else in a larger one that holds it."""
        named = [d for d in self.divisions if any(w in t for t in texts for w in (d.name, *d.aliases))]
        if not named:
            return None
        smallest = max(named, key=lambda d: len(d.name))
        around = [d for d in self.divisions if smallest.name.startswith(d.name)]
        return next((d.units[agency] for d in sorted(around, key=lambda d: -len(d.name)) if agency in d.units), None)

    def adapt(self, knowledge: Knowledge) -> Knowledge:
        """The knowledge base under the local rules. Raises KnowledgeError when a rule names no known procedure."""
        procedures = dict(knowledge.procedures)
        for rule in self.rules:
            p = procedures.get(rule.procedure)
            if p is None:
                raise KnowledgeError(f"{self.name}：本地规定里的程序 {rule.procedure} 不存在")
            told = f"{rule.note or '本地另有规定'}（{rule.document}）"
            procedures[rule.procedure] = replace(
                p,
                agency=rule.agency or p.agency,
                where=rule.where or p.where,
                clocks=(rule.clock, *p.clocks) if rule.clock else p.clocks,
                cautions=(told, *p.cautions),
            )
        return replace(knowledge, procedures=procedures)


def region_folder(name: str) -> File:
    """Where the region of this folder name below knowledge/region, or of this path, has its files."""
    return File(name) if "/" in name else FOLDER / name


def load_region(name: str) -> Region:
    """The region of this folder name below knowledge/region, or of this path. Raises KnowledgeError."""
    folder = region_folder(name)
    path = folder / "region.yml"
    if not path.is_file():
        known = "、".join(sorted(p.parent.name for p in FOLDER.glob("*/region.yml")))
        raise KnowledgeError(f"SUFANG_REGION：没有地区 {name}（现有：{known}）")
    top = Entry(f"{folder.name}/region.yml", read_yaml(path))
    divisions = []
    for place, raw in top.table("divisions").items():
        e = Entry(f"{top.where}:{place}", raw)
        units = {}
        for agency, told in e.table("units").items():
            if agency not in AGENCIES:
                raise KnowledgeError(f"{e.where}：没有机关 {agency}")
            u = Entry(f"{e.where}.{agency}", told)
            units[agency] = Unit(u.text("name"), u.text("phone", ""), u.text("hours", ""), u.text("address", ""))
            u.done()
        divisions.append(Division(place, e.texts("aliases"), units))
        e.done()
    rules = []
    for raw in top.items("rules"):
        e = Entry(f"{top.where}.rules", raw)
        clock = clock_of(f"{e.where}.clock", e.table("clock")) if e.table("clock") else None
        rule = LocalRule(
            e.text("procedure"),
            e.text("document"),
            e.text("agency", ""),
            e.text("where", ""),
            e.text("note", ""),
            clock,
        )
        if rule.agency and rule.agency not in AGENCIES:
            raise KnowledgeError(f"{e.where}：没有机关 {rule.agency}")
        e.done()
        rules.append(rule)
    region = Region(top.text("name"), tuple(sorted(divisions, key=lambda d: len(d.name))), tuple(rules))
    top.done()
    return region


def regional(name: str) -> Knowledge:
    """The shipped knowledge base, under the local rules of the region `name` when one is given."""
    return load_region(name).adapt(knowledge()) if name else knowledge()
