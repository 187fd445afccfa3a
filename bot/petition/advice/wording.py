"""Advice in plain words: what it is, what to do first, by when, where, what to bring, what we can do here; then the basis.

Why it is so is said in one clause of the first line; more of it only on request (`ask_advice_why`).
"""

from __future__ import annotations

from datetime import date

from bot.knowledge.region import Region
from bot.petition.advice.engine import Advice, ChannelAdvice
from bot.petition.advice.limits import Running
from bot.petition.catalogue import Catalogue
from bot.petition.clocks import Length
from bot.petition.message import Button, Message

RED_DAYS = 30
MAX_MATERIALS = 5
MAX_BASIS = 4
MAX_CLOCKS, MAX_OTHERS, MAX_WARNINGS = 3, 2, 2
#: What we do is told otherwise where the fifteen days of article 23 are not promised: accusations and matters of justice (条例 23④).
HERE = {"accusation": "advice_here_accusation", "judicial": "advice_here_judicial", "police": "advice_here_judicial"}


def day(d: date) -> str:
    """2026年11月26日"""
    return f"{d.year}年{d.month}月{d.day}日"


def buttons() -> tuple[Button, ...]:
    """The choice that every advice offers: nobody is turned away, nobody is pushed."""
    return (Button("帮我登记", "/file_it"), Button("先不登记", "/not_now"))


def custom(advice: Advice) -> dict[str, object]:
    """Members of the `advice` message."""
    return {
        "kind": "advice",
        "channel": advice.channel,
        "channels": [c.as_dict() for c in advice.channels],
        "category": advice.category,
        "agency": advice.agency,
        "confidence": advice.confidence,
        "needs_human": advice.needs_human,
    }


def local_unit(region: Region, say: Catalogue, agency: str, *texts: str) -> str:
    """The unit that is really meant where the person's words place the matter; 12345 where the region's file names none."""
    unit = region.unit(agency, *texts)
    if unit is None:
        return say.say("advice_unit_unknown")
    told = [unit.address, f"电话 {unit.phone}" if unit.phone else "", unit.hours]
    return say.say("advice_unit", name=unit.name, told="，".join(x for x in told if x))


def message(advice: Advice, say: Catalogue, today: date, extra: tuple[str, ...] = (), unit: str = "") -> Message:
    """The advice as one message: what, first step, by when, where; papers and the reasons of the other ways only on request (`more`).

    `extra`: further notes. `unit`: the line of `local_unit`.
    """
    first = advice.channels[0]
    p = first.procedure
    if first.key == "none":
        return Message("\n".join([_sentence(first.why), say.say(_tail(advice))]), buttons(), custom(advice))
    lines = [say.say("advice_intro", name=p.name, why=_sentence(first.why))]
    if first.key not in ("consultation", "none"):
        lines.append(say.say("advice_first", first=_sentence(p.first)))
        if p.before:
            lines.append(say.say("advice_before", before=_sentence(p.before)))
        lines += [clock(r, say, today) for r in first.clocks[:MAX_CLOCKS]]
        lines += [say.say("advice_where", where=_sentence(p.where)), unit]
    else:
        lines.append(say.say("advice_answer", first=_sentence(p.first), where=_sentence(p.where)))
    if p.hotline:
        lines.append(say.say("advice_hotline", hotline="、".join(p.hotline)))
    notes = [*extra, *_warnings(advice)[:MAX_WARNINGS]]
    if advice.second:
        notes.append(say.say("split_notice"))
    if p.unverified or any(r.clock.unverified for r in first.clocks):
        notes.append(say.say("unverified_note"))
    if advice.needs_human and advice.channel not in ("accusation", "emergency"):
        notes.append(say.say("low_confidence_note"))
    lines += [say.say("advice_caution", caution=_sentence(n)) for n in dict.fromkeys(notes)]
    lines += [_other_short(c, say, today) for c in advice.channels[1 : 1 + MAX_OTHERS]]
    if _tail(advice) == "advice_choice":
        lines.append(say.say(HERE.get(first.key, "advice_here")))
    lines.append(basis_line(first, say))
    if more(advice, say, today):
        lines.append(say.say("advice_more"))
    lines.append(say.say(_tail(advice)))
    return Message("\n".join(x for x in lines if x), buttons(), custom(advice))


def steps(advice: Advice, say: Catalogue, today: date) -> str:
    """What to do, once more: the first step, by when, where."""
    first = advice.channels[0]
    p = first.procedure
    lines = [
        say.say("advice_first", first=_sentence(p.first)),
        *(clock(r, say, today) for r in first.clocks[:MAX_CLOCKS]),
    ]
    return "\n".join([*lines, say.say("advice_where", where=_sentence(p.where))])


def more(advice: Advice, say: Catalogue, today: date) -> str:
    """What the first message leaves out: papers, further warnings, the other ways with their reasons."""
    p = advice.channels[0].procedure
    lines = []
    if p.materials and advice.channel not in ("consultation", "none"):
        lines.append(say.say("advice_materials", materials="、".join(p.materials[:MAX_MATERIALS])))
    lines += [say.say("advice_caution", caution=_sentence(n)) for n in _warnings(advice)[MAX_WARNINGS:]]
    return "\n".join([*lines, *(_other(c, say, today) for c in advice.channels[1 : 1 + MAX_OTHERS])])


def _warnings(advice: Advice) -> list[str]:
    return list(dict.fromkeys([*advice.channels[0].procedure.cautions[:2], *advice.cautions[:2]]))


def short(advice: Advice, say: Catalogue) -> Message:
    """The choice once more, after a question in between."""
    return Message(say.say("advice_choice_again"), buttons(), custom(advice))


def basis_line(c: ChannelAdvice, say: Catalogue) -> str:
    """依据：《…》第…条"""
    return say.say("advice_basis", basis="、".join(str(b) for b in c.basis[:MAX_BASIS])) if c.basis else ""


def _tail(advice: Advice) -> str:
    if advice.channel in ("consultation", "none"):
        return "praise_thanks" if advice.dispute == "praise_thanks" else "consultation_tail"
    return "advice_choice"


def clock(r: Running, say: Catalogue, today: date) -> str:
    """The time limit with its last day, the days left, and a red flag where few are."""
    text = say.say("advice_clock", clock=_sentence(r.clock.text))
    if r.due is None or r.starts is None:
        if not r.asks_for or not r.clock.label:
            return text
        key = "advice_due_unknown_hours" if Length.parse(r.clock.length).unit == "hour" else "advice_due_unknown"
        return text + say.say(key, label=r.clock.label)
    left = (r.due - today).days
    over = (r.latest or r.due) < today  # whatever the day was
    if not r.exact:
        key = "advice_due_month" if left >= 0 or over else "advice_due_month_open"
        month = f"{r.starts.year}年{r.starts.month}月"
        text += say.say(key, month=month, label=r.clock.label, due=day(r.due))
    elif r.starts > today:
        text += say.say("advice_due_ahead", start=day(r.starts), label=r.clock.label, due=day(r.due))
    elif over:
        text += say.say("advice_due_gone", start=day(r.starts), label=r.clock.label, due=day(r.due))
    else:
        text += say.say("advice_due", start=day(r.starts), label=r.clock.label, due=day(r.due), left=left)
    if over:
        text += say.say("deadline_passed")
    elif 0 <= left < RED_DAYS:
        text += _red(left, say)
    if r.guessed:
        text += say.say("holidays_unknown", year=r.due.year)
    return text


def _other_short(c: ChannelAdvice, say: Catalogue, today: date) -> str:
    """Another way by its name and its first time limit: what may be lost by waiting is said at once, why on request."""
    text = say.say("advice_other_short", name=c.procedure.name)
    return text + _other_clock(c, say, today)


def _other(c: ChannelAdvice, say: Catalogue, today: date) -> str:
    """Another way in two sentences."""
    return say.say("advice_other", name=c.procedure.name, why=_sentence(c.why)) + _other_clock(c, say, today)


def _other_clock(c: ChannelAdvice, say: Catalogue, today: date) -> str:
    """Of the time limits of another way the first, with its last day where that is ahead."""
    if not c.clock:
        return ""
    text = say.say("advice_other_clock", clock=_sentence(c.clock.text))
    if c.due and c.due >= today and c.clocks[0].exact:
        left = (c.due - today).days
        text += say.say("advice_other_due", due=day(c.due), left=left)
        text += _red(left, say) if left < RED_DAYS else ""
    return text


def _red(left: int, say: Catalogue) -> str:
    return say.say("deadline_red", days=left) if left else say.say("deadline_today")


def _sentence(text: str) -> str:
    """A phrase of the knowledge base as a sentence."""
    text = text.strip().rstrip("；;，,")
    return text if text.endswith(("。", "！", "？")) else text + "。"
