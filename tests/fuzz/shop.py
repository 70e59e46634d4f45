"""A real server over SQLite, with the sandbox as its payment provider."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.support.ports import free_ports
from tests.support.server import SERVE, WEBHOOK_PATH, WEBHOOK_SECRET, Server, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint, running_sandbox

PLENTY = 10**6
"""Places: a sale must not end because of the attacks."""


@frozen
class Shop:
    """A running service and its payment provider."""

    server: Server
    running: RunningSandbox


@contextmanager
def shop(folder: Path, *, program: Sequence[str] = SERVE) -> Iterator[Shop]:
    """Give a new one that sells two events: a free one (1) and a paid one (2)."""
    url = f"sqlite:///{folder / 'shop.db'}"
    (port,) = free_ports(1)
    webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    with (
        running_sandbox(webhook=webhook) as running,
        running_server(
            folder=folder, database_url=url, port=port, program=program, STRIPE_API_BASE=running.url
        ) as server,
    ):
        engine = engine_for(url)
        for price in (0, 2500):
            stored_event(SqlEvents(engine), price=Money(price, "usd"), capacity=PLENTY)
        engine.dispose()
        yield Shop(server, running)
