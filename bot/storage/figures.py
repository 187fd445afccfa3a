"""What reports count, from the database. Hot topics: near-duplicate cases by their keyed pieces, named by words that five people share."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.engine import Connection, Engine, Row

from bot.petition.case import CaseView
from bot.petition.lifecycle import AGENCY, FINAL, OFFICE
from bot.petition.report import K_ANONYMOUS, Topic
from bot.petition.roles import ACCUSATION
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import reading
from bot.storage.rows import full_views, purpose
from bot.storage.search import SIMILAR_FROM, CaseSearch

#: Smallest pieces of a case that stand for it when likely neighbours are looked for (a bottom-k sketch: the pieces are hashes already).
SKETCH = 8
#: Hot topics shown, and words that name one.
TOPICS, WORDS = 10, 4
_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
#: Parts of speech that may name a topic: things and doings, never persons (nr).
_NAMING = ("n", "v", "vn", "l", "i", "j")


class Figures:
    """Counts of an installation. Reads only."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys, self._search = engine, keys, CaseSearch(engine, keys)

    def filed_between(self, first: date, last: date) -> list[CaseView]:
        """Cases registered from `first` to `last`, with their events; no accusations."""
        days = t.cases.c.filed_on.between(first, last), t.cases.c.category != ACCUSATION
        query = select(t.cases).where(*days).order_by(t.cases.c.case_no)
        with reading(self._engine) as c:
            return full_views(c, self._keys, c.execute(query).all())

    def number_filed(self, first: date, last: date) -> int:
        """How many cases were registered in these days; no accusations."""
        days = t.cases.c.filed_on.between(first, last), t.cases.c.category != ACCUSATION
        query = select(func.count()).select_from(t.cases).where(*days)
        with reading(self._engine) as c:
            return int(c.execute(query).scalar_one())

    def histories(self, first: date, last: date) -> Iterator[tuple[str, date, list[tuple[str, date]]]]:
        """(category, day of registration, moves) of the cases registered in these days, without opening anything; no accusations."""
        cases, e = t.cases, t.events
        query = (
            select(cases.c.case_no, cases.c.category, cases.c.filed_on, e.c.target, e.c.at)
            .join(e, e.c.case_no == cases.c.case_no)
            .where(cases.c.filed_on.between(first, last), cases.c.category != ACCUSATION, e.c.target.isnot(None))
            .order_by(cases.c.case_no, e.c.seq)
        )
        with reading(self._engine) as c:
            number, told = "", ("", first)
            moves: list[tuple[str, date]] = []
            for r in c.execute(query):
                if r.case_no != number:
                    if moves:
                        yield (*told, moves)
                    number, told, moves = r.case_no, (r.category, r.filed_on), []
                moves.append((r.target, r.at.date()))
            if moves:
                yield (*told, moves)

    def due_numbers(self, today: date) -> tuple[int, int]:
        """(overdue, open) of all cases but accusations; overdue is what office or agency owe."""
        plain = t.cases.c.category != ACCUSATION, t.cases.c.status.notin_(FINAL)
        count = select(func.count()).select_from(t.cases).where(*plain)
        with reading(self._engine) as c:
            late = c.execute(count.where(t.cases.c.due < today, t.cases.c.owed_by.in_((OFFICE, AGENCY)))).scalar_one()
            return int(late), int(c.execute(count).scalar_one())

    def repeats(self, first: date, last: date) -> int:
        """Cases of these days whose telephone had registered before, in the 180 days up to then."""
        cases, earlier = t.cases, t.cases.alias("earlier")
        before = exists().where(
            earlier.c.phone_mac == cases.c.phone_mac,
            earlier.c.case_no < cases.c.case_no,
            earlier.c.filed_on >= first - timedelta(days=180),
            earlier.c.category != ACCUSATION,
        )
        mine = cases.c.filed_on.between(first, last), cases.c.category != ACCUSATION, cases.c.phone_mac.isnot(None)
        with reading(self._engine) as c:
            return int(c.execute(select(func.count()).select_from(cases).where(*mine, before)).scalar_one())

    def with_event(self, event: str, first: date, last: date) -> list[CaseView]:
        """Cases that had this event in these days; no accusations."""
        begin = datetime.combine(first, datetime.min.time(), timezone.utc)
        end = datetime.combine(last + timedelta(days=1), datetime.min.time(), timezone.utc)
        e = t.events
        numbers = select(e.c.case_no).where(e.c.event == event, e.c.at >= begin, e.c.at < end)
        found = select(t.cases).where(t.cases.c.case_no.in_(numbers), t.cases.c.category != ACCUSATION)
        with reading(self._engine) as c:
            rows = c.execute(found.order_by(t.cases.c.case_no)).all()
            return full_views(c, self._keys, rows)

    # -- hot topics -----------------------------------------------------------------------------------------------------

    def topics(self, first: date, last: date) -> list[Topic]:
        """Clusters of near-duplicate cases of these days told by at least five people, largest first. No accusations."""
        span = last - first + timedelta(days=1)
        cases = t.cases
        query = select(cases).where(cases.c.filed_on.between(first - span, last), cases.c.category != ACCUSATION)
        with reading(self._engine) as c:
            rows = {r.case_no: r for r in c.execute(query.order_by(cases.c.case_no)).all()}
            sets = self._search.sets(c, list(rows))
            found = []
            for members in clusters(sets):
                now = [rows[n] for n in members if rows[n].filed_on >= first]
                people = len({r.phone_mac or r.conversation_mac for r in now})
                if people >= K_ANONYMOUS:
                    found.append((people, now, len(members) - len(now)))
            found.sort(key=lambda f: (-f[0], f[1][0].case_no))
            return [self._topic(c, *f) for f in found[:TOPICS]]

    def _topic(self, c: Connection, people: int, now: list[Row[Any]], before: int) -> Topic:
        agency = Counter(r.agency for r in now).most_common(1)[0][0]
        return Topic(self._words(now), agency, len(now), people, before)

    def _words(self, now: list[Row[Any]]) -> tuple[str, ...]:
        """Words that at least five people and most of the cluster use: nobody's own words, no names of persons, no numbers."""
        import jieba
        import jieba.posseg as tagged

        jieba.setLogLevel(logging.WARNING)
        said: dict[str, set[str]] = defaultdict(set)
        things: set[str] = set()
        for row in now[:200]:
            fields = self._keys.decrypt(row.content, f"cases/{row.case_no}/content", purpose(row.category))
            text = f"{fields.get('demand') or ''}。{str(fields.get('narrative') or '')[:300]}"
            for pair in tagged.cut(text):
                if pair.flag in _NAMING and _HAN.fullmatch(pair.word):
                    said[pair.word].add(row.phone_mac or row.conversation_mac)
                    things |= {pair.word} if pair.flag[0] == "n" else set()
        need = max(K_ANONYMOUS, len(now[:200]) // 2)
        # Things name a topic better than doings; among equals, what is told first.
        shared = [
            (w not in things, -len(who), i, w) for i, (w, who) in enumerate(said.items()) if len(who) >= min(need, 40)
        ]
        return tuple(word for *_, word in sorted(shared)[:WORDS])


def clusters(sets: dict[str, set[int]]) -> list[list[str]]:
    """Groups of cases that share much with the group's first one. Leaders, not chains: a chain would join what has little in common."""
    leaders: dict[str, list[str]] = {}
    by_piece: dict[int, list[str]] = defaultdict(list)
    for number, pieces in sets.items():
        sketch = sorted(pieces)[:SKETCH]
        near = Counter(leader for piece in sketch for leader in by_piece[piece])
        best, leader = max(((overlap(pieces, sets[n]), n) for n, _ in near.most_common(20)), default=(0.0, ""))
        if best >= SIMILAR_FROM:
            leaders[leader].append(number)
            continue
        leaders[number] = [number]
        for piece in sketch:
            by_piece[piece].append(number)
    return [members for members in leaders.values() if len(members) >= K_ANONYMOUS]


def overlap(a: set[int], b: set[int]) -> float:
    """Jaccard's coefficient."""
    return len(a & b) / len(a | b) if a and b else 0.0
