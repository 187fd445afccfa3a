"""What a person may ask of what is kept about him: a copy, a correction, deletion (个人信息保护法 45-47).

Number and code are one proof; the telephone number given with the case, or the conversation in which it was filed, is the second. Of an accusation
nothing is given out this way (条例 30: whoever holds the papers must not learn from them who told): its teller goes to the discipline
office in person. A filed matter is an archive record: it is corrected by adding, and not deleted; what is no archive is deleted at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.petition.catalogue import catalogue
from bot.petition.errors import NotFound, PetitionError
from bot.petition.progress import own_words, shown
from bot.petition.roles import ACCUSATION
from bot.storage import audit
from bot.storage import models as t
from bot.storage.cases import CaseStore
from bot.storage.crypto import Keyring
from bot.storage.open import transaction
from bot.storage.rows import at, utc
from bot.storage.search import is_public

#: What a person may set right about himself; what happened is added to, not rewritten (补充材料).
CORRECTABLE = ("name", "phone", "address", "reply_by", "publicity")
CORRECTED, EXPORTED = "更正个人信息", "查阅个人信息"


class Rights:
    """A person's rights over one case or one conversation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys, self._cases = engine, keys, CaseStore(engine, keys)

    def export(
        self, case_no: str, code: str, now: datetime, today: date, conversation: str = "", phone: str = ""
    ) -> dict[str, Any]:
        """What is kept about the person in a form that programs read: no working notes of the staff. The look is an event. Raises PetitionError."""
        row = self._proved(case_no, code, now, conversation, phone)
        number = row.case_no
        with transaction(self._engine) as c:
            looks = c.execute(
                select(t.access_log).where(t.access_log.c.case_no == number).order_by(t.access_log.c.id)
            ).all()
        view = self._cases.get(number)
        out = {
            "case_no": number,
            "filed_on": row.filed_on.isoformat(),
            "consent_at": utc(row.consent_at).isoformat() if row.consent_at else None,
            "notice_version": view.events[0].data.get("notice_version"),
            "status": row.status,
            "fields": self._keys.decrypt(row.content, f"cases/{number}/content", audit.purpose_of(row.category)),
            "advice": self._keys.decrypt(row.advice, f"cases/{number}/advice", audit.purpose_of(row.category)),
            "events": [
                {"event": e.event, "to": e.target, "at": e.at.isoformat(), "note": own_words(e)}
                for e in view.events
                if e.target or e.by == "petitioner" or shown(view, e, catalogue())
            ],
            "looked_at": [utc(e.at).isoformat() for e in looks],
        }
        self._cases.note(number, EXPORTED, "petitioner", {}, now, today)
        return out

    def correct(
        self,
        case_no: str,
        code: str,
        changes: Mapping[str, str],
        now: datetime,
        today: date,
        conversation: str = "",
        phone: str = "",
    ) -> None:
        """Sets right what names or reaches the person. What stood there before is kept in the event. Raises PetitionError."""
        wrong = sorted(set(changes) - set(CORRECTABLE))
        if wrong or not changes or any(not isinstance(v, str) or not 0 < len(v) <= 200 for v in changes.values()):
            raise PetitionError(f"可以更正的是：{'、'.join(CORRECTABLE)}；事情经过请用补充材料。")
        row = self._proved(case_no, code, now, conversation, phone)
        number, purpose = row.case_no, audit.purpose_of(row.category)
        with transaction(self._engine) as c:
            row = c.execute(select(t.cases).where(t.cases.c.case_no == number).with_for_update()).one()
            place = f"cases/{number}/content"
            content = self._keys.decrypt(row.content, place, purpose)
            before = {k: content.get(k) for k in changes}
            content.update(changes)
            values: dict[str, Any] = {
                "content": self._keys.encrypt(content, place, purpose),
                "version": row.version + 1,
            }
            if "publicity" in changes:  # a consent taken back counts at once, also for open data
                values["public"] = row.category != ACCUSATION and is_public(content)
            if "phone" in changes:
                values["phone_mac"] = self._cases.phone_mac(changes["phone"], row.category)
            c.execute(update(t.cases).where(t.cases.c.case_no == number).values(**values))
            self._event(c, number, purpose, {"note": "、".join(changes), "before": before}, now, today)

    def _event(
        self, c: Connection, number: str, purpose: str, detail: Mapping[str, Any], now: datetime, today: date
    ) -> None:
        seq = int(c.execute(select(func.max(t.events.c.seq)).where(t.events.c.case_no == number)).scalar_one()) + 1
        sealed = self._keys.encrypt(dict(detail), f"events/{number}/{seq}", purpose)
        row = {
            "case_no": number,
            "seq": seq,
            "event": CORRECTED,
            "at": at(now, today),
            "by": "petitioner",
            "detail": sealed,
        }
        c.execute(insert(t.events).values(**row))
        audit.record_event(c, self._keys, number, seq)

    def forget_conversation(self, conversation: str, files: Path) -> str:
        """Deletes a conversation at once; files of one that filed stay with the case. Returns what is kept all the same, in words."""
        mac = self._keys.mac(conversation, "conversation")
        with transaction(self._engine) as c:
            filed = c.execute(select(t.cases.c.case_no).where(t.cases.c.conversation_mac == mac)).scalars().all()
            names: list[str] = []
            if not filed:
                files_of = t.chat_attachments.c
                linked = select(t.case_files.c.attachment_id)  # what was added to a case stays with it
                own = files_of.conversation == conversation, files_of.id.notin_(linked)
                names = list(c.execute(select(files_of.id).where(*own)).scalars())
                c.execute(delete(t.chat_attachments).where(*own))
            c.execute(delete(t.chat_turns).where(t.chat_turns.c.conversation == conversation))
            c.execute(delete(t.tracker_events).where(t.tracker_events.c.sender_id == conversation))
        for name in names:
            (files / name).unlink(missing_ok=True)
        if filed:
            return f"对话已经删除。已登记的 {'、'.join(filed)} 按档案法保存，不能删除；答复之前您可以撤回，或者更正。"
        return "这次对话和材料都已经删除。"

    def _proved(self, case_no: str, code: str, now: datetime, conversation: str, phone: str) -> Row[Any]:
        """The case, after both proofs. Wrong in any way is one answer."""
        row = self._cases.proven(case_no, code, now, conversation, phone, second=True)
        if row is None:
            raise NotFound("没有查到，请核对编号和查询码。")
        if row.category == ACCUSATION:
            raise PetitionError("检举控告的材料不在网上提供。请本人带证件到受理的纪检监察机关办理。")
        return row
