"""From a case to the fields of the provincial platform (law.md 3.4, 网上信访对外接口)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, read_yaml
from bot.petition.case import CaseView
from bot.upstream.divisions import code_of

#: Longest 投诉主题 that is made from the demand.
SUBJECT = 50


@lru_cache(maxsize=1)
def tables() -> dict[str, Any]:
    """Codes of the platform, as data."""
    value: dict[str, Any] = read_yaml(ROOT / "upstream.yml")
    return value


def petition(view: CaseView, fields: Mapping[str, Any], content: str = "") -> dict[str, str]:
    """A filed case: xm 姓名 sjh 手机 gddh 固话 zjhm 证件号 xxzz 详细住址 tszt 投诉主题 tsnr 投诉内容 nrfldm/nrflmc 内容分类码/名
    xfmddm/xfmdmc 信访目的码/名 wtsddm/wtsdmc 问题属地 gkbz 公开标志 (1/0) dzyj 邮箱.

    Our own, because the list names none: xfjbh 信访件编号 (ours, the key of what is sent again), xfrq 信访日期, jjbz 紧急标志. What was not
    told is sent as "", and so is a code that nobody has filled in (upstream.yml).

    `content`: 内容分类 of the dispute that the advice found; otherwise the one that its agency mostly has.
    """
    t = tables()
    content = content or t["content_of_agency"].get(view.agency, "其他")
    place = str(fields.get("place") or "")
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
        "wtsddm": _division(place, t["divisions"]),
        "wtsdmc": place,
        "gkbz": "1" if fields.get("publicity") in (True, "是") else "0",
        "xfrq": view.filed_on.isoformat(),
        "jjbz": "1" if view.urgent else "0",
    }


def _division(place: str, own: Mapping[str, str]) -> str:
    """行政区划码: by the installation's own names, the longest first, else by those of the country."""
    return next((str(own[n]) for n in sorted(own, key=len, reverse=True) if n in place), "") or code_of(place)
