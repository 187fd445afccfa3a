"""What was merged into a case goes with it when the case becomes an accusation: it tells the same story."""

from __future__ import annotations

from sqlalchemy import update

from bot.storage import audit
from bot.storage import models as t
from desk.office import LIFT, Office

MIXED = LIFT | {"narrative": "阳光花园三号楼电梯坏了两个月，物业一直不修，王科长同物业经理走得近", "publicity": "是"}
PART = {"narrative": "阳光花园三号楼电梯坏了两个月没人修", "demand": "修好电梯"}


async def merged(o: Office) -> tuple[str, str]:
    main, same = await o.register("clerk", MIXED), await o.register("clerk", MIXED | {"phone": "13900001234"})
    assert o.cases.get(main).category != "检举控告"
    assert (await o.move("clerk", same, "merged", into=main))[0] == 200
    return main, same


async def nobody_but_discipline(o: Office, *numbers: str) -> None:
    for number in numbers:
        for who in ("clerk", "boss", "h住建"):
            assert (await o.call(who, "GET", f"cases/{number}"))[0] == 404
            assert (await o.call(who, "GET", f"cases/{number}/events"))[0] == 404
            assert number not in str(await o.must(who, "GET", "cases"))
        assert "王科长" in str(await o.must("disc", "GET", f"cases/{number}"))
        assert o.cases.search.public(50, [number], [], "", None, None) == []
    assert (await o.must("clerk", "GET", "cases?text=科长"))["cases"] == []


def test_what_was_merged_into_an_accusation_goes_over_with_it(office: Office, engine, keys) -> None:
    async def work(o: Office) -> None:
        main, same = await merged(o)
        await o.must("clerk", "POST", f"cases/{main}/split", fields=PART, secret=True)
        await nobody_but_discipline(o, main, same)

    office.run(work)
    assert audit.verify(engine, keys).problems == []


def test_what_an_earlier_version_left_outside_is_taken_over(office: Office, engine, keys, monkeypatch) -> None:
    async def work(o: Office) -> None:
        main, same = await merged(o)
        with monkeypatch.context() as m:
            m.setattr(o.cases, "_reseal_merged", lambda *_: None)
            await o.must("clerk", "POST", f"cases/{main}/split", fields=PART, secret=True)
        assert (await o.call("clerk", "GET", f"cases/{same}"))[0] == 200
        for _ in range(2):
            o.cases.adopt()
        await nobody_but_discipline(o, main, same)

    office.run(work)
    assert audit.verify(engine, keys).problems == []


def test_other_merged_cases_stay_where_they_are(office: Office, engine, keys) -> None:
    async def work(o: Office) -> None:
        _, same = await merged(o)
        o.cases.adopt()
        assert (await o.must("clerk", "GET", f"cases/{same}"))["status"] == "merged"

    office.run(work)
    with engine.begin() as c:  # somebody past the program
        c.execute(update(t.cases).values(public=False))
    assert audit.verify(engine, keys).problems
