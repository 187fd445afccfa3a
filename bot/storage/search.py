"""Finding sealed cases: keyed hashes of the two-character pieces of their words, and the queue's filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, exists, func, insert, literal, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import Select

from bot.petition.case import CaseView
from bot.petition.lifecycle import AGENCY, FINAL, OFFICE
from bot.petition.numbers import normalise_case_no, valid_case_no
from bot.petition.roles import ACCUSATION
from bot.storage import audit
from bot.storage import models as t
from bot.storage.crypto import Keyring
from bot.storage.open import reading, transaction
from bot.storage.rows import LISTED, plain_view, purpose

#: Characters of each field that the search index takes.
INDEXED = 120
#: Share of common pieces from which two cases may be the same matter.
SIMILAR_FROM = 0.35
#: Pieces of a query that are looked up, and how far each is counted to tell the rare ones.
MAX_PIECES, COUNTED = 16, 2000
#: A piece that so many cases have does not tell which are alike; so many pieces are looked at all the same.
COMMON, FEWEST = 500, 4
_WORDS = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+")
_FIELDS = ("place", "respondent", "demand", "narrative")


def is_public(fields: Mapping[str, Any]) -> bool:
    """Whether the teller agreed to the case being public."""
    return fields.get("publicity") in (True, "是")


class CaseSearch:
    """The search of an installation."""

    def __init__(self, engine: Engine, keys: Keyring) -> None:
        self._engine, self._keys = engine, keys
        # The same few thousand pieces come again and again.
        self._hashed = lru_cache(maxsize=1 << 16)(lambda piece: int(keys.mac(piece, "term")[:16], 16) >> 1)

    def index(self, c: Connection, number: str, fields: Mapping[str, Any]) -> None:
        """Takes a case into the index. Accusations are never handed in here."""
        rows = self.rows_of(number, fields)
        if rows:
            c.execute(insert(t.case_terms), rows)

    def rows_of(self, number: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of a case in the index."""
        text = " ".join(str(fields.get(k) or "")[:INDEXED] for k in _FIELDS)
        return [{"term": term, "case_no": number} for term in sorted(self.terms(text))]

    def terms(self, text: str) -> set[int]:
        """Two-character pieces of the words in `text` as 63-bit keyed hashes."""
        words = _WORDS.findall(text.lower())
        pieces = {w[i : i + 2] for w in words for i in range(max(1, len(w) - 1))}
        return {self._hashed(p) for p in pieces}

    def reindex(self, batch: int = 200) -> int:
        """Takes into the index what was filed before there was one; how many. May be stopped and run again."""
        done, after = 0, ""
        missing = ~exists().where(t.case_terms.c.case_no == t.cases.c.case_no)
        while True:
            with transaction(self._engine) as c:
                query = select(t.cases).where(t.cases.c.category != ACCUSATION, t.cases.c.case_no > after, missing)
                rows = c.execute(query.order_by(t.cases.c.case_no).limit(batch)).all()
                for row in rows:
                    place = f"cases/{row.case_no}/content"
                    fields = self._keys.decrypt(row.content, place, purpose(row.category))
                    self.index(c, row.case_no, fields)
                    c.execute(update(t.cases).where(t.cases.c.case_no == row.case_no).values(public=is_public(fields)))
                    audit.record(c, self._keys, "case", row.case_no)
            if not rows:
                return done
            done, after = done + len(rows), rows[-1].case_no

    def find(
        self,
        status: str = "",
        limit: int = 50,
        after: str = "",
        channel: str = "",
        agency: str = "",
        category: str = "",
        not_category: str = "",
        due_by: date | None = None,
        text: str = "",
        joint: bool = False,
    ) -> list[CaseView]:
        """Cases by number, newest first, from behind `after`, without their events. `due_by`: owed by office or agency by that day.

        `text`: a case number, or words that stand in place, unit, demand or the beginning of the story. `joint`: with `agency`, also
        the cases that it works jointly.
        """
        cases, parties = t.cases, t.case_parties
        number = normalise_case_no(text) if text else ""
        by_number = bool(number) and valid_case_no(number)
        with reading(self._engine) as c:
            terms: list[int] = []
            rare = False
            if text.strip() and not by_number:
                counts = self._rarest_first(c, sorted(self.terms(text))[:MAX_PIECES])
                if not counts:
                    return []
                terms, rare = [term for _, term in counts], counts[0][0] < COUNTED

            def matching(query: Select, order: Any, wanted: list[int], seen: Callable[[Any], Any]) -> Select:
                """Numbers first, from the indexes alone; the rows with their sealed texts only for the page."""
                for column, value in (("status", status), ("channel", channel), ("category", category)):
                    query = query.where(seen(cases.c[column]) == value) if value else query
                query = query.where(cases.c.category != not_category) if not_category else query
                if due_by:
                    query = query.where(seen(cases.c.due) <= due_by, seen(cases.c.owed_by).in_((OFFICE, AGENCY)))
                query = query.where(order < after) if after else query
                query = query.where(order == number) if by_number else query
                for i, term in enumerate(wanted):
                    other = t.case_terms.alias(f"t{i}")
                    query = query.where(exists().where(and_(other.c.term == term, other.c.case_no == order)))
                return query.order_by(order.desc()).limit(limit)

            keys = select(cases.c.case_no)
            if rare:  # a few cases have this piece: they are looked at, else those that the other filters leave
                first = t.case_terms.alias("first")
                keys = keys.join(first, first.c.case_no == cases.c.case_no).where(first.c.term == terms[0])
                keys = matching(keys, first.c.case_no, terms[1:], lambda column: column)
            else:
                keys = matching(keys, cases.c.case_no, terms, lambda column: column)
            some = [keys.where(cases.c.agency == agency) if agency else keys]
            if agency and joint:
                # An agency joins few cases. SQLite knows no numbers and would rather walk all of a status: these columns it cannot look up.
                joins = select(parties.c.case_no).join(cases, cases.c.case_no == parties.c.case_no)
                joins = joins.where(parties.c.agency == agency)
                some.append(matching(joins, parties.c.case_no, terms, lambda column: func.coalesce(column, column)))
            numbers = {n for one in some for n in c.execute(one).scalars()}
            rows = select(*LISTED).where(cases.c.case_no.in_(numbers)).order_by(cases.c.case_no.desc()).limit(limit)
            return [plain_view(row) for row in c.execute(rows).all()] if numbers else []

    def public(
        self, limit: int, numbers: list[str], channels: list[str], status: str, first: date | None, last: date | None
    ) -> list[CaseView]:
        """Cases whose teller agreed to their being public, newest first, without their events. `status`: open, closed or ""."""
        cases = t.cases
        query = select(*LISTED).where(cases.c.public, cases.c.category != ACCUSATION)
        query = query.where(cases.c.case_no.in_(numbers)) if numbers else query
        query = query.where(cases.c.channel.in_(channels)) if channels else query
        query = query.where(cases.c.filed_on.between(first, last)) if first and last else query
        if status:
            query = query.where(cases.c.status.in_(FINAL) if status == "closed" else cases.c.status.notin_(FINAL))
        with reading(self._engine) as c:
            return [plain_view(row) for row in c.execute(query.order_by(cases.c.case_no.desc()).limit(limit)).all()]

    def _rarest_first(self, c: Connection, terms: Iterable[int]) -> list[tuple[int, int]]:
        """How many cases have each piece, as far as it is counted, and the piece; the rarest first: it is walked, the others are only looked up."""
        counts = []
        for term in terms:
            some = select(literal(1)).where(t.case_terms.c.term == term).limit(COUNTED).subquery()
            counts.append((c.execute(select(func.count()).select_from(some)).scalar_one(), term))
        return sorted(counts)

    def similar(self, case_no: str, limit: int = 3) -> list[tuple[CaseView, float]]:
        """Earlier or later cases that share most of this one's words, with the share (0 to 1). No accusations."""
        own, other, near = t.case_terms.alias("own"), t.case_terms.alias("other"), t.case_terms.alias("near")
        # What half of all cases say tells nothing and costs most.
        some = select(literal(1)).where(other.c.term == own.c.term).correlate(own).limit(COMMON).subquery()
        rarity = select(func.count()).select_from(some).scalar_subquery()
        pieces = select(own.c.term, rarity.label("n")).where(own.c.case_no == case_no).order_by("n", own.c.term)
        with reading(self._engine) as c:
            mine = c.execute(pieces).all()
            telling = [r.term for i, r in enumerate(mine[:MAX_PIECES]) if r.n < COMMON or i < FEWEST]
            if not telling:
                return []
            shared = func.count().label("shared")
            query = (
                select(near.c.case_no, shared)
                .where(near.c.term.in_(telling), near.c.case_no != case_no)
                .group_by(near.c.case_no)
                .order_by(shared.desc(), near.c.case_no.desc())
                .limit(4 * limit)
            )
            candidates = [r.case_no for r in c.execute(query).all()]
            # How much of all that this case says the nearest say too.
            said = select(near.c.case_no, shared).join(own, own.c.term == near.c.term)
            said = said.where(near.c.case_no.in_(candidates), own.c.case_no == case_no).group_by(near.c.case_no)
            scores = {r.case_no: r.shared / len(mine) for r in c.execute(said).all()}
            found = select(*LISTED).where(t.cases.c.case_no.in_(candidates), t.cases.c.category != ACCUSATION)
            views = [plain_view(r) for r in c.execute(found).all()]
        scored = sorted(((scores[v.case_no], v.case_no, v) for v in views), key=lambda x: x[:2], reverse=True)
        return [(v, s) for s, _, v in scored[:limit] if s >= SIMILAR_FROM]

    def sets(self, c: Connection, numbers: list[str]) -> dict[str, set[int]]:
        """The pieces of each case."""
        out: dict[str, set[int]] = {n: set() for n in numbers}
        for i in range(0, len(numbers), 500):
            query = select(t.case_terms).where(t.case_terms.c.case_no.in_(numbers[i : i + 500]))
            for row in c.execute(query).all():
                out[row.case_no].add(row.term)
        return out
