"""What the petitioner says after filing names him as his story does: masked until a reason is given. And what may not be seen is not opened."""

from __future__ import annotations

from desk.office import BRIBE, Office

SAID = "我是李春梅，换号码了，打13900005678，身份证110101199003078515，电梯还没修"


async def look(o: Office, who: str, number: str, reason: str = "") -> str:
    query = f"?reason={reason}" if reason else ""
    case = await o.must(who, "GET", f"cases/{number}{query}")
    return str(case) + ("" if reason else str(await o.must(who, "GET", f"cases/{number}/events")))


def test_words_said_later_are_masked_until_a_reason_is_given(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.replied()
        o.cases.rate(number, "不满意", SAID, o.day.time, o.day.date)
        other = await o.dispatched()
        o.cases.supplement(other, SAID, o.day.time, o.day.date)
        o.cases.urge(other, SAID, o.day.time, o.day.date)
        for who in ("clerk", "h住建", "boss"):
            for one in (number, other):
                told = await look(o, who, one)
                assert "电梯还没修" in told
                for word in ("李春梅", "13900005678", "110101199003078515"):
                    assert word not in told
        (row,) = (await o.must("boss", "GET", "reports/rework"))["cases"]
        assert "电梯还没修" in row["words"] and "春梅" not in row["words"] and "13900005678" not in row["words"]
        before = len(o.staff.looks())
        assert "13900005678" in await look(o, "clerk", other, "打电话核对")
        assert len(o.staff.looks()) == before + 1

    office.run(work)


def test_what_may_not_be_seen_is_not_opened(office: Office, monkeypatch) -> None:
    async def work(o: Office) -> None:
        secret, plain = await o.register("clerk", BRIBE), await o.register()
        opened: list[str] = []
        get = o.cases.get
        monkeypatch.setattr(o.cases, "get", lambda number: opened.append(number) or get(number))
        for who, number in (("clerk", secret), ("boss", secret), ("disc", plain), ("h城管", plain), ("root", plain)):
            answers = [await o.call(who, "GET", f"cases/{n}") for n in (number, "261123099999")]
            assert answers[0] == answers[1]
            assert answers[0][0] == 404
        assert opened == []

    office.run(work)
