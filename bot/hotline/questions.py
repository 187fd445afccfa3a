"""What an agent's question is about."""

from __future__ import annotations

import re
from functools import lru_cache

_CALLED = r"(?:叫什么|叫啥|姓什么|的?姓名|的?名字|怎么称呼|贵姓|是谁)"
#: Each field with the questions that ask for it; one question may ask for several.
QUESTIONS = {
    "id_number": re.compile(r"身份证|证件号"),
    "phone": re.compile(r"电话|号码|联系方式|手机|怎么联系"),
    "other_name": re.compile(
        rf"(?:他|她|老板|书记|主任|村长|支书|[科处股]长|领导|干部|会计|医生|老师|镇长|局长|所长|校长|队长|经理|房东|包工头|儿子|女儿|孩子|老人|奶奶|爷爷|爱人|邻居|对方|司机|医生|母亲|妈妈|父亲|爸爸|老公|老婆|丈夫|妻子|住户|业主|楼[上下]|店|公司|厂|单位|负责人|法人|借款人)[^，。？]{{0,6}}{_CALLED}"
    ),
    "respondent": re.compile(
        r"哪家(?!医院)|什么单位|哪个单位|哪个公司|什么公司|哪个厂|供热单位|施工单位|物业(?:公司)?(?:是哪|叫|名)|(?:店|公司|厂|学校|单位|机构|商家|企业|馆|房|超市|驾校|医院)[^，。？]{0,4}(?:叫|名)|名称|在哪里上班|谁承包|哪个(?:学校|医院|部门|大队|派出所|局)"
    ),
    "name": re.compile(r"贵姓|怎么称呼|称呼您|您叫|您的姓名|您的名字|姓名|您姓|尊姓|您是哪位|你叫什么|留个名"),
    "address": re.compile(r"(?<![的他她方家上下])您?(?:家)?住(?:在|几|址|哪)|住址|您家(?:是|在)|您住|几单元|几室|家庭地址|门牌号"),
    "occurred_on": re.compile(r"什么时候|啥时候|哪天|哪一天|哪一年|哪年|从哪天|几号|几月|多久了|多长时间|什么时间|哪个月"),
    "amount": re.compile(r"多少钱|金额|涉及多少|一共多少|欠(?:了|您)?多少|交了多少"),
    "people": re.compile(r"多少(?:个|名)?(?:户|人|家|业主|工人|村民|同事|家长|居民)|几户|几个人|涉及几|有几(?:个|户|家)"),
    "demand": re.compile(r"诉求|希望怎么|想怎么|您(?:是)?(?:希望|想要)|怎么处理|有什么要求|您的要求|怎么解决|想要我们|想让我们"),
    "place": re.compile(
        r"哪个(?:小区|村|区|县|镇|街道|位置|路口|路段|地方|工地|学校|社区)|哪条路|哪一?段|具体(?:的)?(?:地址|位置|地点)|什么位置|什么地方|在哪(?:里|儿|个)?|地点|什么路|地址(?:是|在)"
    ),
}  # fmt: skip


@lru_cache(maxsize=4096)  # agents ask in set phrases
def asked_about(text: str) -> frozenset[str]:
    """The fields that a question is about; a question for somebody else's name is none for the caller's."""
    last = [s for s in re.split(r"(?<=[。！？?!])", text) if s.strip()][-1:] or [text]
    found = frozenset(k for k, q in QUESTIONS.items() if q.search(last[0]))
    own = re.search(r"您(?:叫|贵姓|怎么称呼|的?姓名|的?名字|姓)", last[0])
    return found - {"name"} if "other_name" in found and not own else found
