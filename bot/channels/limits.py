"""Rate limits, origins, tokens and file types: what a request must pass before anything is done."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from urllib.parse import urlsplit

from sanic.request import Request

from bot.petition.origin import line_of
from bot.storage.crypto import Keyring

TOKEN_DAYS = 7
MAX_TRACKED = 50_000
#: Media types by their first bytes; nothing else is taken, whatever it calls itself.
MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"), (b"#!AMR", "audio/amr"), (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg"),
)  # fmt: skip


class Bucket:
    """A token bucket per key: `rate` a second, `burst` at once. Bounded in memory; the least recently seen go first."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, cost: float = 1.0) -> float:
        """0 when one more (or `cost` more, at most the burst) is allowed now, else the seconds until it is."""
        now = time.monotonic()
        level, at = self._level.pop(key, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.rate)
        allowed = level >= cost
        self._level[key] = (level - cost if allowed else level, now)
        while len(self._level) > MAX_TRACKED:
            self._level.popitem(last=False)
        return 0.0 if allowed else (cost - level) / self.rate

    async def hold(self, key: str, cost: float = 1.0) -> float:
        """As `wait`, for whoever may have to ask elsewhere."""
        return self.wait(key, cost)


class Tokens:
    """Signed session tokens: random conversation id, expiry, signature. The server keeps nothing."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def new(self) -> tuple[str, str]:
        """(conversation id, token)."""
        conversation = secrets.token_hex(16)
        return conversation, self.of(conversation)

    def of(self, conversation: str) -> str:
        """A token for a conversation that began elsewhere."""
        body = f"{conversation}.{int(time.time()) + TOKEN_DAYS * 86_400}"
        return f"{body}.{self._keys.sign(body)}"

    def address(self, ip: str) -> str:
        """What limits know an address by: a keyed hash that changes every day, so that nobody is recognised by it later."""
        return self._keys.mac(f"{int(time.time()) // 86_400}|{line_of(ip)}", "address")[:40]

    def conversation(self, token: str) -> str | None:
        """The conversation of a good token that has not expired."""
        conversation, _, rest = token.partition(".")
        expiry, _, signature = rest.partition(".")
        if not token.isascii():  # half characters could not even be signed
            return None
        good = hmac.compare_digest(self._keys.sign(f"{conversation}.{expiry}").encode(), signature.encode())
        return conversation if good and expiry.isdigit() and int(expiry) > time.time() else None


def address_of(request: Request) -> str:
    """Who asks: behind our own proxy (SUFANG_PROXIES) what that says, else the other end of the connection."""
    return str(request.remote_addr or request.ip)


def origin_allowed(origin: str | None, host: str, allowed: tuple[str, ...]) -> bool:
    """A missing Origin is a program; a page must come from here or from a listed site."""
    if not origin or origin.rstrip("/") in allowed:
        return True
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def media_type(data: bytes) -> str | None:
    """The type that the content itself shows, or None."""
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    if data[4:8] == b"ftyp" and data[8:11] in (b"M4A", b"mp4", b"iso"):
        return "audio/mp4"
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), None)
