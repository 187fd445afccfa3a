"""Which disputes a story may be, which channel and agency its words point to: the model and the cues, side by side."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.knowledge.loader import Knowledge
from bot.knowledge.model import Dispute
from bot.petition.linear import LinearText, train
from bot.petition.pattern import WordIndex

#: What a cue hit is worth beside the model, in nats. Chosen on the project's own examples, not on evaluation data.
CUE_WEIGHT = 0.9
NEAR_WEIGHT = 0.35
MODEL_VERSION = "5"
#: How strong a sign stands beside an n-gram vector of length one. Chosen by cross-validation on the project's own stories.
CUE_SIGN, WORD_SIGN, FORM_SIGN = 0.3, 0.3, 0.15
#: From how many characters on a text is also read in parts, the length of a piece, and what the parts count.
LONG, PIECE, MAX_PIECES = 45, 70, 8
PART_HEADS = ("channel", "agency")
WHOLE_WEIGHT, OPENING_WEIGHT, DEMAND_WEIGHT, PIECES_WEIGHT = 0.5, 1.0, 0.5, 0.5
_ADDRESS = re.compile(
    r"^(?:尊敬的|敬爱的)?[^，。：:！!]{0,12}(?:书记|市长|厅长|局长|省长|县长|区长|主任|领导|部门)[^，。：:！!]{0,6}[，。：:！!]"
)
_SENTENCE = re.compile(r"(?<=[。！？!?；;\n])")
#: What a dispute's example counts beside a whole story: it is short, and its channel and agency are mostly its dispute's.
EXAMPLE_WEIGHT = 0.3
#: The form of a text: what it asks for, whatever it is about.
FORMS = {
    "asks": re.compile(
        r"请问|咨询|想了解|想问|[吗呢么][？?。!！]?$|[?？]|如何|怎么(?:办理|算|判|申请|认定|处罚|办|写|才)|是否|哪些|能不能|可不可以"
    ),
    "asks at the end": re.compile(r"[？?吗呢]\s*(?:谢谢[！!。]?|盼复[。！]?)?$"),
    "asks for conditions": re.compile(
        r"(?:什么|哪些|需要|具备)[^，。？]{0,8}(?:条件|材料|手续|流程|证件|标准)|怎么(?:办理|申请|报名|缴|查)|在哪里?办|何时(?:公布|出|开始)|多久|政策"
    ),
    "wants it seen to": re.compile(
        r"查处|严查|严惩|取缔|整治|整改|管一管|管管|制止|监管|执法|投诉|举报|没人管|无人管|违法|违规|非法|擅自"
    ),
    "wants it done": re.compile(
        r"解决|落实|尽快|恳请|请求|希望.{0,12}(?:重视|关注|过问|协调)|帮帮|为民做主|没有?(?:下文|动静|结果|回音)|迟迟|一直(?:没|不|未)"
    ),
    "wants it repaired": re.compile(r"修(?:好|复|一下|缮|建|通)|坏了|破损|坑|断了|年久失修|硬化|不亮|黑灯|疏通|抢修"),
    "suggests": re.compile(
        r"建议|提议|倡议|能否(?:增|设|开通|延长|调整|改)|能不能(?:增|设|开通|延长|调整|改)|希望(?:能够?|可以)?(?:增加|增设|开通|延长|优化|改进|推广|完善|出台)|献计"
    ),
    "accuses": re.compile(
        r"(?:书记|主任|村长|局长|所长|院长|校长|镇长|县长|队长|科长|经理|领导|干部|会计)[^，。]{0,12}(?:贪|收受|受贿|私吞|侵吞|霸占|包庇|挪用|回扣|以权|利用职|违纪|吃空饷|亲戚)"
    ),
    "promise": re.compile(
        r"承诺|答应|说好|规划|早就说|何时(?:能|才|通|开|建|动工|完工)|什么时候(?:能|才|可以|通|开|建)|几时"
    ),
    "person against person": re.compile(
        r"(?:朋友|前夫|前妻|老公|老婆|丈夫|妻子|男友|女友|邻居|亲戚|房东|租客|对方|合伙人|买家|卖家|甲方|男方|女方|同事)"
    ),
    "employer": re.compile(r"公司|单位|老板|厂里|入职|上班|辞职|工资|合同到期"),
    "judged": re.compile(r"判决|裁定|开庭|立案了|已立案|执行局|法官|审理|一审|二审|终审|仲裁裁决"),
    "letter": re.compile(r"尊敬的|您好|你好|领导|书记|市长|厅长|局长|省长|县长|区长"),
    "thanks": re.compile(r"感谢|表扬|点赞|锦旗"),
}


Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Ranking:
    """Scores that sum to one per question, best first, and the cues that fired."""

    disputes: Mapping[str, float]
    channels: Mapping[str, float]
    agencies: Mapping[str, float]
    urgent: float
    fired: tuple[str, ...]


class SignReader:
    """What the knowledge base sees in a text beside its n-grams: words of an agency's business, cues of disputes, its form.

    The model learns what each sign is worth, so a word of the lists counts although no example holds it.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        lists: dict[tuple[str, str], tuple[str, ...]] = {
            ("agency", a.key): (*a.called, *a.words) for a in knowledge.agencies.values()
        }
        for d in knowledge.disputes.values():
            lists |= {("any", d.id): d.cues.any, ("near", d.id): d.cues.near, ("no", d.id): d.cues.no}
        self._words = WordIndex(lists)

    def read(self, text: str) -> tuple[dict[str, float], dict[str, tuple[float, set[str]]]]:
        """Sign → strength (about 0 to 1), and per dispute its cue score with the words that hit."""
        hits = self._words.hits(text)
        signs, fired = {}, {}
        for owner, found in hits.items():
            kind, key = owner
            if kind == "agency":
                signs[f"agency {key}"] = WORD_SIGN * (1.0, 1.4, 1.7)[min(len(found), 3) - 1]
            elif kind == "any":
                near = hits.get(("near", key), set())
                score = min(len(found), 3) * CUE_WEIGHT + min(len(near), 4) * NEAR_WEIGHT
                score -= 2 * CUE_WEIGHT * len(hits.get(("no", key), ()))
                fired[key] = (score, found | near)
                signs[f"cue {key}"] = CUE_SIGN * min(max(score, 0.0), 3.0) / 3.0
        signs |= {f"form {name}": FORM_SIGN for name, form in FORMS.items() if form.search(text)}
        signs[f"length {min(len(text) // 40, 6)}"] = FORM_SIGN
        return signs, fired


class Triage:
    """Ranks disputes, channels and agencies of a story."""

    def __init__(self, knowledge: Knowledge, model: LinearText) -> None:
        self._knowledge, self._model = knowledge, model

    @cached_property
    def _signs(self) -> SignReader:
        return SignReader(self._knowledge)

    def rank(self, text: str) -> Ranking:
        """`text` is cleaned. Model and cues are added as log odds; without any cue the model speaks alone."""
        signs, cues = self._signs.read(text)
        scores = self._model.scores(text, signs)
        if parts := _parts(text):
            scores = self._letter(scores, parts)
        fired: list[str] = []
        logs = {}
        for key, p in scores["dispute"].items():
            bonus, hits = cues.get(key, (0.0, set()))
            fired += [f"{key}:{h}" for h in sorted(hits)]
            logs[key] = math.log(p + 1e-6) + bonus
        return Ranking(_softmax(logs), scores["channel"], scores["agency"], scores["urgent"]["yes"], tuple(fired))

    def _letter(self, whole: Scores, parts: Sequence[tuple[str, float]]) -> Scores:
        """The opinions on the parts and on the whole as one per head, added as log odds."""
        told = [(self._model.scores(p, self._signs.read(p)[0], PART_HEADS), weight) for p, weight in parts]
        out = dict(whole)
        for head in PART_HEADS:
            logs = {k: WHOLE_WEIGHT * math.log(p + 1e-6) for k, p in whole[head].items()}
            for part, weight in told:
                for k, p in part[head].items():
                    logs[k] += weight * math.log(p + 1e-6)
            out[head] = _softmax(logs)
        return out


def _parts(text: str) -> list[tuple[str, float]]:
    """The pieces of a letter with their weights: what it opens with, what it ends with, and all of it piece by piece.

    A letter says at its beginning what it is about and at its end what is wanted; in between it tells a lot that points
    elsewhere. The address is left out. Empty for a short text.
    """
    body = _ADDRESS.sub("", text)
    sentences = [s for s in _SENTENCE.split(body) if len(s.strip()) > 3]
    if len(sentences) < 2 or len(body) < LONG:
        return []
    first = sentences[0] if len(sentences[0]) > 15 else "".join(sentences[:2])
    last = sentences[-1] if len(sentences[-1]) > 15 else "".join(sentences[-2:])
    pieces, piece = [], ""
    for sentence in sentences:
        piece += sentence
        if len(piece) >= PIECE:
            pieces.append(piece[: 3 * PIECE])
            piece = ""
    if len(piece) > 10:
        pieces.append(piece[: 3 * PIECE])
    pieces = pieces[:MAX_PIECES]
    return [
        (first[:120], OPENING_WEIGHT),
        (last[-120:], DEMAND_WEIGHT),
        *((p, PIECES_WEIGHT / len(pieces)) for p in pieces),
    ]


def _softmax(logs: Mapping[str, float]) -> dict[str, float]:
    top = max(logs.values())
    e = {k: math.exp(v - top) for k, v in logs.items()}
    total = sum(e.values())
    return {k: e[k] / total for k in sorted(e, key=e.__getitem__, reverse=True)}


#: What each head learns from one text; "" where it has nothing to learn.
HEADS = ("dispute", "channel", "agency", "urgent")


def example_rows(knowledge: Knowledge) -> list[tuple[str, str, str, str, str]]:
    """Every example and story as (text, *HEADS); what an example leaves open is its dispute's own."""
    rows = []
    for d in knowledge.disputes.values():
        own = _own_channel(knowledge, d)
        rows += [(e.text, d.id, e.channel or own, e.agency or d.agencies[0], "") for e in d.examples]
    return rows + [(s.text, s.dispute, s.channel, s.agency, "yes" if s.urgent else "no") for s in knowledge.stories]


def _own_channel(knowledge: Knowledge, dispute: Dispute) -> str:
    first = next(p for p in dispute.paths if not p.when)
    return knowledge.procedures[first.procedure].channel


def model_key(knowledge: Knowledge) -> str:
    """Changes whenever the examples or the way to learn from them change."""
    rows = example_rows(knowledge)
    signs = (
        [(d.id, d.cues) for d in knowledge.disputes.values()],
        [(a.key, a.called, a.words) for a in knowledge.agencies.values()],
    )
    return hashlib.sha256(repr((MODEL_VERSION, rows, signs)).encode()).hexdigest()[:16]


def train_triage(knowledge: Knowledge) -> LinearText:
    """Learns the heads from the knowledge base's own examples."""
    from bot.petition.understand.text import clean

    rows = example_rows(knowledge)
    texts = [clean(r[0]).text for r in rows]
    reader = SignReader(knowledge)
    labels = {head: [r[i] for r in rows] for i, head in enumerate(HEADS, 1)}
    weights = [EXAMPLE_WEIGHT if r[4] == "" else 1.0 for r in rows]
    signs = [reader.read(t)[0] for t in texts]
    return train(texts, labels, key=model_key(knowledge), signs=signs, weights=weights)


def load_or_train(knowledge: Knowledge, folder: Path) -> LinearText:
    """The model of the present examples: from `folder` when it is there, otherwise learned now and kept there."""
    path = folder / f"triage-{model_key(knowledge)}.npz"
    try:
        return LinearText.load(path)
    except (OSError, ValueError, KeyError):
        model = train_triage(knowledge)
        model.save(path)
        for old in folder.glob("triage-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
        return model
