"""A machine whose clock is wrong settles by the database's time."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from ticketing_adapters.system import SystemClock
from ticketing_core import BoxOffice, TicketStatus
from ticketing_core.testing import (
    FakeGateway,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.composition import Store, back_office, migrate_database, open_store
from ticketing_service.settings import PREFIX, Settings, load_settings

AHEAD = timedelta(minutes=40)
"""Longer than the hold of 35 minutes."""


@pytest.fixture
def settings(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give the settings of a migrated PostgreSQL, on a machine whose clock is ahead."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", postgres_url)
    settings = load_settings()
    migrate_database(settings)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + AHEAD)
    return settings


def settled_by_this_machine(settings: Settings) -> TicketStatus:
    """Settle a minute after another machine, whose clock is right, has sold a ticket."""
    clock = ManualClock(datetime.now(UTC) - timedelta(minutes=1))
    gateway = FakeGateway(clock=clock)
    with closing(open_store(settings)) as store:
        seller = BoxOffice(
            events=store.events,
            tickets=store.tickets,
            strays=store.strays,
            installation=store.installation,
            gateway=gateway,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=clock,
            codes=SequentialCodes(),
        )
        event = stored_event(store.events)
        bought = seller.purchase(event_id=event.event_id, quantity=1, buyer="42")
        office = evolve(back_office(settings, store=store), gateway=gateway)
        office.settle_due(limit=9, by="settler")
        return seller.ticket(bought.ticket.ticket_id, buyer="42").status


def test_a_clock_ahead_ends_no_hold_early(settings: Settings) -> None:
    """The buyer goes on paying, since by the database's time there is half an hour left."""
    assert settled_by_this_machine(settings) is TicketStatus.PAYING


def test_control_the_machines_own_clock_would_end_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It closes the checkout of a buyer who is paying: the test above would fail."""
    monkeypatch.setattr(Store, "clock", SystemClock())
    assert settled_by_this_machine(settings) is TicketStatus.EXPIRED
