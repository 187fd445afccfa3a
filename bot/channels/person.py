"""A person's rights over HTTP: `POST /api/person` with number, code and a second proof; deletion of a conversation with its token."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, Dict

from bot.storage.rights import Rights


def asked(
    rights: Rights, body: Dict[str, Any], conversation: str, files: Path, now: datetime, today: date
) -> Dict[str, Any] | None:
    """Does what `body` asks (`do`: export, correct or forget), None when it asks for nothing known. Raises PetitionError.

    `conversation`: whose token the request carried, "" without one: the second proof beside `phone`.
    """
    if body.get("do") == "forget":
        return {"message": rights.forget_conversation(conversation, files)} if conversation else None
    number, code, phone = body.get("case_no"), body.get("query_code"), body.get("phone", "")
    if any(not isinstance(v, str) or len(v) > 40 for v in (number, code, phone)):
        return None
    number, code = str(number), str(code)
    if body.get("do") == "export":
        return rights.export(number, code, now, today, conversation, phone)
    changes = body.get("changes")
    if body.get("do") == "correct" and isinstance(changes, dict):
        rights.correct(number, code, changes, now, today, conversation, phone)
        return {"message": "已经更正，原来的写在办理过程里。"}
    return None
