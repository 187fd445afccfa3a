"""A field of the draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Element:
    """A field's value, the spans of the transcript it was read from, and how sure it is (0 to 1)."""

    value: Any
    evidence: Spans = ()
    confidence: float = 0.7

    def as_dict(self) -> dict[str, Any]:
        """As the draft record has it."""
        return {"value": self.value, "evidence": [list(e) for e in self.evidence], "confidence": self.confidence}
