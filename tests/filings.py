"""A filing as the bot makes one."""

from __future__ import annotations

from typing import Any

from bot.petition.case import Filing

FIELDS = {
    "narrative": "楼下饭店油烟往我家灌",
    "demand": "装净化设备",
    "place": "五华区莲花街道",
    "name": "李春梅",
    "phone": "13800001234",
}


def filing(draft: str = "d" * 32, **changes: Any) -> Filing:
    values: dict[str, Any] = {
        "draft_id": draft,
        "source": "web",
        "conversation": "c1",
        "channel": "enforcement",
        "category": "申诉求决",
        "agency": "城管",
        "fields": FIELDS,
    }
    return Filing(**{**values, **changes})
