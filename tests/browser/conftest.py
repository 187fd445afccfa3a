from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from serving import Server

from browser.driver import Browser, Page, missing

STORY = "楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了"
TURNS = ("要求装净化设备", "昆明市五华区莲花街道翠湖里小区", "老灶台川菜馆", "李春梅", "13800001234")


class Foreign:
    """Somebody else's site, with a policy and strong opinions about looks of its own."""

    STYLE = "* { font-size: 40px !important; letter-spacing: 9px; color: rgb(1, 2, 3) !important; text-transform: uppercase } p { margin: 7px }"

    def __init__(self) -> None:
        self.server = ""
        self.body = ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                css = self.path == "/style.css"
                text = (
                    outer.STYLE
                    if css
                    else f'<!doctype html><html lang="zh-CN"><head><title>某某局</title><link rel="stylesheet" href="/style.css"><script src="{outer.server}/static/sufang-chat.js"></script></head><body><main><h1>某某局</h1><p id="own">本局介绍</p>{outer.body}</main></body></html>'
                )
                self.send_response(200)
                self.send_header("Content-Type", "text/css" if css else "text/html; charset=utf-8")
                live = outer.server.replace("http", "ws", 1)
                self.send_header(
                    "Content-Security-Policy",
                    f"default-src 'none'; style-src 'self'; script-src {outer.server}; connect-src {outer.server} {live}; frame-src {outer.server}; img-src blob:",
                )
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="session")
def foreign() -> Iterator[Foreign]:
    site = Foreign()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, foreign: Foreign) -> Iterator[Server]:
    allowed = f"http://127.0.0.1:{foreign.port}"
    server = Server(tmp_path_factory.mktemp("browser"), SUFANG_ALLOWED_ORIGINS=allowed).start()
    foreign.server = server.base
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    why = missing()
    if why:
        pytest.skip(why)
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    page = browser.page(server.base + "/").ready()
    yield page
    page.close()


def to_summary(page: Page) -> Page:
    """A whole story up to the summary."""
    page.say(STORY).press("帮我登记")
    for text in TURNS:
        page.say(text)
    assert page.last()[0] == "summary"
    return page
