"""The storefront at a fake service, in a real browser that may open nothing else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.integration.storefront.fake_shop import FakeShop, running_fake
from tests.support.browsers import running_browser
from tests.support.ports import free_ports
from ticketing_service.storefront import running_storefront, storefront_app

OURS = {"127.0.0.1", "localhost"}

expect.set_options(timeout=15_000)


@frozen
class Site:
    """The address of the shop, and the service behind it."""

    url: str
    service: FakeShop


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a storefront and a fake service, both fresh."""
    [port] = free_ports(1)
    url = f"http://localhost:{port}"
    with ExitStack() as stack:
        fake = stack.enter_context(running_fake(origin=url))
        app = storefront_app(
            url=url,
            api_url=fake.url,
            buyers={"Ada": lambda: "of-ada", "Ben": lambda: "of-ben"},
            staff_token=str,
            organizer_token=str,
        )
        stack.enter_context(running_storefront(host="127.0.0.1", port=port, app=app))
        yield Site(url, fake)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Give a headless browser."""
    with running_browser(chromium_path) as running:
        yield running


OpenPage = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[OpenPage]:
    """Give a function that opens a page in a new profile, with the options of a context.

    It must not send requests to other machines, fail, or breach its policy.
    """
    contexts: list[BrowserContext] = []
    hosts: set[str] = set()
    failed: list[str] = []

    def note(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob"):
            hosts.add(urlsplit(url).hostname or url)

    def open_page(**options: Any) -> Page:
        given = {"viewport": {"width": 1100, "height": 900}, "locale": "en-US"} | options
        context = browser.new_context(**given)
        contexts.append(context)
        context.on("request", lambda request: note(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on(
            "console",
            lambda said: failed.append(said.text) if "Content Security" in said.text else None,
        )
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert hosts <= OURS
    assert failed == []


@pytest.fixture
def page(opened: OpenPage) -> Page:
    """Give a page in English on a desktop, in the time zone of the events."""
    return opened(timezone_id="Europe/Berlin")
