"""Everything that can be said to a person, whether it is said plainly, and that it is nothing that must never be said."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.knowledge.loader import ROOT, Knowledge, read_yaml
from bot.petition.catalogue import catalogue
from bot.petition.fields import fields

_SENTENCE = re.compile(r"[。！？；\n]")


def spoken(k: Knowledge) -> Iterator[tuple[str, str]]:
    """Every text of the knowledge base, the fields and the catalogue that can reach a person, with the entry it stands in."""
    for p in k.procedures.values():
        clocks = [t for c in p.clocks for t in (c.text, c.label, *(cap.label for cap in c.caps))]
        for t in (
            p.name,
            p.who,
            p.why,
            p.where,
            p.first,
            p.before,
            p.cost,
            *p.materials,
            *p.cautions,
            *p.then,
            *clocks,
        ):
            yield f"procedures:{p.id}", t
    for d in k.disputes.values():
        for t in (d.name, *d.cautions, *(w.why for w in d.paths)):
            yield f"disputes:{d.id}", t
    for a in k.answers.values():
        for t in (a.title, a.text, *a.variants.values()):
            yield f"answers:{a.id}", t
    for g in k.agencies.values():
        yield f"agencies:{g.key}", g.does
        yield f"agencies:{g.key}", g.does_not
    for f in k.facts.values():
        for t in (f.question, f.why, *(title for title, _ in f.options.values())):
            yield f"facts:{f.id}", t
    for name, spec in fields().items():
        for t in (*spec.ask, spec.why, spec.retry, spec.declined):
            yield f"fields:{name}", t
    for key, texts in catalogue().texts.items():
        for t in texts:
            yield f"messages:{key}", t


def plain_problems(k: Knowledge) -> list[str]:
    """Texts that a person of seventy would stumble over: sentences too long, words of the office; and what must not be said (plain.yml)."""
    rules = read_yaml(ROOT / "plain.yml")
    excused = re.compile("|".join(map(re.escape, rules["but"])))
    never = [(re.compile(pattern), why) for pattern, why in rules["never"].items()]
    out = []
    for where, text in spoken(k):
        out += [f"{where}：不能说“{m[0]}”，{why}" for pattern, why in never if (m := pattern.search(text))]
        longest = max((s.strip() for s in _SENTENCE.split(text)), key=len)
        if len(longest) > rules["longest"]:
            out.append(f"{where}：这句话有 {len(longest)} 个字，太长了：{longest[:30]}…")
        rest = excused.sub("", text)
        out += [f"{where}：别用“{w}”，{better}" for w, better in rules["officialese"].items() if w in rest]
    return out
