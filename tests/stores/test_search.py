"""What the queue finds, and that nothing is walked that a large office has much of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone

import pytest
from databases import engine, keys, url  # noqa: F401
from filings import FIELDS, filing
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.storage import search
from bot.storage.cases import CaseStore

NOW, TODAY = datetime(2026, 11, 23, 2, tzinfo=timezone.utc), date(2026, 11, 23)
WORDS = ("油烟", "噪声", "电梯", "垃圾")


@pytest.fixture
def store(engine: Engine, keys) -> CaseStore:  # noqa: F811
    return CaseStore(engine, keys)


def office(store: CaseStore) -> list[str]:
    """Twelve cases of two agencies on as many days, every third worked jointly by 环保, half of them sent on."""
    numbers = []
    for i in range(12):
        fields = {**FIELDS, "narrative": f"小区{WORDS[i % 4]}没有人管，已经反映过{i}次"}
        agency = ("城管", "住建")[i % 2]
        day = TODAY - timedelta(days=12 - i)
        number = store.file(filing(f"{i:032d}", agency=agency, fields=fields), NOW, day).case_no
        if i % 2 == 0:
            store.transition(number, "dispatched", "甲", "clerk", {"kind": "转送", "agency": agency}, NOW, day)
        if i % 3 == 0:
            store.join(number, ["环保"], "甲", "一起看", "", NOW, day)
        numbers.append(number)
    return numbers


@contextmanager
def statements(engine: Engine) -> Iterator[list[tuple[str, tuple]]]:  # noqa: F811
    said: list[tuple[str, tuple]] = []

    def hear(connection, cursor, statement, parameters, context, many) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.mark.parametrize("counted", [1, 2000], ids=["all pieces are common", "rare pieces"])
def test_filters_words_and_joint_work_are_found_together(
    store: CaseStore, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNTED", counted)
    n = office(store)

    def found(**filters) -> list[int]:
        return [n.index(v.case_no) for v in store.find(**filters)]

    assert found(text="油烟") == [8, 4, 0]
    assert found(text="油烟", agency="住建") == []
    assert found(agency="环保") == []
    assert found(agency="环保", joint=True) == [9, 6, 3, 0]
    assert found(agency="环保", joint=True, status="dispatched") == [6, 0]
    assert found(agency="环保", joint=True, text="小区油烟") == [0]
    assert found(agency="环保", joint=True, text="垃圾", status="registered") == [3]
    assert found(agency="城管", joint=True, text="小区", limit=2) == [10, 8]
    assert found(agency="城管", joint=True, text="小区", limit=2, after=n[8]) == [6, 4]
    assert found(agency="环保", joint=True, text=n[3]) == [3]
    assert found(agency="环保", joint=True, due_by=TODAY + timedelta(days=60), status="registered") == [9, 3]
    assert found(text="没有这样的词组") == []


def test_joint_work_is_looked_up_by_agency_not_in_all_cases_of_a_status(store: CaseStore, engine: Engine) -> None:  # noqa: F811
    office(store)
    if engine.name != "sqlite":
        pytest.skip("PostgreSQL knows from its statistics which table is the small one")
    with statements(engine) as said:
        store.find(agency="环保", joint=True, status="dispatched", not_category="检举控告")
    joined = next(s for s in said if "case_parties" in s[0])
    with engine.connect() as c:
        plan = [row[3] for row in c.exec_driver_sql("EXPLAIN QUERY PLAN " + joined[0], joined[1])]
    assert "case_parties" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)


def test_lists_read_no_sealed_texts(store: CaseStore, engine: Engine) -> None:  # noqa: F811
    n = office(store)
    with statements(engine) as said:
        store.find(text="小区", agency="城管", joint=True)
        store.similar(n[0])
    assert not any("content" in statement or "advice" in statement for statement, _ in said)


def test_similar_cases_are_those_that_say_most_of_the_same(store: CaseStore) -> None:
    n = office(store)
    near = [(n.index(v.case_no), round(share, 2)) for v, share in store.similar(n[0])]
    assert [i for i, _ in near] == [8, 4, 11]
    assert near[0][1] > near[2][1] > search.SIMILAR_FROM
