"""A bot message: one JSON object, the same on every channel (contracts, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Button:
    """A choice offered with a message; `payload` is only honoured while it is on offer."""

    title: str
    payload: str


@dataclass(frozen=True)
class Message:
    """What the bot says. `text` is always enough by itself; `custom` carries `kind` and its members."""

    text: str
    buttons: tuple[Button, ...] = ()
    custom: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The object that goes over the wire."""
        out: dict[str, Any] = {"text": self.text}
        if self.buttons:
            out["buttons"] = [{"title": b.title, "payload": b.payload} for b in self.buttons]
        if self.custom:
            out["custom"] = self.custom
        return out
