"""What the office sets up: the menu, and the template of a notice (`knowledge/wechat.yml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.knowledge.loader import ROOT, KnowledgeError, read_yaml
from bot.petition.catalogue import Catalogue

#: The platform's rule for a field of a template: at most so many characters, no line break.
FIELD = 20
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Office:
    """menu: name → (what tapping does: `say` or `do`, its value)."""

    menu: Mapping[str, tuple[str, str]]
    kind: str
    template: str
    fields: Mapping[str, str]

    def menu_object(self) -> dict[str, Any]:
        """The menu as the platform takes it; the name is the key of a tap."""
        return {"button": [{"type": "click", "name": name, "key": name} for name in self.menu]}

    def notice_fields(self, values: Mapping[str, str]) -> dict[str, str]:
        """The fields of a notice under the platform's rules. An accusation names nothing, not even its number."""
        filled = {k: _SLOT.sub(lambda m: str(values[m[1]]), v) for k, v in self.fields.items()}
        return {k: _fitted(v) for k, v in filled.items()}


def _fitted(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= FIELD else text[: FIELD - 1] + "…"


@lru_cache(maxsize=1)
def office() -> Office:
    """What is set up. Raises KnowledgeError."""
    data = read_yaml(ROOT / "wechat.yml")
    try:
        menu = {str(m["name"]): ("say", str(m["say"])) if "say" in m else ("do", str(m["do"])) for m in data["menu"]}
        notice = data["notice"]
        made = Office(menu, str(notice["kind"]), str(notice["template"] or ""), dict(notice["fields"]))
    except (KeyError, TypeError) as e:
        raise KnowledgeError(f"wechat.yml：缺少 {e}") from e
    if not 1 <= len(made.menu) <= 3 or any(len(name) > 4 for name in made.menu):
        raise KnowledgeError("wechat.yml：menu 应有 1 到 3 项，名字最多 4 个字")
    if made.kind not in ("template", "subscribe"):
        raise KnowledgeError("wechat.yml：notice.kind 应为 template 或 subscribe")
    return made


def notice_values(body: Mapping[str, Any], say: Catalogue, names: Mapping[str, str], following: str) -> dict[str, str]:
    """What a notice may say: number, status, next step, day; of an accusation only that there is something new."""
    if body.get("secret"):
        news = say.say("wechat_notice_secret")
        return {"case_no": "—", "status": news, "next": news, "day": str(body["day"])}
    status = names.get(str(body["status"]), str(body["status"]))
    return {"case_no": str(body["case_no"]), "status": status, "next": following, "day": str(body["day"])}


def notice_text(body: Mapping[str, Any], say: Catalogue, values: Mapping[str, Any]) -> str:
    """The same as an ordinary message."""
    return say.say("wechat_notice_secret") if body.get("secret") else say.say("wechat_notice", **values)
