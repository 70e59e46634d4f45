"""One real server over each database, each with a sandbox as its payment provider."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve, frozen

from tests.support.ports import free_ports
from tests.support.postgres import PostgresServer
from tests.support.sandbox import SandboxWorld, checked_sandbox
from tests.support.server import (
    SERVE,
    WEBHOOK_PATH,
    WEBHOOK_SECRET,
    Answer,
    Server,
    access_token,
    running_server,
)
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import Event, Money
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.sandbox import Delivery, RunningSandbox, WebhookEndpoint

DATABASES = ["sqlite", "postgres"]

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
CANCEL = "/api/payments/cancel/"


@frozen
class Shop:
    """A running service, its payment provider, and a buyer."""

    server: Server
    running: RunningSandbox
    database_url: str
    buyer: str = "42"

    @property
    def world(self) -> SandboxWorld:
        """The buyers and banks in the sandbox."""
        return SandboxWorld(self.running.sandbox)

    def event(self, *, price: int = 2500, capacity: int = 10) -> Event:
        """Store an event on sale and return it."""
        engine = engine_for(self.database_url)
        try:
            return stored_event(SqlEvents(engine), price=Money(price, "usd"), capacity=capacity)
        finally:
            engine.dispose()

    def places_left(self, event: Event) -> int:
        """Return how many places are left, as the API shows it."""
        left: int = self.server.get(f"/api/events/{event.event_id}/").body["places_left"]
        return left

    def create(
        self, event: Event, *, quantity: object = 2, buyer: object = None, **headers: str
    ) -> Answer:
        """Buy tickets."""
        body = {"event_id": event.event_id, "quantity": quantity}
        return self.server.post(CREATE, body, token=access_token(buyer or self.buyer), **headers)

    def bought(self, event: Event, *, buyer: object = None) -> Mapping[str, Any]:
        """Buy tickets and return the body of the response."""
        answer = self.create(event, buyer=buyer)
        assert answer.status == 200, answer.content
        order: dict[str, Any] = answer.body
        return order

    def verify(self, order: Mapping[str, Any], *, buyer: object = None, **other: Any) -> Answer:
        """Verify an order."""
        body = {"session_id": order["session_id"], "ticket_id": order["ticket_id"]} | other
        return self.server.post(VERIFY, body, token=access_token(buyer or self.buyer))

    def cancel(self, order: Mapping[str, Any], *, buyer: object = None) -> Answer:
        """Cancel an order."""
        body = {"ticket_id": order["ticket_id"]}
        return self.server.post(CANCEL, body, token=access_token(buyer or self.buyer))

    def stripe_calls(self, order: Mapping[str, Any]) -> list[tuple[str, int | None]]:
        """Return the calls about an order's session and their statuses, the oldest first."""
        session = f"/v1/checkout/sessions/{order['session_id']}"
        return [
            (f"{call.method} {call.path.removeprefix(session)}".rstrip(), call.status)
            for call in self.running.sandbox.exchanges()
            if call.path.startswith(session)
        ]

    def status(self, order: Mapping[str, Any]) -> str:
        """Return the ticket's status as its buyer sees it."""
        path = f"/api/tickets/{order['ticket_id']}/"
        status: str = self.server.get(path, token=access_token(self.buyer)).body["status"]
        return status


@contextmanager
def open_shop(
    kind: str,
    request: pytest.FixtureRequest,
    *,
    program: Sequence[str] = SERVE,
    threads: int = 8,
    through: Callable[[str], str] = str,
) -> Iterator[Shop]:
    """Start the service over an empty database, and check its calls of Stripe at the end.

    Args:
        kind: One of `DATABASES`.
        request: Gives the fixtures.
        program: The server to run in place of `ticketing serve`.
        threads: How many requests it serves at a time.
        through: Returns the URL of the database that the server gets, from its own.
    """
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    with ExitStack() as ends:
        if kind == "sqlite":
            database_url = f"sqlite:///{folders.mktemp('store') / 'ticketing.db'}"
        else:
            postgres: PostgresServer = request.getfixturevalue("postgres_server")
            database_url = postgres.create_database()
            ends.callback(postgres.drop_database, database_url)
        (port,) = free_ports(1)
        webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
        running = ends.enter_context(checked_sandbox(webhook=webhook))
        server = ends.enter_context(
            running_server(
                folder=folders.mktemp("serve"),
                database_url=through(database_url),
                port=port,
                program=program,
                threads=threads,
                STRIPE_API_BASE=running.url,
                STRIPE_SLOW_METHODS="on",
            )
        )
        yield Shop(server, running, database_url)


@pytest.fixture(scope="session", params=DATABASES)
def open_one(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Give the service over each kind of database, started once for all tests in this folder."""
    with open_shop(request.param, request) as opened:
        yield opened


@pytest.fixture
def shop(open_one: Shop) -> Shop:
    """Give that service with a new buyer: one alone would call too often."""
    return evolve(open_one, buyer=f"buyer-{uuid4()}")


@pytest.fixture
def no_webhooks(shop: Shop) -> Iterator[None]:
    """Lose all webhooks, so that only API calls look up payments; clear faults at the end."""
    shop.running.sandbox.delivery = Delivery.LOST
    yield
    shop.running.sandbox.clear_faults()
    shop.running.sandbox.delivery = Delivery.ON_TIME
