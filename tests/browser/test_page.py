"""The citizen's page in a real browser, under its own strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server

from browser.conftest import STORY, TURNS, to_summary
from browser.driver import Browser, Page

NO_SOCKETS = "await context.route('**/socket.io/**', r => r.abort()); await context.routeWebSocket(/socket\\.io/, s => s.close());"


def waits(page: Page, text: str) -> None:
    page.until(f"document.querySelector('#state').textContent.includes('{text}')")


def said(page: Page) -> list[str]:
    return list(page.value("[...document.querySelectorAll('[data-from=user] p')].map(e => e.textContent)"))


def type_and_send(page: Page, text: str) -> None:
    page.js(
        "const box = page.getByRole('textbox', { name: '输入' }); await box.fill(args.text); await box.press('Enter')",
        text=text,
    )


def test_a_whole_filing_by_keyboard_alone(page: Page) -> None:
    """No pointer at all: typing, Tab and Enter."""
    tab_to = (
        "const on = () => page.evaluate(() => document.activeElement.textContent.trim());"
        "for (let i = 0; i < 60 && (await on()) !== args.title; i++) await page.keyboard.press(args.back ? 'Shift+Tab' : 'Tab');"
        "if ((await on()) !== args.title) throw new Error('never reached ' + args.title);"
        "await page.keyboard.press('Enter')"
    )
    page.js("await page.keyboard.press('Tab'); await page.keyboard.press('Enter')")  # 跳到输入框
    page.until("document.activeElement.id === 'words'")
    page.js("await page.keyboard.type(args.text); await page.keyboard.press('Enter')", text=STORY)
    page.until("document.querySelector('[data-kind=advice]')")
    page.js(tab_to, title="帮我登记", back=True)
    page.until("document.querySelector('[data-field=place]')")
    for n, text in enumerate(TURNS):
        page.until("document.activeElement.id === 'words'")
        page.js("await page.keyboard.type(args.text); await page.keyboard.press('Enter')", text=text)
        page.until(
            f"document.querySelectorAll('[data-from=user]').length === {n + 3} && !document.querySelector('.dots')"
        )
    page.js(tab_to, title="确认提交", back=True)
    page.until("document.querySelector('[data-kind=receipt]')")
    assert page.errors() == []


def test_a_line_of_the_summary_is_corrected_where_it_stands(page: Page) -> None:
    to_summary(page)
    page.js("await page.getByRole('button', { name: /^修改第 5 项/ }).click()")
    page.until("document.activeElement.closest('.edit')")
    assert page.axe() == []
    page.js(
        "await page.keyboard.press('Control+A'); await page.keyboard.type('老灶台酒楼'); await page.keyboard.press('Enter')"
    )
    page.until("document.querySelectorAll('[data-kind=summary]').length === 2")
    lines = page.value("[...document.querySelectorAll('[data-kind=summary]')].pop().textContent")
    assert "老灶台酒楼" in lines
    assert "老灶台川菜馆" not in lines
    assert page.value("document.querySelectorAll('.lines button').length") == 7, "only the last summary can be edited"


def test_a_long_correction_takes_two_turns_by_itself(page: Page) -> None:
    to_summary(page)
    longer = (
        STORY
        + "，白天黑夜都有，孩子咳嗽了两个月，找过居委会也没有用，他们让我自己去跟老板说，老板说爱找谁找谁，到现在一点办法都没有，晚上窗户都不敢开"
    )
    page.js("await page.getByRole('button', { name: /^修改第 1 项/ }).click()")
    page.js(
        "await page.locator('.edit textarea').fill(args.text); await page.getByRole('button', { name: '改好了' }).click()",
        text=longer,
    )
    page.until("[...document.querySelectorAll('[data-kind=summary]')].pop().textContent.includes('窗户都不敢开')")


def test_a_reload_keeps_the_conversation_and_what_was_being_typed(page: Page) -> None:
    page.say(STORY).press("帮我登记")
    page.js("await page.getByRole('textbox', { name: '输入' }).fill('要求装'); await page.reload()")
    page.until("document.querySelector('[data-field=place]')")
    assert said(page) == [STORY, "帮我登记"]
    assert page.value("document.querySelector('#words').value") == "要求装"
    page.say("要求装净化设备")
    assert page.last() == ("ask", "place")


def test_words_typed_before_the_script_came_are_not_lost(browser: Browser, server: Server) -> None:
    page = browser.page("")
    page.js(
        "let go; const held = new Promise(r => go = r);"
        "await page.route(/chat-[0-9a-f]+\\.js/, async r => { await held; await r.continue(); });"
        "await page.goto(args.url, { waitUntil: 'commit' });"
        "const box = page.getByRole('textbox', { name: '输入' }); await box.click(); await page.keyboard.type('我家'); go()",
        url=server.base + "/",
    )
    page.ready()
    assert page.value("document.querySelector('#words').value") == "我家"
    page.until("document.activeElement.id === 'words'")
    page.close()


def test_two_tabs_show_the_same_conversation(browser: Browser, page: Page, server: Server) -> None:
    other = browser.page(server.base + "/", share=page).ready()
    for tab in (page, other):
        tab.js(
            "await until(() => page.evaluate(() => document.querySelector('sufang-chat').talk.transport.live), 'live')"
        )
    page.say(STORY)
    other.until("document.querySelector('[data-kind=advice]')")
    other.press("帮我登记")
    page.until("document.querySelector('[data-field=place]')")
    assert said(page) == said(other) == [STORY, "帮我登记"]
    assert page.kinds() == other.kinds()
    other.close()


def test_what_was_sent_while_the_server_was_away_arrives_once(page: Page, server: Server) -> None:
    page.say(STORY)
    server.stop()
    try:
        waits(page, "正在重连")
        type_and_send(page, "帮我登记")
        page.until("document.querySelector('.waiting')")
        assert page.axe() == []
    finally:
        server.start()
    page.until("document.querySelector('[data-field=place]')")
    assert said(page) == [STORY, "帮我登记"]
    page.js("await page.reload()")
    page.until("document.querySelector('[data-field=place]')")
    assert said(page) == [STORY, "帮我登记"]


def test_offline_nothing_is_lost(page: Page) -> None:
    page.js("await context.setOffline(true)")
    waits(page, "没有网络")
    type_and_send(page, STORY)
    page.until("document.querySelector('.waiting')")
    page.js("await context.setOffline(false)")
    page.until("document.querySelector('[data-kind=advice]')")
    assert said(page) == [STORY]


def test_where_sockets_are_blocked_http_is_enough(browser: Browser, server: Server) -> None:
    page = browser.page("")
    page.js(NO_SOCKETS + "await page.goto(args.url)", url=server.base + "/")
    page.ready().say(STORY).press("帮我登记")
    assert page.last() == ("ask", "place")
    other = browser.page(server.base + "/", share=page)
    other.until("document.querySelector('[data-field=place]')")
    other.say("要求装净化设备")
    page.until("document.querySelector('[data-field=place]')")
    page.close()


def test_an_expired_conversation_begins_anew_and_gives_the_words_back(page: Page) -> None:
    page.js("await page.evaluate(() => { document.querySelector('sufang-chat').talk.transport.token = 'x.1.y' })")
    page.js(NO_SOCKETS + "await page.evaluate(() => document.querySelector('sufang-chat').talk.transport.close())")
    type_and_send(page, STORY)
    page.until("document.querySelector('#words').value !== ''")
    assert page.value("document.querySelector('#words').value") == STORY
    page.ready()
    waits(page, "过期")


def test_the_first_answer_costs_little(browser: Browser, server: Server) -> None:
    """Everything over the wire, headers and live connection included, until the advice stands on the screen."""
    page = browser.page("")
    page.js(
        "const cdp = await context.newCDPSession(page); await cdp.send('Network.enable'); page.wire = 0;"
        "cdp.on('Network.loadingFinished', e => page.wire += e.encodedDataLength);"
        "for (const way of ['Sent', 'Received']) cdp.on('Network.webSocketFrame' + way, e => page.wire += Buffer.byteLength(e.response.payloadData));"
        "await page.goto(args.url)",
        url=server.base + "/",
    )
    page.ready().say(STORY)
    wire = page.js("await sleep(300); return page.wire")
    assert 20_000 < wire <= 60_000
    page.close()


def test_html_in_words_stays_text(page: Page) -> None:
    page.say(STORY + "<img src=x onerror=\"document.title='hacked'\"><b>x</b>")
    assert page.value("document.title") != "hacked"
    assert page.value("document.querySelectorAll('#log img, #log b').length") == 0


def test_pictures_and_papers_are_sent_smaller_and_refused_by_their_content(page: Page, tmp_path: Path) -> None:
    page.js("await page.getByRole('button', { name: /添加照片/ }).click().catch(() => 0)")
    page.js(
        # A noisy picture of 3,000 pixels is some megabytes as PNG.
        "const png = await page.evaluate(async () => { const c = document.createElement('canvas'); c.width = 3000; c.height = 1000; const x = c.getContext('2d');"
        "const d = x.createImageData(3000, 1000); for (let i = 0; i < d.data.length; i++) d.data[i] = i % 4 === 3 ? 255 : (i * 2654435761 % 251); x.putImageData(d, 0, 0);"
        "const b = await new Promise(r => c.toBlob(r)); return [...new Uint8Array(await b.arrayBuffer())] });"
        "await page.locator('sf-files input').setInputFiles(["
        "{ name: '现场.png', mimeType: 'image/png', buffer: Buffer.from(png) },"
        "{ name: '合同.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 x') },"
        "{ name: '假的.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('<html>') }])"
    )
    page.until("document.querySelectorAll('.files li').length === 3 && !document.querySelector('.files progress')")
    told = page.value("[...document.querySelectorAll('.files li span')].map(e => e.textContent)")
    assert "现场.png 已上传" in told
    assert "合同.pdf 已上传" in told
    assert any("假的.jpg 没有传上" in t for t in told)
    assert page.axe() == []
    assert page.value("document.querySelector('sf-files').items[0].sent") < 2_000_000, "the picture was made smaller"
    assert page.value("document.querySelector('.sf').scrollWidth <= innerWidth"), "nothing hidden makes the page wider"
    page.say(STORY)
    assert said(page) == [f"{STORY}（附件：现场.png、合同.pdf）"]
    assert page.value("document.querySelectorAll('.files li').length") == 0


def test_the_receipt_is_copied_kept_as_a_picture_and_read_by_another_phone(
    browser: Browser, page: Page, server: Server
) -> None:
    to_summary(page).press("确认提交")
    case_no, code = page.value("[...document.querySelectorAll('.numbers dd')].map(e => e.textContent)")
    page.js(
        "await context.grantPermissions(['clipboard-read', 'clipboard-write']); await page.getByRole('button', { name: '复制' }).click()"
    )
    page.until("document.querySelector('.deeds').textContent.includes('已复制')")
    assert case_no in page.js("return await page.evaluate(() => navigator.clipboard.readText())")
    page.js("await page.getByText('二维码').click(); await page.getByRole('button', { name: '存成图片' }).click()")
    page.until("document.querySelector('.picture img')?.naturalWidth > 0")
    read = page.js(
        "const [w, h, data] = await page.evaluate(async () => { const i = document.querySelector('.picture img'); const c = document.createElement('canvas');"
        "[c.width, c.height] = [i.naturalWidth, i.naturalHeight]; const x = c.getContext('2d'); x.drawImage(i, 0, 0);"
        "return [c.width, c.height, [...x.getImageData(0, 0, c.width, c.height).data]] });"
        "return jsqr(Uint8ClampedArray.from(data), w, h)?.data"
    )
    assert read == f"{server.base}/#q={case_no},{code}"
    assert page.axe() == []
    phone = browser.page(read)
    phone.js("await page.locator('dialog').getByRole('button', { name: '查询' }).click()")
    phone.until("document.querySelector('[data-kind=progress]')")
    assert "#q=" not in phone.value("location.href")
    assert phone.axe() == []
    phone.close()
    assert page.errors() == []


def test_a_place_and_a_date_are_chosen_where_that_is_quicker(page: Page) -> None:
    page.say("楼下川菜馆的油烟天天往我家窗户灌，物业说管不了").press("帮我登记").say("要求装净化设备")
    assert page.last() == ("ask", "place")
    page.js(
        "await page.getByRole('button', { name: '选地区' }).click(); await page.getByLabel('省、自治区').selectOption('云南省');"
        "await page.getByLabel('市、州').selectOption('昆明市'); await page.getByLabel('区、县').selectOption('五华区');"
        "await page.getByLabel('街道、小区').fill('莲花街道翠湖里小区')"
    )
    assert page.axe() == []
    page.press("就用这个")
    assert said(page)[-1] == "云南省昆明市五华区莲花街道翠湖里小区"
    while page.last()[1] != "occurred_on":
        assert page.last()[0] == "ask"
        page.say("老灶台川菜馆")
    page.js(
        "await page.getByRole('button', { name: '选日期' }).click(); const all = page.locator('sf-date select');"
        "await all.nth(0).selectOption({ index: 2 }); await all.nth(1).selectOption('3'); await all.nth(2).selectOption('5')"
    )
    assert page.axe() == []
    page.press("就用这个")
    assert said(page)[-1].endswith("年3月5日")
    assert page.last()[0] in ("ask", "summary")
    assert page.last()[1] != "occurred_on"


def test_before_the_first_personal_field_stands_what_the_law_asks_to_be_told(page: Page) -> None:
    page.say(STORY).press("帮我登记")
    for text in TURNS[:3]:
        page.say(text)
    assert page.last() == ("ask", "name")
    assert page.value("document.querySelectorAll('.notice').length") == 1
    page.js("await page.getByRole('button', { name: '查看完整说明' }).click()")
    page.until("document.querySelector('dialog[open]')")
    told = page.value("document.querySelector('dialog').textContent")
    for what in ("谁在处理", "联系方式", "保存多久", "您的权利", "证件号不是必须的"):
        assert what in told
    assert page.axe() == []
    page.js("await page.keyboard.press('Escape')")
    page.until("!document.querySelector('dialog[open]') && document.activeElement.closest('.notice')")
    page.press("不想说，跳过这一项")
    assert page.last() in (("ask", "phone"), ("summary", ""))


def test_danger_and_a_human_come_with_numbers_to_dial(page: Page) -> None:
    page.press("转人工")
    assert page.last()[0] == "handoff"
    assert page.value("document.querySelector('[data-kind=handoff] .call').href") == "tel:12345"
    assert page.axe() == []
    page.say("他现在拿着刀砸门，我很害怕")
    assert page.last()[0] == "emergency"
    assert "tel:110" in page.value("[...document.querySelectorAll('[data-kind=emergency] .call')].map(e => e.href)")
    assert page.axe() == []


def test_this_device_forgets_when_it_is_told_to(browser: Browser, page: Page, server: Server) -> None:
    page.say(STORY)
    other = browser.page(server.base + "/", share=page)
    other.until("document.querySelector('[data-kind=advice]')")
    page.js(
        "await page.getByRole('button', { name: '更多' }).click(); await page.getByRole('button', { name: '清除本机记录' }).click();"
        "await page.locator('dialog').getByRole('button', { name: '清除', exact: true }).click()"
    )
    waits(page, "已清除")
    assert page.kinds() == []
    assert page.value("Object.keys(localStorage)") == []
    assert page.js("return await context.cookies()") == []
    waits(other, "已清除")
    page.js("await page.getByRole('button', { name: '开始新的对话' }).click()")
    page.ready()
    assert said(page) == []
    other.ready()
    other.close()


def test_every_text_of_the_page_is_in_the_catalogue(browser: Browser, server: Server) -> None:
    """In English nothing Chinese is left but what the bot says and the name of the Chinese language itself."""
    page = browser.page(server.base + "/").ready()
    page.js(
        "await page.getByRole('button', { name: '更多' }).click(); await page.getByLabel('English').check();"
        "await until(() => page.evaluate(() => document.documentElement.lang === 'en'), 'English')"
    )
    chinese = (
        "(() => { const own = document.querySelector('sufang-chat'); const out = [];"
        "const skip = e => e.closest('[data-from], [lang=zh-CN]');"
        "const walk = document.createTreeWalker(own, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);"
        "for (let n = walk.nextNode(); n; n = walk.nextNode()) {"
        "const e = n.nodeType === 3 ? n.parentElement : n; if (skip(e)) continue;"
        "const words = n.nodeType === 3 ? [n.data] : ['aria-label', 'placeholder', 'title', 'alt'].map(a => n.getAttribute(a) || '');"
        "for (const w of words) if (/[\\u4e00-\\u9fff]/.test(w)) out.push(w) } return out })()"
    )
    for name in ("Check progress", "Personal data", "Clear my data on this device"):
        page.js("await page.locator('dialog').getByRole('button', { name: args.name }).click()", name=name)
        page.js("await sleep(100)")
        assert set(page.value(chinese)) <= {"语言"}, name
        page.js("await page.keyboard.press('Escape'); await page.getByRole('button', { name: 'More' }).click()")
    assert page.axe() == []
    page.close()


@pytest.mark.parametrize("look", ["standard", "dark", "elder"])
def test_no_violation_in_any_state(browser: Browser, server: Server, look: str) -> None:
    page = browser.page(server.base + "/", colorScheme="dark" if look == "dark" else "light").ready()
    if look == "elder":
        page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    found = {"greeting": page.axe()}
    page.say(STORY)
    found["advice"] = page.axe()
    page.js("for (const d of await page.locator('details').all()) await d.evaluate(e => e.open = true)")
    found["unfolded"] = page.axe()
    page.press("帮我登记")
    for text in TURNS:
        found[f"{page.last()}"] = page.axe()
        page.say(text)
    found["summary"] = page.axe()
    page.press("确认提交")
    found["receipt"] = page.axe()
    page.js("await page.getByRole('button', { name: '更多' }).click(); await page.locator('dialog[open]').waitFor()")
    found["menu"] = page.axe()
    page.js(
        "await page.locator('dialog').getByRole('button', { name: '查进度' }).click(); await page.locator('dialog').getByRole('button', { name: '查询' }).click()"
    )
    found["a wrong number"] = page.axe()
    assert {k: v for k, v in found.items() if v} == {}
    assert page.errors() == []
    page.close()


def test_the_elder_version_is_large_and_shows_one_question_at_a_time(page: Page) -> None:
    page.say(STORY)
    page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    page.press("帮我登记")
    small = page.value(
        "[...document.querySelectorAll('button, a, summary, textarea, input, select')].filter(e => e.getClientRects().length && !e.closest('.who, p:not(.aside):not(.calls):not(.earlier), .skip') && !e.classList.contains('who') && !e.classList.contains('skip'))"
        ".filter(e => e.getBoundingClientRect().height < 60).map(e => e.outerHTML.slice(0, 90))"
    )
    assert small == []
    assert (
        page.value(
            "Math.min(...[...document.querySelectorAll('.turn p')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        >= 18
    )
    assert page.value("document.querySelectorAll('.turn.bot').length") == 1
    page.js("await page.getByRole('button', { name: '看前面说过的' }).click()")
    assert page.value("document.querySelectorAll('.turn.bot').length") > 2
    page.js("await page.reload()")
    page.until("document.querySelector('.sf.elder [data-field=place]')")


@pytest.mark.parametrize(
    ("width", "height", "elder"),
    [(320, 640, False), (320, 640, True), (375, 812, True), (640, 384, False), (320, 256, False), (1366, 768, True)],
    ids=["320", "320 elder", "375 elder", "200 % zoom", "400 % zoom", "1366 elder"],
)
def test_nothing_runs_out_of_the_page(browser: Browser, server: Server, width: int, height: int, elder: bool) -> None:
    page = browser.page(server.base + "/", viewport={"width": width, "height": height}).ready()
    if elder:
        page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    page.say(STORY + "，" + "很长的话" * 60 + "https://example.org/" + "a" * 80)
    if page.last()[0] == "ask":
        page.say(STORY)
    page.press("帮我登记")
    for text in TURNS:
        page.say(text)
    page.press("确认提交")
    inside = "[...document.querySelectorAll('.turn, .numbers div, button')].every(e => e.getBoundingClientRect().right <= innerWidth + 1)"
    assert page.value(f"document.documentElement.scrollWidth <= innerWidth && {inside}")
    assert page.value(
        "[...document.querySelectorAll('button')].every(b => !b.getClientRects().length || b.getBoundingClientRect().height >= 44)"
    )
    page.close()


def test_words_are_spoken_and_heard_only_after_the_person_knows_where_they_go(browser: Browser, server: Server) -> None:
    """The browser's own ears and mouth are played by stand-ins: headless Chromium has none."""
    page = browser.page("")
    page.js(
        "await page.addInitScript(() => { window.started = 0; window.spoken = [];"
        "window.SpeechRecognition = window.webkitSpeechRecognition = class { start() { window.started++; setTimeout(() => { this.onresult({ resultIndex: 0, results: [Object.assign([{ transcript: '油烟往我家灌' }], { isFinal: true })] }); this.onend() }, 0) } stop() {} };"
        "Object.defineProperty(window, 'speechSynthesis', { value: { speaking: false, speak: u => window.spoken.push(u.text), cancel() {} } });"
        "window.SpeechSynthesisUtterance = class { constructor(t) { this.text = t } } }); await page.goto(args.url)",
        url=server.base + "/",
    )
    page.ready().js(
        "await page.getByRole('button', { name: '语音输入' }).click(); await page.locator('dialog[open]').waitFor()"
    )
    assert page.value("window.started") == 0
    assert "浏览器的厂商" in page.value("document.querySelector('dialog').textContent")
    assert page.axe() == []
    page.js("await page.getByRole('button', { name: '知道了，开始说话' }).click()")
    page.until("document.querySelector('#words').value === '油烟往我家灌'")
    page.js(
        "await page.getByRole('button', { name: '长辈版' }).click(); await page.getByRole('button', { name: '朗读' }).first().click()"
    )
    assert "您好" in page.value("window.spoken[0]")
    page.close()


@pytest.fixture
def replied(browser: Browser, server: Server) -> Iterator[Page]:
    """A page whose server answers with a case that was replied to: the calls are the documented ones, played here."""
    page = browser.page("")
    page.js(
        NO_SOCKETS + "await context.route('**/chat/messages', async r => {"
        "const sent = r.request().postDataJSON(); (page.sent ??= []).push(sent); await r.fulfill({ json: { messages: [sent.text.includes('满意') ? { text: '谢谢您的评价' } : {"
        "text: '编号 261123000017，现在的状态是：已答复。\\n2026-09-01　已登记\\n2026-09-10　已转送\\n2026-11-01　已答复\\n下一步：可以申请复查，应当在 2026-11-20 前完成，已经超过 3 天。\\n您可以给这次办理打个分：满意、基本满意或者不满意。',"
        "custom: { kind: 'progress', case_no: '261123000017', status: 'replied', nodes: [{ status: 'registered', at: '2026-09-01', by: '信访局', note: '已登记' }, { status: 'dispatched', at: '2026-09-10', by: '信访局', note: '已转送' }, { status: 'replied', at: '2026-11-01', by: '城管', note: '已答复' }],"
        "next: { what: '可以申请复查', due: '2026-11-20', overdue: true } } }] } }) }); await page.goto(args.url)",
        url=server.base + "/",
    )
    yield page.ready()
    page.close()


def test_progress_is_a_time_line_and_a_reply_is_rated_with_stars(replied: Page) -> None:
    replied.say("查进度")
    assert replied.value("[...document.querySelectorAll('.track li')].map(e => e.querySelector('time').textContent)") == [
        "2026-09-01", "2026-09-10", "2026-11-01", "2026-11-20",
    ]  # fmt: skip
    replied.until("document.querySelector('.rating input')")
    assert replied.axe() == []
    replied.js(
        "await page.getByRole('radio', { name: '基本满意' }).check(); await page.getByRole('button', { name: '提交评价' }).click()"
    )
    replied.until("document.querySelector('#log').textContent.includes('谢谢您的评价')")
    assert replied.js("return page.sent.pop().text") == "基本满意"
