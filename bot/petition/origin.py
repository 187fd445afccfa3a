"""Where the present request came from, as a keyed hash, for limits on guessing. Kept for the request only, never stored with a conversation.

An address must not be used to find out who somebody is (检举控告 may be anonymous), so nothing but its keyed hash ever gets here.
"""

from __future__ import annotations

from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address

#: The hashed address of the request that is being answered, "" where there is none (command line, tests).
ADDRESS: ContextVar[str] = ContextVar("sufang_address", default="")


def line_of(address: str) -> str:
    """What limits count as one: of IPv6 the first half, since every line has all 2^64 addresses behind it (RFC 6177); of IPv4 the address."""
    try:
        ip = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
