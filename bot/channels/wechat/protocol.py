"""The platform's protocol: signatures, encryption, XML. Cryptography and parsing are wechatpy's; comparing is constant-time here.

Plain mode signs token, time stamp and nonce. Compatible and safe mode sign the encrypted part too, and only that part counts: the
plain copy beside it in compatible mode is never read. Facts: 消息加解密说明, 接入指南, 接收普通消息 of the platform's documentation.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto
from wechatpy.messages import UnknownMessage
from wechatpy.utils import WeChatSigner

from bot.settings import WeChat

#: No message of the platform comes near this size.
MAX_BODY = 256 * 1024
#: What the platform takes as "received, no answer": it does not try again.
RECEIVED = "success"


class Refused(Exception):
    """A request that does not come from the platform, or that nobody can read. The text is for the log and names no content."""


class _Crypto(PrpCrypto):  # type: ignore[misc]
    """wechatpy's cipher with random bytes that cannot be foretold, and padding that is checked."""

    def get_random_string(self) -> str:
        return secrets.token_hex(8)


@dataclass(frozen=True)
class Content:
    """What a follower sent. kind: text, voice, image, video, location, link, file, event:<name>, or unknown.

    `text`: the words; for a location its label, for an event its key. `media`: id of a picture or a voice message.
    `extra`: members that single kinds need.
    """

    kind: str
    text: str = ""
    media: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One delivery. `key`: MsgId, or for events time and name, which with the sender tell repetitions, as the platform says."""

    key: str
    openid: str
    account: str
    created: int
    content: Content
    encrypted: bool = False


class Protocol:
    """The protocol of one account."""

    def __init__(self, account: WeChat) -> None:
        self._account = account
        self._key = base64.b64decode(account.aes_key + "=") if account.aes_key else b""

    # -- from the platform ----------------------------------------------------------------------------------------------

    def verify(self, query: Mapping[str, str], now: float | None = None) -> str:
        """The `echostr` of a server check that is really the platform's. Raises Refused."""
        self._check(query, now)
        echo = query.get("echostr", "")
        if not echo:
            raise Refused("no echostr")
        return echo

    def open(self, query: Mapping[str, str], body: bytes, now: float | None = None) -> Delivery:
        """Checks and reads a POST. Raises Refused."""
        if len(body) > MAX_BODY:
            raise Refused("too large")
        self._check(query, now)
        text = _text(body)
        root = _xml(text)
        if "Encrypt" in root or query.get("encrypt_type") == "aes":
            return _delivery(self._opened(query, root), True)
        if not self._account.plain_allowed:
            raise Refused("plain, but this account encrypts")
        return _delivery(text, False)

    def _check(self, query: Mapping[str, str], now: float | None) -> None:
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _same(sign(self._account.token, stamp, nonce), query.get("signature", "")):
            raise Refused("signature")
        self._check_age(stamp, now)

    def _check_age(self, stamp: str, now: float | None) -> None:
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
            raise Refused("time stamp")
        age = abs((time.time() if now is None else now) - int(stamp))
        if self._account.max_age and age > self._account.max_age:
            raise Refused("time stamp out of the window")

    def _opened(self, query: Mapping[str, str], root: Mapping[str, Any]) -> str:
        if not self._key:
            raise Refused("encrypted, but no key is set")
        sealed = root.get("Encrypt")
        if not isinstance(sealed, str) or not sealed:
            raise Refused("no encrypted part")
        signed = sign(self._account.token, query.get("timestamp", ""), query.get("nonce", ""), sealed)
        if not _same(signed, query.get("msg_signature", "")):
            raise Refused("msg_signature")
        return self.decrypt(sealed)

    def decrypt(self, sealed: str) -> str:
        """The text of an encrypted part that was sealed for this account. Raises Refused."""
        try:
            return str(_Crypto(self._key).decrypt(sealed, self._account.app_id))
        except Exception as e:  # wechatpy raises whatever the broken bytes lead to
            raise Refused(f"cannot be opened: {type(e).__name__}") from None

    # -- to the platform ------------------------------------------------------------------------------------------------

    def encrypt(self, text: str) -> str:
        """A text sealed for this account."""
        return bytes(_Crypto(self._key).encrypt(text, self._account.app_id)).decode()

    def reply(self, delivery: Delivery, text: str, now: float | None = None) -> str:
        """A text as passive reply, encrypted if the message was."""
        stamp = int(time.time() if now is None else now)
        xml = xml_of(
            {
                "ToUserName": delivery.openid,
                "FromUserName": delivery.account,
                "CreateTime": str(stamp),
                "MsgType": "text",
                "Content": text,
            }
        )
        if not delivery.encrypted:
            return xml
        nonce, sealed = secrets.token_hex(8), self.encrypt(xml)
        signature = sign(self._account.token, str(stamp), nonce, sealed)
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{stamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )

    def read_reply(self, body: str, encrypted: bool) -> str | None:
        """The text of a passive reply as the platform reads it; None when it would not take it."""
        try:
            root = _xml(body)
            if encrypted:
                signed = sign(self._account.token, str(root["TimeStamp"]), str(root["Nonce"]), str(root["Encrypt"]))
                if not _same(signed, str(root["MsgSignature"])):
                    return None
                root = _xml(self.decrypt(str(root["Encrypt"])))
            return str(root["Content"]) if root["MsgType"] == "text" else None
        except (Refused, KeyError):
            return None


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts, as the platform signs."""
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def sealed_query(token: str, stamp: str, nonce: str, sealed: str) -> dict[str, str]:
    """What the platform adds to the query when it encrypts."""
    return {"encrypt_type": "aes", "msg_signature": sign(token, stamp, nonce, sealed)}


def xml_of(fields: Mapping[str, str]) -> str:
    """A message as the platform writes it."""
    return "<xml>" + "".join(f"<{k}>{_cdata(v)}</{k}>" for k, v in fields.items()) + "</xml>"


def _same(a: str, b: str) -> bool:
    return hmac.compare_digest(a.encode(), b.encode())


def _cdata(text: str) -> str:
    """Text as XML: escaped, and without the control characters that XML has no way to write."""
    return escape("".join(ch for ch in text if ch in "\t\n\r" or (ch >= " " and ch not in "\ufffe\uffff")))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None


def _xml(text: str) -> Mapping[str, Any]:
    """The members of the `xml` element. Entities are refused by the parser, so there is no bomb to expand."""
    try:
        root = xmltodict.parse(text, disable_entities=True)["xml"]
    except Exception as e:  # expat's errors, the refusal of entities, a document without <xml>
        raise Refused(f"XML: {type(e).__name__}") from None
    if not isinstance(root, dict):
        raise Refused("XML: empty")
    return root


def _delivery(xml: str, encrypted: bool) -> Delivery:
    raw = _xml(xml)
    if not isinstance(raw.get("MsgType"), str):
        raise Refused("no MsgType")
    try:
        message = parse_message(xml)
        openid, account, created = raw["FromUserName"], raw["ToUserName"], int(raw["CreateTime"])
        if not (
            isinstance(openid, str) and isinstance(account, str) and 0 < len(openid) <= 64 and 0 <= created < 2**40
        ):
            raise ValueError
        content = _content(message, raw)
        name = content.kind if content.kind.startswith("event:") else ""
        number = int(raw.get("MsgId") or raw.get("MsgID") or 0)
        if not 0 <= number < 2**64:
            raise ValueError
        key = f"e:{created}:{name[6:]}:{number}" if name or not number else f"m:{number}"
    except Refused:
        raise
    except Exception as e:  # members that are missing or of another shape
        raise Refused(f"message: {type(e).__name__}") from None
    return Delivery(key, openid, account, created, content, encrypted)


def _content(message: Any, raw: Mapping[str, Any]) -> Content:
    def get(name: str) -> str:
        value = raw.get(name)
        return value.strip() if isinstance(value, str) else ""

    kind = get("MsgType").lower()
    if kind == "event":
        event = "unknown" if isinstance(message, UnknownMessage) else str(message.event)
        names = ("MsgID", "Status")
        return Content(f"event:{event}", get("EventKey"), "", {n: get(n) for n in names if get(n)})
    if kind == "text":
        return Content("text", get("Content"))
    if kind == "voice":
        return Content("voice", get("Recognition"), get("MediaId"), {"format": get("Format")})
    if kind == "image":
        return Content("image", "", get("MediaId"))
    if kind in ("video", "shortvideo"):
        return Content("video")
    if kind == "location":
        return Content("location", get("Label"))
    if kind in ("link", "file"):
        return Content(kind, get("Title"))
    return Content("unknown")
