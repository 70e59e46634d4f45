"""A service with a provider and a shop, in which an organizer works on the board."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any
from uuid import uuid4

from attrs import frozen
from playwright.sync_api import Page, expect

from tests.integration.board.board import fact
from tests.support.ports import free_ports
from tests.support.server import (
    WEBHOOK_PATH,
    WEBHOOK_SECRET,
    Server,
    access_token,
    running_server,
)
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint, running_sandbox
from ticketing_service.storefront import running_storefront, storefront_app

BUYERS_AT_ONCE = 6


@frozen
class Season:
    """A service with events, buyers and gates.

    Attributes:
        organizer_url: Where the shop lets the visitor be the organizer.
    """

    server: Server
    sandbox: RunningSandbox
    organizer_url: str

    def sell(self, event_id: int, *, tickets: int, quantity: int = 1) -> list[int]:
        """Let as many buyers order and pay; return the ids of their tickets."""

        def buy(buyer: int) -> int:
            body = {"event_id": event_id, "quantity": quantity}
            token = access_token(f"buyer-{buyer}")
            path = "/api/payments/create-payment-intent/"
            answer = self.server.post(path, body, token=token)
            assert answer.status == 200, answer.content
            self.sandbox.sandbox.pay(answer.body["session_id"])
            verified = {name: answer.body[name] for name in ("session_id", "ticket_id")}
            answer = self.server.post("/api/payments/verify/", verified, token=token)
            assert answer.status == 200, answer.content
            return int(answer.body["ticket_id"])

        with ThreadPool(BUYERS_AT_ONCE) as pool:
            return pool.map(buy, range(tickets))

    def let_in(self, event_id: int, ticket_id: int, *, people: int, gate: str) -> None:
        """Let people in."""
        token = access_token("alice", roles=["gate"])
        scan = {"event_id": event_id, "ticket_id": ticket_id, "scan_id": str(uuid4())}
        body = scan | {"gate": gate, "admit": people}
        answer = self.server.post("/api/tickets/check-in/", body, token=token)
        assert answer.body["outcome"] == "admitted", answer.content

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """Return what is in the database."""
        with closing(sqlite3.connect(self.server.folder / "ticketing.db")) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def running_season(folder: Path) -> Iterator[Season]:
    """Run the service, the shop and the provider, each at an address of its own."""
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
                # Of a live account: the many tickets are bought and refunded within seconds.
                STRIPE_CALLS_PER_SECOND="100",
                WEBHOOKS_PRIVATE="on",
            )
        )
        app = storefront_app(
            url=shop_url,
            api_url=api_url,
            buyers={"Ada": access_token},
            staff_token=access_token,
            organizer_token=partial(access_token, "olga", roles=["organizer"]),
        )
        stack.enter_context(running_storefront(host="127.0.0.1", port=shop_port, app=app))
        yield Season(server, sandbox, f"{shop_url}/organizer")


def create(page: Page, *, name: str, places: int, price: str) -> int:
    """Put an event on sale, on the board; return its id."""
    page.get_by_role("link", name="Organizer's board").click()
    page.get_by_role("link", name="New event").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Price of one place").fill(price)
    page.get_by_label("Currency").fill("EUR")
    page.get_by_label("Places", exact=True).fill(str(places))
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_label("Begins (optional)").fill("2031-06-30T20:00")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return int(page.url.rpartition("/")[2])


def show(page: Page, view: str) -> None:
    """Open a view of the event."""
    page.get_by_role("navigation", name="Event").get_by_role("link", name=view, exact=True).click()
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")


def expect_facts(page: Page, facts: dict[str, str]) -> None:
    """Wait until the numbers on the screen are these."""
    for name, value in facts.items():
        expect(fact(page, name)).to_have_text(value)
