"""What an agent's question is about."""

from __future__ import annotations

import re

#: What the agent's question is about. The first that fits.
QUESTIONS = {
    "id_number": re.compile(r"身份证"),
    "phone": re.compile(r"电话|号码|联系方式|手机"),
    "other_name": re.compile(
        r"(?:他|她|老板|书记|母亲|父亲|老公|老婆|爱人|店|公司|厂|单位|负责人|法人)[^，。？]{0,6}叫什么"
    ),
    "respondent": re.compile(
        r"哪家(?!医院)|什么单位|哪个单位|哪个公司|供热单位|物业(?:是哪|叫)|(?:店|公司|厂|学校|单位)[^，。？]{0,4}(?:叫|名)|在哪里上班|谁承包"
    ),
    "name": re.compile(r"贵姓|怎么称呼|您叫什么|您的姓名|您的名字|姓名|您姓|尊姓"),
    "address": re.compile(r"您?(?:家)?住(?:在|几|址|哪)|住址|您家(?:是|在)|您住|几单元|几室"),
    "occurred_on": re.compile(r"什么时候|哪天|哪一天|哪一年|哪年|从哪天|几号|多久了|多长时间|什么时间"),
    "amount": re.compile(r"多少钱|金额|涉及多少|一共多少"),
    "people": re.compile(r"多少(?:户|人|家)|几户|几个人|涉及几"),
    "demand": re.compile(r"诉求|希望怎么|想怎么|您(?:是)?(?:希望|想要)|怎么处理"),
    "place": re.compile(
        r"哪个(?:小区|村|区|县|镇|街道|位置|路口|路段)|具体(?:的)?(?:地址|位置)|什么位置|什么地方|在哪(?:里|儿|个)?|地点"
    ),
}


def asked_about(text: str) -> frozenset[str]:
    """The fields that a question is about; a question for somebody else's name is none for the caller's."""
    last = [s for s in re.split(r"(?<=[。！？?!])", text) if s.strip()][-1:] or [text]
    found = frozenset(k for k, q in QUESTIONS.items() if q.search(last[0]))
    return found - {"name"} if "other_name" in found else found
