"""A call as its file has it."""

from __future__ import annotations

from dataclasses import dataclass


class TranscriptError(Exception):
    """A file that cannot be read; the message names file, place and reason, and nothing that was said."""


@dataclass(frozen=True)
class Turn:
    """One utterance as it stands in the file. `speaker`: the file's label, "" when it does not tell speakers apart; times in ms."""

    speaker: str
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Transcript:
    """A call: format key and turns in order."""

    format: str
    turns: tuple[Turn, ...]

    @property
    def labelled(self) -> bool:
        """Whether the file tells speakers apart."""
        return len({t.speaker for t in self.turns if t.speaker}) > 1
