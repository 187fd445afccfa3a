"""Checks that go beyond the schema: references, vocabularies, citations.

`problems(knowledge)` returns plain sentences; an empty list means that all is well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path as File

from bot.knowledge.loader import ROOT, Knowledge, read_yaml
from bot.knowledge.model import Basis, Clock
from bot.petition.keys import AGENCIES, CATEGORIES, CHANNELS

#: Channels that lead into no procedure of the law.
NO_PROCEDURE = ("consultation", "none", "emergency")
#: Examples that a kind of danger has at least.
FEW = 30
_LENGTH = re.compile(r"\d+ (days|working_days|months|years?|hours|month|day)$")


def cited(knowledge: Knowledge) -> Iterator[tuple[str, Basis]]:
    """Every citation with the entry that makes it."""
    for p in knowledge.procedures.values():
        for b in (*p.basis, *(b for c in p.clocks for b in c.basis)):
            yield f"procedures:{p.id}", b
    for d in knowledge.disputes.values():
        for b in (b for path in d.paths for b in path.basis):
            yield f"disputes:{d.id}", b
    for a in knowledge.answers.values():
        for b in a.basis:
            yield f"answers:{a.id}", b
    for case in knowledge.cases:
        for b in case.cites:
            yield f"cases:{case.id}", b


def problems(knowledge: Knowledge, day: date) -> list[str]:
    """What is wrong with the knowledge base on `day`, one sentence each."""
    out: list[str] = []
    for where, b in cited(knowledge):
        law = knowledge.laws.get(b.law)
        if law is None:
            out.append(f"{where}：laws.yml 里没有《{b.law}》")
        elif b.edition and b.edition not in {v.edition for v in law.versions}:
            out.append(f"{where}：《{b.law}》没有 {b.edition} 年的版本")
        elif not b.edition and len(law.versions) > 1:
            out.append(
                f"{where}：《{b.law}》有几个版本，请写明是哪一版的条号，例如 {b.law}({law.versions[-1].edition}) {b.article}"
            )
        elif not any(int(b.article) <= v.articles for v in law.versions if b.edition in ("", v.edition)):
            out.append(f"{where}：《{b.law}》没有第{b.article}条")
    for p in knowledge.procedures.values():
        out += _procedure_problems(knowledge, p.id, day)
    for d in knowledge.disputes.values():
        out += _dispute_problems(knowledge, d.id)
    out += danger_problems(read_yaml(ROOT / "danger.yml"))
    for i, s in enumerate(knowledge.stories, 1):
        for key, known in ((s.channel, CHANNELS), (s.agency, AGENCIES), *((a, CHANNELS) for a in s.also)):
            if key not in known:
                out.append(f"stories:{s.channel} 第 {i} 条：不认识 {key}")
        if s.dispute and s.dispute not in knowledge.disputes:
            out.append(f"stories:{s.channel} 第 {i} 条：没有纠纷 {s.dispute}")
    for case in knowledge.cases:
        out += [f"cases:{case.id}：没有渠道 {key}" for key in case.channels if key not in CHANNELS]
    out += [*_generic_problems(knowledge), *_unreachable(knowledge)]
    out += [f"agencies.yml：缺少 {a}" for a in AGENCIES if a not in knowledge.agencies]
    out += [
        f"disputes:{d.id}：没有内容分类 {d.content}"
        for d in knowledge.disputes.values()
        if d.content not in knowledge.content
    ]
    missing = set(CHANNELS) - {p.channel for p in knowledge.procedures.values()}
    if missing:
        out.append(f"这些渠道没有任何程序：{sorted(missing)}")
    for fact in knowledge.facts.values():
        if fact.kind not in ("choice", "date"):
            out.append(f"facts:{fact.id}：kind 应为 choice 或 date")
        if fact.kind == "choice" and len(fact.options) < 2:
            out.append(f"facts:{fact.id}：至少要有两个选项")
    return out


def notes(knowledge: Knowledge) -> list[str]:
    """What is not wrong but worth a look: cues that two disputes share, so that neither wins by them."""
    owners: dict[str, list[str]] = {}
    for d in knowledge.disputes.values():
        for cue in d.cues.any:
            owners.setdefault(cue, []).append(d.id)
    return [f"“{cue}”同时是 {'、'.join(ids)} 的线索" for cue, ids in owners.items() if len(ids) > 1]


def upcoming(knowledge: Knowledge, day: date) -> Iterator[str]:
    """Laws whose version in force on `day` ends on a known later day, and what would then be wrong with the knowledge base."""
    now = set(problems(knowledge, day))
    for law in knowledge.laws.values():
        version = law.in_force(day)
        if version is None or version.until is None:
            continue
        next_day = version.until + timedelta(days=1)
        after = law.in_force(next_day)
        yield f"《{law.title}》{version.edition} 年的版本用到 {version.until}，以后" + (
            f"用 {after.edition} 年的" if after else "废止"
        )
        yield from (f"从 {next_day} 起：{p}" for p in problems(knowledge, next_day) if p not in now)


def danger_problems(rows: dict[str, list[str]]) -> Iterator[str]:
    """What is wrong with the examples of danger: unknown kinds, too few of one, one text under two."""
    from bot.petition.safety import KINDS

    yield from (f"danger.yml：没有“{kind}”这一类" for kind in rows if kind not in (*KINDS, "none"))
    yield from (f"danger.yml：{kind} 至少要 {FEW} 句" for kind in (*KINDS, "none") if len(rows.get(kind, ())) < FEW)
    owners: dict[str, str] = {}
    for kind, texts in rows.items():
        for text in texts:
            if owners.setdefault(text, kind) != kind:
                yield f"danger.yml：“{text}”同时在 {owners[text]} 和 {kind} 里"


def _generic_problems(knowledge: Knowledge) -> Iterator[str]:
    """A procedure that stands for its channel has to say why by itself."""
    from bot.petition.advice.engine import GENERIC

    for channel, key in GENERIC.items():
        p = knowledge.procedures.get(key)
        if p is None:
            yield f"procedures：代表{channel}的程序 {key} 不存在"
        elif not p.why:
            yield f"procedures:{key}：代表{channel}，要写 why"


def _unreachable(knowledge: Knowledge) -> Iterator[str]:
    """Entries that nothing can lead to: procedures without a way, ways and clocks behind one that is always taken, unused facts."""
    from bot.petition.advice.engine import GENERIC

    ways = [(d, p) for d in knowledge.disputes.values() for p in d.paths]
    for key in set(knowledge.procedures) - {p.procedure for _, p in ways} - set(GENERIC.values()):
        yield f"procedures:{key}：没有一条路通到这里"
    asked = {q for d in knowledge.disputes.values() for q in d.questions}
    for d in knowledge.disputes.values():
        taken: set[str] = set()
        conditions: list[tuple[str, object]] = []
        for p in d.paths:
            if p.procedure not in knowledge.procedures:
                continue
            if p.procedure in taken or (p.procedure, p.when) in conditions:
                yield f"disputes:{d.id}：{p.procedure} 前面已经走过，这一条永远轮不到"
            conditions.append((p.procedure, p.when))
            if not p.when:
                taken.add(p.procedure)
    for fact in knowledge.facts.values():
        for value, (_, cues) in fact.options.items():
            if not cues and fact.id not in asked:
                yield f"facts:{fact.id}：{value} 没有线索，也没有哪件事会问到它，谁也到不了"
    used = {f for d, p in ways for f in (*d.questions, *p.when)}
    clocks = [c for p in knowledge.procedures.values() for c in p.clocks]
    used |= {f for c in clocks for f in (*c.starts, *c.when, *c.restarts, *(s for cap in c.caps for s in cap.starts))}
    for key in set(knowledge.facts) - used:
        yield f"facts:{key}：没有地方用到"


def _procedure_problems(knowledge: Knowledge, key: str, day: date) -> list[str]:
    p, out = knowledge.procedures[key], []
    if p.channel not in CHANNELS:
        out.append(f"procedures:{key}：没有渠道 {p.channel}")
    if p.agency not in AGENCIES:
        out.append(f"procedures:{key}：没有机关 {p.agency}")
    if not knowledge.cite(p.basis, day) and p.channel not in ("consultation", "none"):
        out.append(f"procedures:{key}：{day} 没有一条有效的依据")
    if p.clocks and not any(knowledge.cite(c.basis, day) for c in p.clocks):
        out.append(f"procedures:{key}：{day} 没有一条期限的依据有效")
    for number in p.hotline:
        if number not in knowledge.hotlines:
            out.append(f"procedures:{key}：hotlines.yml 里没有 {number}")
    if p.channel not in NO_PROCEDURE:
        told = {"who": p.who, "cost": p.cost, "then": p.then, "clocks": p.clocks, "hotline": p.hotline}
        out += [f"procedures:{key}：缺少 {name}" for name, value in told.items() if not value]
    out += [f"procedures:{key}：next 里的 {n} 不存在" for n in p.next if n not in knowledge.procedures]
    for clock in p.clocks:
        out += [f"procedures:{key}：{problem}" for problem in _clock_problems(knowledge, clock)]
        out += _when_problems(knowledge, f"procedures:{key}", clock.when)
    return out


def _clock_problems(knowledge: Knowledge, clock: Clock) -> Iterator[str]:
    lengths = [x for x in (clock.length, clock.after, *(c.length for c in clock.caps)) if x]
    yield from (f"期限写法不对：{x}" for x in lengths if not _LENGTH.match(x))
    for start in (*clock.starts, *clock.restarts, *(s for c in clock.caps for s in c.starts)):
        fact = knowledge.facts.get(start)
        if start != "occurred_on" and (fact is None or fact.kind != "date"):
            yield f"起算日 {start} 不是 facts 里的日期"
    if not clock.length and (clock.starts or clock.restarts or clock.caps or clock.after):
        yield f"没有写 length，起算日就没有用：{clock.text[:20]}"
    if clock.length and not clock.label:
        yield f"期限没有写 label（从哪天起算）：{clock.text[:20]}"
    if not clock.basis:
        yield f"期限没有依据：{clock.text[:20]}"
    if clock.unverified and "为准" not in clock.text:
        yield f"没有核实的期限要说明以谁的答复为准：{clock.text[:20]}"


def _dispute_problems(knowledge: Knowledge, key: str) -> list[str]:
    d, out = knowledge.disputes[key], []
    if d.category not in CATEGORIES:
        out.append(f"disputes:{key}：没有大类 {d.category}")
    out += [f"disputes:{key}：没有机关 {a}" for a in d.agencies if a not in AGENCIES]
    out += [f"disputes:{key}：没有要问的事实 {q}" for q in d.questions if q not in knowledge.facts]
    if not d.agencies or not d.paths:
        out.append(f"disputes:{key}：至少要有一个机关和一条路")
    if d.paths and all(p.when for p in d.paths):
        out.append(f"disputes:{key}：每条路都有条件，什么都不知道时无路可走")
    for path in d.paths:
        if path.procedure not in knowledge.procedures:
            out.append(f"disputes:{key}：没有程序 {path.procedure}")
        out += _when_problems(knowledge, f"disputes:{key}", path.when)
    for e in d.examples:
        if e.channel and e.channel not in CHANNELS:
            out.append(f"disputes:{key}：例句的渠道不对：{e.channel}")
        if e.agency and e.agency not in AGENCIES:
            out.append(f"disputes:{key}：例句的机关不对：{e.agency}")
    return out


def _when_problems(knowledge: Knowledge, where: str, when: object) -> list[str]:
    assert isinstance(when, dict)
    out = []
    for name, values in when.items():
        fact = knowledge.facts.get(name)
        if fact is None:
            out.append(f"{where}：条件里的 {name} 不在 facts 里")
        elif fact.kind == "choice":
            out += [f"{where}：{name} 没有选项 {v}" for v in values if v != "unknown" and v not in fact.options]
    return out


def citation_problems(knowledge: Knowledge, texts: File) -> list[str]:
    """Articles that the full text of a law, as a file below `texts`, does not contain."""
    out: list[str] = []
    articles: dict[str, set[str]] = {}
    for where, b in cited(knowledge):
        law = knowledge.laws.get(b.law)
        if law is None or not law.text or b.edition not in ("", law.versions[-1].edition):
            continue  # the file holds the newest version
        if b.law not in articles:
            path = texts / law.text
            if not path.is_file():
                out.append(f"laws.yml:{b.law}：找不到原文 {law.text}")
                articles[b.law] = set()
                continue
            articles[b.law] = articles_of(path.read_text(encoding="utf-8"))
        if articles[b.law] and b.article not in articles[b.law]:
            out.append(f"{where}：《{b.law}》原文没有第{b.article}条")
    return out


def articles_of(text: str) -> set[str]:
    """The article numbers that stand at the beginning of a line of a law's text."""
    found = set()
    for m in re.finditer(r"^[\s*#>　]*第([一二三四五六七八九十百千零〇\d]{1,12})条", text, re.M):
        found.add(str(_number(m[1])))
    return found


def _number(s: str) -> int:
    if s.isdigit():
        return int(s)
    total = current = 0
    for ch in s:
        if ch in "千百十":
            total += (current or 1) * {"千": 1000, "百": 100, "十": 10}[ch]
            current = 0
        else:
            current = "零一二三四五六七八九".find(ch) if ch != "〇" else 0
    return total + current
