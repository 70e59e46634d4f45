"""A whole day of an event: the service, the shop and the provider, in a browser and a shell."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.integration.gate_day.day import Day
from tests.support.browsers import running_browser
from tests.support.ports import free_ports
from tests.support.server import WEBHOOK_PATH, WEBHOOK_SECRET, access_token, running_server
from ticketing_service.sandbox import WebhookEndpoint, running_sandbox
from ticketing_service.storefront import running_storefront, storefront_app

NewDevice = Callable[[], BrowserContext]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Give a service with a shop and a provider, each at an address of its own."""
    folder = tmp_path_factory.mktemp("day")
    api_port, shop_port = free_ports(2)
    api_url, shop_url = f"http://127.0.0.1:{api_port}", f"http://localhost:{shop_port}"
    webhook = WebhookEndpoint(f"{api_url}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(webhook=webhook))
        server = stack.enter_context(
            running_server(
                folder=folder,
                database_url=f"sqlite:///{folder / 'ticketing.db'}",
                port=api_port,
                FRONTEND_URL=shop_url,
                STRIPE_API_BASE=sandbox.url,
            )
        )
        app = storefront_app(
            url=shop_url,
            api_url=api_url,
            buyers={"Ada": access_token},
            staff_token=partial(access_token, "alice", roles=["gate"]),
            organizer_token=partial(access_token, "olga", roles=["organizer"]),
        )
        stack.enter_context(running_storefront(host="127.0.0.1", port=shop_port, app=app))
        yield Day(server=server, shop_url=shop_url)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Give a headless browser without a camera."""
    with running_browser(chromium_path) as running:
        yield running


@pytest.fixture
def new_device(browser: Browser) -> Iterator[NewDevice]:
    """Give a function that makes a phone with a profile of its own."""
    with ExitStack() as stack:
        failed: list[str] = []

        def new() -> BrowserContext:
            made = browser.new_context(viewport={"width": 390, "height": 844})
            made.on("weberror", lambda error: failed.append(str(error.error)))
            stack.callback(made.close)
            return made

        yield new
    assert failed == []
