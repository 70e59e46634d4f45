"""What a person does about a refund that is stuck: try again, or pay the buyer back otherwise."""

import pytest

from tests.unit.box_offices import World
from tests.unit.test_refund_life import ALL, checkout_id, days_pass, refund, refunds, stuck
from ticketing_core import TicketStatus
from ticketing_core.errors import GatewayUnavailable, RefundNotStuck
from ticketing_core.payment import Hint
from ticketing_core.testing import DisputeStatus, Fault, RefundStatus
from ticketing_core.ticket import APPEAL_WON


def test_again_tries_a_stuck_refund_with_a_new_key(world: World) -> None:
    """Once it is made, repeating the call changes nothing."""
    ticket = stuck(world)
    for _ in range(2):
        done = refund(world, ticket, again=True)
        assert (done.status, done.refund_problem) == (TicketStatus.REFUNDED, None)
    assert [each.status for each in refunds(world, ticket)].count(RefundStatus.SUCCEEDED) == 1


def test_without_again_a_stuck_refund_stays_stuck(world: World) -> None:
    """The organizer may have pressed the button twice."""
    ticket = stuck(world)
    assert refund(world, ticket) == ticket
    assert len(refunds(world, ticket)) == 2


def test_again_makes_no_refund_while_another_waits(world: World) -> None:
    """The buyer still has to act."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    refund(world, ticket)
    again = refund(world, ticket, again=True)
    assert (again.status, again.refund_problem) == (TicketStatus.REFUNDING, "requires_action")
    assert len(refunds(world, ticket)) == 1


def test_a_stuck_refund_ends_when_it_was_paid_back_otherwise(world: World) -> None:
    """The ticket keeps how and how much. Nothing opens it again; a repeated call is harmless."""
    ticket = stuck(world)
    done = refund(world, ticket, paid_back="bank transfer, 2 May")
    assert (done.status, done.refund_problem) == (TicketStatus.REFUNDED, None)
    assert (done.paid_back_minor, done.paid_back_otherwise) == (ALL, "bank transfer, 2 May")
    assert refund(world, ticket, paid_back="bank transfer, 2 May") == done
    world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    days_pass(world, 2)
    assert world.now(ticket) == done
    assert world.gateway.captured_for(ticket.ticket_code) == ALL


def test_money_that_the_bank_holds_is_paid_back_too(world: World) -> None:
    """When the seller wins the dispute, it is not owed a second time."""
    ticket = stuck(world)
    world.gateway.dispute(checkout_id(ticket))
    done = refund(world, ticket, paid_back="cash")
    assert done.paid_back_minor == ALL
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.WON)
    world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert world.gateway.captured_for(ticket.ticket_code) == ALL


def test_after_an_appeal_only_the_difference_is_refunded(world: World) -> None:
    """A part was lost and the rest paid back otherwise; then the lost part comes back."""
    ticket = stuck(world)
    world.gateway.dispute(checkout_id(ticket), 2000)
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    assert refund(world, ticket, paid_back="cash").paid_back_minor == 3000
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.WON)
    world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    days_pass(world, 2)
    won = world.now(ticket)
    assert (won.status, won.refund_problem) == (TicketStatus.REFUNDING, APPEAL_WON)
    assert refund(world, ticket, again=True).status is TicketStatus.REFUNDED
    assert refunds(world, ticket)[-1].amount == 2000


def test_only_a_stuck_refund_can_be_paid_back_otherwise(world: World) -> None:
    """Otherwise the buyer could have the money twice."""
    event = world.event()
    ticket = world.issued(event)
    for unpaid in (ticket, world.to_pay(event).ticket):
        with pytest.raises(RefundNotStuck):
            refund(world, unpaid, paid_back="cash")
    world.gateway.fail_next("refund", Fault.LATE_EFFECT)
    refund(world, ticket)
    with pytest.raises(RefundNotStuck):
        refund(world, ticket, paid_back="cash")
    world.gateway.land_late_effects()
    assert refund(world, ticket).status is TicketStatus.REFUNDED
    with pytest.raises(RefundNotStuck):
        refund(world, ticket, paid_back="cash")


def test_a_refund_that_waits_for_the_buyer_cannot_be_paid_back_otherwise(world: World) -> None:
    """It could still arrive. The seller cancels it at the gateway first."""
    ticket = world.issued(world.event())
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    refund(world, ticket)
    with pytest.raises(RefundNotStuck):
        refund(world, ticket, paid_back="cash")
    world.gateway.end_refunds(checkout_id(ticket), RefundStatus.FAILED)
    assert refund(world, ticket, paid_back="cash").status is TicketStatus.REFUNDED


def test_without_an_answer_nothing_counts_as_paid_back(world: World) -> None:
    """How much that would be is not known."""
    ticket = stuck(world)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        refund(world, ticket, paid_back="cash")
    assert world.now(ticket) == ticket


def test_a_refund_by_hand_that_waits_reopens_a_refunded_ticket(world: World) -> None:
    """The bank has returned the first refund, and the seller has made another one by hand."""
    ticket = world.issued(world.event())
    refund(world, ticket)
    world.gateway.send_back(checkout_id(ticket))
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    world.gateway.give_back(checkout_id(ticket))
    world.gateway.dispute(checkout_id(ticket))
    world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    waiting = world.now(ticket)
    assert (waiting.status, waiting.refund_problem) == (TicketStatus.REFUNDING, "requires_action")
