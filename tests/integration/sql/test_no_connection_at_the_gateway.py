"""Promise 4: during a call of the gateway, no connection is checked out of the pool."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from attrs import frozen
from sqlalchemy import Engine, QueuePool

from ticketing_adapters.sql import SqlEvents, SqlInstallation, SqlStrays, SqlTickets
from ticketing_core import BoxOffice, ToPay
from ticketing_core.errors import TicketingError
from ticketing_core.payment import Hint
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.testing import (
    FakeGateway,
    Fault,
    ManualClock,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
)
from ticketing_core.testing.contracts.examples import stored_event


class WatchedGateway(FakeGateway):
    """Records at each call how many connections are in use."""

    def __init__(self, *, clock: ManualClock, engine: Engine) -> None:
        super().__init__(clock=clock)
        assert isinstance(engine.pool, QueuePool)
        self._pool = engine.pool
        self.held: list[tuple[str, int]] = []

    def _call(self, name, effect, *, refused=None):  # type: ignore[no-untyped-def]  # as in the base class
        self.held.append((name, self._pool.checkedout()))
        return super()._call(name, effect, refused=refused)


@frozen
class Shop:
    """A box office over a database, and its watched gateway."""

    clock: ManualClock
    gateway: WatchedGateway
    office: BoxOffice
    event_id: int

    def buy(self) -> ToPay:
        """Buy a ticket that waits for its payment."""
        bought = self.office.purchase(event_id=self.event_id, quantity=1, buyer="42")
        assert isinstance(bought, ToPay)
        return bought

    def paid(self) -> ToPay:
        """Buy a ticket and pay it."""
        bought = self.buy()
        self.gateway.pay(bought.checkout_url)
        return bought

    def issued(self) -> ToPay:
        """Buy a ticket, pay it and verify it."""
        bought = self.paid()
        self.verify(bought)
        return bought

    def verify(self, bought: ToPay) -> None:
        """Verify as the buyer."""
        self.office.verify(
            ticket_id=bought.ticket.ticket_id, checkout_id=bought.checkout_id, buyer="42"
        )

    def cancel(self, bought: ToPay) -> None:
        """Cancel as the buyer."""
        self.office.cancel(ticket_id=bought.ticket.ticket_id, buyer="42")

    def settle_due(self) -> None:
        """Settle all due tickets once."""
        for ticket in self.office.tickets.claim_due(now=self.clock.now(), limit=100):
            self.office.settle(ticket, by="settler")


def shop(engine: Engine, tickets: SqlTickets | None = None) -> Shop:
    """Return a shop with one paid event."""
    clock = ManualClock()
    gateway = WatchedGateway(clock=clock, engine=engine)
    events = SqlEvents(engine)
    event = stored_event(events, capacity=100)
    office = BoxOffice(
        events=events,
        tickets=tickets or SqlTickets(engine),
        strays=SqlStrays(engine),
        installation=SqlInstallation(engine),
        gateway=gateway,
        signer=PlainSigner(),
        qr_encoder=PlainQrEncoder(),
        clock=clock,
        codes=SequentialCodes(),
        hold=timedelta(minutes=5),
    )
    return Shop(clock, gateway, office, event.event_id)


def purchase_refused(shop: Shop) -> None:
    """Make a purchase that the gateway refuses."""
    shop.gateway.fail_next("open", Fault.REFUSED)
    with suppress(TicketingError):
        shop.buy()


def verify_unpaid(shop: Shop) -> None:
    """Verify too early."""
    with suppress(TicketingError):
        shop.verify(shop.buy())


def cancel_paid(shop: Shop) -> None:
    """Cancel too late."""
    with suppress(TicketingError):
        shop.cancel(shop.paid())


def refund(shop: Shop) -> None:
    """Refund as the organizer."""
    shop.office.refund(ticket_id=shop.issued().ticket.ticket_id, by="organizer")


def settle_expired(shop: Shop) -> None:
    """Settle an unpaid, a paid and a refunded ticket."""
    shop.buy()
    shop.paid()
    shop.gateway.fail_next("refund", Fault.AFTER_EFFECT)
    refund(shop)
    shop.clock.advance(timedelta(minutes=5))
    shop.settle_due()


def settle_lost_checkout(shop: Shop) -> None:
    """Settle a checkout that the store does not have."""
    shop.office.settle_news(Hint("co_unknown"), by="webhook")


USE_CASES: dict[str, tuple[Callable[[Shop], object], set[str]]] = {
    "purchase": (Shop.buy, {"open"}),
    "purchase refused": (purchase_refused, {"open"}),
    "verify": (Shop.issued, {"open", "look_up"}),
    "verify unpaid": (verify_unpaid, {"open", "look_up"}),
    "cancel": (lambda shop: shop.cancel(shop.buy()), {"open", "close"}),
    "cancel paid": (cancel_paid, {"open", "close"}),
    "refund": (refund, {"open", "look_up", "refund"}),
    "settle": (settle_expired, {"open", "look_up", "close", "refund"}),
    "settle a lost checkout": (settle_lost_checkout, {"look_up"}),
}


@pytest.mark.parametrize("name", USE_CASES)
def test_no_connection_is_held_during_a_call_of_the_gateway(engine: Engine, name: str) -> None:
    """In every use case, at every call."""
    use_case, calls = USE_CASES[name]
    watched = shop(engine)
    use_case(watched)
    assert {call for call, _ in watched.gateway.held} >= calls
    assert [held for held in watched.gateway.held if held[1]] == []


class KeepsItsConnection(SqlTickets):
    """Broken: after a hold it does not return the connection to the pool."""

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        self.leaked = self._engine.connect()
        return super().hold(draft)


def test_control_a_connection_that_is_held_is_noticed(engine: Engine) -> None:
    """The test above fails for a store that holds one."""
    tickets = KeepsItsConnection(engine)
    watched = shop(engine, tickets)
    try:
        watched.buy()
        assert watched.gateway.held == [("open", 1)]
    finally:
        tickets.leaked.close()
