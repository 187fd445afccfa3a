"""The printable page of a procedure: first step, where, time limits, papers to tick off, basis. No personal data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from html import escape

from bot.knowledge.loader import Knowledge
from bot.knowledge.model import Procedure

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name} · 准备材料清单</title><link rel="stylesheet" href="/static/print.css"></head>
<body><main><h1>{name}</h1>{body}<footer>{foot}</footer></main></body></html>
"""


def page(knowledge: Knowledge, procedure: Procedure, today: date) -> str:
    """The page as HTML that prints on one or two sheets."""
    p = procedure
    cited = knowledge.cite((*p.basis, *(b for c in p.clocks for b in c.basis)), today)
    after = [knowledge.procedures[n] for n in p.next]
    parts = [
        _block("谁能办", [p.who]),
        _block("先做这一步", [p.first]),
        _block("要先走的一步", [p.before]),
        _block("期限", [c.text for c in p.clocks if not c.basis or knowledge.cite(c.basis, today)]),
        _block("去哪里", [p.where]),
        _block("要带的（备好一样打一个勾）", p.materials, "ticks"),
        _block("费用", [p.cost] if p.cost else []),
        _block("提醒", p.cautions),
        _block("之后", [*p.then, *(f"{n.name}：{n.clocks[0].text}" for n in after if n.clocks)]),
        _block("可以先打电话问", [f"{n} {knowledge.hotlines[n].name}" for n in p.hotline if n in knowledge.hotlines]),
        _block("依据", [str(b) for b in cited]),
    ]
    foot = f"{today.year}年{today.month}月{today.day}日打印。以有权机关的答复为准；号码以当地公布为准。登记信访不会延长上面的期限。"
    return _PAGE.format(name=escape(p.name), body="".join(parts), foot=escape(foot))


def _block(title: str, lines: Iterable[str], kind: str = "") -> str:
    items = "".join(f"<li>{escape(x)}</li>" for x in lines if x)
    return f'<section><h2>{escape(title)}</h2><ul class="{kind}">{items}</ul></section>' if items else ""
