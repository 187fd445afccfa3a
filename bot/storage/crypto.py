"""Encryption of personal data at rest, and keyed hashes.

AES-256-GCM with a random nonce; the place of a value (table, row, column) is bound to it as associated data, so that rows cannot be
exchanged. Envelope: random data keys, one per purpose and generation (accusations have their own), are kept in the database wrapped by the
master key, so that either can be changed: `sufang keys rotate`. Keys for looking up (HMAC, codes, signatures) are derived by HKDF-SHA256
(RFC 5869) from the root key, which is the first master: query codes are in people's hands and blind indexes in tables, they must not change.
Values of format 1, from before there were data keys, were sealed by keys derived from the root and stay readable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_DERIVED, _ENVELOPE = b"\x01", b"\x02"
_NONCE = 12
#: Begins the keyed hash of a query code; a slow hash of version 0.1 is all hexadecimal.
_KEYED = "h:"
#: The purpose of the key that lookups are derived from, and those of data keys.
ROOT = "root"
PURPOSES = ("field", "accusation", "audit")
#: Seconds after which a process looks whether there are newer data keys to seal with.
_LOOK_AGAIN = 60.0
#: (id, purpose, wrapped key), oldest first.
Wrapped = tuple[int, str, bytes]


class DecryptionError(Exception):
    """A stored value is not what this key wrote at this place."""


def load_or_create_key(path: Path) -> bytes:
    """The 32-byte master key in `path`, made with mode 0600 at the first run. Two processes that start at once end with one key."""
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as f:
        f.write(base64.b64encode(secrets.token_bytes(32)))
        f.flush()
        os.fsync(f.fileno())
    part = Path(f.name)
    part.chmod(0o600)
    try:
        os.link(part, path)  # fails if somebody else was first: then theirs is the key
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    key = base64.b64decode(path.read_bytes())
    if len(key) != 32:
        raise DecryptionError(f"密钥文件 {path.name} 已损坏")
    return key


@lru_cache(maxsize=64)
def _cipher(key: bytes) -> AESGCM:
    """Setting up a cipher costs more than using it on a short value."""
    return AESGCM(key)


class Keyring:
    """All keys of an installation. `source` reads the wrapped data keys; without it values are sealed in format 1."""

    def __init__(self, master: bytes, source: Callable[[], Sequence[Wrapped]] | None = None) -> None:
        self._master, self._source = master, source
        self._derive = lru_cache(maxsize=32)(self._derive_now)
        self._data: dict[int, tuple[str, bytes]] = {}
        self._current: dict[str, int] = {}
        self._root: bytes | None = None if source else master
        self._looked = float("-inf")
        self._lock = threading.Lock()

    @classmethod
    def of_text(cls, secret: str, source: Callable[[], Sequence[Wrapped]] | None = None) -> Keyring:
        """From a secret of at least 32 characters as an operator gives it."""
        return cls(hashlib.sha256(secret.encode()).digest(), source)

    # -- data keys ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads the data keys. Raises StoreUnavailable from `source`, DecryptionError when this master did not wrap them."""
        with self._lock:
            rows = self._source() if self._source else ()
            data, current = dict(self._data), {}
            for key_id, purpose, wrapped in rows:
                if key_id not in data:
                    data[key_id] = purpose, self.unwrap(wrapped, key_id, purpose)
                if purpose != ROOT:
                    current[purpose] = key_id
            roots = [key for purpose, key in data.values() if purpose == ROOT]
            root = roots[0] if roots else self._master
            if root != self._root:
                self._derive.cache_clear()
            self._data, self._current, self._root, self._looked = data, current, root, time.monotonic()

    def wrap(self, key: bytes, key_id: int, purpose: str) -> bytes:
        """A data key sealed by the master for its row."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._wrapping()).encrypt(nonce, key, f"data_keys/{key_id}/{purpose}".encode())

    def unwrap(self, wrapped: bytes, key_id: int, purpose: str) -> bytes:
        """The reverse of `wrap`. Raises DecryptionError."""
        place = f"data_keys/{key_id}/{purpose}".encode()
        try:
            return AESGCM(self._wrapping()).decrypt(bytes(wrapped[:_NONCE]), bytes(wrapped[_NONCE:]), place)
        except InvalidTag as e:
            raise DecryptionError("主密钥不对：它打不开这个数据库的数据密钥") from e

    def _wrapping(self) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"sufang:wrap").derive(self._master)

    def root(self) -> bytes:
        """The key that lookups are derived from."""
        if self._root is None:
            self.refresh()
        assert self._root is not None
        return self._root

    def backup_key(self, salt: bytes) -> bytes:
        """The key of one backup, from the master alone: it opens without a database."""
        return HKDF(SHA256(), 32, salt=salt, info=b"sufang:backup").derive(self._master)

    def current(self, purpose: str) -> int | None:
        """The data key that values of `purpose` are sealed with now, None before there are any."""
        if self._source and time.monotonic() - self._looked > _LOOK_AGAIN:
            self.refresh()
        return self._current.get(purpose, self._current.get("field"))

    def _derive_now(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"sufang:" + purpose.encode()).derive(self.root())

    # -- values ---------------------------------------------------------------------------------------------------------

    def encrypt(self, value: Any, place: str, purpose: str = "field") -> bytes:
        """`value` (JSON) sealed for `place`."""
        nonce = secrets.token_bytes(_NONCE)
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        key_id = self.current(purpose)
        if key_id is None:
            return _DERIVED + nonce + _cipher(self._derive(purpose)).encrypt(nonce, data, place.encode())
        head = _ENVELOPE + key_id.to_bytes(4, "big")
        return head + nonce + _cipher(self._data[key_id][1]).encrypt(nonce, data, place.encode())

    def decrypt(self, sealed: bytes, place: str, purpose: str = "field") -> Any:
        """The reverse. Raises DecryptionError."""
        sealed = bytes(sealed)
        key_id = key_of(sealed)
        if key_id is None:
            key, body = self._derive(purpose), sealed[1:]
        else:
            key, body = self._data_key(key_id, purpose), sealed[5:]
        try:
            return json.loads(_cipher(key).decrypt(body[:_NONCE], body[_NONCE:], place.encode()))
        except (InvalidTag, ValueError) as e:
            raise DecryptionError("wrong key or place") from e

    def sealed_for(self, sealed: bytes, purpose: str) -> bool:
        """Whether a value, or its first six bytes, is sealed with a data key of `purpose`. Format 1 does not tell: False."""
        key_id = key_of(bytes(sealed))
        if key_id is not None and key_id not in self._data:
            self.refresh()
        return key_id is not None and self._data.get(key_id, ("",))[0] == purpose

    def _data_key(self, key_id: int, purpose: str) -> bytes:
        if key_id not in self._data:
            self.refresh()
        kept, key = self._data.get(key_id, ("", b""))
        if kept != (purpose if purpose in PURPOSES else "field"):
            raise DecryptionError("no such key for this purpose")
        return key

    def mac(self, text: str, purpose: str) -> str:
        """A keyed hash for looking up: HMAC-SHA256 in hex."""
        return hmac.new(self._derive("mac:" + purpose), text.encode(), hashlib.sha256).hexdigest()

    def code_hash(self, case_no: str, code: str) -> str:
        """Keyed hash of a query code (HMAC-SHA256). Six digits are soon tried out, however slow a hash is: the key protects them.

        Whoever has the key needs no guessing, since `code_of` derives the code from it; whoever has not cannot try one.
        """
        return _KEYED + self.mac(f"{case_no}\0{code}", "code")[: 64 - len(_KEYED)]

    def is_code(self, case_no: str, code: str, kept: str) -> bool:
        """Whether `kept` is the hash of this code; "" is the hash of none. Which hash it is tells how long this takes, the code does not.

        Cases of version 0.1 have a slow hash (scrypt, RFC 7914, salted with a key).
        """
        if kept and not kept.startswith(_KEYED):
            salt = self._derive("code") + case_no.encode()
            return hmac.compare_digest(
                hashlib.scrypt(code.encode(), salt=salt, n=2**12, r=8, p=1, dklen=32).hex(), kept
            )
        return hmac.compare_digest(self.code_hash(case_no, code), kept)

    def code_of(self, draft_id: str) -> str:
        """The query code of a draft: six digits from a keyed hash of its random id.

        Derived, not stored: a repeated 确认提交 must show the same code, and the database holds its keyed hash only.
        """
        return f"{int(self.mac(draft_id, 'query-code')[:16], 16) % 1_000_000:06d}"

    def sign(self, text: str) -> str:
        """Signature of a session token, URL-safe."""
        raw = hmac.new(self._derive("session"), text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def key_of(sealed: bytes) -> int | None:
    """The data key that a value is sealed with, None for format 1. Raises DecryptionError for anything else."""
    if sealed[:1] == _ENVELOPE and len(sealed) > 5:
        return int.from_bytes(sealed[1:5], "big")
    if sealed[:1] == _DERIVED:
        return None
    raise DecryptionError("unknown format")
