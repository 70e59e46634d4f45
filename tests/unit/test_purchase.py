"""Purchase: free tickets are issued, others get a checkout or free their places again."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import Issued, Money, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import (
    Overloaded,
    PaymentNotStarted,
    PaymentRefused,
    PaymentsNotConfigured,
)
from ticketing_core.event import Event
from ticketing_core.payment import OpenOutcome
from ticketing_core.testing import FakeGateway, Fault, InMemoryTickets
from ticketing_core.testing.contracts.examples import MINUTE
from ticketing_core.ticket import Ticket


def test_a_free_ticket_is_issued_at_once(world: World) -> None:
    """It has no checkout, and its QR code holds the token."""
    event = world.event(price=0)
    bought = world.office.purchase(event_id=event.event_id, quantity=3, buyer=BUYER)
    assert isinstance(bought, Issued)
    assert bought.ticket == world.now(bought.ticket)
    assert (bought.ticket.status, bought.ticket.checkout) == (TicketStatus.ISSUED, None)
    assert bought.admission.qr_code.decode() == bought.admission.token
    assert world.kept(event) == 3


def test_a_ticket_to_pay_is_stored_with_its_checkout(world: World) -> None:
    """Its places are kept until the hold ends."""
    event = world.event()
    bought = world.to_pay(event, quantity=3)
    stored = world.now(bought.ticket)
    assert stored.status is TicketStatus.PAYING
    assert stored.total == Money(7500, "usd")
    assert stored.held_until == world.clock.now() + HOLD
    assert stored.checkout is not None
    address = (stored.checkout.checkout_id, stored.checkout.url)
    assert address == (bought.checkout_id, bought.checkout_url)
    assert world.kept(event) == 3


def test_a_checkout_outlives_a_short_hold(world: World) -> None:
    """Gateways take none shorter than half an hour; settling closes it when the hold ends."""
    office = evolve(world.office, hold=5 * MINUTE)
    ticket = office.purchase(event_id=world.event().event_id, quantity=1, buyer=BUYER).ticket
    assert ticket.held_until == world.clock.now() + 5 * MINUTE
    assert ticket.checkout is not None
    assert ticket.checkout.ends_at == world.clock.now() + 35 * MINUTE


@pytest.mark.parametrize("hold", [timedelta(seconds=59), timedelta(minutes=1381)])
def test_a_hold_has_bounds(world: World, hold: timedelta) -> None:
    """One minute to 23 hours."""
    with pytest.raises(ValueError, match="hold"):
        evolve(world.office, hold=hold)


def test_a_purchase_that_loses_the_race_for_the_gateway_frees_its_places(world: World) -> None:
    """The error is the same, and a retry with the same key succeeds."""

    class Overtaken(FakeGateway):
        def open(
            self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
        ) -> OpenOutcome:
            """See `PaymentGateway.open`. There was room a moment ago."""
            del ticket, event_name, ends_at, email
            return Overloaded(MINUTE)

    event = world.event()
    crowded = evolve(world.office, gateway=Overtaken(clock=world.clock))
    with pytest.raises(Overloaded) as raised:
        crowded.purchase(event_id=event.event_id, quantity=2, buyer=BUYER, key="k")
    assert (raised.value.retryable, raised.value.retry_after) == (True, MINUTE)
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


def test_a_refused_payment_frees_the_places_and_the_key(world: World) -> None:
    """A retry with the same key succeeds."""
    event = world.event()
    world.gateway.fail_next("open", Fault.REFUSED)
    with pytest.raises(PaymentRefused):
        world.to_pay(event, key="k")
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


def test_a_gateway_that_is_not_set_up_frees_the_places_and_the_key(world: World) -> None:
    """The seller may mend it, and a retry with the same key succeeds then."""

    class NotSetUp(FakeGateway):
        def open(
            self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
        ) -> OpenOutcome:
            """See `PaymentGateway.open`."""
            del ticket, event_name, ends_at, email
            return PaymentsNotConfigured()

    event = world.event()
    broken = evolve(world.office, gateway=NotSetUp(clock=world.clock))
    with pytest.raises(PaymentsNotConfigured):
        broken.purchase(event_id=event.event_id, quantity=2, buyer=BUYER, key="k")
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    assert world.to_pay(event, key="k").ticket.status is TicketStatus.PAYING


@pytest.mark.parametrize("fault", [Fault.BEFORE_EFFECT, Fault.AFTER_EFFECT, Fault.LATE_EFFECT])
def test_a_gateway_that_does_not_answer_frees_the_places(world: World, fault: Fault) -> None:
    """A checkout may be open, but its address is lost; it ends by itself."""
    event = world.event()
    world.gateway.fail_next("open", fault)
    with pytest.raises(PaymentNotStarted):
        world.to_pay(event)
    world.gateway.land_late_effects()
    assert world.only_ticket().status is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    world.clock.advance(36 * MINUTE)
    assert not world.gateway.payable_for(world.only_ticket().ticket_code)


def test_a_checkout_opened_too_late_is_closed(world: World) -> None:
    """While the gateway was slow, settling gave up the reservation."""
    event = world.event()
    clock, settle_due, opened = world.clock, world.settle_due, world.gateway.open

    def slow_open(*args: object, **kwargs: object) -> object:
        clock.advance(3 * MINUTE)
        settle_due()
        return opened(*args, **kwargs)  # type: ignore[arg-type]  # passed through

    world.gateway.open = slow_open  # type: ignore[assignment]  # settling runs meanwhile
    with pytest.raises(PaymentNotStarted):
        world.to_pay(event)
    ticket = world.only_ticket()
    assert ticket.status is TicketStatus.EXPIRED
    assert not world.gateway.payable_for(ticket.ticket_code)
    assert world.kept(event) == 0


def test_a_reservation_without_a_checkout_ends_after_two_minutes(world: World) -> None:
    """So a crash between the hold and the checkout keeps no places."""
    event = world.event()
    held = world.office.reserve(event_id=event.event_id, quantity=4, buyer=BUYER)
    assert held.status is TicketStatus.RESERVED
    world.clock.advance(2 * MINUTE - timedelta(microseconds=1))
    world.settle_due()
    assert world.kept(event) == 4
    world.clock.advance(timedelta(microseconds=1))
    world.settle_due()
    assert world.now(held).status is TicketStatus.EXPIRED
    assert world.kept(event) == 0


class HandsOutFirst(InMemoryTickets):
    """A broken store: it reports the checkout as stored, and stores nothing."""

    def replace(self, old: Ticket, new: Ticket, **rest: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        if new.status is TicketStatus.PAYING:
            return Replaced(new)
        return super().replace(old, new, **rest)  # type: ignore[arg-type]  # passed through


def test_control_an_address_handed_out_before_it_is_stored_loses_money(world: World) -> None:
    """Without that order a buyer can pay for places that were given up."""
    event: Event = world.event()
    tickets = HandsOutFirst(world.events)
    office = evolve(world.office, tickets=tickets)
    bought = office.purchase(event_id=event.event_id, quantity=2, buyer=BUYER)
    world.clock.advance(3 * MINUTE)
    office.settle_due(limit=9, by="settler")
    assert bought.ticket.checkout is not None
    world.gateway.pay(bought.ticket.checkout.url)
    lost = tickets.by_id(bought.ticket.ticket_id)
    assert lost is not None
    assert lost.status is TicketStatus.EXPIRED
    assert world.gateway.captured_for(lost.ticket_code) == 5000
