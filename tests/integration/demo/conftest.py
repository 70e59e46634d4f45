"""One demo for all tests of a module, and a browser that may open nothing else."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.integration.demo.running import RunningDemo, running_demo
from tests.support.browsers import running_browser

OURS = {"127.0.0.1", "localhost"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Give a demo on free ports."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Give a headless browser."""
    with running_browser(chromium_path) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page of a new profile. It must not send requests to other machines."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    hosts: list[str] = []
    failed: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob"):
            hosts.append(urlsplit(request.url).hostname or request.url)

    context.on("request", note)
    opened = context.new_page()
    opened.on("pageerror", lambda error: failed.append(str(error)))
    yield opened
    context.close()
    assert hosts
    assert set(hosts) <= OURS
    assert failed == []
