"""The built page and widget: read once, served compressed, under a policy that allows nothing from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Dict

from sanic.response import HTTPResponse

from bot.knowledge.region import load_region
from bot.settings import Settings

STATIC = Path(__file__).parent / "static"
#: The build names a file after its content, so such a file never changes.
_HASHED = re.compile(r"-[\w-]{8}\.\w+$")
_HOST = re.compile(r"[\w.\-\[\]:]{1,255}")
_TEXT = (".js", ".css", ".html", ".svg", ".json")


@dataclass(frozen=True)
class Asset:
    """One file in memory."""

    body: bytes
    packed: bytes | None
    media_type: str
    etag: str
    lasting: bool


class Assets:
    """Files of the build and the page around the widget."""

    def __init__(self, settings: Settings, folder: Path = STATIC) -> None:
        self._origins = settings.allowed_origins
        self._files: Dict[str, Asset] = {
            p.name: _asset(p.name, p.read_bytes()) for p in folder.iterdir() if p.is_file()
        }
        page = self._files.pop("index.html").body.decode()
        if settings.region:
            office = escape(load_region(settings.region).name, quote=True)
            page = page.replace("<sufang-chat", f'<sufang-chat office="{office}"', 1)
        self._page = _asset("index.html", page.encode())

    def policy(self, host: str) -> str:
        """Content-Security-Policy: nothing from elsewhere, nothing inline; only listed sites may frame the page.

        Browsers differ in whether 'self' covers web sockets, so the own host is named for them.
        """
        live = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        framing = " ".join(("'self'", *self._origins))
        return (
            f"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'{live}; "
            f"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {framing}; "
            "require-trusted-types-for 'script'; trusted-types lit-html"
        )

    def page(self, host: str, accepted: str) -> HTTPResponse:
        """The full page, also for frames. The microphone is for voice input on our own page only."""
        headers = {
            "Content-Security-Policy": self.policy(host),
            "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        }
        return _response(self._page, accepted, headers)

    def file(self, name: str, accepted: str, known: str) -> HTTPResponse | None:
        """A file of the build, or None. Foreign pages load the widget's parts as modules, which need the CORS header."""
        asset = self._files.get(name)
        if asset is None:
            return None
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if asset.lasting else "public, max-age=600",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": asset.etag,
        }
        if known == asset.etag:
            return HTTPResponse(status=304, headers=headers)
        return _response(asset, accepted, headers)


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, 9, mtime=0) if name.endswith(_TEXT) else None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".js"):
        kind = "text/javascript"
    if name.endswith(_TEXT):
        kind += "; charset=utf-8"
    return Asset(body, packed, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"', bool(_HASHED.search(name)))


def _response(asset: Asset, accepted: str, headers: Dict[str, str]) -> HTTPResponse:
    headers = {**headers, "Vary": "Accept-Encoding"}
    body = asset.body
    if asset.packed is not None and "gzip" in accepted:
        body, headers["Content-Encoding"] = asset.packed, "gzip"
    return HTTPResponse(body, headers=headers, content_type=asset.media_type)


#: Below this a packet is a packet.
SHORT = 1_400


def packed(answer: HTTPResponse, accepted: str) -> None:
    """Compresses a long answer that is not compressed yet, for those who take it: an advice shrinks to a third."""
    body = answer.body
    if body and len(body) > SHORT and "gzip" in accepted and "Content-Encoding" not in answer.headers:
        answer.body = gzip.compress(body, 6, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
