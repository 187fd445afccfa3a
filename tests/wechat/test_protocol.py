"""Signatures, encryption, XML: Tencent's own sample, and everything that must be refused."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechat_stage import account

from bot.channels.wechat.protocol import Delivery, Protocol, Refused, sealed_query, sign, xml_of

#: Tencent's public sample for message encryption; these values protect nothing.
SAMPLE = {
    "timestamp": "1409735669",
    "nonce": "1320562132",
    "signature": "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a",
    "encrypt_type": "aes",
    "msg_signature": "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
}
ENCRYPT = "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
ACCOUNT = replace(account(), max_age=0)
PROTOCOL = Protocol(ACCOUNT)


def envelope(sealed: str, extra: str = "") -> bytes:
    return f"<xml><ToUserName><![CDATA[gh]]></ToUserName>{extra}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


def query(sealed: str = "", stamp: str = "", nonce: str = "n") -> dict[str, str]:
    stamp = stamp or str(int(time.time()))
    plain = {"timestamp": stamp, "nonce": nonce, "signature": sign(ACCOUNT.token, stamp, nonce)}
    return plain | (sealed_query(ACCOUNT.token, stamp, nonce, sealed) if sealed else {})


def message(**fields: str) -> str:
    base = {
        "ToUserName": "gh",
        "FromUserName": "o1",
        "CreateTime": "1800000000",
        "MsgType": "text",
        "Content": "你好",
        "MsgId": "1",
    }
    return xml_of(base | fields)


def opened(xml: str) -> Delivery:
    sealed = PROTOCOL.encrypt(xml)
    return PROTOCOL.open(query(sealed), envelope(sealed))


def test_tencents_sample_is_opened() -> None:
    d = PROTOCOL.open(SAMPLE, envelope(ENCRYPT))
    assert (d.key, d.content.kind, d.content.text) == ("m:6054768590064713728", "text", "abcdteT")


def test_the_server_check_is_answered_with_its_echo_and_a_forged_one_is_not() -> None:
    assert PROTOCOL.verify({**SAMPLE, "echostr": "5927782489442352469"}) == "5927782489442352469"
    for wrong in ("", "x" * 40, SAMPLE["signature"].upper()):
        with pytest.raises(Refused):
            PROTOCOL.verify({**SAMPLE, "signature": wrong, "echostr": "1"})


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 4096), st.characters(blacklist_categories=("Cs",)))
def test_what_is_sealed_is_opened_whatever_its_length(length: int, last: str) -> None:
    text = ("a" * (length - len(last.encode())) + last) if length >= len(last.encode()) else "a" * length
    assert PROTOCOL.decrypt(PROTOCOL.encrypt(text)) == text


def test_every_length_from_0_to_4096_is_opened() -> None:
    for length in range(4097):
        assert PROTOCOL.decrypt(PROTOCOL.encrypt("长" * (length // 3) + "x" * (length % 3))) == "长" * (
            length // 3
        ) + "x" * (length % 3)


@given(st.binary(max_size=400))
def test_broken_bytes_are_refused_and_raise_nothing_else(data: bytes) -> None:
    import base64

    for sealed in (base64.b64encode(data).decode(), data.decode("latin-1")):
        with pytest.raises(Refused):
            PROTOCOL.decrypt(sealed)


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        PROTOCOL.open(query(), b"<xml><MsgType>text</MsgType>" + body)


def test_another_accounts_message_is_refused() -> None:
    sealed = Protocol(replace(ACCOUNT, app_id="wx_other")).encrypt(message())
    with pytest.raises(Refused):
        PROTOCOL.open(query(sealed), envelope(sealed))


def test_only_the_encrypted_part_counts_in_compatible_mode() -> None:
    sealed = PROTOCOL.encrypt(message(Content="真的"))
    body = message(Content="假的").replace("</xml>", f"<Encrypt>{sealed}</Encrypt></xml>").encode()
    assert PROTOCOL.open(query(sealed), body).content.text == "真的"
    plain_query = {k: v for k, v in query(sealed).items() if k in ("timestamp", "nonce", "signature")}
    with pytest.raises(Refused):  # the query of a plain message does not bring the plain copy back
        PROTOCOL.open(plain_query, body)


def test_a_plain_message_is_a_forgery_where_messages_are_encrypted() -> None:
    body = message().encode()
    assert PROTOCOL.open(query(), body).content.text == "你好"
    with pytest.raises(Refused):
        Protocol(replace(ACCOUNT, plain_allowed=False)).open(query(), body)


def test_an_old_or_future_time_stamp_is_refused() -> None:
    p = Protocol(replace(ACCOUNT, max_age=300))
    now = 1_800_000_000
    for stamp, good in ((now, True), (now - 299, True), (now - 301, False), (now + 301, False)):
        q = query(stamp=str(stamp))
        if good:
            assert p.open(q, message().encode(), now).openid == "o1"
        else:
            with pytest.raises(Refused):
                p.open(q, message().encode(), now)
    for stamp in ("", "abc", "１２３", "9" * 30):
        with pytest.raises(Refused):
            PROTOCOL.open(query(stamp=stamp or " "), message().encode())


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><MsgType>text</MsgType><Content>&b;</Content></xml>',
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><MsgType>text</MsgType><Content>&f;</Content></xml>',
        "<xml></xml>", "<xml/>", "<a>1</a>", "", "not xml", "<xml><MsgType>text</MsgType></xml>", "<xml><MsgType><a>1</a></MsgType></xml>",
    ],
)  # fmt: skip
def test_bombs_and_nonsense_are_refused(body: str) -> None:
    with pytest.raises(Refused):
        PROTOCOL.open(query(), body.encode())
    sealed = PROTOCOL.encrypt(body)
    with pytest.raises(Refused):
        PROTOCOL.open(query(sealed), envelope(sealed))


def test_a_wrong_msg_signature_is_refused() -> None:
    sealed = PROTOCOL.encrypt(message())
    with pytest.raises(Refused):
        PROTOCOL.open({**query(sealed), "msg_signature": "0" * 40}, envelope(sealed))


@pytest.mark.parametrize(
    ("fields", "kind", "text", "media"),
    [
        ({"MsgType": "voice", "MediaId": "M", "Format": "amr", "Recognition": "路灯坏了"}, "voice", "路灯坏了", "M"),
        ({"MsgType": "voice", "MediaId": "M", "Format": "amr"}, "voice", "", "M"),
        ({"MsgType": "image", "MediaId": "M", "PicUrl": "http://x"}, "image", "", "M"),
        ({"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Scale": "1", "Label": "五华区莲花街道"}, "location", "五华区莲花街道", ""),
        ({"MsgType": "link", "Title": "新闻", "Url": "http://x"}, "link", "新闻", ""),
        ({"MsgType": "file", "Title": "合同.docx"}, "file", "合同.docx", ""),
        ({"MsgType": "shortvideo", "MediaId": "M"}, "video", "", ""),
        ({"MsgType": "event", "Event": "CLICK", "EventKey": "查进度"}, "event:click", "查进度", ""),
        ({"MsgType": "event", "Event": "subscribe", "EventKey": ""}, "event:subscribe", "", ""),
        ({"MsgType": "event", "Event": "unsubscribe"}, "event:unsubscribe", "", ""),
        ({"MsgType": "event", "Event": "SCAN", "EventKey": "5"}, "event:scan", "5", ""),
        ({"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": "7", "Status": "success"}, "event:templatesendjobfinish", "", ""),
        ({"MsgType": "event", "Event": "never_heard_of"}, "event:unknown", "", ""),
        ({"MsgType": "hologram"}, "unknown", "", ""),
    ],
)  # fmt: skip
def test_every_kind_of_message_is_read(fields: dict[str, str], kind: str, text: str, media: str) -> None:
    content = opened(message(**fields)).content
    assert (content.kind, content.text, content.media) == (kind, text, media)


def test_events_are_told_apart_by_their_time_and_messages_by_their_number() -> None:
    tap = {"MsgType": "event", "Event": "CLICK", "EventKey": "查进度", "MsgId": ""}
    assert opened(message(**tap)).key == opened(message(**tap)).key
    assert opened(message(**tap)).key != opened(message(**tap, CreateTime="1800000001")).key
    assert opened(message(MsgId="7")).key == opened(message(MsgId="7", CreateTime="1800000001")).key


def test_a_reply_is_read_by_the_platform_and_hostile_text_stays_text() -> None:
    d = opened(message())
    for text in ("您好", "]]><x>", "<a href='x'>&amp;", "第一行\n第二行", "a\x00b"):
        assert PROTOCOL.read_reply(PROTOCOL.reply(d, text), True) == text.replace("\x00", "")
    plain = PROTOCOL.open(query(), message().encode())
    assert PROTOCOL.read_reply(PROTOCOL.reply(plain, "您好"), False) == "您好"
