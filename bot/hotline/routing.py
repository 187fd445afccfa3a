"""What the agent said about where the matter goes: he knows the town, so his word is evidence beside the model's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from bot.hotline.speech import Said
from bot.knowledge.model import Agency

#: He passes it on himself, or names the way that the caller can take.
_PASSES = re.compile(r"转(?:到|给|交|办|派|送)?|派(?:单|给)|交给|由|督促|通知|联系|要求|同步|反映给")
_GUIDES = re.compile(r"可以(?:去|到|向|找|带|直接)|向|到|去|找|申请|拨打|打")
_NEGATES = re.compile(r"不(?:要|能|用|转|归|属于|是)[^，。]{0,6}$|没有办法|别转")
PASSED, GUIDED = 0.8, 0.3
#: What he says about the way → the channel that it is.
_CHANNELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("reconsideration", re.compile(r"(?:申请|提)(?:起)?行政复议|行政复议窗口|行政诉讼|国家赔偿")),
    ("labor_arbitration", re.compile(r"劳动(?:人事)?(?:争议)?仲裁|(?:劳动报酬|劳动)争议")),
    ("other_arbitration", re.compile(r"承包(?:地|经营)?[^，。]{0,6}仲裁|土地承包[^，。]{0,4}纠纷|仲裁条款")),
    ("personnel_appeal", re.compile(r"(?:书面)?(?:向原单位)?申请复核[^。]{0,20}申诉|人事处理|事业单位工作人员[^。]{0,20}(?:复核|申诉)")),
    ("litigation", re.compile(r"民间借贷|向?(?:人民)?法院(?:起诉|提起)|支付令|民事(?:纠纷|诉讼)|到法院起诉|走(?:法律|司法)(?:程序|途径)")),
    ("judicial", re.compile(r"恢复执行|终本|终结本次执行|执行法官|再审|抗诉|诉讼服务|没有办法干预法院")),
    ("police", re.compile(r"96110|刑事(?:案件|立案)|(?:先|马上|去|直接|您)(?:打110|报警|报案)|治安案件")),
    ("accusation", re.compile(r"纪检监察(?:机关|部门)?|12388|实名举报|纪委")),
    ("admin_procedure", re.compile(r"(?:申请|办理)(?:工伤认定|低保|救助)|书面(?:的)?答复")),
    ("suggestion", re.compile(r"您?的?建议|采纳")),
    ("enforcement", re.compile(r"督促(?:物业|企业|商家|开发商|公司|[^，。]{2,6}(?:物业|公司|厂|店))|(?:要求|部门|部门来|依法)查处|劳动监察")),
)  # fmt: skip
#: How much the agent's word about the way counts beside the model's shares.
CHANNEL_LIFT = 0.3
#: Of one who supervises others the channel is certain (codebook, rule 3), the more where he sends it there himself (rule 2).
SUPERVISION_LIFT, SENT_LIFT = 0.4, 0.8
_SENT = re.compile(r"转[^，。]{0,10}(?:监察大队|劳动监察|劳动保障监察|执法(?:大?队|局))")
#: He sends everybody out and calls the fire brigade or the ambulance: present danger, whatever the caller calls it.
_DANGER = re.compile(
    r"(?:马上|立即|立刻|先|赶紧|赶快)[^，。]{0,4}(?:打|拨打?)[^，。]{0,4}(?:119|120|幺幺九|幺二零|一一九|一二零)|(?:先|请|马上|赶紧)[^，。]{0,4}(?:下楼|离开(?:楼|屋|现场)|撤离|疏散)"
)
_IN_CASE = re.compile(r"如果|要是|万一|若是|以后|下次")
DANGER_LIFT = 1.5
_PRAISE = re.compile(r"(?:来|想|要)(?:电)?(?:表扬|感谢|夸)|送(?:面)?锦旗|提出表扬")
PRAISE_LIFT = 0.8


@lru_cache(maxsize=4)
def _names(called: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    by_name = {n: key for key, names in called for n in names}
    ordered = sorted(by_name, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))), by_name


#: How agents call an office beside the names of the knowledge base.
_ALSO = {
    "人社": ("人社部门", "人社那边", "人社"), "民政": ("民政局", "民政部门"), "司法行政": ("司法局",), "住建": ("住建局", "住建部门", "房管部门", "房管", "供热办", "市政"),
    "市场监管": ("市场监管局", "市场监管部门", "市监局", "市场监管"), "城管": ("城管局", "城管部门", "综合执法"), "教育": ("教育局", "教育部门"),
    "农业农村": ("农业农村局",), "劳动仲裁委": ("劳动人事争议仲裁委", "劳动仲裁委"), "纪委监委": ("纪检监察", "纪委"), "公安": ("公安", "派出所"), "交警": ("交警", "交管"),
    "交通运输": ("交通局", "交通运输局", "公交公司", "公交集团"), "卫健": ("卫健委", "卫健部门"), "生态环境": ("环保局", "生态环境局", "环保部门"), "水利": ("水利局", "水务局"),
    "自然资源": ("自然资源局", "规划局", "国土局"), "医保": ("医保局",), "税务": ("税务局",), "应急": ("应急管理局", "应急局"), "消防": ("消防",), "法院": ("法院",),
}  # fmt: skip


def agencies(turns: Iterable[Said], known: Mapping[str, Agency]) -> dict[str, float]:
    """Agency key → how much the agent's words point to it."""
    called = tuple((key, tuple(dict.fromkeys((*a.called, *_ALSO.get(key, ()))))) for key, a in known.items())
    pattern, by_name = _names(called)
    out: dict[str, float] = {}
    for turn in turns:
        if turn.role != "agent" or turn.denied:
            continue
        for clause in re.split(r"[。？！]", turn.text):
            for m in pattern.finditer(clause):
                before = clause[max(0, m.start() - 14) : m.start()]
                if _NEGATES.search(before) or re.match(r"(?:的工单|管不|说)", clause[m.end() :]):
                    continue
                worth = PASSED if _PASSES.search(before) else GUIDED if _GUIDES.search(before) else 0.0
                key = by_name[m[0]]
                out[key] = max(out.get(key, 0.0), worth)
    return {k: w for k, w in out.items() if w}


def channels(turns: Iterable[Said]) -> dict[str, float]:
    """Channel → lift, from the ways that the agent named."""
    out: dict[str, float] = {}
    for turn in turns:
        if _PRAISE.search(turn.text) and not turn.denied:
            out["none"] = PRAISE_LIFT
        if turn.role == "agent" and not turn.denied:
            for key, pattern in _CHANNELS:
                if pattern.search(turn.text):
                    out[key] = max(out.get(key, 0.0), SUPERVISION_LIFT if key == "enforcement" else CHANNEL_LIFT)
            if _DANGER.search(turn.text) and not _IN_CASE.search(turn.text):
                out["emergency"] = DANGER_LIFT
            if _SENT.search(turn.text):
                out["enforcement"] = SENT_LIFT
    return out
