"""Collects whole message objects: text, buttons and custom of one response stay together."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from rasa.core.channels.channel import OutputChannel

from bot.petition.catalogue import catalogue


def unanswered() -> Dict[str, Any]:
    """What is said when nothing else was."""
    custom = {"kind": "error", "code": "no_answer", "retry": True}
    return {"text": catalogue().say("not_understood"), "custom": custom}


class MessageCollector(OutputChannel):
    """Everything that the bot says in one turn."""

    def __init__(self) -> None:
        self.messages: List[Dict[str, Any]] = []
        #: Makes the turn to be kept from what was said, when the runtime keeps turns; see `close_turn`.
        self.keep: Callable[[List[Dict[str, Any]]], Any] | None = None

    def close_turn(self) -> Any:
        """Called by the runtime when all is said, before it is committed: the turn to be kept. A turn is never empty."""
        if not self.messages:
            self.messages.append(unanswered())
        return self.keep(self.messages) if self.keep else None

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
