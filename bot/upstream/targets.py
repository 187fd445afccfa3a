"""Where a webhook may go: to addresses that the whole world sees, and to inner hosts that the operator has named (SUFANG_PRIVATE_HOSTS).

Who sets a webhook is an administrator of the desk, who must not reach the machine's own services or the cloud's metadata by it. What counts
is the address that a name resolves to, at every sending anew; the connection goes to the very address that was looked at, so that a
name which resolves otherwise a moment later (DNS rebinding) brings nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.resolver import ThreadedResolver

#: Plain enough that no two readers of addresses disagree about its host.
_PLAIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:/[!-~]*)?")
#: Never a target, named or not: addresses under which clouds tell a machine its secrets, beside the link-local ones. Two of them look global.
_METADATA = frozenset(ip_address(a) for a in ("100.100.100.200", "fd00:ec2::254", "168.63.129.16", "192.0.0.192"))
_NAT64 = ip_network("64:ff9b::/96")


class Refused(OSError):
    """The target is an inner address that nobody named. The text is for the administrator."""


def plain(url: str) -> bool:
    """Whether an address is written so that its host is beyond doubt."""
    found = _PLAIN.fullmatch(url)
    return found is not None and int(found[1] or 1) <= 65535


def _meant(address: str) -> Iterator[IPv4Address | IPv6Address]:
    """The address, and those of IPv4 that it stands for."""
    ip = ip_address(address)
    yield ip
    if isinstance(ip, IPv6Address):
        for inner in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())):
            if inner is not None:
                yield inner
        if ip in _NAT64:
            yield IPv4Address(int(ip) & 0xFFFFFFFF)


def check(host: str, address: str, private: Collection[str]) -> None:
    """Raises Refused when `address`, which `host` resolves to, is none that may be reached."""
    for ip in _meant(address):
        never = ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA
        if never or (not ip.is_global and host.lower() not in private):
            raise Refused("这个地址指向内网或者本机，没有列在 SUFANG_PRIVATE_HOSTS 里，不能外送。")


async def refuse_inside(url: str, private: Collection[str]) -> None:
    """Raises Refused when the host of `url` is or resolves to an inner address, another OSError when it does not resolve."""
    host = urlsplit(url).hostname or ""
    for *_, address in await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM):
        check(host, str(address[0]), private)


class _Resolver(ThreadedResolver):
    """Gives the connection only addresses that were looked at."""

    def __init__(self, private: Collection[str]) -> None:
        super().__init__()
        self._private = private

    async def resolve(self, hostname: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        found = await super().resolve(hostname, port, family)
        for one in found:
            check(hostname, one["host"], self._private)
        return found


def session(private: Collection[str]) -> aiohttp.ClientSession:
    """A session whose connections go to addresses that may be reached. An address in numbers is `refuse_inside`'s to look at."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=_Resolver(private)))
