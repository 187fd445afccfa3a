"""The citizen's page in a real browser, under its own strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server

from browser.chrome import Page, chromium

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium on this machine: the page was not tested in a browser"
)
TURNS = ("帮我登记", "要求装净化设备", "昆明市五华区莲花街道翠湖里小区", "老灶台川菜馆", "李春梅", "13800001234")
STORY = "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("browser")).start()
    yield server
    server.stop()


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    page = Page()
    page.open(server.base + "/")
    page.until("document.querySelectorAll('#log .turn').length > 0")
    yield page
    page.close()


def test_a_whole_filing_by_keyboard(page: Page) -> None:
    page.type(STORY)
    assert "advice" in page.kinds()
    for text in TURNS:
        page.type(text)
    assert page.kinds()[-1] == "summary"
    page.type("确认提交")
    assert page.kinds()[-1] == "receipt"
    assert page.errors == []


def test_a_button_is_pressed_and_a_reload_keeps_the_conversation(page: Page, server: Server) -> None:
    page.type(STORY)
    page.run("[...document.querySelectorAll('.choices button')].find(b => b.textContent === '帮我登记').click()")
    page.until("document.querySelector('#log .turn:last-child')?.dataset.field === 'demand'")
    page.open(server.base + "/")
    page.until("document.querySelector('[data-field=demand]')")
    page.type("要求装净化设备")
    assert page.kinds()[-1] == "ask"


def test_what_was_typed_survives_a_server_that_is_away(page: Page, server: Server) -> None:
    page.type(STORY)
    server.stop()
    try:
        page.run("document.getElementById('words').focus()")
        page.send("Input.insertText", text="帮我登记")
        page.run("document.getElementById('say').requestSubmit()")
        page.until("document.getElementById('state').textContent.includes('连接中断')")
        assert page.run("document.getElementById('words').value") == "帮我登记"
    finally:
        server.start()
    page.run("document.querySelector('#state button').click()")
    page.until("document.querySelector('[data-field=demand]')")


def test_html_in_words_stays_text(page: Page) -> None:
    page.type(STORY + "<img src=x onerror=\"document.title='hacked'\">")
    assert page.run("document.title") != "hacked"
    assert page.run("document.querySelectorAll('#log img').length") == 0


@pytest.mark.parametrize("width", [320, 1366])
def test_nothing_runs_out_of_the_page(server: Server, width: int) -> None:
    page = Page(width)
    try:
        page.open(server.base + "/")
        page.until("document.querySelectorAll('#log .turn').length > 0")
        page.type(STORY)
        page.run("document.getElementById('larger').click()")
        assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.run("[...document.querySelectorAll('button')].every(b => b.getBoundingClientRect().height >= 44)")
    finally:
        page.close()


def test_the_page_speaks_to_screen_readers(page: Page) -> None:
    assert page.run("document.querySelector('[role=log]').getAttribute('aria-live')") == "polite"
    assert "输入" in page.run("document.querySelector('label[for=words]').textContent")
    assert page.run("document.querySelector('#say button').textContent") == "发送"


def take_picture(target: Path, data: Path) -> None:
    """The picture of the READMEs: a real conversation on the running page."""
    server = Server(data).start()
    page = Page(460, 1000)
    try:
        page.open(server.base + "/")
        page.until("document.querySelectorAll('#log .turn').length > 0")
        page.type(STORY)
        page.type("帮我登记")
        page.run("document.querySelector('[data-kind=advice]').scrollIntoView({block: 'start'})")
        page.picture(target)
    finally:
        page.close()
        server.stop()


if __name__ == "__main__":
    import tempfile

    take_picture(Path("docs/images/conversation.png"), Path(tempfile.mkdtemp()))
