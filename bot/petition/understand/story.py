"""Does a text tell a matter, or is it a greeting, a wish to speak, a bare word?"""

from __future__ import annotations

import re

from bot.petition.understand.text import clean

_EMPTY = re.compile(
    r"你好|您好|哈喽|喂|在吗|有人吗|同志|请问|领导|尊敬的|hello|hi|我要|我想|想要|反映|投诉|举报|信访|上访|问题|情况|事情|件事|个事|有事|一下|问下|问问|登记|帮我|可以吗|行不行|怎么|咨询|能不能|聋人|打字|慢|我是|我有|有个|说说|啊|呢|吧|吗|的|了|不|好|嗯|谢谢|complain|可以|这里|在|个|我|你|您|说|要|有|the|can|[，。！？、,.!?~～…\s:：]",
    re.I,
)
_HAPPENED = re.compile(
    r"[被把让叫]|不[给退发管让交办修还赔理]|没[给发有人退修交办赔到]|欠|停了|坏了|塌|断|漏|堵|吵|臭|脏|拆|占|打|骗|罚|扣|拖|涨|丢|偷|伤|死|撞|摔|倒闭|跑路|跑了|违规|违法|乱|假|烂|强|收了?钱|收费|举报|建议|希望|要求|夸|表扬|感谢|什么时候|多少|条件|政策|怎么算|怎么办|如何|能否|是否|辞退|开除|不用来|败诉|胜诉|判|裁|认定|离婚|抚养|继承|赡养|借|不服|没影|黑着|亮|强迫|非让|撤|改线|不还|加盖|贪|回扣|退学|不报|复查|公开"
)


def richness(text: str) -> float:
    """0 to 1: how much of a matter the text tells. From about 0.3 on, advice can be given."""
    s = clean(text).text
    rest = _EMPTY.sub("", s)
    happened = len(set(_HAPPENED.findall(s)))
    if not rest:
        return 0.0
    value = min(len(rest), 24) / 24 * 0.8 + min(happened, 3) * 0.2
    if happened == 0:
        value = min(value, 0.25 if len(rest) < 8 else 0.5)
    return min(1.0, value + (0.1 if happened and len(rest) >= 4 else 0.0))


def is_story(text: str) -> bool:
    """Whether the text can be advised on."""
    return richness(text) >= 0.3
