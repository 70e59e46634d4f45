"""The board at a fake service, in a real browser that may open nothing else."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.integration.board.fake_service import FakeService, running_fake
from tests.support.browsers import running_browser
from tests.support.ports import free_ports
from ticketing_service.storefront import running_storefront, storefront_app

OURS = {"127.0.0.1", "localhost"}

expect.set_options(timeout=15_000)

COUNT_CALLS = """(() => {
  const plain = window.fetch;
  window.unanswered = 0;
  window.fetch = async (...call) => {
    window.unanswered += 1;
    try { return await plain(...call); } finally { window.unanswered -= 1; }
  };
})()"""
"""A script of the page that counts calls without an answer."""


@frozen
class Site:
    """The page's address, and the service behind it."""

    url: str
    service: FakeService


@contextmanager
def running_site() -> Iterator[Site]:
    """Run a storefront and a fake service, both fresh."""
    [port] = free_ports(1)
    url = f"http://localhost:{port}"
    with ExitStack() as stack:
        fake = stack.enter_context(running_fake(origin=url))
        app = storefront_app(
            url=url, api_url=fake.url, buyers={"Ada": str}, staff_token=str, organizer_token=str
        )
        stack.enter_context(running_storefront(host="127.0.0.1", port=port, app=app))
        yield Site(f"{url}/board/", fake)


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a storefront and a fake service."""
    with running_site() as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Give a headless browser."""
    with running_browser(chromium_path) as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a new profile. It must not send requests to other machines, nor a token in a URL."""
    made = browser.new_context(viewport={"width": 1100, "height": 900}, accept_downloads=True)
    hosts: set[str] = set()
    queries: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob"):
            hosts.add(urlsplit(request.url).hostname or request.url)
            queries.append(urlsplit(request.url).query)

    made.on("request", note)
    yield made
    made.close()
    assert hosts <= OURS
    assert [each for each in queries if "token" in each] == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page. No error of its scripts, and no breach of its policy, may go unnoticed."""
    failed: list[str] = []
    opened = context.new_page()
    opened.add_init_script(COUNT_CALLS)
    opened.on("pageerror", lambda error: failed.append(str(error)))
    opened.on(
        "console",
        lambda message: failed.append(message.text) if "Content Security" in message.text else None,
    )
    yield opened
    assert failed == []
