"""The gate page at a fake service, in a real browser that may open nothing else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.integration.gate_page.fake_service import FakeService, running_fake
from tests.support.browsers import QUIET
from tests.support.ports import free_ports
from ticketing_service.storefront import running_storefront, storefront_app

OURS = {"127.0.0.1", "localhost"}

Launch = Callable[..., Browser]

expect.set_options(timeout=15_000)


@frozen
class Site:
    """The page's address, and the service behind it."""

    url: str
    service: FakeService
    stop: Callable[[], None]


@contextmanager
def running_site(host: str = "localhost") -> Iterator[Site]:
    """Run a storefront and a service, both fresh."""
    [port] = free_ports(1)
    url = f"http://{host}:{port}"
    with ExitStack() as stack:
        fake = stack.enter_context(running_fake(origin=url))
        app = storefront_app(
            url=url, api_url=fake.url, buyers={"Ada": str}, staff_token=str, organizer_token=str
        )
        shop = stack.enter_context(ExitStack())
        shop.enter_context(running_storefront(host="127.0.0.1", port=port, app=app))
        yield Site(f"{url}/gate/", fake, shop.close)


@pytest.fixture
def site() -> Iterator[Site]:
    """Give a storefront and a service."""
    with running_site() as running:
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Give what starts browsers."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def launch(playwright: Playwright, chromium_path: str) -> Launch:
    """Give a function that starts a headless browser with more flags."""

    def start(*flags: str) -> Browser:
        return playwright.chromium.launch(executable_path=chromium_path, args=[*QUIET, *flags])

    return start


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Iterator[Browser]:
    """Give a headless browser without a camera."""
    with launch() as chromium:
        yield chromium


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a new profile of a phone. It must not send requests to other machines."""
    made = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True)
    hosts: set[str] = set()

    def note(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob"):
            hosts.add(urlsplit(request.url).hostname or request.url)

    made.on("request", note)
    yield made
    made.close()
    assert hosts <= OURS


CUT_SHORT = "Failed to execute 'importScripts'"
"""What the decoder's worker says if the page is left meanwhile. Pictures show that it loads."""


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Give a page. No error of its scripts may go unnoticed."""
    failed: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: failed.append(str(error)))
    yield opened
    assert [error for error in failed if CUT_SHORT not in error] == []
