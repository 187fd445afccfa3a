"""From a case to the fields of the provincial platform (law.md 3.4, 网上信访对外接口)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, read_yaml
from bot.petition.case import CaseView

#: Longest 投诉主题 that is made from the demand.
SUBJECT = 50


@lru_cache(maxsize=1)
def tables() -> dict[str, Any]:
    """Codes of the platform, as data."""
    value: dict[str, Any] = read_yaml(ROOT / "upstream.yml")
    return value


def petition(view: CaseView, fields: Mapping[str, Any], urgent: bool = False) -> dict[str, str]:
    """A filed case: xm 姓名 sjh 手机 gddh 固话 zjhm 证件号 xxzz 详细住址 tszt 投诉主题 tsnr 投诉内容 nrfldm/nrflmc 内容分类码/名
    xfmddm/xfmdmc 信访目的码/名 wtsddm/wtsdmc 问题属地 gkbz 公开标志 (1/0) dzyj 邮箱.

    Our own, because the list names none: xfjbh 信访件编号 (ours, the key of what is sent again), xfrq 信访日期, jjbz 紧急标志. What was not
    told is sent as "".
    """
    t = tables()
    content = t["content_of_agency"].get(view.agency, "其他")
    phone = str(fields.get("phone") or "")
    mobile = len(phone) == 11 and phone.startswith("1")
    demand = str(fields.get("demand") or "")
    story = str(fields.get("narrative") or "")
    anonymous = fields.get("anonymous") in (True, "是")
    return {
        "xfjbh": view.case_no,
        "xm": "" if anonymous else str(fields.get("name") or ""),
        "sjh": phone if mobile else "",
        "gddh": "" if mobile else phone,
        "zjhm": str(fields.get("id_number") or ""),
        "xxzz": str(fields.get("address") or ""),
        "dzyj": "",
        "tszt": (demand or story)[:SUBJECT],
        "tsnr": story + (f"\n诉求：{demand}" if demand else ""),
        "nrfldm": str(t["contents"].get(content, "")),
        "nrflmc": content,
        "xfmddm": str(t["purposes"].get(view.category, "")),
        "xfmdmc": view.category,
        "wtsddm": "",
        "wtsdmc": str(fields.get("place") or ""),
        "gkbz": "1" if fields.get("publicity") in (True, "是") else "0",
        "xfrq": view.filed_on.isoformat(),
        "jjbz": "1" if urgent else "0",
    }
