"""What a follower can do, through the simulated platform and the real channel (with a scripted bot)."""

from __future__ import annotations

import asyncio
import io
import json
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image
from wechat_stage import Stage, Worker

from bot.petition.case import Filing
from bot.storage.cases import CaseStore
from bot.storage.chat import ChatStore
from bot.storage.wechat_out import OutgoingStore

TODAY = date(2026, 11, 23)
ME, OTHER = "o-zhang", "o-li"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One database is enough here: what differs between them is tested in test_once and test_store."""
    return f"sqlite:///{tmp_path / 'sufang.db'}"


def texts(stage: Stage, openid: str = ME) -> list[str]:
    return [s.text for s in stage.platform.person(openid).screen]


def ways(stage: Stage, openid: str = ME) -> list[str]:
    return [s.via for s in stage.platform.person(openid).screen]


async def until(stage: Stage, count: int, openid: str = ME) -> None:
    """Waits until the screen shows `count` bubbles."""
    await stage.platform.seen(openid, "", count - 1)


def file_case(stage: Stage, category: str = "申诉求决", draft: str = "d") -> tuple[CaseStore, str, str]:
    cases = CaseStore(stage.engine, stage.keys)
    fields = {"narrative": "楼下饭店油烟往我家灌", "demand": "装净化设备", "place": "五华区莲花街道", "name": "李春梅"}
    filing = Filing(draft * 32, "web", "c1", "enforcement", category, "城管", fields)
    receipt = cases.file(filing, datetime.now(timezone.utc), TODAY)
    return cases, receipt.case_no, receipt.query_code


def post(worker: Worker, path: str, body: object) -> tuple[int, dict]:
    request = urllib.request.Request(
        worker.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        return e.code, json.loads(e.read())


async def test_numbers_press_the_buttons_that_are_on_offer(stage: Stage) -> None:
    await stage.worker()
    for said in ("选", "二", "选", "帮我登记", "2"):
        await stage.platform.say(ME, said)
    assert texts(stage)[0].endswith("1. 帮我登记\n2. 先不登记")
    assert texts(stage)[1] == "按了：not_now"
    assert texts(stage)[3] == "按了：file_it"
    assert texts(stage)[4] == "收到：2"


async def test_a_long_answer_goes_on_by_message_in_order(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "长1")
    whole = "".join(texts(stage))
    await until(stage, 2)
    while "第1段" not in whole or whole.count("一句一句讲清楚才行") < 60:
        await until(stage, len(texts(stage)) + 1)
        whole = "".join(texts(stage))
    assert ways(stage)[0] == "passive"
    assert set(ways(stage)[1:]) == {"service"}
    assert len(texts(stage)) <= 5


async def test_four_of_the_five_messages_are_used_and_the_rest_is_told_on_request(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "长3")
    await until(stage, 5)
    assert ways(stage) == ["passive", *["service"] * 4]
    assert "回复“更多”" in texts(stage)[-1]
    assert stage.platform.person(ME).quota == 1
    await stage.until("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM wechat_outgoing WHERE state NOT IN ('kept', 'sent'))")
    await stage.platform.say(ME, "更多")
    while "".join(texts(stage)).count("一句一句讲清楚才行") < 180:
        await until(stage, len(texts(stage)) + 1)
    assert ways(stage)[5] == "passive"
    told = "".join(texts(stage))
    assert told.index("第1段") < told.index("第2段") < told.index("第3段")
    assert stage.turns("更多") == 0


async def test_an_account_without_messages_tells_the_rest_on_request(stage: Stage) -> None:
    await stage.worker(SUFANG_WECHAT_APP_SECRET="")
    await stage.platform.say(ME, "长1")
    while texts(stage)[-1].endswith("（还有，回复“更多”接着看）"):
        await stage.platform.say(ME, "更多")
    assert "".join(texts(stage)).count("一句一句讲清楚才行") == 60
    assert all(len(text.encode()) <= 2048 for text in texts(stage))
    await stage.platform.say(ME, "更多")
    assert "没有更多" in texts(stage)[-1]
    await stage.platform.say(ME, "慢5 一件事")
    await stage.platform.say(ME, "在吗")
    assert texts(stage)[-1] == "收到：慢5 一件事\n\n收到：在吗"
    assert set(ways(stage)) == {"passive"}


async def test_what_was_kept_is_told_with_the_next_answer(stage: Stage) -> None:
    await stage.worker()
    stage.platform.failures = [45015]
    number = await stage.platform.say(ME, "慢6 一件事")
    await stage.until("SELECT 1 FROM wechat_outgoing WHERE state = 'kept'")
    assert texts(stage) == []
    await stage.platform.say(ME, "在吗")
    assert texts(stage) == ["收到：慢6 一件事\n\n收到：在吗"], number


async def test_a_failed_send_is_recorded_and_tried_again(stage: Stage) -> None:
    await stage.worker()
    stage.platform.failures = [-1, 0]
    await stage.platform.say(ME, "慢6 一件事")
    await stage.until("SELECT 1 FROM wechat_outgoing WHERE last_error IS NOT NULL")
    await until(stage, 1)
    assert ways(stage) == ["service"]
    assert stage.platform.calls["custom"] == 3


async def test_an_expired_token_is_renewed_once(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "慢5 一件事")
    await until(stage, 1)
    assert stage.platform.calls["token"] == 1
    stage.platform.expire_token()
    await stage.platform.say(ME, "慢5 又一件")
    await until(stage, 2)
    assert texts(stage)[-1] == "收到：慢5 又一件"
    assert (stage.platform.calls["token"], stage.platform.calls["bad token"]) == (2, 1)


async def test_two_workers_share_one_token(stage: Stage) -> None:
    one, two = await stage.worker(), await stage.worker()
    await asyncio.gather(
        stage.platform.say(ME, "慢5 一件事", to=one.address), stage.platform.say(OTHER, "慢5 一件事", to=two.address)
    )
    await asyncio.gather(until(stage, 1, ME), until(stage, 1, OTHER))
    assert stage.platform.calls["token"] == 1


async def test_following_greets_and_other_kinds_get_a_sensible_answer(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.event(ME, "subscribe")
    assert texts(stage) == ["按了：greet_session"]
    kinds = [
        {"MsgType": "voice", "MediaId": "M", "Recognition": "路灯坏了"},
        {"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Scale": "1", "Label": "五华区莲花街道"},
        {"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Scale": "1", "Label": ""},
        {"MsgType": "link", "Title": "t", "Url": "http://x"},
        {"MsgType": "file", "Title": "a.docx"},
        {"MsgType": "shortvideo", "MediaId": "M"},
        {"MsgType": "hologram"},
        {"MsgType": "event", "Event": "SCAN", "EventKey": "5"},
        {"MsgType": "text", "Content": ""},
    ]
    for fields in kinds:
        await stage.platform.send(ME, fields)
    said = texts(stage)[1:]
    assert said[:2] == ["收到：路灯坏了", "收到：五华区莲花街道"]
    assert len(said) == len(kinds)
    assert all(said)
    for silent in (
        {"MsgType": "event", "Event": "VIEW", "EventKey": "http://x"},
        {"MsgType": "event", "Event": "unsubscribe"},
    ):
        await stage.platform.send(ME, silent)
    assert len(texts(stage)) == len(kinds) + 1


async def test_a_tap_on_the_menu_is_a_wish(stage: Stage) -> None:
    await stage.worker()
    for name in ("我要反映", "查进度", "我的件"):
        await stage.platform.tap(ME, name, created=1_800_000_000 + len(texts(stage)))
    assert texts(stage)[:2] == ["收到：我要反映问题", "收到：查进度"]
    assert "还没有绑定" in texts(stage)[2]


async def test_a_picture_becomes_an_attachment_of_the_conversation(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.picture(ME, b"\xff\xd8\xff" + b"0" * 1000)
    await stage.platform.picture(ME, b"<html>not a picture")
    assert "第1份" in texts(stage)[0]
    assert "照片" in texts(stage)[1]
    conversation = stage.rows("SELECT conversation FROM wechat_users")[0][0]
    assert len(ChatStore(stage.engine, stage.keys).all_attachment_names(conversation)) == 1


async def test_a_picture_after_a_filing_is_not_said_to_be_with_the_case(stage: Stage) -> None:
    await stage.worker()
    _, number, _ = file_case(stage)
    (stage.data / "case").write_text(number)
    await stage.platform.say(ME, "提交")
    await stage.platform.picture(ME, b"\xff\xd8\xff" + b"0" * 1000)
    assert "补充" in texts(stage)[-1]
    assert "存进这件事" not in texts(stage)[-1]


async def test_a_picture_from_the_platform_loses_what_could_name_its_sender(stage: Stage) -> None:
    await stage.worker()
    exif, picture = Image.Exif(), io.BytesIO()
    exif[0x010F] = "HUAWEI of Zhang, 25.04N"
    Image.new("RGB", (40, 30)).save(picture, "JPEG", exif=exif.tobytes())
    assert b"HUAWEI" in picture.getvalue()
    await stage.platform.picture(ME, picture.getvalue())
    await stage.platform.picture(ME, b"\xff\xd8\xffbroken, and Exif\0\0 somewhere in it")
    assert "第1份" in texts(stage)[0]
    assert "照片" in texts(stage)[1]
    stored = [stage.keys.decrypt(f.read_bytes(), f"files/{f.name}") for f in (stage.data / "attachments").iterdir()]
    assert len(stored) == 1
    assert b"HUAWEI" not in bytes.fromhex(stored[0])


async def test_a_filed_case_is_bound_listed_told_about_and_unbound(stage: Stage) -> None:
    await stage.worker()
    cases, number, code = file_case(stage)
    (stage.data / "case").write_text(number)
    await stage.platform.say(ME, "提交")
    assert "已绑定" in texts(stage)[-1]
    await stage.platform.say(ME, "我的件")
    assert f"1. {number} 已登记" in texts(stage)[-1]
    await stage.platform.say(ME, "1")
    assert texts(stage)[-1] == f"收到：查进度，编号{number}，查询码{code}"
    cases.transition(
        number, "dispatched", "李", "clerk", {"kind": "转送", "agency": "住建"}, datetime.now(timezone.utc), TODAY
    )
    await until(stage, 4)
    assert number in texts(stage)[-1]
    assert "已转送或交办" in texts(stage)[-1]
    await stage.platform.say(OTHER, "我的件")
    assert "还没有绑定" in texts(stage, OTHER)[-1]
    await stage.platform.say(ME, "解除绑定")
    await stage.platform.say(ME, "我的件")
    assert "还没有绑定" in texts(stage)[-1]
    cases.transition(number, "notified", "王", "handler", {}, datetime.now(timezone.utc), TODAY)
    assert OutgoingStore(stage.engine, stage.keys).notices(datetime.now(timezone.utc)) == 0


async def test_a_notice_of_an_accusation_says_only_that_there_is_news(stage: Stage) -> None:
    await stage.worker()
    cases, number, code = file_case(stage, "检举控告")
    await stage.platform.say(ME, f"绑定 {number} {code}")
    assert "已绑定" in texts(stage)[-1]
    cases.transition(
        number,
        "dispatched",
        "纪",
        "discipline",
        {"kind": "转送", "agency": "纪委监委"},
        datetime.now(timezone.utc),
        TODAY,
    )
    await until(stage, 2)
    assert texts(stage)[-1] == "您的事项有更新。"


async def test_binding_takes_number_and_code(stage: Stage) -> None:
    await stage.worker()
    _, number, code = file_case(stage)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for said in (f"绑定 {number} {wrong}", f"绑定 261123999990 {code}"):
        await stage.platform.say(ME, said)
    assert texts(stage)[0] == texts(stage)[1]
    await stage.platform.say(ME, "我的件")
    assert "还没有绑定" in texts(stage)[-1]
    await stage.platform.say(ME, "绑定")
    assert "12 位" in texts(stage)[-1]


async def test_nothing_personal_stands_readable_in_the_database(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "我叫王小明，电话13800001234")
    await stage.platform.event(ME, "VIEW", "http://x")
    for table in ("wechat_users", "wechat_inbox", "wechat_outgoing", "wechat_bindings", "wechat_tickets", "chat_turns"):
        for row in stage.rows(f"SELECT * FROM {table}"):
            stored = b"|".join(bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode() for v in row)
            for secret in (ME, "王小明", "13800001234"):
                assert secret.encode() not in stored, table
    for log in stage.data.glob("*.log"):
        assert ME not in log.read_text()
        assert "王小明" not in log.read_text()


async def test_the_page_opens_the_same_conversation_once(stage: Stage) -> None:
    worker = await stage.worker(SUFANG_WECHAT_PAGE_URL="http://127.0.0.1:9")
    await stage.platform.say(ME, "网页")
    link = next(line for line in texts(stage)[-1].split("\n") if line.startswith("http"))
    ticket = link.partition("#")[2]
    status, answer = await asyncio.to_thread(post, worker, "/session", {"ticket": ticket})
    assert status == 200
    conversation = stage.rows("SELECT conversation FROM wechat_users")[0][0]
    assert answer["token"].startswith(conversation + ".")
    for again in (ticket, "", "x" * 300, None):
        status, answer = await asyncio.to_thread(post, worker, "/session", {"ticket": again})
        assert status == 401


async def test_a_forged_request_is_refused_and_changes_nothing(stage: Stage) -> None:
    worker = await stage.worker()
    body = b"<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>"

    def send() -> int:
        url = f"{worker.address}?timestamp=1&nonce=1&signature={'0' * 40}"
        try:
            return urllib.request.urlopen(urllib.request.Request(url, body), timeout=30).status
        except urllib.error.HTTPError as e:
            return e.code

    assert await asyncio.to_thread(send) == 403
    assert stage.rows("SELECT count(*) FROM wechat_inbox") == [(0,)]


async def test_a_database_that_is_away_is_said(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "你好")
    with stage.engine.begin() as c:
        c.exec_driver_sql("ALTER TABLE wechat_inbox RENAME TO wechat_inbox_away")
    await stage.platform.say(ME, "在吗")
    assert "再发一次" in texts(stage)[-1]
    with stage.engine.begin() as c:
        c.exec_driver_sql("ALTER TABLE wechat_inbox_away RENAME TO wechat_inbox")
    await stage.platform.say(ME, "在吗")
    assert texts(stage)[-1] == "收到：在吗"


async def test_records_are_forgotten_after_a_week(stage: Stage) -> None:
    await stage.worker()
    await stage.platform.say(ME, "你好")
    store = OutgoingStore(stage.engine, stage.keys)
    store.purge(datetime.now(timezone.utc))
    assert stage.rows("SELECT count(*) FROM wechat_inbox") == [(1,)]
    store.purge(datetime.now(timezone.utc) + timedelta(days=8))
    assert stage.rows("SELECT count(*) FROM wechat_inbox") == [(0,)]
    assert stage.rows("SELECT count(*) FROM wechat_outgoing") == [(0,)]
