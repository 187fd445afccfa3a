"""Who is the agent: by the label where it says so, else by what agents say and how they ask."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.hotline.formats import Transcript, Turn
from bot.hotline.questions import asked_about

_LABELS = {
    "agent": re.compile(r"^(?:agent|坐席|话务员?|接线员|客服|工作人员|hot-?line)$", re.I),
    "citizen": re.compile(r"^(?:user|citizen|customer|市民|来电人|群众|用户|客户)$", re.I),
}
#: What agents say. A sentence of the caller rarely holds one of these.
_AGENT = re.compile(
    r"您好.{0,14}(?:12345|热线|一二三四五|幺二三四五)|请问|您请讲|您请说|您说一下|您先|请讲|为您(?:记录|登记|服务|转)|已经?(?:为您)?(?:记录|登记|派单)|工作日内|"
    r"感谢您的来电|祝您|再见|您贵姓|怎么称呼|您的(?:诉求|电话|联系|信息|姓名)|对吗？?$|对吧？?$|是吧？?$|是吗？?$|明白|承办单位|工单|不好意思(?:女士|先生)|女士|先生|"
    r"方便(?:说|提供)|还有(?:其他|补充|什么)|给您转|帮您|您(?:可以|家|是|跟|要|母亲|父亲|老公)|核实"
)
_CITIZEN = re.compile(
    r"^(?:喂|哎|对|对头|是的|嗯嗯|没有|不是)|我(?:要|想|们|家|妈|爸|叫|姓|就|跟|那|问|反映|投诉|报)|俺|额(?:想|给|把|就)|咋|你们|恁|啥|嘛|噻|哈|咧|谢谢你|麻烦你"
)
_OTHER = re.compile(r"^\[[^\]]{1,12}\]$|请按\d|按\s*[#井*]键|通话可能(?:会)?被?录音|正在为您转接|字幕|订阅|点赞")
#: How much further the likelier agent must be ahead; below, both stay unknown.
MARGIN = 0.5


def agent_score(text: str) -> float:
    """How much a turn sounds like the agent (positive) or the caller (negative)."""
    asks = 0.8 if len(text) < 26 and text.rstrip().endswith(("？", "?")) and asked_about(text) else 0.0
    return (
        min(len(_AGENT.findall(text)), 3) - min(len(_CITIZEN.findall(text)), 3) + (0.3 if "您" in text else 0.0) + asks
    )


def roles(call: Transcript) -> dict[str, str]:
    """Speaker label → agent, citizen, other or unknown; empty when the file does not tell speakers apart."""
    if not call.labelled:
        return {}
    out: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    for t in call.turns:
        said.setdefault(t.speaker, []).append(t.text)
    for label, texts in said.items():
        named = next((role for role, pattern in _LABELS.items() if pattern.match(label)), "")
        if named:
            out[label] = named
        elif all(_OTHER.search(x) for x in texts):
            out[label] = "other"
    open_ = [x for x in said if x not in out]
    if not open_:
        return out
    means = {x: sum(map(agent_score, said[x])) / len(said[x]) for x in open_}
    ranked = sorted(open_, key=means.__getitem__, reverse=True)
    if "agent" in out.values():
        return out | dict.fromkeys(open_, "citizen")
    if len(ranked) == 1:
        return out | {ranked[0]: "agent" if means[ranked[0]] > 0 else "citizen"}
    if means[ranked[0]] - means[ranked[1]] < MARGIN:
        return out | dict.fromkeys(ranked, "unknown")
    out[ranked[0]] = "agent"
    caller = max(ranked[1:], key=lambda x: sum(map(len, said[x])))
    return out | {x: "citizen" if x == caller else "other" if len(said[x]) < 2 else "citizen" for x in ranked[1:]}


def turn_roles(call: Transcript) -> list[str]:
    """The role of each turn; where the file has no labels, by what each turn sounds like and by who spoke before."""
    known = roles(call)
    if known:
        return ["other" if _OTHER.search(t.text) else known.get(t.speaker, "unknown") for t in call.turns]
    return _guess(call.turns)


def _guess(turns: Sequence[Turn]) -> list[str]:
    out: list[str] = []
    for i, t in enumerate(turns):
        score = agent_score(t.text)
        if _OTHER.search(t.text):
            out.append("other")
        elif i == 0 or score > 0.2:
            out.append("agent")
        elif score < 0:
            out.append("citizen")
        else:  # an answer to a question is the other person's; anything else goes on as before
            asked = turns[i - 1].text.rstrip().endswith(("？", "?"))
            before = out[-1] if out[-1] != "other" else "citizen"
            out.append(
                {"agent": "citizen", "citizen": "agent"}[before] if asked and before in ("agent", "citizen") else before
            )
    return out
