"""A hotline draft shows whom it names: every opening is in the auditor's log."""

from __future__ import annotations

import re

from desk.test_drafts import QUERY, Office, csrf, office  # noqa: F401


def test_every_opening_of_a_draft_is_in_the_log(office: Office) -> None:  # noqa: F811
    async def work(o: Office) -> None:
        _, told = await o.call_back(o.transcript("lift"), QUERY)
        await o.sign_in("clerk")
        page = await o.page(told["draft"])
        assert "葛小梅" in page
        sent = {"csrf": csrf(page), "narrative": "电梯坏了没人修"}
        text = await (await o.client.post(told["draft"] + "/file", data=sent)).text()
        number = re.search(r"编号 <strong>(\d+)", text)[1]
        before = len(o.staff.looks())
        await o.page(told["draft"])
        entries = o.staff.looks()
        assert len(entries) == before + 1
        assert (entries[0]["by"], entries[0]["what"], entries[0]["case_no"]) == ("clerk", "查看个人信息", number)
        assert (entries[-1]["what"], entries[-1]["case_no"]) == ("查看个人信息", None)
        assert "葛小梅" not in str(entries)

    office.run(work)
