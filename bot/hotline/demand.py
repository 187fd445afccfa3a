"""What the caller wants, written as a work order writes it: from the agent's summary that the caller confirmed, from the answer to
the question for it, from the wishes in the story; else from what the call is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.hotline.found import Element, Spans
from bot.hotline.speech import Said, Topics, confirmed, denies
from bot.knowledge.loader import ROOT, read_yaml
from bot.petition.understand.text import sentences

MAX = 40
_CLOSE = r"(?:[，,]?(?:对吧|对吗|对不对|是吧|是吗|可以吗|没错吧|这样吗|是不是))?[。？?！!]?$"
#: The agent sums up: 您的诉求就是…, 就是要求…, 要求…对吧.
_SUMMARY = re.compile(
    rf"(?:(?:您|你)?(?:的|这边的|今天来电的|主要)*(?:诉求|要求|请求)(?:就|呢|也)?(?:是|：)|(?:就是|您是|那就是|也就是|您这边|那您)(?:想|要求|希望|请|建议|咨询|反映|(?=赔偿|查处|退|修|恢复|督促|协调|核查|补[缴发办]))(?:要|是)?|^(?:好的?|嗯|明白|那|行)*[，,]*(?:您)?(?:要求|希望|建议|咨询))(?:要求|希望|请求|想要?|是|就是)?(?P<wish>[^。？?！!]{{2,60}}?){_CLOSE}",
    re.M,
)
_QUESTION = re.compile(r"还是|是什么|哪个|哪些|怎么(?!办理)|什么$|多少|有没有|还有|呢$|^什么|其他")
_ACTS = re.compile(
    r"(?:转|通知|要求|请|让|叫|督促)(?:他们|[^，。]{2,12}?(?:局|部门|街道|单位|所|办|公司|抢修))(?:先|尽快|马上)?(?P<wish>[^，。？]{2,24})"
)
_WISH = re.compile(
    r"(?:我|俺|额|我们)?(?:就|只)?(?:是)?(?:希望|要求|请求|想要|盼着|巴不得|建议|请(?:你们|领导|政府)|求(?:你们|求)|能不能|能否|可不可以|可以不可以|想让|想叫|想请|要你们|要他|让他们?|叫他们?|喊他们?|让(?!人)[^，。]{1,6}(?=把|来|给)|你们(?:能|得|要|来|赶紧|快)|赶紧|尽快|快点|早点|必须|得给|该给|要的就是|(?:就|只)(?:要|想|求))(?P<wish>[^。？?！!]{2,50})|(?P<ba>把[^，。！？]{1,16}(?:还给?我|退给?我|还回来|退回来|赔给我|给我们?(?:修|退|补|换|恢复))[^，。！？]{0,8})"
)
_BACKGROUND = re.compile(
    r"^(?:我?(?:年纪大|要交|急|怕|不懂|晓得|知道|就是咽不下|还来得及|说不清|也不晓得)|利息|不要好多钱|谢谢|麻烦|拜托|行了|再见|你记上|你们?采纳|不行吗|行不行|好不好|是不是|你说|要的就是|能?管不能管|能管|找哪个|找谁|问|听|说|讲|打听|告诉你|跟你|反映一?个|反映个|投诉一?下|咨询一?下|请教|了解)"
)
_HEAD = re.compile(
    r"^(?:(?:那|就|是|的|我们?|俺们?|额|嗯|对|第[一二三][，,、]?|第[一二三](?=[^\d天次年个])|首先|其次|另外|还有|再一个|你们|恁|要求|请求|希望|想要?|想问|能不能|可不可以|他们?|她|先|要|一下|[帮给](?:我|俺)们?|请|也|都|主要|叫|让|喊)(?![^，。]?什么))+"
)
_BARE_ACT = re.compile(r"(?:查处|核查|调查|处理|处罚|整改)(?=，|$)")
_CHAT = re.compile(
    r"(?:嘛|噻|哈|咯|嘞|啊|呀|哦|吧|呗|哇|么|嘎|啦|呢|了么|就好了?|就行了?|就可以了?|好不好|行不行|中不中|要得不|可以吗|行吗|好吗|对吗|对吧|是吧)+(?=[，,。；！？]|$)"
)
#: A wish names something to be done.
_ACTION = re.compile(
    r"修|查|处|罚|退|还给|归还|还钱|还我|赔|给|支付|解决|恢复|拆|清|整改|管|停|换|补|办|审|批|道歉|答复|调解|协调|增|加|设|装|追|调|撤|取缔|落实|公开|核|认定|纠正|告知|派|监管|维护|安排|供暖|通知|治"
)
_TALK = re.compile(
    r"你们?说|你看|麻烦|谢谢|再见|我跟你|听到没|晓得|我也不|我都|我记|不晓得|打了|电话|怎么称呼|工作日|联系您|登记|记录|转到|转给"
)


@lru_cache(maxsize=1)
def _lexicon() -> Mapping[str, Any]:
    data: Mapping[str, Any] = read_yaml(ROOT / "lexicon" / "wishes.yml")
    return data


@lru_cache(maxsize=1)
def _rewrites() -> tuple[tuple[re.Pattern[str], str], ...]:
    out = []
    for verb, forms in _lexicon()["verbs"].items():
        said = "|".join(map(re.escape, forms))
        obj = r"(?P<o>[^，。把给]{1,14}?)"
        out.append(
            (
                re.compile(
                    rf"把(?:我们?的?|俺的?|那个?|这个?|他们?的?|该|剩下的?)*{obj}(?:给|都|全|全部|重新)?(?:{said})(?:了|掉|吧|一下)*"
                ),
                verb + r"\g<o>",
            )
        )
        if verb in ("归还", "退还"):
            out.append(
                (
                    re.compile(rf"(?<=[，。])(?P<o>[\u4e00-\u9fff]{{2,6}})(?:{said})(?:了|吧)*(?=[，。]|$)"),
                    verb + r"\g<o>",
                )
            )
    out += [(re.compile(a), b) for a, b in _lexicon()["words"]]
    return tuple(out)


def formal(text: str) -> str:
    """A wish in the words of a work order, without address, particles and asides."""
    kept = []
    text = "，" + text
    for pattern, written in _rewrites():
        text = pattern.sub(written, text)
    for clause in re.split(r"[，,。；;！!？?]", text):
        clause = _CHAT.sub("", clause).strip()
        head = _HEAD.match(clause)
        clause = clause[head.end() :] if head and head.end() < len(clause) - 1 else clause
        clause = re.sub(r"(?<=[\u4e00-\u9fff]{2})一下(?:子)?(?!来)", "", _CHAT.sub("", clause))
        if len(clause) < 2 or re.fullmatch(r"(.)是\1", clause) or _BACKGROUND.search(clause) or _TALK.search(clause):
            continue
        kept.append(clause)
    return _ACTOR.sub("", "，".join(kept))


_ACTOR = re.compile(
    r"(?<![\u4e00-\u9fff]由)(?:请|由)?(?:相关|有关|当地|上级|[\u4e00-\u9fff]{2,4}(?:和|、|与)[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{2,4}?)(?:职能)?(?:部门|单位(?=[来查处督])|局(?=[来查处督协核]))(?:来)?(?=[\u4e00-\u9fff]{2,})"
)


def _clip(text: str) -> str:
    text = text.strip("，。 ")
    if len(text) <= MAX:
        return text
    cut = text.rfind("，", 0, MAX)
    return text[: cut if cut > 8 else MAX]


def _adds(new: str, old: str) -> bool:
    """Whether a clause says something that is not said yet."""
    fresh = sum(c not in old for c in new)
    return len(new) >= 4 and fresh >= max(3, 0.45 * len(new))


def _to_last_act(wish: str) -> str:
    """The wish without the clauses behind the last one that asks for something; empty when none does."""
    clauses = wish.split("，")
    while clauses and not _ACTION.search(clauses[-1]):
        clauses.pop()
    return "，".join(clauses)


def wishes(topics: Topics) -> tuple[list[tuple[str, Spans]], list[tuple[str, Spans]]]:
    """What the agent summed up and the caller answered, and what the story wishes, each in the words of a work order."""
    summed: list[tuple[str, Spans]] = []
    answered: list[tuple[str, Spans]] = []
    told: list[tuple[str, Spans]] = []
    after_summary = -9
    for i, (topic, turn) in enumerate(topics):
        if turn.role == "agent":
            for at, end in sentences(turn.text):
                m = _SUMMARY.search(turn.text[at:end])
                if m is None:
                    continue
                said = topics[i + 1][1].text if i + 1 < len(topics) else ""
                wish = formal(m["wish"])
                if len(wish) >= 2 and not _QUESTION.search(m["wish"]) and not denies(said) and not turn.denied:
                    summed.append((wish, (turn.span(at + m.start("wish"), at + m.end("wish")),)))
                    after_summary = i
            continue
        if "demand" in topic or i == after_summary + 1:
            extra = formal(confirmed(turn.text))
            extra = "，".join(c for c in extra.split("，") if _ACTION.search(c) or re.match(r"按", c))
            if len(extra) >= 4 and not re.search(r"[？?]$", turn.text):
                answered.append((extra, (turn.span(0, len(turn.text)),)))
        for m in _WISH.finditer(turn.text):
            key = "wish" if m["wish"] else "ba"
            wish = _to_last_act(formal(m[key]))
            if len(wish) >= 4:
                told.append((wish, (turn.span(*m.span(key)),)))
    return [*summed, *answered], told


def _acts(topics: Topics) -> list[tuple[str, Spans]]:
    """What the agent says that the unit is to do."""
    out: list[tuple[str, Spans]] = []
    for _, turn in topics:
        if turn.role == "agent" and not turn.denied:
            for m in _ACTS.finditer(turn.text):
                wish = formal(m["wish"])
                if len(wish) >= 2 and not re.search(r"联系|办理$|答复您|登记|回复|处理$|窗口|反映", wish):
                    out.append((wish, (turn.span(*m.span("wish")),)))
    return out


def put_together(pieces: Sequence[tuple[str, Spans]], room: int = 28) -> tuple[str, Spans]:
    """The pieces that add something, in their order, within a demand's length."""
    text = ""
    spans: list[tuple[int, int]] = []
    for piece, where in pieces:
        fresh = "，".join(c for c in piece.split("，") if not text or _adds(c, text))
        if not fresh or (text and len(text) + len(fresh) > room):
            continue
        text = fresh if text in fresh else f"{text}，{fresh}"
        spans += where
    return _clip(text), tuple(spans)


def demand(
    topics: Topics,
    turns: Sequence[Said],
    channel: str,
    urgent: bool,
    matter: tuple[str, Spans],
    fields: Mapping[str, Element | None],
) -> Element | None:
    """The demand of the draft. `matter`: what happened, in a few words of the call; `fields`: what else was found."""
    summed, told = wishes(topics)
    everything = "".join(t.text for t in turns)
    mine = "".join(t.text for t in turns if t.role != "agent")
    urges = re.search(r"催办|催一?下|再催|上次.{0,6}(?:打|反映)|打过.{0,4}电话", everything)
    claim = _claim(channel, fields, mine)
    if channel == "consultation" and not summed:
        asked = _questions(turns)
        if asked[0]:
            return Element(_clip("咨询" + asked[0]), asked[1], 0.7)
    text, spans = put_together(summed)
    if text and _BARE_ACT.search(text) and (who := _who(fields)) and who not in text and channel != "consultation":
        text = _clip(_BARE_ACT.sub(lambda m: m[0] + who, text, count=1))
    if text and channel == "suggestion" and not text.startswith("建议"):
        text = "建议" + text
    if urges and re.fullmatch(r"催办?|加急", text.split("，")[0] or "催"):
        rest = put_together(
            [matter] if matter[0] else [(_who(fields), ())] if _who(fields) else [(c, ()) for c in text.split("，")[1:]]
        )[0]
        return Element(_clip(_frame("urge", matter=rest)), (*spans, *matter[1]), 0.75)
    if channel == "accusation":
        return Element(_clip(_by_channel(channel, urgent, matter, fields, mine, everything)), (*spans, *matter[1]), 0.7)
    if channel == "judicial" and "执行" in everything and len(text) < 12:
        return Element(_clip(_by_channel(channel, urgent, matter, fields, mine, everything)), (*spans, *matter[1]), 0.7)
    if len(text) >= 8 or (text and not told and not claim):
        return Element(_opened(text, channel), spans, 0.9)
    if claim and not (text and len(text) >= 6):
        return Element(_clip(claim), _evidence(fields, "amount_yuan", "respondent"), 0.7)
    framed = _by_channel(channel, urgent, matter, fields, mine, everything)
    if framed and not text and channel in ("emergency", "police"):
        return Element(_clip(framed), matter[1], 0.6)
    if text or told:
        pieces = [*((text, spans),), *_best(told)] if text else _best(told)
        text, spans = put_together([p for p in pieces if p[0]])
        if len(text) < 6 and matter[0]:
            text, spans = put_together([(text, spans), matter])
        if channel == "suggestion" and not text.startswith("建议"):
            text = "建议" + text
        return Element(_opened(text, channel), spans, 0.7)
    acts = _acts(topics)
    if acts and channel not in ("police", "emergency", "accusation", "consultation", "none", "judicial"):
        pieces = [*acts, matter] if matter[0] else acts
        text, spans = put_together(pieces)
        return Element(_clip(("尽快" if urgent or re.search(r"快", mine) else "要求") + text), spans, 0.55)
    return Element(_clip(framed), matter[1], 0.5) if framed else None


def _opened(text: str, channel: str) -> str:
    """The demand with the verb that work orders begin with."""
    if channel in ("consultation", "none") or re.match(
        r"要求|建议|尽快|希望|请|由|咨询|不服|报案|催办|紧急|督促", text
    ):
        return _clip(text)
    return _clip("要求" + text)


def _best(told: Sequence[tuple[str, Spans]]) -> list[tuple[str, Spans]]:
    """The two wishes that say most, in the order of the call: the last ones count more."""
    ranked = sorted(range(len(told)), key=lambda i: -(min(len(told[i][0]), 20) + 2 * i))[:2]
    return [told[i] for i in sorted(ranked)]


def _money(fields: Mapping[str, Element | None]) -> str:
    e = fields.get("amount_yuan")
    if e is None:
        return ""
    value = float(e.value)
    return f"{value / 10000:g}万元" if value >= 10000 else f"{value:g}元"


def _evidence(fields: Mapping[str, Element | None], *keys: str) -> Spans:
    return tuple(s for k in keys if (e := fields.get(k)) for s in e.evidence)


def _who(fields: Mapping[str, Element | None]) -> str:
    e = fields.get("respondent")
    return re.sub(r"（.*?）", "", str(e.value)) if e else ""


def _claim(channel: str, fields: Mapping[str, Element | None], mine: str) -> str:
    """A demand for money, where the channel is one of claims."""
    if channel not in ("labor_arbitration", "litigation") and not (
        channel == "enforcement" and re.search(r"欠.{0,8}(?:工资|工钱|钱)|拖.{0,4}工资", mine)
    ):
        return ""
    for said, written in _lexicon()["claims"]:
        if re.search(said, mine):
            return f"要求{_who(fields) or '对方'}{written}{_money(fields)}"
    return ""


def _frame(key: str, **values: str) -> str:
    text = str(_lexicon()["frames"][key])
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text.rstrip("，：")


def _by_channel(
    channel: str,
    urgent: bool,
    matter: tuple[str, Spans],
    fields: Mapping[str, Element | None],
    mine: str,
    everything: str,
) -> str:
    """How the demand begins where no wish was said."""
    what = matter[0]
    if re.search(r"走丢|走失|失踪|不见了", mine) and channel in ("emergency", "police"):
        kin = fields.get("on_behalf_of")
        ill = "患病" if re.search(r"痴呆|阿尔茨|脑子不好|糊涂|精神", mine) else ""
        return _frame("missing", kin=ill + (re.sub(r"(?<=亲|夫|子|女).*", "", str(kin.value)) if kin else "家人"))
    if channel == "police":
        return _frame("fraud" if "骗" in mine else "police", matter=what, sum=_money(fields))
    if channel == "judicial" and "执行" in everything:
        noun = next(
            (
                re.sub(r"^(?:支付|归还|退还|赔偿)(?:拖欠的)?", "", w)
                for s, w in _lexicon()["claims"][4:]
                if re.search(s, mine)
            ),
            "",
        )
        return _frame("execution", matter=noun)
    if channel == "accusation":
        return _frame("accusation", who=_who(fields) or "被反映人", matter=what if len(what) < 18 else "")
    if channel == "consultation":
        return _frame("consultation", matter=what)
    if channel == "suggestion":
        return _frame("suggestion", matter=what)
    if channel == "emergency":
        return _frame(
            "stop" if re.search(r"打(?!电话|120|119|不)|砍|刀|砸|威胁|救命|闹事|跟踪", what) else "rescue", matter=what
        )
    if channel == "none":
        said = re.search(r"(?:想|要)?表扬(?:一下)?([^，。]{2,14})", everything)
        return (
            _frame("praise", who=_who(fields) or (said[1] if said else ""))
            if re.search(r"表扬|感谢|锦旗|好人好事", mine)
            else ""
        )
    return _frame("repair" if urgent and re.search(r"塌|漏|断|坏|裂", mine) else "handle", matter=what) if what else ""


_ASKED = re.compile(r"[^。！]{4,}?[？?]|(?:请问|问一下|问下|想问|咨询一?下?|想了解)[^。！？]{4,}")


def _questions(turns: Sequence[Said]) -> tuple[str, Spans]:
    """The caller's questions, the first in full."""
    pieces: list[tuple[str, Spans]] = []
    for turn in turns:
        if turn.role != "agent":
            for m in _ASKED.finditer(turn.text):
                text = re.sub(
                    r"^.*?(?:请问|问一下哈?|问下子?|问哈|想问|咨询(?:一?下子?)?|想了解(?:一?下子?)?)", "", m[0]
                )
                text = re.sub(r"^[，,]*(?:就是|那个|这个|哦|那|我|嗯|要)*[，,]*", "", re.sub(r"[？?]", "", text))
                text = re.sub(r"(?<=能|有|要)([^，]{1,12})不(?=，|$)", r"\1", text)
                text = _CHAT.sub("", re.sub(r"，?(?:是什么人才|什么人才)", "什么人", text)).strip("，")
                if len(text) >= 4 and not _TALK.search(text):
                    pieces.append((text, (turn.span(*m.span()),)))
    return put_together(pieces[:4], MAX - 4)


_OPENS = re.compile(
    r"(?:我|俺|额)?(?:是)?(?:就|要|想|来)*(?:投诉|反映|举报|咨询|报|问|说|建议|求助)(?:一?下子?|一?个(?:事儿?|问题|情况)(?:儿|啊|情)?|个)?[，,：]?(?:就是)?"
)
#: That nobody answered is why somebody calls again, not what the call is about.
_UNANSWERED = re.compile(r"没人(?:理|来|联系|找|给)|[没不]理|没(?:个)?(?:动静|消息|下文|回音)")
_RESTATES = re.compile(
    r"^(?:嗯|好的?|明白)?[，,]?(?:您)?(?:是|说的是)?(?P<what>[^。？?]{5,40}?)[，,]?(?:是吧|对吧|是吗|对吗)(?:[。？?，]|$)"
)


def matter_of(topics: Topics, problem: re.Pattern[str]) -> tuple[str, Spans]:
    """What happened in a few words: the agent's restatement of the first turns, else the caller's sentence with most of a problem in it."""
    for i, (_, turn) in enumerate(topics[:14]):
        m = _RESTATES.match(turn.text) if turn.role == "agent" and i > 0 and not turn.denied else None
        if m and problem.search(m["what"]):
            what = re.sub(r"^(?:您|是|说的是|楼下有一?家)+", "", m["what"])
            return what, (turn.span(*m.span("what")),)
    best: tuple[float, str, Spans] = (0.0, "", ())
    for i, (_, turn) in enumerate(topics):
        if turn.role == "agent":
            continue
        for m in re.finditer(r"[^，。！？?!；]{3,26}", turn.text):
            words = _OPENS.sub("", _CHAT.sub("", m[0]))
            if re.search(r"你们|恁们?|到底|12345|热线|电话|为啥|为什么|谁|咋|吗$|怎么", words):
                continue
            words = re.sub(r"^(?:就|是|那边|这边|那|我们?|俺们?|额|他|这|因为|然后|后来|被)+(?=[^，]{3})", "", words)
            words = re.sub(r"^(?:我|俺)?(?:之前|上次|前[几些]天|上回)?(?:投诉|反映|打|举报)?过(?=[^，]{4})", "", words)
            hits = len(problem.findall(words))
            score = hits - 0.06 * i - 0.02 * len(words) - 0.7 * bool(_UNANSWERED.search(words))
            if hits and len(words) >= 3 and score > best[0]:
                best = (score, words, (turn.span(*m.span()),))
    return best[1], best[2]
