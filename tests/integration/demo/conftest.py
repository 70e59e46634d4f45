"""One demo for all tests of this folder, and a browser that may visit it and nothing else."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.integration.demo.running import RunningDemo, running_demo

OURS = {"127.0.0.1", "localhost"}

QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
"""Chromium as root, without what it would do by itself in the background."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo on free ports."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that was never here; it must ask nobody but this machine."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    asked: list[str] = []
    failed: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob"):
            asked.append(urlsplit(request.url).hostname or request.url)

    context.on("request", note)
    opened = context.new_page()
    opened.on("pageerror", lambda error: failed.append(str(error)))
    yield opened
    context.close()
    assert set(asked) <= OURS
    assert asked
    assert failed == []
