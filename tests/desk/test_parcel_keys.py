"""A receiver knows a repetition by its key, and learns nothing else from it."""

from __future__ import annotations

from datetime import timedelta

from desk.office import BRIBE, Office


def test_the_key_of_a_parcel_does_not_count_what_was_queued_for_others(office: Office) -> None:
    async def work(o: Office) -> None:
        await o.register()
        secret, last = await o.register("clerk", BRIBE), await o.register()
        await o.move("disc", secret, "dispatched", kind="转送", agency="纪委监委")
        await o.move("clerk", last, "dispatched", kind="转送", agency="住建")

    office.run(work)
    outbox, now = office.stores.outbox, office.day.time
    parcels = outbox.claim(("filed", "moved"), now)
    keys = [p.key for p in parcels]
    assert len(set(keys)) == len(keys) >= 2
    for p in parcels:
        assert p.case_no not in p.key and not p.key.isdecimal() and len(p.key) == 32
        outbox.failed(p, "HTTP 503", now)
    later = now + timedelta(hours=2)
    assert {p.key for p in outbox.claim(("filed", "moved"), later)} == set(keys)
