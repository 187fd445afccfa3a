"""The desk in a real browser, on both databases: each role does its day's work on one case, from the visitor to the review."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from databases import engine, keys, url  # noqa: F401
from desk.office import BRIBE, LIFT, Day, Office

from browser.chrome import Page, chromium

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium on this machine: the desk was not tested in a browser"
)
PASSWORD = "a password of one's own"
ACCOUNTS = (
    ("小周", "clerk", ""), ("老王", "handler", "住建"), ("老李", "handler", "信访局"), ("陈督查", "supervisor", ""),
    ("纪专办", "discipline", ""), ("审计员", "auditor", ""), ("管理员甲", "admin", ""),
)  # fmt: skip


class Served:
    """An office whose desk is served by a thread."""

    def __init__(self, office: Office) -> None:
        self.office, self.loop, ready = office, asyncio.new_event_loop(), threading.Event()

        async def start() -> None:
            self.runner = web.AppRunner(office.app, access_log=None)
            await self.runner.setup()
            site = web.TCPSite(self.runner, "127.0.0.1", 0)
            await site.start()
            self.base = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
            ready.set()

        self.loop.create_task(start())
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        assert ready.wait(30)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.runner.cleanup(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


class Desk:
    """A browser at the desk, driven by what a person sees: labels and buttons."""

    def __init__(self, base: str, width: int = 1366, height: int = 768) -> None:
        self.base, self.page = base, Page(width, height)

    def open(self, path: str) -> None:
        self.page.open(self.base + path)

    def text(self) -> str:
        return self.page.run("document.body.innerText")

    def sign_in(self, name: str) -> None:
        self.open("/desk/login")
        if self.page.run("!document.getElementById('password')"):
            self.press("退出")
        self.type("用户名", name)
        self.type("密码", PASSWORD)
        self.enter()
        self.page.until(f"document.body.innerText.includes({json.dumps(name + '（')})")

    def field(self, label: str, within: str = "document") -> str:
        """A script that finds the control of a label."""
        return f"""(() => {{
            for (const l of {within}.querySelectorAll('label')) if (l.textContent.trim().startsWith({json.dumps(label)}))
                return l.htmlFor ? document.getElementById(l.htmlFor) : l.querySelector('input, select, textarea');
            throw new Error('no field ' + {json.dumps(label)});
        }})()"""

    def type(self, label: str, words: str, within: str = "document") -> None:
        """Types as a keyboard does."""
        self.page.run(
            f"{{ const f = {self.field(label, within)}; f.value = ''; const d = f.closest('details'); if (d) d.open = true; f.focus(); }}"
        )
        self.page.send("Input.insertText", text=words)
        assert self.page.run(f"{self.field(label, within)}.value") == words, label

    def choose(self, label: str, value: str, within: str = "document") -> None:
        script = f"{{ const f = {self.field(label, within)}; for (const o of f.options) o.selected = o.text === {json.dumps(value)}; }}"
        self.page.run(script)
        assert self.page.run(f"{self.field(label, within)}.selectedOptions[0].text") == value

    def enter(self) -> None:
        self._then(lambda: self._key("Enter", 13))

    def _key(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self.page.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text="\r"
            )

    def press(self, words: str, within: str = "document") -> None:
        """Presses the button with these words and waits for the next page."""
        script = f"""(() => {{
            const b = [...{within}.querySelectorAll('button')].find(b => b.textContent.trim().startsWith({json.dumps(words)}));
            if (!b) throw new Error('no button ' + {json.dumps(words)});
            const d = b.closest('details'); if (d) d.open = true;
            b.click(); return true;
        }})()"""
        self._then(lambda: self.page.run(script))

    def _then(self, act: Any) -> None:
        self.page.run("window.stale = true")
        act()
        self.page.until("!window.stale && document.readyState === 'complete'")

    def part(self, summary: str) -> str:
        """A script that finds a section that opens."""
        return f"[...document.querySelectorAll('details')].find(d => d.querySelector('summary').textContent.trim().startsWith({json.dumps(summary)}))"

    def step(self, name: str, **told: str) -> None:
        """Takes a step that the case page offers."""
        part = self.part(name)
        self.page.run(f"{part}.open = true")
        for label, words in told.items():
            self.type(label, words, part)
        self.press(name.partition("（")[0], part)

    def close(self) -> None:
        self.page.close()


@pytest.fixture
def served(engine, keys, advisor) -> Iterator[Served]:  # noqa: F811
    office = Office(engine, keys, advisor, Day())
    for name, role, agency in ACCOUNTS:
        first = office.staff.add(name, role, agency, office.day.time)
        office.staff.change_password(name, first, PASSWORD)
    served = Served(office)
    yield served
    served.stop()


@pytest.fixture
def desk(served: Served) -> Iterator[Desk]:
    desk = Desk(served.base)
    yield desk
    desk.close()


def test_every_role_does_its_days_work(served: Served, desk: Desk) -> None:
    # the clerk: a visitor
    desk.sign_in("小周")
    desk.open("/desk/new")
    for label, key in (
        ("事情经过", "narrative"),
        ("诉求", "demand"),
        ("问题发生地", "place"),
        ("姓名", "name"),
        ("电话", "phone"),
    ):
        desk.type(label, LIFT[key])
    desk.press("登记")
    number = desk.page.run("document.querySelector('.receipt strong').textContent")
    case = f"/desk/cases/{number}"
    desk.open(case)
    assert "李春梅" not in desk.text()
    desk.type("姓名、电话等已遮住", "联系信访人核实")
    desk.press("查看个人信息")
    assert "李春梅" in desk.text()
    desk.open(case)
    part = desk.part("转送或交办")
    desk.choose("承办单位", "住建", part)
    desk.press("转送或交办", part)
    desk.open(case)
    desk.page.run(f"{desk.part('文书')}.open = true")
    desk.press("信访事项转送单", desk.part("文书"))
    desk.press("编号并出具")
    assert "信访转字〔2026〕1号" in desk.text()
    # the handler of the unit
    desk.sign_in("老王")
    assert number in desk.text()
    desk.open(case)
    for step in ("告知去向与途径", "受理", "开始办理"):
        desk.step(step)
    desk.page.run(f"{desk.part('文书')}.open = true")
    desk.press("信访事项处理意见书", desk.part("文书"))
    for label, words in (
        ("查明的事实", "电梯主板损坏属实"),
        ("处理意见", "责令物业七日内修复"),
        ("依据", "《物业管理条例》"),
    ):
        desk.type(label, words)
    desk.press("预览")
    assert "2026年12月23日" in desk.text()  # thirty days to apply
    desk.press("编号并出具")
    desk.open(case)
    desk.step("出具处理意见并答复")
    # the supervisor presses for more, the handler answers
    desk.sign_in("陈督查")
    desk.open(case)
    desk.step("督办", 内容="请核实是否真的修好")
    desk.sign_in("老王")
    desk.open(case)
    desk.type("督办回复", "已派人复核")
    desk.press("督办回复")
    # the petitioner comes back: not satisfied, and wants a review
    desk.sign_in("小周")
    desk.open(case)
    part = desk.part("代信访人登记")
    desk.choose("他要", "评价", part)
    desk.choose("评价（评价时选）", "不满意", part)
    desk.type("他怎么说的", "还是坏的", part)
    desk.press("代为登记", part)
    part = desk.part("代信访人登记")
    desk.choose("他要", "申请复查或者复核", part)
    desk.type("他怎么说的", "没有修好，请复查", part)
    desk.press("代为登记", part)
    assert "复查中" in desk.text()
    # the review agency
    desk.sign_in("老李")
    desk.open(case)
    desk.page.run(f"{desk.part('文书')}.open = true")
    desk.press("信访事项复查意见书", desk.part("文书"))
    for label, words in (
        ("复查请求", "修好电梯"),
        ("查明的事实", "未修复"),
        ("复查意见", "撤销，重新办理"),
        ("依据", "《信访工作条例》"),
    ):
        desk.type(label, words)
    desk.choose("结论", "撤销原处理意见")
    desk.press("预览")
    desk.press("编号并出具")
    assert "信访复查字〔2026〕1号" in desk.text()
    # the supervisor's lists, the auditor's log, the administrator's users
    desk.sign_in("陈督查")
    desk.open("/desk/rework")
    assert "还是坏的" in desk.text()
    desk.open("/desk/report")
    assert desk.page.run("document.querySelectorAll('svg[role=img]').length") >= 1
    desk.sign_in("审计员")
    assert "联系信访人核实" in desk.text()
    assert "电梯" not in desk.text()
    desk.sign_in("管理员甲")
    desk.type("用户名", "新来的")
    desk.press("新建")
    assert "新来的" in desk.text()
    assert desk.page.errors == []
    view = served.office.cases.get(number)
    assert [e.target for e in view.events if e.target][-2:] == ["replied", "review"]


def test_the_discipline_office_works_apart(served: Served, desk: Desk) -> None:
    desk.sign_in("纪专办")
    desk.open("/desk/new")
    for label, key in (("事情经过", "narrative"), ("被反映", "respondent")):
        desk.type(label, BRIBE[key])
    desk.press("登记")
    number = desk.page.run("document.querySelector('.receipt strong').textContent")
    desk.open(f"/desk/cases/{number}")
    assert "检举控告" in desk.text()
    part = desk.part("转送或交办")
    desk.choose("承办单位", "财政", part)
    desk.press("转送或交办", part)
    assert "不能交业务单位" in desk.text()
    part = desk.part("转送或交办")
    desk.choose("承办单位", "纪委监委", part)
    desk.press("转送或交办", part)
    for name in ("小周", "陈督查"):
        desk.sign_in(name)
        assert number not in desk.text()
        desk.open(f"/desk/cases/{number}")
        assert "没有这个编号" in desk.text()
        desk.open("/desk/?text=回扣")
        assert number not in desk.text()


def test_the_same_matter_is_merged_on_one_click_and_the_queue_filters_without_a_reload(
    served: Served, desk: Desk
) -> None:
    from bot.petition.roles import Staff

    clerk = Staff("小周", "clerk")
    main = served.office.desk.register(clerk, "来访", LIFT).case_no
    second = served.office.desk.register(clerk, "来电", LIFT | {"name": "张三", "phone": "13800005678"}).case_no
    desk.sign_in("小周")
    desk.open(f"/desk/cases/{second}")
    desk.press("并入这件")
    assert served.office.cases.get(second).merged_into == main
    desk.open("/desk/")
    desk.page.run("window.same = true")
    desk.choose("状态", "已登记")
    desk.page.run(f"{desk.field('状态')}.dispatchEvent(new Event('change', {{bubbles: true}}))")
    desk.page.until(f"!document.getElementById('list').innerText.includes('{second}')")
    assert desk.page.run("window.same") is True
    assert main in desk.text()
    assert "status=registered" in desk.page.run("location.search")


@pytest.mark.parametrize("width", [360, 1366])
def test_nothing_runs_out_of_the_page_and_everything_has_a_name(served: Served, width: int) -> None:
    from bot.petition.roles import Staff

    number = served.office.desk.register(Staff("小周", "clerk"), "来访", LIFT).case_no
    desk = Desk(served.base, width, 768)
    try:
        desk.sign_in("小周")
        for path in ("/desk/", f"/desk/cases/{number}", "/desk/new", "/desk/report", "/desk/reminders"):
            desk.open(path)
            desk.page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert desk.page.run("document.documentElement.scrollWidth <= window.innerWidth"), path
            nameless = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
                .filter(f => !f.labels.length && !f.ariaLabel).map(f => f.name)"""
            assert desk.page.run(nameless) == [], path
            assert desk.page.run("document.querySelectorAll('h1').length") == 1, path
            ids = "(() => { const i = [...document.querySelectorAll('[id]')].map(e => e.id); return i.filter((x, n) => i.indexOf(x) !== n) })()"
            assert desk.page.run(ids) == [], path
    finally:
        desk.close()


def take_pictures(folder: Path, base: str, supervisor: str, handler: str) -> None:
    """The pictures of the READMEs, of a desk that is running with the demonstration office; both accounts have PASSWORD."""
    desk = Desk(base, 1366, 960)
    try:
        desk.sign_in(supervisor)
        for path, file in (("/desk/", "desk-queue.png"), ("/desk/report", "desk-report.png")):
            desk.open(path)
            desk.page.picture(folder / file)
        desk.sign_in(handler)
        desk.open("/desk/?status=dispatched&text=翠湖花园")
        number = desk.page.run("document.querySelector('#list td a').textContent")
        desk.open(f"/desk/cases/{number}")
        desk.page.picture(folder / "desk-case.png")
    finally:
        desk.close()
