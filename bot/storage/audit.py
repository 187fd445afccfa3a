"""The audit log: every row of the log is chained to the one before by a keyed hash, in the transaction that writes the row.

Whoever changes, inserts or deletes a row of `events` or `access_log`, or changes a case or an account past this program, has no key to mend
the chain, and `verify` finds it. What the chain cannot see by itself is a whole database put back to an earlier state; therefore its
end is also written to a file and to the system's log (`anchor`), and `verify` is told these.

Digests are taken over what rows mean (opened, times in UTC), not over sealed bytes: rotation of keys changes nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.storage import models as t
from bot.storage.crypto import DecryptionError, Keyring
from bot.storage.open import transaction

#: What is chained: kind → table and key columns. Events and looks never change; of cases and accounts the last state counts.
KINDS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "event": (t.events, ("case_no", "seq")),
    "look": (t.access_log, ("id",)),
    "case": (t.cases, ("case_no",)),
    "staff": (t.staff, ("name",)),
}
#: Kinds whose rows may change, each time with a new entry.
CHANGING = ("case", "staff")
#: Columns of an account that change by themselves and give no power.
_NOT_CHAINED = {"staff": ("must_change", "created_at")}
#: Old looks were deleted up to this id, as the retention table says.
PURGED = "purged"
FIRST = "0" * 64
MAX_TOLD = 50
#: Rows of the log that are held at a time: an office has millions.
AT_ONCE = 1000


@dataclass
class Verdict:
    """What `verify` found. `problems` in words for an operator; `head` is what to anchor."""

    entries: int = 0
    rows: int = 0
    head: str = ""
    problems: list[str] = field(default_factory=list)


def append(c: Connection, keys: Keyring, kind: str, ref: str, value: Any) -> None:
    """One more entry, in the caller's transaction. Takes the chain's lock, which is the last lock of any transaction."""
    n, mac = _head(c, keys)
    at = datetime.now(timezone.utc).replace(microsecond=0)
    digest = _digest(keys, value)
    n, mac = n + 1, _link(keys, mac, n + 1, at, kind, ref, digest)
    c.execute(insert(t.audit_chain).values(n=n, at=at, kind=kind, ref=ref, digest=digest, mac=mac))
    c.execute(update(t.audit_head).where(t.audit_head.c.id == 1).values(n=n, mac=mac, seal=_seal(keys, n, mac)))


def record(c: Connection, keys: Keyring, kind: str, *key: Any) -> None:
    """Chains the row of `kind` with this key as it stands in the transaction."""
    table, columns = KINDS[kind]
    query = select(table)
    for column, value in zip(columns, key, strict=True):
        query = query.where(table.c[column] == value)
    append(c, keys, kind, _ref(*key), _meaning(c, keys, kind, c.execute(query).one()))


def record_event(c: Connection, keys: Keyring, case_no: str, seq: int) -> None:
    """Chains an event and what its case has become. Call it after the case was changed."""
    record(c, keys, "event", case_no, seq)
    record(c, keys, "case", case_no)


def adopt(engine: Engine, keys: Keyring) -> int:
    """Begins the chain with the rows that were there before it. Does nothing when it has begun. Returns entries written."""
    with transaction(engine) as c:
        if c.execute(select(t.audit_head)).first() is not None:
            return 0
        _head(c, keys)
        return int(c.execute(select(func.count()).select_from(t.audit_chain)).scalar_one())


def _head(c: Connection, keys: Keyring) -> tuple[int, str]:
    row = c.execute(select(t.audit_head).where(t.audit_head.c.id == 1).with_for_update()).first()
    if row is not None:
        return int(row.n), str(row.mac)
    c.execute(insert(t.audit_head).values(id=1, n=0, mac=FIRST, seal=_seal(keys, 0, FIRST)))
    # Rows from before the chain become its beginning, all in this transaction: nothing can slip in between.
    at, n, mac = datetime.now(timezone.utc).replace(microsecond=0), 0, FIRST
    entries: list[dict[str, Any]] = []
    for (kind, ref), digest in _rows(c, keys, Verdict()):
        if digest is None:
            raise DecryptionError(f"{kind} {ref}")
        n, mac = n + 1, _link(keys, mac, n + 1, at, kind, ref, digest)
        entries.append({"n": n, "at": at, "kind": kind, "ref": ref, "digest": digest, "mac": mac})
        if len(entries) == AT_ONCE:
            c.execute(insert(t.audit_chain), entries)
            entries = []
    if entries:
        c.execute(insert(t.audit_chain), entries)
    c.execute(update(t.audit_head).where(t.audit_head.c.id == 1).values(n=n, mac=mac, seal=_seal(keys, n, mac)))
    return n, mac


def _ref(*key: Any) -> str:
    return "/".join(str(k) for k in key)


def _meaning(c: Connection, keys: Keyring, kind: str, row: Row[Any], category: str | None = None) -> dict[str, Any]:
    """A row as plain values: sealed columns opened, times in UTC."""
    out = {k: _plain(v) for k, v in row._mapping.items() if k not in _NOT_CHAINED.get(kind, ())}
    if kind == "event":
        if category is None:
            category = str(c.execute(select(t.cases.c.category).where(t.cases.c.case_no == row.case_no)).scalar_one())
        out["detail"] = keys.decrypt(row.detail, f"events/{row.case_no}/{row.seq}", purpose_of(category))
    elif kind == "case":
        for name in ("content", "advice"):
            place = f"cases/{row.case_no}/{name}"
            out[name] = keys.decrypt(row._mapping[name], place, purpose_of(row.category))
    elif kind == "look":
        out["detail"] = keys.decrypt(row.detail, "access_log", "audit")
    return out


def purpose_of(category: str) -> str:
    """The purpose of the data key for cases of a category: accusations have their own."""
    return "accusation" if category == "检举控告" else "field"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).astimezone(timezone.utc).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _digest(keys: Keyring, value: Any) -> str:
    return keys.mac(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str), "audit-row")


def _link(keys: Keyring, before: str, n: int, at: datetime, kind: str, ref: str, digest: str) -> str:
    return keys.mac("|".join((before, str(n), _plain(at), kind, ref, digest)), "audit-chain")


def _seal(keys: Keyring, n: int, mac: str) -> str:
    return keys.mac(f"{n}|{mac}", "audit-head")


# -- looking ------------------------------------------------------------------------------------------------------------


def head(engine: Engine) -> str:
    """Where the chain ends, as `n:mac`, "0:" when there is none."""
    with transaction(engine) as c:
        row = c.execute(select(t.audit_head)).first()
    return f"{row.n}:{row.mac}" if row else "0:"


def anchor(engine: Engine, path: Path) -> str:
    """Appends the end of the chain to a file that an office copies elsewhere; returns it. Written only when it has moved."""
    now = head(engine)
    last = anchors(path)[-1:] if path.is_file() else []
    if last != [now]:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="ascii") as f:
            f.write(now + "\n")
        path.chmod(0o600)
    return now


def anchors(path: Path) -> list[str]:
    """The anchors of a file, oldest first."""
    return path.read_text(encoding="ascii").split()


def verify(engine: Engine, keys: Keyring, known: Iterable[str] = ()) -> Verdict:
    """Goes through the whole chain and every row that it speaks of. `known`: anchors (`n:mac`) kept elsewhere."""
    verdict = Verdict()
    wanted = dict(a.split(":", 1) for a in known if a and not a.startswith("0:"))
    with transaction(engine) as c:
        last: dict[tuple[str, str], str] = {}
        mac, expected, purged = FIRST, 1, 0
        for e in c.execute(select(t.audit_chain).order_by(t.audit_chain.c.n)):
            if e.n != expected:
                _tell(verdict, f"链条第 {expected} 条不见了")
            link = _link(keys, mac, e.n, e.at, e.kind, e.ref, e.digest)
            if not hmac.compare_digest(link, e.mac):
                _tell(verdict, f"链条第 {e.n} 条被改过（{e.kind} {e.ref}）")
            anchored = wanted.pop(str(e.n), None)
            if anchored is not None and anchored != e.mac:
                _tell(verdict, f"链条第 {e.n} 条和留存的锚点不一致")
            if e.kind == PURGED:
                purged = max(purged, int(e.ref))
            if e.kind not in CHANGING and last.get((e.kind, e.ref), e.digest) != e.digest:
                _tell(verdict, f"{e.kind} {e.ref} 在链条里有两种说法")
            last[e.kind, e.ref] = e.digest
            mac, expected = e.mac, e.n + 1
            verdict.entries += 1
        for n in wanted:
            _tell(verdict, f"锚点 {n} 在链条里没有：后面的记录被截掉，或者整个库被换回了从前的")
        top = c.execute(select(t.audit_head)).first()
        if top is None:
            if verdict.entries:
                _tell(verdict, "链条的末端记录不见了")
        elif (top.n, top.mac, top.seal) != (expected - 1, mac, _seal(keys, expected - 1, mac)):
            _tell(verdict, "链条的末端和末端记录不一致：尾部被截掉或者改过")
        verdict.head = f"{expected - 1}:{mac}"
        for (kind, ref), digest in _rows(c, keys, verdict):
            said = last.pop((kind, ref), None)
            if said is None:
                _tell(verdict, f"{kind} {ref} 不在链条里：是绕过程序写进去的")
            elif digest is None or not hmac.compare_digest(said, digest):
                _tell(verdict, f"{kind} {ref} 被改过")
        for kind, ref in last:
            if kind != PURGED and not (kind == "look" and int(ref) <= purged):
                _tell(verdict, f"{kind} {ref} 被删掉了")
    return verdict


def _rows(c: Connection, keys: Keyring, verdict: Verdict) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Every row that should be in the chain with its digest, None when it cannot be opened."""
    categories = {r.case_no: r.category for r in c.execute(select(t.cases.c.case_no, t.cases.c.category))}
    for kind, (table, columns) in KINDS.items():
        query = select(table).order_by(*(table.c[k] for k in columns))
        for row in c.execute(query.execution_options(stream_results=True, max_row_buffer=AT_ONCE)):
            verdict.rows += 1
            key = kind, _ref(*(row._mapping[k] for k in columns))
            try:
                yield key, _digest(keys, _meaning(c, keys, kind, row, categories.get(row._mapping.get("case_no"), "")))
            except DecryptionError:
                yield key, None


def _tell(verdict: Verdict, problem: str) -> None:
    if len(verdict.problems) < MAX_TOLD:
        verdict.problems.append(problem)
