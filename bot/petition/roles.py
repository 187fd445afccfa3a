"""Who may see and do what (contracts, section 4). Pure: decides from role, agency and category alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROLES = {
    "clerk": "登记员",
    "handler": "承办人",
    "supervisor": "督查",
    "discipline": "纪检专办",
    "auditor": "审计",
    "admin": "管理员",
}
ACCUSATION = "检举控告"
#: Fields that name a person; masked until a reason is given.
PERSONAL = ("name", "phone", "address", "id_number", "on_behalf_of")
#: Agencies that an accusation may be sent to (条例 30, 监察法 15).
FOR_ACCUSATIONS = frozenset({"纪委监委", "组织人事", "检察院", "公安"})


@dataclass(frozen=True)
class Staff:
    """A signed-in member of the staff. `agency`: the agency key of a handler, "" for the others."""

    name: str
    role: str
    agency: str = ""

    def sees_cases(self) -> bool:
        """Whether any case is shown; auditors and administrators see none."""
        return self.role in ("clerk", "handler", "supervisor", "discipline")

    def sees(self, category: str, agency: str, joint: tuple[str, ...] = ()) -> bool:
        """Whether this case is: accusations are the discipline role's alone, a handler's are those the own agency leads or joins."""
        if self.role == "discipline":
            return category == ACCUSATION
        if category == ACCUSATION or not self.sees_cases():
            return False
        return self.role != "handler" or agency == self.agency or self.agency in joint

    def registers(self) -> bool:
        """Whether this role registers for a citizen."""
        return self.role in ("clerk", "discipline")


def conflict(
    staff: Staff, category: str, fields: Mapping[str, Any], to: str, agency: str, called: tuple[str, ...]
) -> str:
    """Why this person or this agency must not get the case, or "" (条例 28, 30).

    `called`: what people call `agency`. The accused unit never gets an accusation; nobody works a matter about himself.
    """
    respondent = str(fields.get("respondent") or "")
    if respondent and staff.name in respondent:
        return "您是被反映的人，请回避，交给别的同事办。"
    if to != "dispatched" or category != ACCUSATION:
        return ""
    if agency not in FOR_ACCUSATIONS:
        return "检举控告只能交有权的机关，不能交业务单位。"
    if any(word in respondent for word in (agency, *called)):
        return "这家单位就是被反映的单位，不能交给它。"
    return ""


def mask(key: str, value: Any) -> str:
    """A personal value as somebody sees it who gave no reason: a hint, as long as the value."""
    text = str(value)
    if key == "phone":
        return text[:3] + "*" * max(len(text) - 7, 4) + text[-4:] if len(text) >= 11 else "*" * len(text)
    if key == "id_number":
        return "*" * len(text)
    return text[:1] + "*" * max(len(text) - 1, 1)
