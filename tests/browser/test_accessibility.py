"""What docs/accessibility.md promises and axe-core cannot judge: the lines of the 适老化 checklist, and a filing as a screen reader gets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from serving import Server

from browser.conftest import STORY, TURNS, to_summary
from browser.driver import Browser, Page

# Letters are counted where they stand: elements with text of their own that are to be seen.
SEEN = (
    "[...document.querySelectorAll('sufang-chat *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())"
    " && e.getClientRects().length && !e.closest('.who, .skip, .state.quiet, option')"
    " && !(e.getBoundingClientRect().width < 2))"
)
INSIDE = (
    "document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.turn, .numbers div, button, .danger a, dialog')]"
    ".every(e => !e.getClientRects().length || (e.getBoundingClientRect().right <= innerWidth + 1 && e.getBoundingClientRect().left >= -1))"
)
# What can be pressed, without what stands in a sentence (WCAG 2.2, 2.5.8: inline) and without the fields inside their labels.
TARGETS = (
    "[...document.querySelectorAll('button, a, summary, textarea, select, input:not([type=radio]):not([type=checkbox]):not(.who), label:has(input[type=radio], input[type=checkbox])')]"
    ".filter(e => e.getClientRects().length && !e.closest('.who, .skip') && !e.matches('p:not(.aside, .calls, .earlier, .danger) > a, dd > a:not(.papers)'))"
)


def visit(browser: Browser, server: Server, kept: dict[str, str] | None = None, **context: Any) -> Page:
    """The page of a person who has chosen something before."""
    page = browser.page("", **context)
    page.js(
        "await page.addInitScript(kept => { if (!sessionStorage.been) for (const k in kept) localStorage.setItem('sufang-' + k, kept[k]); sessionStorage.been = 1 }, args.kept); await page.goto(args.url)",
        kept=kept or {},
        url=server.base + "/",
    )
    return page.ready()


def menu(page: Page) -> None:
    page.js("await page.getByRole('button', { name: '更多' }).click(); await page.locator('dialog[open]').waitFor()")


def px(page: Page, selector: str) -> float:
    return float(page.value(f"parseFloat(getComputedStyle(document.querySelector('{selector}')).fontSize)"))


# -- letters --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elder", [False, True], ids=["standard", "elder"])
def test_letters_grow_in_steps_to_thirty_and_more_and_the_choice_stays(
    browser: Browser, server: Server, elder: bool
) -> None:
    page = visit(browser, server, {"elder": "1"} if elder else {}, viewport={"width": 320, "height": 640})
    menu(page)
    sizes = [px(page, ".turn p")]
    for title in ("大", "特大", "最大"):
        page.js("await page.getByRole('radio', { name: args.title, exact: true }).check()", title=title)
        sizes.append(px(page, ".turn p"))
    assert sizes == sorted(set(sizes))
    assert sizes[-1] >= 30
    assert page.axe() == []
    assert page.value(INSIDE)
    page.js("await page.reload()")
    page.ready()
    assert px(page, ".turn p") == sizes[-1]
    page.say(STORY).press("帮我登记")
    for text in TURNS:
        page.say(text)
    assert page.value(INSIDE)
    page.press("确认提交")
    assert page.value(INSIDE)
    assert page.value(
        "[...document.querySelectorAll('.numbers dd, .danger b')].every(e => e.scrollWidth <= e.clientWidth || !e.clientWidth)"
    )
    page.close()


@pytest.mark.parametrize("width", [320, 1366])
def test_in_the_elder_version_no_letter_is_smaller_than_eighteen(browser: Browser, server: Server, width: int) -> None:
    page = visit(browser, server, {"elder": "1"}, viewport={"width": width, "height": 812})
    small = f"{SEEN}.filter(e => parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML.slice(0, 90))"
    page.say(STORY)
    assert page.value(small) == []
    page.press("帮我登记")
    for text in TURNS:
        page.say(text)
    assert page.value(small) == []
    page.press("确认提交")
    menu(page)
    assert page.value(small) == []
    page.close()


def test_lines_and_paragraphs_stand_apart_and_letters_have_no_serifs(page: Page) -> None:
    page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    lines = page.value(
        "[...document.querySelectorAll('.turn p, .turn dd')].map(e => { const s = getComputedStyle(e); return parseFloat(s.lineHeight) / parseFloat(s.fontSize) })"
    )
    assert min(lines) >= 1.3
    # From a paragraph's last line to the next one's first, against from line to line.
    apart = page.value(
        "[...document.querySelectorAll('.turn > p + p:not(.aside)')].map(e => { const line = parseFloat(getComputedStyle(e).lineHeight);"
        "return (e.getBoundingClientRect().top - e.previousElementSibling.getBoundingClientRect().bottom + line) / line })"
    )
    assert apart
    assert min(apart) >= 1.3
    assert page.value("getComputedStyle(document.querySelector('.turn p')).fontFamily").endswith("sans-serif")


def test_wechat_and_the_browser_may_enlarge_by_themselves(browser: Browser, server: Server) -> None:
    """WeChat on an iPhone sets text-size-adjust on the body; a phone's own setting of letters works like it. 1.75 is its largest step."""
    page = visit(browser, server, viewport={"width": 375, "height": 812}, isMobile=True, hasTouch=True)
    page.say(STORY)
    before = px(page, ".rows dd")
    page.value("document.body.style.setProperty('text-size-adjust', '175%')")
    assert px(page, ".rows dd") >= before * 1.6
    assert page.value(INSIDE)
    page.value("document.body.style.removeProperty('text-size-adjust')")
    page.value("document.documentElement.style.fontSize = '24px'")
    assert px(page, ".rows dd") == pytest.approx(before * 1.5, rel=0.1)
    assert page.value(INSIDE)
    page.close()


def test_a_mini_program_hands_its_size_on(browser: Browser, server: Server) -> None:
    page = browser.page(server.base + "/?size=23.8").ready()
    assert px(page, ".turn p") == pytest.approx(23.8)
    page.close()


def test_wider_spacing_of_text_loses_nothing(browser: Browser, server: Server) -> None:
    """WCAG 2.1, 1.4.12, with the spacing of its text, set as a person's own style would be."""
    page = visit(browser, server, viewport={"width": 320, "height": 640})
    page.value(
        "(() => { const s = new CSSStyleSheet(); s.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }');"
        "document.adoptedStyleSheets = [s] })()"
    )
    to_summary(page).press("确认提交")
    assert page.value(INSIDE)
    cut = "e => e.scrollHeight > e.clientHeight + 2 && ['hidden', 'clip'].includes(getComputedStyle(e).overflowY)"
    assert (
        page.value(
            f"[...document.querySelectorAll('.turn *, button')].filter(e => !e.closest('.who')).filter({cut}).length"
        )
        == 0
    )
    page.close()


# -- targets, pointer, colours, movement ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("elder", "least"), [(False, 44), (True, 60)], ids=["standard", "elder"])
def test_every_target_is_large_enough(browser: Browser, server: Server, elder: bool, least: int) -> None:
    page = visit(browser, server, {"elder": "1"} if elder else {}, viewport={"width": 375, "height": 812})
    small = f"{TARGETS}.filter(e => Math.round(e.getBoundingClientRect().height) < {least} || Math.round(e.getBoundingClientRect().width) < 44).map(e => e.outerHTML.slice(0, 120))"
    assert page.value(small) == []
    page.say(STORY)
    assert page.value(small) == []
    to_summary_from_advice(page)
    assert page.value(small) == []
    page.press("确认提交")
    assert page.value(small) == []
    menu(page)
    assert page.value(small) == []
    close = page.value("document.querySelector('dialog .round').getBoundingClientRect().toJSON()")
    assert min(close["width"], close["height"]) >= least
    page.close()


def to_summary_from_advice(page: Page) -> None:
    page.press("帮我登记")
    for text in TURNS:
        page.say(text)


def test_the_pointer_is_large_in_the_elder_version_and_wherever_it_is_wanted(page: Page) -> None:
    pointer = "getComputedStyle(document.querySelector('#words')).cursor"
    assert "pointer.svg" not in page.value(pointer)
    page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    assert "pointer.svg" in page.value(pointer)
    picture = page.value(f'fetch({pointer}.match(/url\\("(.*)"\\)/)[1]).then(r => r.text())')
    assert 'width="64"' in picture
    menu(page)
    page.js("await page.getByLabel('大鼠标指针').uncheck()")
    assert "pointer.svg" not in page.value(pointer)
    page.js("await page.reload()")
    page.ready()
    assert "pointer.svg" not in page.value(pointer)


def test_colours_are_chosen_and_stay(page: Page) -> None:
    menu(page)
    for title, ground in (("高对比", "rgb(0, 0, 0)"), ("深色", "rgb(18, 24, 31)"), ("浅色", "rgb(243, 245, 248)")):
        page.js("await page.getByRole('radio', { name: args.title, exact: true }).check()", title=title)
        page.until(f"getComputedStyle(document.querySelector('.sf')).backgroundColor === '{ground}'")
        assert page.value("getComputedStyle(document.body).backgroundColor") == ground
        assert page.axe() == []
    page.js("await page.getByRole('radio', { name: '高对比' }).check(); await page.reload()")
    page.ready()
    assert page.value("document.querySelector('.sf').dataset.theme") == "contrast"


def test_the_system_may_ask_for_less_movement_and_for_its_own_colours(browser: Browser, server: Server) -> None:
    page = browser.page(server.base + "/", reducedMotion="reduce", forcedColors="active", contrast="more").ready()
    page.js("await page.getByRole('textbox', { name: '输入' }).pressSequentially('您好')")
    to_summary(page)
    assert page.value("document.getAnimations().length") == 0
    assert page.value(
        "[...document.querySelectorAll('.turn.bot, .main')].every(e => parseFloat(getComputedStyle(e).borderTopWidth) >= 1)"
    )
    assert page.axe() == []
    page.close()


# -- time, lures, entry ---------------------------------------------------------------------------------------------------


def test_nobody_is_hurried(browser: Browser, server: Server) -> None:
    """Two hours over one sentence: nothing asks, nothing goes, and it is sent as if it were a minute."""
    page = browser.page("")
    page.js("await page.clock.install(); await page.goto(args.url)", url=server.base + "/")
    page.js("await page.clock.runFor(5000)")
    page.ready()
    page.js(
        "await page.getByRole('textbox', { name: '输入' }).fill('楼下川菜馆的油烟'); await page.clock.fastForward('02:00:00')"
    )
    assert page.value("document.querySelector('#words').value") == "楼下川菜馆的油烟"
    assert page.value("document.querySelector('dialog[open]')") is None
    page.js(
        "const box = page.getByRole('textbox', { name: '输入' }); await box.fill(args.text); await box.press('Enter');"
        "for (let i = 0; i < 100 && !(await page.locator('[data-kind=advice]').count()); i++) { await page.clock.runFor(1000); await sleep(50) }",
        text=STORY,
    )
    assert page.last()[0] == "advice"
    page.close()


def test_the_elder_version_and_a_human_are_one_press_away_and_nothing_lures(browser: Browser, server: Server) -> None:
    page = visit(browser, server, viewport={"width": 320, "height": 568})
    for name in ("长辈版", "转人工"):
        box = page.js("return await page.getByRole('button', { name: args.name }).boundingBox()", name=name)
        assert box["y"] + box["height"] < 568
        assert box["x"] + box["width"] <= 320
    page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    page.say(STORY)
    assert page.js("return await page.getByRole('button', { name: '转人工' }).isVisible()")
    assert (
        page.value(
            "[...document.querySelectorAll('body *')].filter(e => getComputedStyle(e).position === 'fixed' && e.getClientRects().length).length"
        )
        == 0
    ), "nothing floats"
    assert (
        page.value("document.querySelectorAll('iframe, object, embed, video, img, dialog[open], a[download]').length")
        == 0
    )
    assert page.value("performance.getEntriesByType('resource').every(r => new URL(r.name).origin === location.origin)")
    page.close()


# -- reading aloud --------------------------------------------------------------------------------------------------------


@pytest.fixture
def speaking(browser: Browser, server: Server) -> Iterator[Page]:
    """The browser's voice is played by a stand-in that says a line when it is told to: headless Chromium has none."""
    page = browser.page("")
    page.js(
        "await page.addInitScript(() => { window.said = []; let now = null;"
        "window.lineEnds = () => { const u = now; now = null; u?.onend?.() };"
        "Object.defineProperty(window, 'speechSynthesis', { value: { speak: u => { now = u; window.said.push(u.text) }, cancel: () => { window.said.push('-'); const u = now; now = null; u?.onerror?.() } } });"
        "window.SpeechSynthesisUtterance = class { constructor(t) { this.text = t } } }); await page.goto(args.url)",
        url=server.base + "/",
    )
    yield page.ready()
    page.close()


def test_what_is_read_aloud_is_marked_and_can_be_stopped(speaking: Page) -> None:
    marked = "document.querySelectorAll('.turn.aloud').length"
    assert speaking.value("window.said.length") == 0, "off until it is asked for"
    speaking.js("await page.getByRole('button', { name: '长辈版' }).click()")
    speaking.js("await page.getByRole('button', { name: '朗读', exact: true }).first().click()")
    assert speaking.value(marked) == 1
    assert speaking.value("getComputedStyle(document.querySelector('.turn.aloud')).outlineWidth") == "3px"
    assert speaking.axe() == []
    speaking.js("await page.getByRole('button', { name: '停止朗读' }).click()")
    assert speaking.value(marked) == 0
    assert speaking.value("window.said")[-1] == "-"
    speaking.js("await page.getByRole('button', { name: '朗读', exact: true }).first().click()")
    for _ in range(3):
        speaking.value("window.lineEnds()")
    speaking.until(f"{marked} === 0")
    assert [line for line in speaking.value("window.said") if line != "-"][-1].startswith("您遇到了什么事")


def test_new_messages_are_read_aloud_when_that_was_chosen(speaking: Page) -> None:
    menu(speaking)
    speaking.js("await page.getByLabel('自动朗读新消息').check(); await page.keyboard.press('Escape')")
    speaking.say(STORY)
    assert "油烟" in speaking.value("window.said")[0]
    assert speaking.value("document.querySelectorAll('.turn.aloud[data-kind=advice]').length") == 1
    speaking.js("await page.keyboard.press('Escape')")
    speaking.until("!document.querySelector('.turn.aloud')")


# -- as a screen reader gets it -------------------------------------------------------------------------------------------

EARS = (
    "(() => { window.told = []; const put = t => t && window.told[window.told.length - 1] !== t && window.told.push(t);"
    "for (const e of document.querySelectorAll('[aria-live=polite], [role=status]'))"
    "new MutationObserver(all => { for (const m of all) { if (m.type === 'characterData' || e.getAttribute('role') === 'status') put(e.textContent); else for (const n of m.addedNodes) put(n.textContent) } })"
    ".observe(e, { childList: true, characterData: true, subtree: e.getAttribute('role') === 'status' }) })()"
)
TREE = (
    "const cdp = (page.ax ??= await context.newCDPSession(page)); const { nodes } = await cdp.send('Accessibility.getFullAXTree');"
    "const of = n => ({ role: n.role?.value, name: n.name?.value ?? '', focused: n.properties?.some(p => p.name === 'focused' && p.value.value) ?? false,"
    " level: n.properties?.find(p => p.name === 'level')?.value.value, live: n.properties?.find(p => p.name === 'live')?.value.value });"
    "return nodes.filter(n => !n.ignored).map(of)"
)


def tree(page: Page) -> list[dict[str, Any]]:
    """What Chromium hands to a screen reader."""
    return list(page.js(TREE))


def focus(page: Page) -> tuple[str, str]:
    """Role and name of what has the focus: what is said when it arrives there."""
    return [(n["role"], n["name"]) for n in tree(page) if n["focused"] and n["role"] != "RootWebArea"][-1]


def test_a_filing_as_a_screen_reader_gets_it(page: Page) -> None:
    """By keyboard alone: what has the focus, what it is called, and what is announced, in order. No real screen reader here; that is listen.py."""
    page.value(EARS)
    names = {(n["role"], n["name"]) for n in tree(page)}
    for landmark in (
        ("banner", ""),
        ("main", ""),
        ("heading", "诉访通"),
        ("form", "发送"),
        ("region", "对话"),
        ("note", ""),
    ):
        assert landmark in names, landmark
    live = {(n["role"], n["name"]) for n in tree(page) if n.get("live") == "polite" and n["role"] in ("log", "status")}
    assert live == {("status", ""), ("log", "新消息")}, "nothing is announced twice"
    assert all(
        n["name"] for n in tree(page) if n["role"] in ("button", "link", "textbox", "radio", "checkbox", "combobox")
    )

    page.js("await page.keyboard.press('Tab')")
    assert focus(page) == ("link", "跳到输入框")
    page.js("await page.keyboard.press('Enter')")
    assert focus(page) == ("textbox", "在这里输入您想说的话")
    page.js("await page.keyboard.type(args.text); await page.keyboard.press('Enter')", text=STORY)
    page.until("document.querySelector('[data-kind=advice]')")
    assert focus(page) == ("textbox", "在这里输入您想说的话"), "the focus stays where the next answer is typed"
    told = page.value("window.told")
    assert told[0] == "正在处理"
    assert told[1].startswith("诉访通：")
    assert told[1].endswith("可以选：帮我登记、先不登记")
    assert len(told) == 2, "once, as a whole, and not what the person said"
    assert [n["name"] for n in tree(page) if n["role"] == "heading" and n.get("level") == 2][-1] == "举报噪声、油烟扰民"

    back(page, "button", "帮我登记")
    page.js("await page.keyboard.press('Enter')")
    page.until("document.querySelector('[data-field=place]')")
    for n, text in enumerate(TURNS):
        page.until("document.activeElement.id === 'words'")
        page.js("await page.keyboard.type(args.text); await page.keyboard.press('Enter')", text=text)
        page.until(
            f"document.querySelectorAll('[data-from=user]').length === {n + 3} && !document.querySelector('.dots')"
        )
    told = page.value("window.told")
    asked = [t for t in told if t.startswith("诉访通：")]
    assert ["第1步，共4步" in t for t in asked].index(True) < ["第4步，共4步" in t for t in asked].index(True)
    named = next(t for t in asked if "怎么称呼您" in t)
    assert "草稿 7 天后自动删除" in named, "the notice is heard before the name is asked for"
    assert "请您看看对不对" in asked[-1]
    changes = [n["name"] for n in tree(page) if n["role"] == "button" and n["name"].startswith("修改第")]
    assert len(changes) == 7
    assert changes[4] == "修改第 5 项：被反映的单位或人"

    back(page, "button", "修改第 7 项：电话")
    page.js("await page.keyboard.press('Enter')")
    page.until("document.activeElement.closest('.edit')")
    assert focus(page) == ("textbox", "把“电话”改成")
    page.js("await page.keyboard.press('Escape')")
    page.until("document.activeElement.id === 'words'")
    back(page, "button", "确认提交")
    page.js("await page.keyboard.press('Enter')")
    page.until("document.querySelector('[data-kind=receipt]')")
    page.until("window.told[window.told.length - 1].startsWith('诉访通：')")
    case_no, code = page.value("[...document.querySelectorAll('.numbers dd')].map(e => e.textContent)")
    assert case_no in page.value("window.told")[-1]
    assert code in page.value("window.told")[-1]
    page.until("document.querySelector('sf-receipt button')")
    back(page, "button", "复制")
    page.js("await page.keyboard.press('Enter')")
    page.until("document.querySelector('.deeds [role=status]').textContent === '已复制'")
    assert page.value("document.querySelectorAll('[role=alert]').length") == 0


def back(page: Page, role: str, name: str) -> None:
    """Shift+Tab until there."""
    for _ in range(60):
        page.js("await page.keyboard.press('Shift+Tab')")
        if page.value("document.activeElement.matches('button, summary')") and focus(page) == (role, name):
            return
    raise AssertionError(f"never reached {name}")


def test_the_keyboard_gets_everywhere_and_out_again(page: Page) -> None:
    """WCAG 2.1, 2.1.2 and 2.4.7: Tab goes through everything once, shows where it is, and comes back to the beginning."""
    to_summary(page)
    page.value("document.querySelector('.skip').focus()")
    met: list[tuple[str, str, bool]] = []
    where = "(e => [e.tagName, e.id || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 20), (s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(e))])(document.activeElement)"
    for _ in range(80):
        at = tuple(page.value(where))
        if met and at[:2] in (("A", "跳到输入框"), ("BODY", at[1])):
            break
        met.append(at)
        page.js("await page.keyboard.press('Tab')")
    else:
        raise AssertionError("a trap")
    assert [m for m in met if not m[2]] == [], "the focus is always to be seen"
    titles = [m[1] for m in met]
    for name in ("elder", "转人工", "更多", "log", "确认提交", "添加照片、PDF 或录音", "words", "发送"):
        assert name in titles, name
    menu(page)
    for _ in range(25):
        page.js("await page.keyboard.press('Tab')")
        inside = page.value("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
        assert inside, "a dialog keeps the focus"
    page.js("await page.keyboard.press('Escape')")
    page.until("document.activeElement.getAttribute('aria-label') === '更多'")


def test_a_question_is_read_from_its_beginning_also_when_a_picker_comes_later(browser: Browser, server: Server) -> None:
    kept = {"elder": "1", "type": "3"}
    page = visit(browser, server, kept, viewport={"width": 375, "height": 700}).say(STORY).press("帮我登记")
    page.say("要求装净化设备")
    page.js("await page.getByRole('button', { name: '选地区' }).waitFor(); await sleep(300)")
    assert page.value(
        "[...document.querySelectorAll('.turn.bot')].pop().getBoundingClientRect().top >= document.querySelector('#log').getBoundingClientRect().top"
    )
    page.close()


def test_a_dark_system_is_not_blinded_while_the_page_loads(browser: Browser, server: Server) -> None:
    page = browser.page("", colorScheme="dark")
    page.js(
        "await page.route(/chat-[0-9a-f]+\\.js/, () => new Promise(() => {})); await page.goto(args.url, { waitUntil: 'commit' }); await page.locator('#words').waitFor()",
        url=server.base + "/",
    )
    still = "getComputedStyle(document.querySelector('.sf'))"
    page.until(f"{still}.backgroundColor === 'rgb(18, 24, 31)'")
    assert page.value(f"{still}.color") == "rgb(231, 237, 243)"
    page.close()
