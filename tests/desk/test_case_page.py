"""The page of a case: where each field stands in the story, the advice with its reasons, files that came later."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from bot.petition.catalogue import catalogue
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.filing import filing_of
from bot.petition.dialogue.requests import request
from bot.storage.chat import ChatStore
from desk.office import BRIBE, LIFT, Office
from desk.test_desk import sign_in

STORY = "我叫李春梅，电话13800001234。阳光花园三号楼电梯坏了两个月，安心物业公司一直不修，老人下不了楼"


def filed_by_chat(o: Office, advisor, conversation: str = "talk", **values: object) -> str:
    """The number of a case that was told to the bot, its wish read from the story."""
    told = {
        "narrative": STORY,
        "demand": "修好电梯",
        "place": "阳光花园三号楼",
        "name": "李春梅",
        "phone": "13800001234",
        "address": "莲花街道8号",
    }
    draft = Draft(id=f"draft-{conversation}", values=told | values, guessed=["demand"])
    advice = advisor.advise(STORY, o.day.date)
    filing = filing_of(draft, advice, conversation, o.day.time)
    return o.cases.file(filing, o.day.time, o.day.date).case_no


async def page(o: Office, number: str) -> str:
    return await (await o.client.get(f"/desk/cases/{number}")).text()


def test_a_field_links_to_the_words_it_was_read_from_and_the_masked_story_names_nobody(office: Office, advisor) -> None:
    async def work(o: Office) -> None:
        number = filed_by_chat(o, advisor)
        csrf = await sign_in(o, "小周", "clerk")
        text = await page(o, number)
        for key, words in (("place", "阳光花园三号楼"), ("name", "李**"), ("phone", "138****1234")):
            assert f'href="#e-{key}-0"' in text
            assert re.search(
                rf'<a class="anchor" id="e-{key}-0"></a>(?:<a[^>]*></a>)*<mark title="[^"]+">{re.escape(words)}</mark>',
                text,
            ), key
        assert "李春梅" not in text
        assert "13800001234" not in text
        assert "问到时说的" in text  # the address is not in the story
        assert "从经过推断，信访人确认过" in text
        opened = await o.client.post(f"/desk/cases/{number}/look", data={"csrf": csrf, "reason": "打电话核实"})
        text = await opened.text()
        assert '<mark title="姓名">李春梅</mark>' in text
        assert re.search(r"<mark[^>]*>13800001234</mark>", text)

    office.run(work)


def test_the_advice_and_its_reasons_stand_on_a_case_from_the_chat(office: Office, advisor) -> None:
    async def work(o: Office) -> None:
        number = filed_by_chat(o, advisor)
        await sign_in(o, "小周", "clerk")
        text = await page(o, number)
        first = advisor.advise(STORY, o.day.date).channels[0]
        assert first.procedure.name in text
        assert first.why[:10] in text

    office.run(work)


def test_files_that_come_after_filing_belong_to_the_case_and_to_those_who_work_it(
    office: Office, advisor, engine, keys, tmp_path: Path
) -> None:
    chat, folder = ChatStore(engine, keys), tmp_path / "attachments"
    say = catalogue()

    async def work(o: Office) -> None:
        number = filed_by_chat(o, advisor)
        assert (await o.move("clerk", number, "dispatched", kind="转送", agency="住建"))[0] == 200
        for conversation, name in (("talk", "电梯.jpg"), ("another phone", "维修单.pdf")):
            chat.begin(conversation, "m1", {"text": "x"}, o.day.time)
            chat.add_attachment(conversation, name, b"bytes", "image/jpeg", folder, o.day.time)
            request("supplement", "补充两样材料，请看", number, o.cases, say, o.day.time, o.day.date, conversation)
        assert [f["name"] for f in o.stores.files.of_case(number)] == ["电梯.jpg", "维修单.pdf"]
        for who, role, agency, sees in (
            ("a", "clerk", "", True),
            ("b", "handler", "住建", True),
            ("c", "handler", "城管", False),
            ("d", "discipline", "", False),
        ):
            o.client.session.cookie_jar.clear()
            await sign_in(o, who, role, agency)
            assert ("维修单.pdf" in await page(o, number)) is sees, role
        # The second conversation filed nothing itself; what it brought stays with the case when the conversation is forgotten.
        chat.purge(o.day.time + timedelta(days=30), folder)
        assert len(o.stores.files.of_case(number)) == 2
        assert o.stores.files.open(number, o.stores.files.of_case(number)[1]["id"], folder)[1] == b"bytes"

    office.run(work)


def test_files_added_to_an_accusation_are_the_discipline_roles_alone(
    office: Office, engine, keys, tmp_path: Path
) -> None:
    chat = ChatStore(engine, keys)

    async def work(o: Office) -> None:
        number = await o.register("clerk", BRIBE)
        chat.add_attachment("talk", "账本.jpg", b"bytes", "image/jpeg", tmp_path, o.day.time)
        o.cases.supplement(number, "这是账本", o.day.time, o.day.date, "talk")
        await sign_in(o, "a", "clerk")
        assert "账本.jpg" not in await page(o, number)
        o.client.session.cookie_jar.clear()
        await sign_in(o, "b", "discipline")
        assert "账本.jpg" in await page(o, number)

    office.run(work)


def test_a_visitors_fields_were_typed_at_the_counter(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.register("clerk", LIFT)
        await sign_in(o, "小周", "clerk")
        text = await page(o, number)
        assert "登记时填写" in text
        assert 'href="#e-place-0"' not in text  # 云溪市青石区阳光花园 is not what the story says
        assert "问到时说的" not in text

    office.run(work)


NOTE = "已经和李春梅通了电话（13800001234、妻子13911112222），约好到莲花街道8号看现场"


def test_notes_name_the_petitioner_no_more_than_the_story_until_a_reason_is_given(office: Office, advisor) -> None:
    async def work(o: Office) -> None:
        number = filed_by_chat(o, advisor)
        assert (await o.move("clerk", number, "dispatched", kind="转送", agency="住建", note=NOTE))[0] == 200
        await o.must("boss", "POST", f"cases/{number}/events", event="督办", note=f"请回复：{NOTE}")
        csrf = await sign_in(o, "小周", "clerk")
        shown = [
            await page(o, number),
            str(await o.must("h住建", "GET", f"cases/{number}/events")),
            str(await o.must("h住建", "GET", f"cases/{number}")),
        ]
        for text in shown:
            assert "通了电话" in text
            assert not any(said in text for said in ("李春梅", "13800001234", "13911112222", "莲花街道8号")), text
        opened = await o.client.post(f"/desk/cases/{number}/look", data={"csrf": csrf, "reason": "核实"})
        assert (await opened.text()).count(NOTE) == 3  # the time line twice, and what waits for an answer
        told = await o.must("h住建", "GET", f"cases/{number}/events?reason=核实")
        assert NOTE in [e["note"] for e in told]
        looks = [e for e in o.staff.looks() if e["case_no"] == number]
        assert [(e["by"], e["reason"]) for e in looks] == [("h住建", "核实"), ("小周", "核实")]

    office.run(work)


def test_the_words_of_a_rating_are_masked_in_the_list_of_rework(office: Office) -> None:
    async def work(o: Office) -> None:
        number = await o.replied()
        o.cases.rate(number, "不满意", "我是李春梅，打13800001234没有人回", o.day.time, o.day.date)
        await o.must("boss", "POST", f"cases/{number}/events", event="整改", note="已给李春梅回电话")
        (row,) = (await o.must("boss", "GET", "reports/rework"))["cases"]
        assert row["words"] == "我是李**，打138****1234没有人回"
        assert "李春梅" not in str(row["rework"])

    office.run(work)
