"""Pictures of the running page: `python tests/browser/pictures.py [FOLDER [LOOK…]]` writes docs/images/conversation.png, and into FOLDER every state in every look, or in those named, to be looked at."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from serving import Server  # noqa: E402

from browser.conftest import STORY, TURNS  # noqa: E402
from browser.driver import Browser, Page  # noqa: E402

# What was chosen in the menu stands under "kept".
LOOKS: dict[str, dict[str, Any]] = {
    "320": {"viewport": {"width": 320, "height": 640}},
    "375": {"viewport": {"width": 375, "height": 812}},
    "768 dark": {"viewport": {"width": 768, "height": 1024}, "colorScheme": "dark"},
    "1366": {"viewport": {"width": 1366, "height": 768}},
    "320 largest": {"viewport": {"width": 320, "height": 640}, "kept": {"type": "3"}},
    "375 elder": {"viewport": {"width": 375, "height": 812}, "kept": {"elder": "1"}},
    "375 elder largest": {"viewport": {"width": 375, "height": 812}, "kept": {"elder": "1", "type": "3"}},
    "1366 elder dark": {"viewport": {"width": 1366, "height": 768}, "colorScheme": "dark", "kept": {"elder": "1"}},
    "1366 contrast": {"viewport": {"width": 1366, "height": 768}, "kept": {"shades": "contrast"}},
    "1366 large": {"viewport": {"width": 1366, "height": 768}, "kept": {"type": "2"}},
}


def still(page: Page, path: Path) -> None:
    page.js("await sleep(900)")  # bubbles appear one after another
    page.picture(path)


def states(browser: Browser, base: str, look: str, folder: Path) -> None:
    """One conversation in one look."""
    how = dict(LOOKS[look])
    kept = how.pop("kept", {})
    page = browser.page("", **how)
    page.js(
        "await page.addInitScript(kept => { for (const k in kept) localStorage.setItem('sufang-' + k, kept[k]) }, args.kept); await page.goto(args.url)",
        kept=kept,
        url=base + "/",
    )
    page.ready()
    still(page, folder / f"{look} 0 greeting.png")
    still(page.say(STORY), folder / f"{look} 1 advice.png")
    page.press("帮我登记")
    for n, text in enumerate(TURNS):
        still(page, folder / f"{look} {n + 2} {page.last()[1]}.png")
        page.say(text)
    still(page, folder / f"{look} 7 summary.png")
    still(page.press("确认提交"), folder / f"{look} 8 receipt.png")
    page.js("await page.getByRole('button', { name: '更多' }).click(); await page.locator('dialog[open]').waitFor()")
    still(page, folder / f"{look} 9 menu.png")
    page.close()


def readme(browser: Browser, base: str, target: Path) -> None:
    """The picture of the READMEs: the advice of one real conversation."""
    page = browser.page(base + "/", viewport={"width": 1180, "height": 900}, deviceScaleFactor=1.5).ready()
    still(page.say(STORY), target)
    page.close()


if __name__ == "__main__":
    server, browser = Server(Path(tempfile.mkdtemp())).start(), Browser()
    try:
        readme(browser, server.base, ROOT / "docs" / "images" / "conversation.png")
        for look in sys.argv[2:] or LOOKS if len(sys.argv) > 1 else ():
            Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
            states(browser, server.base, look, Path(sys.argv[1]))
    finally:
        browser.close()
        server.stop()
