"""Pictures of the running page: `python tests/browser/pictures.py [FOLDER]` writes docs/images/conversation.png, and into FOLDER every state in every look, to be looked at."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from serving import Server  # noqa: E402

from browser.conftest import STORY, TURNS  # noqa: E402
from browser.driver import Browser, Page  # noqa: E402

LOOKS = {
    "320": {"viewport": {"width": 320, "height": 640}},
    "375": {"viewport": {"width": 375, "height": 812}},
    "768 dark": {"viewport": {"width": 768, "height": 1024}, "colorScheme": "dark"},
    "1366": {"viewport": {"width": 1366, "height": 768}},
    "375 elder": {"viewport": {"width": 375, "height": 812}},
    "1366 elder dark": {"viewport": {"width": 1366, "height": 768}, "colorScheme": "dark"},
}


def still(page: Page, path: Path) -> None:
    page.js("await sleep(900)")  # bubbles appear one after another
    page.picture(path)


def states(browser: Browser, base: str, look: str, folder: Path) -> None:
    """One conversation in one look."""
    page = browser.page(base + "/", **LOOKS[look]).ready()
    if "elder" in look:
        page.js("await page.getByRole('button', { name: '长辈版' }).click()")
    still(page, folder / f"{look} 0 greeting.png")
    still(page.say(STORY), folder / f"{look} 1 advice.png")
    page.press("帮我登记")
    for n, text in enumerate(TURNS):
        still(page, folder / f"{look} {n + 2} {page.last()[1]}.png")
        page.say(text)
    still(page, folder / f"{look} 7 summary.png")
    still(page.press("确认提交"), folder / f"{look} 8 receipt.png")
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
        for look in LOOKS if len(sys.argv) > 1 else ():
            Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
            states(browser, server.base, look, Path(sys.argv[1]))
    finally:
        browser.close()
        server.stop()
