"""The telephone of an accusation leads to no other matter of its teller, not even for who reads the tables."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.storage import audit
from bot.storage import models as t
from desk.office import BRIBE, LIFT, Office

PHONE = {"phone": "13800001234"}
PART = {"narrative": "阳光花园三号楼电梯坏了两个月没人修", "demand": "修好电梯"}


def kept(engine) -> dict[str, str]:
    with engine.begin() as c:
        return dict(c.execute(select(t.cases.c.case_no, t.cases.c.phone_mac)).all())


def test_the_telephone_of_an_accusation_is_hashed_apart(office: Office, engine, keys) -> None:
    codes: dict[str, str] = {}
    numbers: list[str] = []

    async def work(o: Office) -> None:
        for fields in (LIFT | PHONE, LIFT | PHONE, BRIBE | PHONE):
            told = await o.must("clerk", "POST", "cases", source="来访", fields=fields)
            numbers.append(told["case_no"])
            codes[told["case_no"]] = told["query_code"]
        part = await o.must("clerk", "POST", f"cases/{numbers[1]}/split", fields=PART, secret=True)
        numbers.append(part["case_no"])
        codes[part["case_no"]] = codes[numbers[1]]

    office.run(work)
    plain, over, secret, part = numbers
    hashes = kept(engine)
    assert hashes[plain] == hashes[part] != hashes[over]
    assert hashes[over] == hashes[secret] and hashes[secret].startswith("a:")
    now = office.day.time
    for number in numbers:  # the telephone is the teller's way all the same
        assert office.cases.proven(number, codes[number], now, "", "13800001234", second=True) is not None

    with engine.begin() as c:  # as an earlier version had it
        c.execute(update(t.cases).values(phone_mac=hashes[plain]))
        for number in numbers:
            audit.record(c, keys, "case", number)
    for _ in range(2):
        office.cases.adopt()
    assert kept(engine) == hashes
    assert audit.verify(engine, keys).problems == []
