"""Tickets that were paid at a sandbox, in the database that the commands use."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.integration.cli.databases import database
from tests.support.sandbox import SandboxWorld
from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlStrays,
    SqlTickets,
    installation_id,
)
from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_adapters.system import SystemClock
from ticketing_core import BackOffice, Event, Ticket
from ticketing_core.payment import Open
from ticketing_core.testing.contracts.examples import draft, held, stored, stored_event
from ticketing_service.cli.sandbox import SANDBOX_KEY
from ticketing_service.sandbox import RunningSandbox
from ticketing_service.settings import PREFIX

HOLD = timedelta(minutes=35)


@frozen
class Seller:
    """Sells at a sandbox. The commands use the same database and the same sandbox."""

    office: BackOffice
    world: SandboxWorld
    events: SqlEvents

    def event(self, **changes: Any) -> Event:
        """Store an event."""
        return stored_event(self.events, capacity=99, **changes)

    def sell(self, event: Event, **changes: Any) -> Ticket:
        """Sell a ticket of the event, which is paid unless it is free."""
        now = datetime.now(UTC)
        ticket = held(self.office.tickets, draft(event, at=now, held_until=now + HOLD, **changes))
        if event.is_free:
            return ticket
        opened = self.office.gateway.open(ticket, event_name=event.name, ends_at=now + HOLD)
        assert isinstance(opened, Open)
        paying = ticket.paying(opened.checkout, until=now + HOLD)
        self.world.pay(opened.checkout.url)
        return self.look(stored(self.office.tickets, ticket, paying))

    def look(self, ticket: Ticket) -> Ticket:
        """Settle the ticket, and return it as it is now."""
        return self.office.settle(ticket, by="settler").ticket


@contextmanager
def selling(
    folder: Path, running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Seller]:
    """Open the migrated database of the folder, and let the commands call the sandbox."""
    monkeypatch.setenv(f"{PREFIX}STRIPE_SECRET_KEY", SANDBOX_KEY)
    monkeypatch.setenv(f"{PREFIX}STRIPE_API_BASE", running.url)
    with database(folder) as engine:
        gateway = StripeCheckout(
            secret_key=SANDBOX_KEY,
            frontend_url="http://localhost:5173",
            installation_id=installation_id(engine),
            api_base=running.url,
        )
        office = BackOffice(
            tickets=SqlTickets(engine),
            strays=SqlStrays(engine),
            installation=SqlInstallation(engine),
            gateway=gateway,
            clock=SystemClock(),
        )
        yield Seller(office, SandboxWorld(running.sandbox), SqlEvents(engine))
