"""Collects whole message objects: text, buttons and custom of one response stay together."""

from __future__ import annotations

from typing import Any, Dict, List

from rasa.core.channels.channel import OutputChannel


class MessageCollector(OutputChannel):
    """Everything that the bot says in one turn."""

    def __init__(self) -> None:
        self.messages: List[Dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """The channel's name in events."""
        return "web"

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """Takes one response as one object."""
        out = {k: message[k] for k in ("text", "buttons", "custom") if message.get(k)}
        if out.get("text"):
            self.messages.append(out)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Plain text of a default action."""
        self.messages.append({"text": text})
