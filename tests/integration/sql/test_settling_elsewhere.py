"""Buyers of one process whose places another process has to free: that one has the lease."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define
from sqlalchemy import Engine

from tests.unit.box_offices import BUYER, HOLD
from ticketing_adapters.jobs.settler import Settler
from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlLeases,
    SqlStrays,
    SqlTickets,
    engine_for,
)
from ticketing_core import BoxOffice, Event
from ticketing_core.errors import SoldOut
from ticketing_core.payment import CheckoutState, Unknown
from ticketing_core.testing import (
    FakeGateway,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_core.use_cases.reserve import RESERVATION_WINDOW

REFUSED_BUYERS = 50
SECOND = timedelta(seconds=1)


class CountingLeases(SqlLeases):
    """Counts its transactions."""

    transactions = 0

    def acquire(self, *args: Any, **kwargs: Any) -> bool:
        """See `Leases.acquire`."""
        self.transactions += 1
        return super().acquire(*args, **kwargs)


@define
class Process:
    """What one process has: connections of its own, a box office and a settler."""

    office: BoxOffice
    leases: CountingLeases
    settler: Settler

    def is_refused(self, event: Event) -> timedelta | None:
        """Try to buy a place; return when to come back if that may help, None if it was bought."""
        try:
            self.office.purchase(event_id=event.event_id, quantity=1, buyer="late")
        except SoldOut as refused:
            return refused.retry_after if refused.retryable else None
        return None


class SilentGateway(FakeGateway):
    """Opens checkouts, and then does not answer."""

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return Unknown(f"no answer about {checkout_id}")


class LooksAlways(SqlTickets):
    """The control: something always seems to be due, so each look needs the lease."""

    def next_due(self) -> datetime | None:
        """See `TicketRepository.next_due`."""
        return datetime.min.replace(tzinfo=UTC)


@pytest.fixture
def engines(migrated_url: str) -> Iterator[Sequence[Engine]]:
    """The engines of two processes on one database."""
    both = [engine_for(migrated_url) for _ in range(2)]
    yield both
    for engine in both:
        engine.dispose()


def processes(
    engines: Sequence[Engine],
    *,
    gateway: type[FakeGateway] = FakeGateway,
    tickets: type[SqlTickets] = SqlTickets,
) -> tuple[Process, Process, Event]:
    """Return two processes and an event whose only place is due; the first one has the lease."""
    clock, made = ManualClock(), []
    shared, codes = gateway(clock=clock), SequentialCodes()
    for engine in engines:
        office = BoxOffice(
            events=SqlEvents(engine),
            tickets=tickets(engine),
            strays=SqlStrays(engine),
            installation=SqlInstallation(engine),
            gateway=shared,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=clock,
            codes=codes,
            hold=HOLD,
        )
        leases = CountingLeases(engine)
        made.append(Process(office, leases, Settler(office=office, leases=leases)))
    first, second = made
    event, other = (stored_event(first.office.events, capacity=1) for _ in range(2))
    first.office.purchase(event_id=event.event_id, quantity=1, buyer=BUYER)
    clock.advance(HOLD - RESERVATION_WINDOW - SECOND)
    first.office.reserve(event_id=other.event_id, quantity=1, buyer=BUYER)
    clock.advance(RESERVATION_WINDOW)
    first.settler.run_once()
    assert first.leases.transactions == 1
    clock.advance(SECOND)
    first.leases.transactions = second.leases.transactions = 0
    return first, second, event


def test_a_refused_buyer_gets_a_place_that_another_process_frees(
    engines: Sequence[Engine],
) -> None:
    """By the time that the buyer was told to come back, each process has looked for what is due."""
    first, second, event = processes(engines)
    told = second.is_refused(event)
    assert told is not None
    assert told > 2 * Settler.pause
    for each in (second, first):
        each.settler.run_once()
    assert second.is_refused(event) is None


def test_waking_only_the_process_that_refused_is_the_control(engines: Sequence[Engine]) -> None:
    """It does not get the lease: the test above would fail."""
    _, second, event = processes(engines)
    assert second.is_refused(event) is not None
    second.settler.run_once()
    assert second.is_refused(event) is not None


def lease_transactions(engines: Sequence[Engine], *, tickets: type[SqlTickets]) -> int:
    """Return how often the lease is asked for by a pass after each of many refused buyers."""
    first, second, event = processes(engines, gateway=SilentGateway, tickets=tickets)
    for _ in range(REFUSED_BUYERS):
        assert second.is_refused(event) is not None
        for each in (first, second):
            each.settler.run_once()
    return first.leases.transactions + second.leases.transactions


def test_refused_buyers_cost_no_lease_transactions(engines: Sequence[Engine]) -> None:
    """Only a pass that finds something due needs the lease, and then nothing is due for a while."""
    assert lease_transactions(engines, tickets=SqlTickets) == 1


def test_passes_without_a_look_are_the_control(engines: Sequence[Engine]) -> None:
    """Each would ask for the lease: the test above would fail."""
    assert lease_transactions(engines, tickets=LooksAlways) == 2 * REFUSED_BUYERS
