"""Debian's Chromium for tests: headless, and allowed to talk to one server on loopback alone."""

import os
import re
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, ViewportSize, WebSocket, sync_playwright

from deployments.children import MARK, kill_marked

PICTURES = Path(__file__).parents[1] / "screenshots"
"""Git ignores it: pictures are looked at, never kept."""

SCREEN = ViewportSize(width=1440, height=900)  # a common laptop
NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def chromium_program() -> str:
    """Give where Chromium is; skip without it, and fail instead where CI promised it."""
    found = shutil.which("chromium")
    if found is None:
        reason = "Chromium is not installed (Debian package chromium)"
        if os.environ.get("ACCORD_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class Screen:
    """One page of a browser, and what else it asked for."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    """Hosts other than the one it may talk to; each was refused."""

    def picture(self, name: str) -> None:
        """Keep what is on the screen, for people to look at."""
        self.page.screenshot(path=PICTURES / f"{name}.png")


@contextmanager
def screen_on(origin: str, *, pictures: str) -> Iterator[Screen]:
    """
    Lend a page that may talk to `origin` only; the browser is gone afterwards, whatever happens.

    While it is lent this thread counts as one that runs an event loop: what would run one of its
    own, as loading a block does, comes before.

    Args:
        pictures: begins the name of the picture that is taken when the test fails.
    """
    program, mark = chromium_program(), secrets.token_hex(16)
    PICTURES.mkdir(exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program,
                chromium_sandbox=os.geteuid() != 0,  # it refuses to work for root
                args=[NO_OTHER_HOST],
                env={**os.environ, MARK + mark: "1"},
            )
            context = browser.new_context(
                viewport=SCREEN, locale="pt-BR", timezone_id="America/Sao_Paulo"
            )
            screen = Screen(context.new_page())
            _refuse_strangers(screen, origin)
            try:
                yield screen
            except BaseException:
                screen.picture(f"{pictures}-failed")
                raise
            finally:
                browser.close()
    finally:
        kill_marked(mark, signal.SIGKILL)


def _refuse_strangers(screen: Screen, origin: str) -> None:
    def refuse(route: Route) -> None:
        screen.strangers.append(urlsplit(route.request.url).netloc)
        route.abort()

    def note(socket: WebSocket) -> None:
        host = urlsplit(socket.url).netloc
        if host != urlsplit(origin).netloc:
            screen.strangers.append(host)

    screen.page.context.route(
        re.compile(rf"^https?://(?!{re.escape(urlsplit(origin).netloc)}/)"), refuse
    )
    screen.page.on("websocket", note)
