"""Who is the agent: by the label where it says so, else by what agents say, how they ask, and who answers whom."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.hotline.formats import Transcript, Turn
from bot.hotline.questions import asked_about
from bot.petition.understand.text import clean

_LABELS = {
    "agent": re.compile(
        r"^(?:agent|坐席|座席|话务员?|接线员|接线|客服|工作人员|受理员|operator|hot-?line|服务人员)\d*$", re.I
    ),
    "citizen": re.compile(
        r"^(?:user|citizen|customer|caller|市民|来电人|来电|群众|用户|客户|诉求人|反映人|主叫)\d*$", re.I
    ),
}
#: What agents say. A sentence of the caller rarely holds one of these.
_AGENT = re.compile(
    r"您好.{0,14}(?:12345|热线|一二三四五|幺二三四五)|请问|您?请讲|您请?说|您说一下|您先|为您(?:记录|登记|服务|转)|已经?(?:为您|帮您)?(?:记录|登记|派单|加急)|工作日内|"
    r"感谢(?:您的)?来电|祝您|再见|您贵姓|怎么称呼|您的(?:诉求|电话|联系|信息|姓名)|对吗|对吧|是吧|是吗|明白|承办单位|工单|不好意思(?:女士|先生)|女士|先生|请您|请保持|不客气|"
    r"方便(?:说|提供)|还有(?:其他|补充|什么)|给您|帮您|为您|您(?:可以|家|是|跟|要|母亲|父亲|老公|自己)|核实|属于|建议您|可以(?:带着|向|自|到|去|拨打|申请)|申请(?:行政)?(?:复核|复议|仲裁)|什么时候|哪一?(?:天|个|家|年)|有没有|多少"
)
_CITIZEN = re.compile(
    r"^(?:喂|哎|对(?!认定|处罚|决定|结果|于|您|这)|对头|是的|嗯嗯|没有|不是|哦|要得|好好)|我(?:要|想|们|家|妈|爸|叫|姓|就|跟|那|问|反映|投诉|报|自己|爹|娃|打|去|一个|喊|也)|俺|额(?:想|给|把|就)|咋|你们|恁|啥|嘛|噻|哈$|哈[，。]|咧|谢谢你|麻烦你|不(?:晓得|知道|清楚)|啊$|啦|咯|你(?:好|帮|记|给|说)|唔|系[咁啊]|嘎"
)
_OTHER = re.compile(
    r"^\[[^\]]{1,12}\]$|请按\s*\d|按\s*[#井*]键|通话可能(?:会)?被?录音|正在为您转接|正在转接|话务(?:全)?忙|人工服务请|字幕|订阅|訂閱|点赞|點讚|打赏|^\(?(?:音乐|铃声)\)?$"
)
_ASKS = re.compile(
    r"[？?]\s*$|(?:哪(?:里|个|家|天|一|年)|什么|多少|几(?:个|号|点|户)|有没有|是不是|吗|呢|贵姓|对吧|对不对|怎么)[^，。]{0,8}$"
)
_YES = re.compile(r"^(?:对(?!认定|处罚|决定|结果|于|您|这)|嗯|是的?|没错|好的?|行|中|要得|系)[，。的对啊呀吧头]*")
#: How much further the likelier agent must be ahead; below, both stay unknown.
MARGIN = 0.5
#: What a change of speaker is worth after a question, after another turn, and within one recognised piece of speech.
AFTER_QUESTION, NEXT_TURN, SAME_PIECE = 1.2, 0.5, -0.1
#: Formats whose pieces are sentences of one text, not turns.
_SENTENCES = ("funasr_python", "funasr_runtime", "tencent")


def agent_score(text: str) -> float:
    """How much a turn sounds like the agent (positive) or the caller (negative)."""
    text = clean(text).text
    asks = 0.8 if len(text) < 26 and _ASKS.search(text) and asked_about(text) else 0.0
    long = 0.5 if len(text) > 34 and "您" not in text else 0.0
    return (
        min(len(_AGENT.findall(text)), 3)
        - min(len(_CITIZEN.findall(text)), 3)
        + (1.0 if "您" in text.replace("您好", "") else 0.0)
        + asks
        - long
    )


def roles(call: Transcript) -> dict[str, str]:
    """Speaker label → agent, citizen, other or unknown; empty when the file does not tell speakers apart."""
    if not call.labelled:
        return {}
    out: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    for t in call.turns:
        if t.speaker:
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
    if means[ranked[0]] - means[ranked[-1]] < MARGIN:
        return out | dict.fromkeys(ranked, "unknown")
    # The caller talks most of those who do not sound like agents; a second agent took the call over, a short third voice is neither.
    caller = max(ranked[1:], key=lambda x: sum(map(len, said[x])) - 40 * means[x])
    for x in ranked:
        if x == caller:
            out[x] = "citizen"
        elif x == ranked[0] or (means[x] > MARGIN and len(said[x]) > 1 and means[x] > means[caller] + MARGIN):
            out[x] = "agent"
        else:
            # Somebody beside the caller; noise that got a label of its own says next to nothing.
            out[x] = "citizen" if len(said[x]) > 2 or max(map(len, said[x])) > 8 else "other"
    return out


def turn_roles(call: Transcript) -> list[str]:
    """The role of each turn; where the file has no labels, by what each turn sounds like and by who spoke before."""
    known = roles(call)
    if known:
        return ["other" if _OTHER.search(t.text) else known.get(t.speaker, "unknown") for t in call.turns]
    return _guess(call.turns, SAME_PIECE if call.format in _SENTENCES else NEXT_TURN)


def _echoes(text: str, before: str) -> bool:
    """Whether a turn says over again what the turn before said: an agent's read-back."""
    words = re.sub(r"\W", "", text)
    return 3 <= len(words) <= 40 and sum(c in before for c in words) >= 0.8 * len(words)


def _guess(turns: Sequence[Turn], change: float) -> list[str]:
    """The likeliest alternation of two speakers (Viterbi over what each turn sounds like and over who answers whom)."""
    spoken = [i for i, t in enumerate(turns) if not _OTHER.search(t.text)]
    out = ["other"] * len(turns)
    best: list[dict[str, tuple[float, str]]] = []
    last = ""
    for n, i in enumerate(spoken):
        text = clean(turns[i].text).text
        sound = max(-2.5, min(2.5, agent_score(text) + (1.5 if n == 0 else 0.0)))
        switch = change
        if n:
            switch = AFTER_QUESTION if _ASKS.search(last) else change
            if _echoes(text, last):
                sound, switch = sound + 1.5, max(switch, 0.6)
            elif _YES.match(text) and _ASKS.search(last):
                sound -= 0.7
        here: dict[str, tuple[float, str]] = {}
        for role, sign in (("agent", 1.0), ("citizen", -1.0)):
            ways = (
                [(best[-1][before][0] + (switch if before != role else 0.0), before) for before in ("agent", "citizen")]
                if best
                else [(0.0, "")]
            )
            score, before = max(ways)
            here[role] = (score + sign * sound, before)
        best.append(here)
        last = text
    role = max(best[-1], key=lambda r: best[-1][r][0]) if best else ""
    for n in range(len(spoken) - 1, -1, -1):
        out[spoken[n]] = role
        role = best[n][role][1]
    return out
