"""Verify and cancel: the result or error in each state, and what happens to the ticket."""

from datetime import timedelta

import pytest

from tests.unit.box_offices import BUYER, HOLD, NO_ANSWER, World
from ticketing_core import Issued, TicketStatus, ToPay
from ticketing_core.errors import (
    AlreadyPaid,
    AlreadyProcessed,
    GatewayUnavailable,
    NotYourTicket,
    OrderCancelled,
    OrderExpired,
    PaymentNotFound,
    PaymentOpen,
    PaymentProcessing,
    Refunded,
    TicketingError,
    TicketNotFound,
)
from ticketing_core.testing import CannotPay, Fault


@pytest.fixture
def bought(world: World) -> ToPay:
    """Give a ticket for two that has to be paid."""
    return world.to_pay(world.event())


def verify(world: World, bought: ToPay) -> Issued:
    """Verify as the buyer does after the payment."""
    return world.office.verify(
        ticket_id=bought.ticket.ticket_id, checkout_id=bought.checkout_id, buyer=BUYER
    )


def cancel(world: World, bought: ToPay) -> None:
    """Cancel as the buyer does on the cancel page."""
    world.office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)


def status(world: World, bought: ToPay) -> TicketStatus:
    """Return the stored status."""
    return world.now(bought.ticket).status


def test_a_paid_ticket_is_issued_by_verifying_it(world: World, bought: ToPay) -> None:
    """Verifying again returns the same from the store alone."""
    world.gateway.pay(bought.checkout_url)
    first = verify(world, bought)
    assert first.ticket.status is TicketStatus.ISSUED
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    assert verify(world, bought) == first


def test_an_unpaid_ticket_is_not_issued(world: World, bought: ToPay) -> None:
    """The redirect proves nothing; a declined card changes nothing."""
    with pytest.raises(PaymentOpen):
        verify(world, bought)
    world.gateway.decline(bought.checkout_url)
    with pytest.raises(PaymentOpen):
        verify(world, bought)
    assert status(world, bought) is TicketStatus.PAYING


def test_a_slow_payment_keeps_its_places_until_it_is_decided(world: World, bought: ToPay) -> None:
    """Even after the hold, and a cancel does not interfere."""
    world.gateway.pay_slowly(bought.checkout_url)
    world.clock.advance(HOLD * 2)
    world.settle_due()
    with pytest.raises(PaymentProcessing):
        verify(world, bought)
    with pytest.raises(PaymentProcessing):
        cancel(world, bought)
    assert status(world, bought) is TicketStatus.PAYING
    world.gateway.decide(bought.checkout_id, paid=True)
    assert verify(world, bought).ticket.status is TicketStatus.ISSUED


def test_a_slow_payment_that_fails_frees_the_places(world: World, bought: ToPay) -> None:
    """The order is expired."""
    world.gateway.pay_slowly(bought.checkout_url)
    world.gateway.decide(bought.checkout_id, paid=False)
    with pytest.raises(OrderExpired):
        verify(world, bought)
    assert world.now(bought.ticket).places == 0


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_no_answer_changes_nothing(world: World, bought: ToPay, fault: Fault) -> None:
    """Neither verifying nor cancelling nor settling takes no answer for unpaid."""
    world.gateway.pay(bought.checkout_url)
    world.gateway.fail_next("look_up", fault, times=2)
    world.gateway.fail_next("close", fault)
    with pytest.raises(GatewayUnavailable):
        verify(world, bought)
    with pytest.raises(GatewayUnavailable):
        cancel(world, bought)
    world.clock.advance(HOLD)
    world.settle_due()
    assert status(world, bought) is TicketStatus.PAYING


def test_a_cancelled_order_frees_its_places_and_cannot_be_paid(world: World) -> None:
    """The checkout is closed first; then the places are free."""
    event = world.event()
    bought = world.to_pay(event)
    cancel(world, bought)
    assert status(world, bought) is TicketStatus.CANCELLED
    assert world.kept(event) == 0
    with pytest.raises(CannotPay):
        world.gateway.pay(bought.checkout_url)
    with pytest.raises(AlreadyProcessed):
        cancel(world, bought)
    with pytest.raises(OrderCancelled):
        verify(world, bought)


def test_cancelling_a_ticket_that_was_just_paid_issues_it(world: World, bought: ToPay) -> None:
    """The buyer paid in another tab. The error reports it, and the ticket is valid."""
    world.gateway.pay(bought.checkout_url)
    with pytest.raises(AlreadyPaid):
        cancel(world, bought)
    assert status(world, bought) is TicketStatus.ISSUED
    with pytest.raises(AlreadyProcessed):
        cancel(world, bought)


def test_an_order_that_was_paid_and_given_back_is_cancelled(world: World, bought: ToPay) -> None:
    """Nothing is captured any more, so there is nothing to issue and nothing to refund."""
    world.gateway.pay(bought.checkout_url)
    world.gateway.give_back(bought.checkout_id)
    cancelled = world.office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    assert cancelled.status is TicketStatus.CANCELLED
    assert world.gateway.captured_for(cancelled.ticket_code) == 0


def test_a_reservation_is_cancelled_without_the_gateway(world: World) -> None:
    """There is no checkout to close."""
    event = world.event()
    held = world.office.reserve(event_id=event.event_id, quantity=2, buyer=BUYER)
    world.gateway.fail_next("close", Fault.BEFORE_EFFECT)
    world.office.cancel(ticket_id=held.ticket_id, buyer=BUYER)
    assert world.kept(event) == 0


def test_an_order_that_was_not_paid_in_time_expires(world: World, bought: ToPay) -> None:
    """Its checkout is closed, and every later call reports it."""
    world.clock.advance(HOLD)
    world.settle_due()
    assert status(world, bought) is TicketStatus.EXPIRED
    with pytest.raises(CannotPay):
        world.gateway.pay(bought.checkout_url)
    with pytest.raises(OrderExpired):
        verify(world, bought)
    with pytest.raises(AlreadyProcessed):
        cancel(world, bought)


def test_an_order_that_was_paid_at_the_last_moment_is_issued(world: World, bought: ToPay) -> None:
    """Closing the checkout finds it paid."""
    world.gateway.pay(bought.checkout_url)
    world.clock.advance(HOLD)
    world.settle_due()
    assert status(world, bought) is TicketStatus.ISSUED


def test_a_refunded_ticket_cannot_be_verified(world: World, bought: ToPay) -> None:
    """Nor cancelled."""
    world.gateway.pay(bought.checkout_url)
    verify(world, bought)
    world.office.refund(ticket_id=bought.ticket.ticket_id, by="organizer")
    with pytest.raises(Refunded):
        verify(world, bought)
    with pytest.raises(AlreadyProcessed):
        cancel(world, bought)


@pytest.mark.parametrize("operation", ["verify", "cancel"])
def test_a_ticket_belongs_to_its_buyer(world: World, bought: ToPay, operation: str) -> None:
    """A ticket of another buyer is not an unknown one, and stays unchanged."""
    call = getattr(world.office, operation)
    more = {"checkout_id": bought.checkout_id} if operation == "verify" else {}
    errors: list[type[TicketingError]] = []
    for ticket_id, buyer in ((999, BUYER), (bought.ticket.ticket_id, "43")):
        with pytest.raises(TicketingError) as caught:
            call(ticket_id=ticket_id, buyer=buyer, **more)
        errors.append(type(caught.value))
    assert errors == [TicketNotFound, NotYourTicket]
    assert status(world, bought) is TicketStatus.PAYING


def test_a_checkout_of_another_ticket_is_not_found(world: World, bought: ToPay) -> None:
    """Paying for one ticket never issues another, nor verifies a free one."""
    other = world.to_pay(world.event())
    world.gateway.pay(other.checkout_url)
    free = world.office.purchase(event_id=world.event(price=0).event_id, quantity=1, buyer=BUYER)
    for ticket_id in (bought.ticket.ticket_id, free.ticket.ticket_id):
        with pytest.raises(PaymentNotFound):
            world.office.verify(ticket_id=ticket_id, checkout_id=other.checkout_id, buyer=BUYER)
    assert status(world, bought) is TicketStatus.PAYING


def test_settling_closes_a_checkout_when_the_hold_is_over(world: World, bought: ToPay) -> None:
    """Not before."""
    world.clock.advance(HOLD - timedelta(seconds=1))
    world.office.settle(world.now(bought.ticket), by="settler")
    assert world.gateway.payable_for(bought.ticket.ticket_code) == [bought.checkout_id]
    world.clock.advance(timedelta(seconds=1))
    world.office.settle(world.now(bought.ticket), by="settler")
    assert world.gateway.payable_for(bought.ticket.ticket_code) == []
