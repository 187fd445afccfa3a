"""The same matter again: calls that repeat an earlier one, found in an index on disk.

Two calls are compared only when they share a key: the phone, the end of the place's or the unit's name, or a band of the text's
MinHash signature (Broder 1997; bands as in Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3). The index lives in one
SQLite file, so memory does not grow with it and a later run goes on where this one ended.

At an office the file lies beside the database and outlives every draft: with an installation's keys its words are sealed, those of accusations
under their own key, its look-ups are keyed hashes, and a call is forgotten after as many days as its draft.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from datasketch import MinHash
from rapidfuzz import fuzz

from bot.petition.roles import ACCUSATION
from bot.storage.crypto import DecryptionError, Keyring

#: Permutations and rows a band of the signature: texts that share 60 % of their pieces meet in a band with probability 0.98.
PERMUTATIONS, ROWS = 64, 4
#: Likeness (0 to 100) of two names of one place or unit, of two demands, and share of common pieces of two texts.
SAME_NAME, SAME_WISH, SAME_TEXT, SAME_WORDS = 85, 50, 0.6, 0.22
#: Calls kept under one key that are looked at: the latest ones.
LOOKED_AT = 50
_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE, secret INTEGER NOT NULL, day INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key INTEGER NOT NULL, call INTEGER NOT NULL, PRIMARY KEY (key, call)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_calls_day ON calls (day);
"""
#: One call of the index: id, content, file, call_time, phone, place, respondent, demand, routing, signature, draft.
Row = tuple[Any, ...]


def content_id(record: Mapping[str, Any]) -> str:
    """The identity of a call: a hash of its time and words, whatever file and format it came in."""
    words = re.sub(r"\s", "", str(record["masked_text"]))
    value = record["fields"].get("phone")
    told = f"{record.get('call_time')}|{value['value'] if value else ''}|{words}"
    return hashlib.sha256(told.encode()).hexdigest()


class Repeats:
    """The calls read so far. `path` None: a temporary file that goes with the process. `keys`: those of the installation whose calls they are."""

    def __init__(self, path: Path | None = None, keys: Keyring | None = None) -> None:
        self._seal = keys
        self._hash_key = bytes.fromhex(keys.mac("", "repeats")) if keys else b""
        self._temporary = None if path else tempfile.NamedTemporaryFile(suffix=".repeats")  # noqa: SIM115
        self._last: tuple[str, dict[str, str], np.ndarray[Any, Any]] | None = None
        where = path or Path(self._temporary.name)  # type: ignore[union-attr]
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        self._db = sqlite3.connect(where, timeout=30)
        # The index can be built again from the drafts, so it is not forced to the disk at every call.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;")
        columns = {r[1] for r in self._db.execute("PRAGMA table_info(calls)")}
        if columns and "sealed" not in columns:  # of an earlier version, which kept the words as they are
            wipe = "DROP TABLE calls; DROP TABLE keys; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"
            self._db.executescript("PRAGMA secure_delete=ON;" + wipe)
        self._db.executescript("PRAGMA secure_delete=ON;" + _SCHEMA)

    def close(self) -> None:
        """Writes everything and closes the file."""
        self._db.commit()
        self._db.close()
        if self._temporary:
            self._temporary.close()

    def __enter__(self) -> Repeats:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM calls").fetchone()[0])

    def same(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """The earliest other call on the same matter: `file`, `routing` (channel, agency and category as it was sent) and `draft`."""
        content, told, signature = self._traits(record)
        keys = self._keys(told, signature)
        # The latest of each key by the key's own order, so that a key of thousands (a street, a water company) costs no more than a rare one.
        latest = "SELECT call FROM keys WHERE key = ? ORDER BY call DESC LIMIT ?"
        ids = sorted({c for k in keys for (c,) in self._db.execute(latest, (k, LOOKED_AT + 1))})[-LOOKED_AT - 1 :]
        rows = self._db.execute(
            f"SELECT id, content, secret, sealed FROM calls WHERE id IN ({','.join('?' * len(ids))}) AND content != ? ORDER BY id DESC LIMIT {LOOKED_AT}",
            (*ids, content),
        ).fetchall()
        own = self._db.execute("SELECT id FROM calls WHERE content = ?", (content,)).fetchone()
        when = str(record.get("call_time") or "")

        def earlier(row: Row) -> bool:
            """By the clock where both calls have a time, else by the order in which they were read."""
            return (row[3], row[2]) < (when, str(record["file"])) if when and row[3] else own is None or row[0] < own[0]

        found = [r for row in rows if (r := self._opened(row)) and earlier(r) and _one_matter(told, signature, r)]
        if not found:
            return None
        first = min(found, key=lambda r: (r[3], r[2]))
        return {"file": first[2], "routing": tuple(first[8].split("|")), "draft": first[10]}

    def add(self, record: Mapping[str, Any], draft: str = "") -> None:
        """Remembers a call, at once and for good: a run that is killed finds it when it goes on. The same content again changes nothing.

        `draft`: the id of the draft that is made of it at the desk.
        """
        content, told, signature = self._traits(record)
        routing = "|".join(str(record.get(k) or "") for k in ("channel", "agency", "category"))
        values = [
            str(record["file"]), str(record.get("call_time") or ""), told["phone"], told["place"], told["respondent"], told["demand"], routing,
            signature.tobytes().hex(), draft,
        ]  # fmt: skip
        secret = record.get("category") == ACCUSATION
        done = self._db.execute(
            "INSERT OR IGNORE INTO calls (content, secret, day, sealed) VALUES (?,?,?,?)",
            (content, secret, date.today().toordinal(), self._sealed(values, content, secret)),
        )
        if done.rowcount == 1:
            self._db.executemany(
                "INSERT OR IGNORE INTO keys VALUES (?,?)", [(k, done.lastrowid) for k in self._keys(told, signature)]
            )

        self._db.commit()

    def forget(self, days: int) -> None:
        """Forgets what was read more than so many days ago."""
        before = (date.today().toordinal() - days,)
        (last,) = self._db.execute("SELECT max(id) FROM calls WHERE day < ?", before).fetchone()
        if last is not None:  # once a day at most, since a day's calls go together
            self._db.execute("DELETE FROM calls WHERE day < ?", before)
            self._db.execute("DELETE FROM keys WHERE call NOT IN (SELECT id FROM calls)")
            self._db.commit()

    # -- sealing --------------------------------------------------------------------------------------------------------

    def _sealed(self, values: list[str], content: str, secret: bool) -> bytes:
        if self._seal is None:
            return json.dumps(values, ensure_ascii=False).encode()
        return self._seal.encrypt(values, f"repeats/{content}", _purpose(secret))

    def _opened(self, row: tuple[int, str, int, bytes]) -> Row | None:
        """A row with its words, None for one that was sealed with a key that is gone: it is as good as forgotten."""
        number, content, secret, sealed = row
        try:
            if self._seal is None:
                values = json.loads(sealed)
            else:
                values = self._seal.decrypt(sealed, f"repeats/{content}", _purpose(bool(secret)))
        except (DecryptionError, ValueError):
            return None
        return number, content, *values[:7], bytes.fromhex(values[7]), values[8]

    def _keys(self, told: Mapping[str, str], signature: np.ndarray[Any, Any]) -> list[int]:
        return _keys(told, signature, self._hash_key)

    def _traits(self, record: Mapping[str, Any]) -> tuple[str, dict[str, str], np.ndarray[Any, Any]]:
        """Identity, names and signature of a call; the last one's are kept, since a call is looked up and then added."""
        content = content_id(record)
        if self._seal is not None:  # time, telephone and words can be guessed
            content = self._seal.mac(content, "repeats")
        if self._last is None or self._last[0] != content:
            self._last = (content, _told(record), _signature(record))
        return self._last


def _told(record: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for key in ("phone", "place", "respondent", "demand"):
        e = record["fields"].get(key)
        out[key] = re.sub(r"\W", "", str(e["value"])) if e else ""
    return out


def _signature(record: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    words = re.sub(r"[^\u4e00-\u9fff]", "", str(record["masked_text"]))
    pieces = {words[i : i + 3] for i in range(len(words) - 2)}
    sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update_batch([p.encode() for p in sorted(pieces)] or [b""])
    return np.asarray(sketch.hashvalues, dtype=np.uint32)


def _purpose(secret: bool) -> str:
    return "accusation" if secret else "field"


def _keys(told: Mapping[str, str], signature: np.ndarray[Any, Any], key: bytes = b"") -> list[int]:
    """What two calls on one matter share, as 63-bit hashes, keyed where there is a key."""
    shared = [f"phone {told['phone']}"] if told["phone"] else []
    for name in ("place", "respondent"):
        text = told[name]
        if len(text) >= 4:
            shared += [f"{name} {text[-4:]}", f"{name} {text[:6]}"]
    raw = [s.encode() for s in shared]
    raw += [b"band %d " % i + signature[i : i + ROWS].tobytes() for i in range(0, PERMUTATIONS, ROWS)]
    return [int.from_bytes(hashlib.blake2b(r, digest_size=8, key=key).digest(), "big") >> 1 for r in raw]


def _near(a: str, b: str) -> bool:
    return len(a) > 3 and len(b) > 3 and fuzz.partial_ratio(a, b) >= SAME_NAME


def _one_matter(told: Mapping[str, str], signature: np.ndarray[Any, Any], row: Row) -> bool:
    """The same phone about the same place, unit or wish; the same place or unit in much the same words; or the same text."""
    phone, place, respondent, demand = row[4:8]
    where = _near(told["place"], place) or _near(told["respondent"], respondent)
    alike = float(np.mean(signature == np.frombuffer(row[9], dtype=np.uint32)))
    if told["phone"] and told["phone"] == phone:
        return where or fuzz.token_set_ratio(told["demand"], demand) >= SAME_WISH or alike >= SAME_WORDS
    if alike >= SAME_TEXT:
        # The same recording, or a form letter read out: another phone and another place make it another case.
        return not (told["phone"] and phone and told["place"] and place and not where)
    return where and alike >= SAME_WORDS
