"""Encryption of personal data at rest, and keyed hashes.

AES-256-GCM with a random nonce; the place of a value (table, row, column) is bound to it as associated data, so that rows cannot be
exchanged. One key per purpose is derived from the master key by HKDF-SHA256 (RFC 5869): accusations have a key of their own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12


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


class Keyring:
    """All keys of an installation."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._derive = lru_cache(maxsize=16)(self._derive_now)
        self._cipher = lru_cache(maxsize=16)(lambda purpose: AESGCM(self._derive(purpose)))

    @classmethod
    def of_text(cls, secret: str) -> Keyring:
        """From a secret of at least 32 characters as an operator gives it."""
        return cls(hashlib.sha256(secret.encode()).digest())

    def _derive_now(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=b"sufang:" + purpose.encode()).derive(self._master)

    def encrypt(self, value: Any, place: str, purpose: str = "field") -> bytes:
        """`value` (JSON) sealed for `place`."""
        nonce = secrets.token_bytes(_NONCE)
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return _VERSION + nonce + self._cipher(purpose).encrypt(nonce, data, place.encode())

    def decrypt(self, sealed: bytes, place: str, purpose: str = "field") -> Any:
        """The reverse. Raises DecryptionError."""
        sealed = bytes(sealed)
        if sealed[:1] != _VERSION:
            raise DecryptionError("unknown format")
        nonce, data = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return json.loads(self._cipher(purpose).decrypt(nonce, data, place.encode()))
        except InvalidTag as e:
            raise DecryptionError("wrong key or place") from e

    def mac(self, text: str, purpose: str) -> str:
        """A keyed hash for looking up: HMAC-SHA256 in hex."""
        return hmac.new(self._derive("mac:" + purpose), text.encode(), hashlib.sha256).hexdigest()

    def code_hash(self, case_no: str, code: str) -> str:
        """Hash of a query code. Six digits are soon tried out, so the hash is slow (scrypt, RFC 7914) and peppered with a key."""
        salt = self._derive("code") + case_no.encode()
        return hashlib.scrypt(code.encode(), salt=salt, n=2**12, r=8, p=1, dklen=32).hex()

    def code_of(self, draft_id: str) -> str:
        """The query code of a draft: six digits from a keyed hash of its random id.

        Derived, not stored: a repeated 确认提交 must show the same code, and the database holds its slow hash only.
        """
        return f"{int(self.mac(draft_id, 'query-code')[:16], 16) % 1_000_000:06d}"

    def sign(self, text: str) -> str:
        """Signature of a session token, URL-safe."""
        raw = hmac.new(self._derive("session"), text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
