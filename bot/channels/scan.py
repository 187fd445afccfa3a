"""The virus-scan hook: asks a clamd over its INSTREAM command before a file is kept (clamd(8), "COMMANDS")."""

from __future__ import annotations

import asyncio
import struct

SECONDS = 20.0
CHUNK = 64 * 1024


class ScannerDown(Exception):
    """The scanner did not answer, or not in its language: nobody knows what is in the file."""


async def infected(address: str, data: bytes) -> bool:
    """Whether the scanner at `host:port` found something. Raises ScannerDown: an unchecked file is not kept."""
    try:
        answer = await asyncio.wait_for(_ask(address, data), SECONDS)
    except (OSError, asyncio.TimeoutError) as e:
        raise ScannerDown from e
    if answer.endswith("OK"):
        return False
    if answer.endswith("FOUND"):
        return True
    raise ScannerDown


async def _ask(address: str, data: bytes) -> str:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"zINSTREAM\0")
        for start in range(0, len(data), CHUNK):
            part = data[start : start + CHUNK]
            writer.write(struct.pack("!I", len(part)) + part)
            await writer.drain()
        writer.write(struct.pack("!I", 0))
        await writer.drain()
        return (await reader.read(1024)).rstrip(b"\0\n").decode("ascii", "replace")
    finally:
        writer.close()
