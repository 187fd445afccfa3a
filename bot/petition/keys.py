"""The closed vocabularies of the system: channels, agencies, categories, prior procedures.

They are what advice, storage, the desk and evaluation all speak, so they live in one place and never change meaning.
"""

from __future__ import annotations

from typing import Final

#: channel key → Chinese name; the order is the order of reasoning of the handbook: danger first, ordinary petition late.
CHANNELS: Final[dict[str, str]] = {
    "emergency": "紧急求助",
    "judicial": "法院、检察院的法律程序",
    "police": "公安机关",
    "accusation": "检举控告",
    "personnel_appeal": "复核、申诉（内部人事）",
    "reconsideration": "行政复议、行政诉讼",
    "labor_arbitration": "劳动人事争议仲裁",
    "other_arbitration": "仲裁（农村土地承包、合同约定）",
    "litigation": "调解或者民事诉讼",
    "admin_procedure": "向主管部门提出办理申请",
    "enforcement": "申请主管部门查处",
    "petition": "普通信访程序",
    "suggestion": "建议意见",
    "consultation": "政策咨询",
    "none": "不是信访事项",
}

#: The 39 agency keys of the codebook.
AGENCIES: Final[tuple[str, ...]] = (
    "法院", "检察院", "公安", "交警", "司法行政", "劳动仲裁委", "人社", "住建", "城管", "自然资源", "生态环境", "农业农村", "水利",
    "林业", "市场监管", "商务", "文旅体育", "教育", "卫健", "医保", "民政", "退役军人", "交通运输", "发改", "财政", "税务", "金融监管",
    "工信通信", "应急", "消防", "国资", "邮政", "纪委监委", "组织人事", "乡镇街道", "村居", "信访局", "仲裁机构", "其他",
)  # fmt: skip

CATEGORIES: Final[tuple[str, ...]] = ("建议意见", "检举控告", "申诉求决", "咨询", "其他")

#: prior procedure key → Chinese name
PRIORS: Final[dict[str, str]] = {
    "court": "法院",
    "arbitration": "仲裁",
    "reconsideration": "行政复议",
    "review": "复查复核",
    "hotline": "热线",
    "petition": "信访",
    "police": "报警",
}


def category_of(channel: str) -> str:
    """Category (信 29-31) that a channel belongs to."""
    return {
        "accusation": "检举控告",
        "suggestion": "建议意见",
        "consultation": "咨询",
        "none": "其他",
    }.get(channel, "申诉求决")
