"""The widget and the frame on somebody else's page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import Server

from browser.conftest import STORY, Foreign
from browser.driver import Browser, Page

LOOKS = "(e => { const s = getComputedStyle(e); return [s.fontSize, s.color, s.margin, s.letterSpacing, e.getBoundingClientRect().height] })(document.querySelector('#own'))"


@pytest.fixture
def at(browser: Browser, server: Server, foreign: Foreign) -> Iterator[object]:
    pages = []

    def visit(body: str, host: str = "127.0.0.1") -> Page:
        foreign.body = body
        page = browser.page(f"http://{host}:{foreign.port}/")
        pages.append(page)
        return page

    yield visit
    for page in pages:
        page.close()


def test_one_line_adds_the_widget_and_touches_nothing_else(at) -> None:
    before = at("").value(LOOKS)
    page: Page = at(
        '<sufang-chat heading="某某局信访助手" color="#ffd24d" size="20" start="我想咨询怎么办低保"></sufang-chat>'
    )
    page.js("await page.getByRole('button', { name: '某某局信访助手' }).click()")
    page.js("await page.locator('[data-kind]').nth(1).waitFor()")
    assert page.js("return await page.locator('[data-from=user] p').allTextContents()") == ["我想咨询怎么办低保"]
    page.js(
        "const box = page.getByRole('textbox', { name: '输入' }); await box.fill(args.text); await box.press('Enter'); await page.locator('[data-kind=advice]').last().waitFor()",
        text=STORY,
    )
    assert page.value(LOOKS) == before
    inner = page.value(
        "(e => { const s = getComputedStyle(e); return [s.fontSize, s.letterSpacing, s.textTransform] })(document.querySelector('sufang-chat').shadowRoot.querySelector('.sf'))"
    )
    assert inner == ["20px", "normal", "none"]
    assert page.axe() == []
    page.js("await page.keyboard.press('Escape'); await page.getByRole('button', { name: '某某局信访助手' }).waitFor()")
    assert page.errors() == []
    assert page.value("[...document.fonts].length") == 0
    assert page.value(
        "performance.getEntriesByType('resource').every(r => [location.origin, document.querySelector('sufang-chat').server].includes(new URL(r.name).origin))"
    )


def test_the_frame_is_allowed_on_listed_pages_only(at, server: Server) -> None:
    frame = f'<iframe src="{server.base}/embed" title="信访助手" width="400" height="700"></iframe>'
    page: Page = at(frame)
    page.js("await page.frameLocator('iframe').locator('[data-kind]').first().waitFor()")
    page.js(
        "const f = page.frameLocator('iframe'); await f.getByRole('textbox', { name: '输入' }).fill(args.text); await f.getByRole('button', { name: '发送' }).click(); await f.locator('[data-kind=advice]').waitFor()",
        text=STORY,
    )
    assert page.axe() == []
    stranger: Page = at(frame, "localhost")
    stranger.js("await until(() => errors.some(e => e.includes('frame-ancestors')), 'refused')")


def test_a_site_that_is_not_listed_gets_nothing(at) -> None:
    page: Page = at('<sufang-chat display="block"></sufang-chat>', "localhost")
    page.js("await until(() => errors.some(e => e.includes('CORS')), 'refused')")
    assert page.value("document.querySelector('sufang-chat').shadowRoot") is None
