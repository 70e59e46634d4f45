"""A refund has a life: it waits, fails at once or after weeks, and may get stuck."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.box_offices import World
from tests.unit.broken_gateways import (
    CountsNoWaitingRefunds,
    ForgetsWhatWasLost,
    HidesWaitingRefunds,
    KeepsTheDisputeFlag,
    ReportsTooEarly,
)
from ticketing_core import Ticket, TicketStatus
from ticketing_core.payment import Hint
from ticketing_core.settlement import REFUND_RETURNED
from ticketing_core.testing import DisputeStatus, FakeGateway, RefundStatus
from ticketing_core.testing.fake_checkout import FakeRefund

DAY = timedelta(days=1)
ALL = 5000


def checkout_id(ticket: Ticket) -> str:
    """Return the id of the ticket's checkout."""
    assert ticket.checkout is not None
    return ticket.checkout.checkout_id


def refund(
    world: World, ticket: Ticket, *, again: bool = False, paid_back: str | None = None
) -> Ticket:
    """Let the organizer refund the ticket."""
    return world.office.refund(
        ticket_id=ticket.ticket_id, by="organizer", again=again, paid_back=paid_back
    )


def refunds(world: World, ticket: Ticket) -> list[FakeRefund]:
    """Return the refunds that exist at the gateway."""
    (checkout,) = world.gateway.checkouts_of(ticket.ticket_code)
    return checkout.refunds


def days_pass(world: World, days: int) -> None:
    """Settle every hour, as the service does at least."""
    for _ in range(24 * days):
        world.clock.advance(timedelta(hours=1))
        world.settle_due()


def stuck(world: World) -> Ticket:
    """Return a ticket whose refund the bank returns again and again."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.FAILED)
    refund(world, ticket)
    days_pass(world, 1)
    world.gateway.refund_as(RefundStatus.SUCCEEDED)
    assert world.now(ticket).waits_for_person
    return world.now(ticket)


# --- refunds that wait --------------------------------------------------------------------------


def a_refund_that_needs_the_buyer(world: World) -> None:
    """It is owed until they act; then the daily look finds it."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    waiting = refund(world, ticket)
    assert (waiting.status, waiting.refund_problem) == (TicketStatus.REFUNDING, "requires_action")
    days_pass(world, 3)
    assert world.now(ticket).status is TicketStatus.REFUNDING
    assert len(refunds(world, ticket)) == 1
    world.gateway.end_refunds(checkout_id(ticket), RefundStatus.SUCCEEDED)
    days_pass(world, 1)
    done = world.now(ticket)
    assert (done.status, done.refund_problem, done.refunded_minor) == ("refunded", None, ALL)


def a_refund_by_hand_that_waits(world: World) -> None:
    """None is made on top of it, and the rest is refunded when it is final."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    world.gateway.give_back(checkout_id(ticket), 3000)
    world.gateway.refund_as(RefundStatus.SUCCEEDED)
    refund(world, ticket)
    days_pass(world, 2)
    assert len(refunds(world, ticket)) == 1
    world.gateway.end_refunds(checkout_id(ticket), RefundStatus.SUCCEEDED)
    days_pass(world, 2)
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert [each.amount for each in refunds(world, ticket)] == [3000, 2000]


def a_dispute_that_is_won(world: World) -> None:
    """The refund that the organizer wanted is made, once the money is the seller's again."""
    ticket = world.issued(world.event())
    world.gateway.dispute(checkout_id(ticket))
    held = refund(world, ticket)
    assert (held.status, held.disputed) == (TicketStatus.REFUNDING, True)
    days_pass(world, 2)
    assert refunds(world, ticket) == []
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.WON)
    days_pass(world, 2)
    won = world.now(ticket)
    assert (won.status, won.disputed, won.refunded_minor) == ("refunded", False, ALL)


def a_dispute_that_is_lost(world: World) -> None:
    """The bank has returned the money, so nothing is owed."""
    ticket = world.issued(world.event())
    world.gateway.dispute(checkout_id(ticket))
    refund(world, ticket)
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    days_pass(world, 2)
    lost = world.now(ticket)
    assert (lost.status, lost.charged_back_minor, lost.refunded_minor) == ("refunded", ALL, 0)
    assert refunds(world, ticket) == []


STORIES = [
    a_refund_that_needs_the_buyer,
    a_refund_by_hand_that_waits,
    a_dispute_that_is_won,
    a_dispute_that_is_lost,
]


@pytest.mark.parametrize("gateway", [FakeGateway, CountsNoWaitingRefunds])
@pytest.mark.parametrize("story", STORIES)
def test_money_that_waits_is_refunded_once_and_when_it_may(
    story: Callable[[World], None], gateway: type[FakeGateway]
) -> None:
    """Whether or not the provider itself prevents a second refund of what waits."""
    story(World(gateway_class=gateway))


@pytest.mark.parametrize(
    ("story", "gateway"),
    [
        (a_refund_that_needs_the_buyer, ReportsTooEarly),
        (a_refund_by_hand_that_waits, HidesWaitingRefunds),
        (a_dispute_that_is_won, KeepsTheDisputeFlag),
        (a_dispute_that_is_lost, KeepsTheDisputeFlag),
        (a_dispute_that_is_lost, ForgetsWhatWasLost),
    ],
)
def test_control_a_naive_gateway_is_caught(
    story: Callable[[World], None], gateway: type[FakeGateway]
) -> None:
    """Control: the same stories over a gateway that reports the money wrongly fail."""
    with pytest.raises(AssertionError):
        story(World(gateway_class=gateway))


# --- refunds that fail --------------------------------------------------------------------------


def test_a_waiting_refund_that_fails_is_made_again(world: World) -> None:
    """The buyer did not act; the next one has a new key."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    refund(world, ticket)
    world.gateway.refund_as(RefundStatus.SUCCEEDED)
    world.gateway.end_refunds(checkout_id(ticket), RefundStatus.FAILED)
    days_pass(world, 2)
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert world.now(ticket).refund_attempt == 1


def test_a_refund_that_always_fails_is_made_twice_and_never_reported(world: World) -> None:
    """Then a person decides. Until then the ticket says why it is still owed."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.FAILED)
    assert refund(world, ticket).status is TicketStatus.REFUNDING
    days_pass(world, 5)
    owed = world.now(ticket)
    assert (owed.status, owed.refund_problem) == (TicketStatus.REFUNDING, REFUND_RETURNED)
    assert owed.waits_for_person
    assert len(refunds(world, ticket)) == 2


def test_a_refund_that_fails_after_weeks_is_made_once_more(world: World) -> None:
    """The second time a person decides, although weeks lie between the two."""
    ticket = world.issued(world.event())
    assert refund(world, ticket).status is TicketStatus.REFUNDED
    for expected in (TicketStatus.REFUNDED, TicketStatus.REFUNDING):
        world.clock.advance(33 * DAY)
        world.gateway.send_back(checkout_id(ticket))
        world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
        days_pass(world, 2)
        assert world.now(ticket).status is expected
    assert world.now(ticket).waits_for_person
    assert world.now(ticket).refund_problem == REFUND_RETURNED
    assert len(refunds(world, ticket)) == 2


def test_a_stuck_refund_is_looked_at_once_a_day(world: World) -> None:
    """So a refund on the gateway's own pages ends it."""
    ticket = stuck(world)
    world.settle_due()
    looks = 0
    for _ in range(48):
        world.clock.advance(timedelta(hours=1))
        looks += world.office.settle_due(limit=9, by="settler").claimed
    assert looks == 2
    world.gateway.give_back(checkout_id(ticket))
    days_pass(world, 1)
    done = world.now(ticket)
    assert (done.status, done.refund_problem, done.refunded_minor) == ("refunded", None, ALL)


def test_refunds_by_hand_that_failed_do_not_stop_the_organizer(world: World) -> None:
    """A refund that is wanted now is tried, whatever failed while the ticket was valid."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.FAILED)
    for _ in range(2):
        world.gateway.give_back(checkout_id(ticket))
        world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    world.gateway.refund_as(RefundStatus.SUCCEEDED)
    assert world.now(ticket).status is TicketStatus.ISSUED
    assert refund(world, ticket).status is TicketStatus.REFUNDED
