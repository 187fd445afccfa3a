"""A consent to publicity can be given and taken back, and counts at once."""

from __future__ import annotations

from datetime import date, datetime, timezone

from bot.petition.case import Filing
from bot.storage import audit, rotation
from bot.storage.cases import CaseStore
from bot.storage.rights import Rights

TODAY, NOW = date(2026, 11, 23), datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc)


def test_who_takes_back_his_consent_is_in_no_open_data_any_more(engine, keys) -> None:
    rotation.ensure(engine, keys)
    cases, rights = CaseStore(engine, keys), Rights(engine, keys)
    told = {"narrative": "楼下饭店油烟", "name": "李春梅", "phone": "13800001234", "publicity": "是"}
    made = cases.file(Filing("d" * 32, "web", "c", "enforcement", "申诉求决", "城管", told), NOW, TODAY)

    def public() -> list[str]:
        return [v.case_no for v in cases.search.public(10, [], [], "", None, None)]

    assert public() == [made.case_no]
    for choice, shown in (("否", []), ("是", [made.case_no])):
        rights.correct(made.case_no, made.query_code, {"publicity": choice}, NOW, TODAY, "c")
        assert public() == shown
    assert audit.verify(engine, keys).problems == []
