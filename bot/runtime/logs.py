"""Logs for machines: one JSON object a line, and nothing in it that a person said.

Our own messages are written to hold no personal data. What libraries log is not: of theirs only the place and the type of the
error are kept, never the text.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone

#: Loggers whose messages are ours.
OURS = ("bot", "actions", "benchmarks")


class JsonLines(logging.Formatter):
    """A record as a JSON object: at, level, logger, message or place, error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        out = {
            "at": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.partition(".")[0] in OURS:
            out["message"] = record.getMessage()
        else:
            out["place"] = f"{record.module}:{record.lineno}"
        if record.exc_info and record.exc_info[0]:
            out["error"] = record.exc_info[0].__name__
        return json.dumps(out, ensure_ascii=False)


def configure(level: int = logging.WARNING) -> None:
    """Everything to stderr, whoever logs it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("rasa", "rasa_sdk", "sanic.access", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in ("sanic.root", "sanic.error", "sanic.access"):
        own = logging.getLogger(name)
        own.handlers[:], own.propagate = [], True
