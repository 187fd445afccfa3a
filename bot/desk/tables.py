"""A report as CSV: one figure a line, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from bot.petition.keys import CHANNELS
from bot.petition.lifecycle import STATUS_NAMES

#: What the figures of a report are called.
NAMES = {
    "from": "从", "to": "到", "registered": "登记", "registered_week_before": "上周登记", "by_day": "每天登记", "by_channel": "渠道",
    "by_category": "大类", "by_agency": "单位", "by_status": "状态", "overdue": "其中已超期", "on_time_rate": "按期率", "open_all": "在办",
    "overdue_all": "在办超期", "steps_on_time": "按期办理", "repeats": "重复来件", "ratings": "评价", "rated": "评价次数", "topics": "热点",
    "small_groups_hidden_below": "少于几件的分组不显示", "unit": "承办单位", "department": "信访部门", "done": "办了", "on_time": "按期",
    "words": "词", "agency": "单位", "count": "本周", "people": "人数", "before": "上周",
}  # fmt: skip


def report_csv(report: Mapping[str, Any]) -> str:
    """The lines (group, name, figure, and what that is in Chinese). What could be read as a formula by a spreadsheet is quoted."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(["group", "name", "figure", "说明"])
    for key, value in report.items():
        for name, figure in _flat(value):
            told = "，".join(_called(x) for x in (key, *name.split("/")) if x)
            lines.writerow([key, _plain(name), _plain(figure), _plain(told)])
    return "\ufeff" + out.getvalue()


def _called(key: str) -> str:
    return NAMES.get(key) or CHANNELS.get(key) or STATUS_NAMES.get(key) or key


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [x for k, v in value.items() for x in _flat(v, f"{name}/{k}" if name else str(k))]
    if isinstance(value, list):
        if all(isinstance(v, str) for v in value):
            return [(name, "、".join(value))]
        return [x for i, v in enumerate(value, 1) for x in _flat(v, f"{name}/{i}" if name else str(i))]
    return [(name, value)]


def _plain(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
