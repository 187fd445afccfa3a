"""Tests say in JavaScript what a person does; `driver.mjs` does it in a headless Chromium with playwright-core."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_NAMES = itertools.count(1)

LOG = "#log"
#: What is heard of a page: kinds and fields of the bot's messages.
KINDS = "return await page.locator('#log [data-kind]').evaluateAll(all => all.map(e => e.dataset.kind))"


def missing() -> str:
    """What this machine lacks for the tests in a browser, or an empty string."""
    if chromium() is None:
        return "no Chromium on this machine: the page was NOT tested in a browser"
    if shutil.which("node") is None:
        return "no node on this machine: the page was NOT tested in a browser"
    if not (ROOT / "web" / "node_modules" / "playwright-core").is_dir():
        return "web/node_modules is missing (scripts/web.sh deps): the page was NOT tested in a browser"
    return ""


def chromium() -> str | None:
    """The browser's path, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One browser for many pages: a headless one of its own, or the one whose debugger listens at `at`."""

    def __init__(self, at: str = "") -> None:
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("driver.mjs")), at or str(chromium())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._n = 0

    def ask(self, **what: Any) -> Any:
        """Sends one snippet and waits for its value. Raises AssertionError with the browser's words."""
        self._n += 1
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"n": self._n, **what}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser is gone"
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def page(self, url: str, share: Page | None = None, **context: Any) -> Page:
        """A new tab, of a person of its own or of the one in `share`."""
        return Page(self, url, share, context)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._process.stdin.close()  # type: ignore[union-attr]
            self._process.wait(timeout=20)
        self._process.kill()


class Page:
    """One tab."""

    def __init__(self, browser: Browser, url: str, share: Page | None, context: dict[str, Any]) -> None:
        self.browser, self.name = browser, f"p{next(_NAMES)}"
        opening: dict[str, Any] = {"context": context}
        if share is not None:
            opening["share"] = share.name
        browser.ask(name=self.name, open=opening)
        if url:
            self.js("await page.goto(args.url)", url=url)

    def js(self, code: str, **args: Any) -> Any:
        """Runs a snippet of playwright-core; see driver.mjs for what stands in it."""
        return self.browser.ask(name=self.name, code=code, args=args)

    def until(self, script: str, **args: Any) -> None:
        """Waits until an expression in the page is true."""
        self.js("await until(() => page.evaluate(args.script), args.script)", script=f"!!({script})", **args)

    def value(self, script: str) -> Any:
        """The value of an expression in the page."""
        return self.js("return await page.evaluate(args.script)", script=script)

    def ready(self) -> Page:
        """Waits for the greeting."""
        self.until("document.querySelector('#log [data-kind]')")
        return self

    def kinds(self) -> list[str]:
        """Kinds of the bot's messages on the screen."""
        return list(self.js(KINDS))

    def last(self) -> tuple[str, str]:
        """Kind and field of the bot's last message."""
        kind, field = self.value(
            "(e => [e.dataset.kind, e.dataset.field || ''])([...document.querySelectorAll('#log [data-kind]')].pop())"
        )
        return kind, field

    def say(self, text: str) -> Page:
        """Types into the text box and sends with Enter, as a person does; waits for the answer."""
        return self._answered(
            "const box = page.getByRole('textbox', { name: '输入' }); await box.fill(args.text); await box.press('Enter');",
            text=text,
        )

    def press(self, title: str) -> Page:
        """Presses a button by its title and waits for the answer."""
        return self._answered("await page.getByRole('button', { name: args.title, exact: true }).click();", title=title)

    def _answered(self, deed: str, **args: Any) -> Page:
        self.js(
            "const last = () => page.evaluate(() => (e => e && [e.dataset.from, e.dataset.id])("
            "[...document.querySelectorAll('#log [data-from]')].pop()));"
            "const before = await last();" + deed + "await until(async () => { const now = await last();"
            " return now && now[0] === 'bot' && now[1] !== before?.[1] && !(await page.locator('.dots').count()) }, 'an answer');",
            **args,
        )
        return self

    def errors(self) -> list[str]:
        """What the console said in red or yellow."""
        return list(self.js("return errors"))

    def axe(self) -> list[str]:
        """Violations that axe-core finds."""
        return list(self.js("return await axe(page)"))

    def picture(self, path: Path | str, **how: Any) -> None:
        """A screenshot."""
        self.js("await page.screenshot(args.how)", how={"path": str(path), **how})

    def close(self) -> None:
        """Closes the tab."""
        self.js("await page.close()")
