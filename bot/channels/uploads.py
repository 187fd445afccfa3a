"""What may be uploaded, decided by the bytes alone, and what is taken off: pictures lose everything but the picture.

Metadata (EXIF with place and device, XMP, comments) could name a person who wants to stay unnamed (条例 30), so it is cut out between the picture's
own segments without touching a pixel: the evidence stays as it was taken. Of EXIF only the orientation is kept. Nothing is decoded: a picture that
would unfold to too many pixels is told from its header.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator

#: Pixels of one picture: 64 million are 12 cameras of 2010, or a poster scanned.
MAX_PIXELS = 64_000_000
#: Files that one conversation may bring.
MAX_FILES = 20
_PNG = b"\x89PNG\r\n\x1a\n"
#: Chunks of a PNG that are the picture.
_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT")
)  # fmt: skip
_WEBP_DROPPED = (b"EXIF", b"XMP ")
#: The tag that tells how to turn a picture.
_ORIENTATION = 0x0112


class BadFile(ValueError):
    """The bytes are not what they begin as."""


class TooLarge(BadFile):
    """It would unfold to too many pixels."""


def clean(data: bytes, kind: str) -> bytes:
    """`data` of the media type `kind` without metadata. Other types are returned as they are. Raises BadFile.

    A picture that is broken (cut off in sending, say) is kept as it is if nothing in it looks like metadata, and refused otherwise.
    """
    read = _READERS.get(kind)
    if read is None:
        return data
    try:
        return b"".join(read(data))
    except TooLarge:
        raise
    except (BadFile, struct.error, IndexError):
        if any(mark in data for mark in _MARKS):
            raise BadFile("metadata in a broken picture") from None
        return data


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise TooLarge("pixels")


#: What metadata begins with.
_MARKS = (
    b"Exif\0\0",
    b"eXIf",
    b"EXIF",
    b"http://ns.adobe.com/",
    b"<x:xmpmeta",
    b"Photoshop 3.0",
    b"XMP ",
    b"tEXt",
    b"iTXt",
    b"zTXt",
)


#: Characters that are not seen or turn the order of what is seen (照片gpj.exe).
_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def plain_name(name: str) -> str:
    """The last part of a file's name without separators and unseen characters, at most 100 long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    return _UNSEEN.sub("", last).strip(" .")[:100]


# -- JPEG ---------------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes) -> Iterator[bytes]:
    """Segments up to the first scan, without APP1-APP15 (but APP14, which tells the colours, and the colour profile) and comments."""
    yield b"\xff\xd8"
    at, sized = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise BadFile("segment")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        size = struct.unpack_from(">H", data, at + 2)[0]
        segment = data[at : at + 2 + size]
        if size < 2 or len(segment) != 2 + size:
            raise BadFile("segment")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if len(segment) < 9:
                raise BadFile("frame")
            height, width = struct.unpack_from(">HH", segment, 5)
            _check_size(width, height)
            sized = True
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            yield from _oriented(segment[10:])
        elif _is_picture(marker, segment):
            yield segment
        at += 2 + size
        if marker == 0xDA:
            if not sized:
                raise BadFile("frame")
            # What stands behind the end of the picture (a second picture, a film, a place) goes too.
            end = _end_of_scans(data, at)
            yield data[at:end]
            if data[end - 2 : end] != b"\xff\xd9":
                yield b"\xff\xd9"
            return
    raise BadFile("no picture")


def _is_picture(marker: int, segment: bytes) -> bool:
    """Whether a segment is part of the picture: tables and frames, JFIF, the colour profile, and APP14, which tells the colours."""
    if marker == 0xE0:
        return segment[4:8] in (b"JFIF", b"JFXX")
    return not (0xE1 <= marker <= 0xEF or marker == 0xFE) or marker == 0xEE or segment[4:15] == b"ICC_PROFILE"


def _end_of_scans(data: bytes, at: int) -> int:
    """Just behind the end marker that closes the picture whose first scan begins at `at`."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0 or 0xD0 <= marker <= 0xD7 or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
        elif marker in (0xC4, 0xDA, 0xDB, 0xDD, 0xDC):  # tables and further scans of a progressive picture
            if at + 4 > len(data):
                return len(data)
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
        else:
            raise BadFile("scan")


def _oriented(tiff: bytes) -> Iterator[bytes]:
    """An EXIF segment that holds the orientation alone, or nothing when there is none."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for i in range(min(count, 100)):
            tag, kind, n, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * i)
            if tag == _ORIENTATION and kind == 3 and n == 1 and 1 <= value <= 8:
                body = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, value, 0, 0)
                yield b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
                return
    except (KeyError, struct.error):
        return


# -- PNG, WebP, GIF -----------------------------------------------------------------------------------------------------


def _png(data: bytes) -> Iterator[bytes]:
    yield _PNG
    at, first = len(_PNG), True
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        name, chunk = data[at + 4 : at + 8], data[at : at + 12 + size]
        if len(chunk) != 12 + size or first != (name == b"IHDR"):
            raise BadFile("chunk")
        if first:
            if size != 13:
                raise BadFile("header")
            _check_size(*struct.unpack_from(">II", chunk, 8))
            first = False
        if name in _PNG_KEPT:
            yield chunk
        at += 12 + size
        if name == b"IEND":
            return
    raise BadFile("no end")


def _webp(data: bytes) -> Iterator[bytes]:
    (size,) = struct.unpack_from("<I", data, 4)
    if len(data) < 20 or not 12 <= size + 8 <= len(data):
        raise BadFile("size")
    at, end, kept = 12, size + 8, []
    while at + 8 <= end:
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        chunk = data[at : at + 8 + length + length % 2]
        if at + 8 + length > end:
            raise BadFile("chunk")
        if name == b"VP8X" and length >= 10:
            width, height = (int.from_bytes(chunk[i : i + 3], "little") + 1 for i in (12, 15))
            _check_size(width, height)
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]  # says that there is no EXIF and no XMP
        if name not in _WEBP_DROPPED:
            kept.append(chunk)
        at += 8 + length + length % 2
    body = b"WEBP" + b"".join(kept)
    yield b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(data: bytes) -> Iterator[bytes]:
    if len(data) < 13:
        raise BadFile("header")
    _check_size(*struct.unpack_from("<HH", data, 6))
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    yield data[:at]
    while at < len(data):
        start, kind = at, data[at]
        if kind == 0x3B:
            yield b"\x3b"
            return
        if kind == 0x2C and at + 10 < len(data):
            table = 3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0
            at = _blocks(data, at + 11 + table)
            yield data[start:at]
        elif kind == 0x21 and at + 2 < len(data):
            at = _blocks(data, at + 2)
            label = data[start + 1]
            if label == 0xF9 or (label == 0xFF and data[start + 3 : start + 14] in (b"NETSCAPE2.0", b"ANIMEXTS1.0")):
                yield data[start:at]  # how long a picture stands and how often it comes again; no comments, no XMP
        else:
            raise BadFile("block")
    raise BadFile("no end")


def _blocks(data: bytes, at: int) -> int:
    """Just behind a row of sub-blocks."""
    while at < len(data):
        size = data[at]
        at += 1 + size
        if size == 0:
            return at
    raise BadFile("block")


_READERS = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "image/gif": _gif}
