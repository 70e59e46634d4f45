"""A real service with metrics, and what a scrape of it has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from attrs import frozen
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.cli.processes import wait_until
from tests.support.ports import free_ports
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
from ticketing_service.sandbox import WebhookEndpoint

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
CANCEL = "/api/payments/cancel/"
REFUND = "/api/payments/refund/"

Scrape = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(port: int, *, host: str = "127.0.0.1") -> Scrape:
    """Return the samples of a scrape by name and labels; none if nobody answers."""
    try:
        text = requests.get(f"http://{host}:{port}/metrics", timeout=10).text
    except requests.ConnectionError:
        return {}
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@frozen
class Watched:
    """A running service whose metrics can be read."""

    server: Server
    world: SandboxWorld
    database_url: str
    port: int

    def value(self, name: str, **labels: str) -> float | None:
        """Return a sample of a scrape made now."""
        return scrape(self.port).get((f"ticketing_{name}", frozenset(labels.items())))

    def waits_for(self, expected: float, name: str, **labels: str) -> None:
        """Wait until the sample has this value: gauges are read every few seconds."""
        wait_until(lambda: self.value(name, **labels) == expected, what=f"{name} {expected}")

    def event(self, *, price: int = 2500, capacity: int = 10) -> Event:
        """Store an event on sale."""
        engine = engine_for(self.database_url)
        try:
            return stored_event(SqlEvents(engine), price=Money(price, "usd"), capacity=capacity)
        finally:
            engine.dispose()

    def buy(self, event: Event, *, buyer: str = "42", **headers: str) -> Answer:
        """Buy one place, on a connection of its own: any worker may get it."""
        body = {"event_id": event.event_id, "quantity": 1}
        return self.server.post(CREATE, body, token=access_token(buyer), **headers)

    def sell_and_refund(self, event: Event, *, buyer: str, **claims: str) -> None:
        """Sell a paid ticket, issue it, and refund it."""
        order = self.buy(event, buyer=buyer).body
        self.world.pay(order["checkout_url"])
        body = {"session_id": order["session_id"], "ticket_id": order["ticket_id"]}
        assert self.server.post(VERIFY, body, token=access_token(buyer, **claims)).status == 200
        organizer = access_token("boss-of-the-house", roles=["organizer"])
        refund = self.server.post(REFUND, {"ticket_id": order["ticket_id"]}, token=organizer)
        assert refund.status == 200


@contextmanager
def watched(
    folder: Path,
    database_url: str,
    *,
    workers: int = 1,
    program: Sequence[str] = SERVE,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Watched]:
    """Run a service with metrics and a sandbox."""
    port, metrics_port = free_ports(2)
    webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    more: Any = {"METRICS_PORT": str(metrics_port), **(settings or {})}
    with (
        checked_sandbox(webhook=webhook) as running,
        running_server(
            folder=folder,
            database_url=database_url,
            port=port,
            workers=workers,
            program=program,
            STRIPE_API_BASE=running.url,
            **more,
        ) as server,
    ):
        shop = Watched(server, SandboxWorld(running.sandbox), database_url, metrics_port)
        shop.waits_for(1, "database_up")
        yield shop
