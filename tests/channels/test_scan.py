"""The virus-scan hook, against a stand-in that speaks clamd's INSTREAM."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from bot.channels.scan import ScannerDown, infected

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR"


class Scanner:
    """Reads the stream as clamd does and finds one mark in it."""

    def __init__(self) -> None:
        self.seen, self.answer, self.address = b"", b"", ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        self.seen = b""
        while size := struct.unpack("!I", await reader.readexactly(4))[0]:
            self.seen += await reader.readexactly(size)
        found = b"stream: Eicar FOUND\0" if EICAR in self.seen else b"stream: OK\0"
        writer.write(self.answer or found)
        writer.close()


@pytest.fixture
async def scanner() -> AsyncIterator[Scanner]:
    scanner = Scanner()
    server = await asyncio.start_server(scanner.serve, "127.0.0.1", 0)
    scanner.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield scanner
    server.close()


async def test_every_byte_is_looked_at(scanner: Scanner) -> None:
    data = bytes(range(256)) * 1000
    assert await infected(scanner.address, data) is False
    assert scanner.seen == data
    assert await infected(scanner.address, data + EICAR) is True


async def test_no_clear_answer_is_no_answer(scanner: Scanner) -> None:
    scanner.answer = b"INSTREAM size limit exceeded. ERROR\0"
    with pytest.raises(ScannerDown):
        await infected(scanner.address, b"x")


async def test_a_scanner_that_is_away_lets_nothing_through() -> None:
    with pytest.raises(ScannerDown):
        await infected("127.0.0.1:9", b"x")
