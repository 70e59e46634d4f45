"""Reconciling: each difference between gateway and store is found and healed."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World, lose_commit
from ticketing_core import Ticket, TicketStatus, ToPay
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.testing import Fault
from ticketing_core.use_cases.reconcile import Compared, Difference, Finding

LONG_AGO = timedelta(days=1)


def since(world: World) -> datetime:
    """Return yesterday."""
    return world.clock.now() - LONG_AGO


def findings(world: World, **options: bool) -> list[Finding]:
    """Reconcile, and return the findings."""
    results = world.office.reconcile(since=since(world), **options)
    return [one for one in results if isinstance(one, Finding)]


def forget_ticket(world: World, ticket: Ticket) -> None:
    """Restore the store from a backup made before the ticket."""
    world.events.change_kept(ticket.event_id, -ticket.quantity)
    del world.tickets._by_id[ticket.ticket_id]  # noqa: SLF001 - no port can lose a ticket


def paid_unseen(world: World) -> ToPay:
    """The buyer paid and never came back, and the notification was lost."""
    return world.paid(world.event())


def issued_then_refunded_by_hand(world: World) -> ToPay:
    """The seller refunded on the gateway's own pages."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.give_back(bought.checkout_id)
    return bought


def issued_then_refunded_in_part(world: World) -> ToPay:
    """The seller refunded a part there."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.give_back(bought.checkout_id, amount_minor=100)
    return bought


def issued_then_disputed(world: World) -> ToPay:
    """The notification of the dispute was lost."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.dispute(bought.checkout_id)
    return bought


def given_up_then_paid(world: World) -> ToPay:
    """An order was paid after it was given up, which needs a lost commit."""
    bought = world.to_pay(world.event())
    reserved = lose_commit(world.tickets, bought.ticket)
    world.office.cancel(ticket_id=reserved.ticket_id, buyer=BUYER)
    world.gateway.pay(bought.checkout_url)
    return bought


def refund_unfinished(world: World) -> ToPay:
    """A refund got no answer."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    world.office.refund(ticket_id=bought.ticket.ticket_id, by="organizer")
    return bought


def ended_unpaid(world: World) -> ToPay:
    """The hold is over, and the ticket is not settled yet."""
    bought = world.to_pay(world.event())
    world.clock.advance(HOLD)
    return bought


CASES = {
    Difference.PAID_WITHOUT_TICKET: (paid_unseen, TicketStatus.ISSUED),
    Difference.TICKET_WITHOUT_MONEY: (issued_then_refunded_by_hand, TicketStatus.REFUNDED),
    Difference.REFUND_OWED: (given_up_then_paid, TicketStatus.REFUNDED),
    Difference.PARTLY_GIVEN_BACK: (issued_then_refunded_in_part, TicketStatus.ISSUED),
    Difference.DISPUTED: (issued_then_disputed, TicketStatus.ISSUED),
    Difference.CHECKOUT_ENDED: (ended_unpaid, TicketStatus.EXPIRED),
}


@pytest.mark.parametrize("difference", CASES)
def test_a_difference_is_found_and_healed(world: World, difference: Difference) -> None:
    """A dry run only reports it. After a real run there is no difference."""
    make, healed_to = CASES[difference]
    bought = make(world)
    before = world.now(bought.ticket)
    (dry,) = findings(world, dry_run=True)
    assert (dry.difference, dry.healed) == (difference, False)
    assert (dry.checkout_id, dry.ticket_id) == (bought.checkout_id, bought.ticket.ticket_id)
    assert world.now(bought.ticket) == before
    (real,) = findings(world)
    assert real == evolve(dry, healed=True)
    assert world.now(bought.ticket).status is healed_to
    assert findings(world) == []


def test_an_unfinished_refund_is_finished(world: World) -> None:
    """As settling would finish it."""
    bought = refund_unfinished(world)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.REFUND_OWED, True)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 0


def test_a_payment_whose_checkout_was_lost_is_found_by_its_ticket_code(world: World) -> None:
    """The store has the ticket but not its checkout."""
    bought = world.paid(world.event())
    lose_commit(world.tickets, bought.ticket)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_WITHOUT_TICKET, True)
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_payment_for_a_lost_ticket_is_refunded_only_on_request(world: World) -> None:
    """A better backup may bring the ticket back."""
    bought = world.paid(world.event())
    forget_ticket(world, bought.ticket)
    for _ in range(2):
        (found,) = findings(world)
        assert (found.difference, found.healed) == (Difference.UNKNOWN_CHECKOUT, False)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000
    (found,) = findings(world, refund_unknown=True, dry_run=True)
    assert not found.healed
    (found,) = findings(world, refund_unknown=True)
    assert found.healed
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 0
    assert findings(world) == []


def test_a_ticket_whose_checkout_is_missing_is_reported(world: World) -> None:
    """It stays valid: a person has to find out whether the gateway or the store is wrong."""
    bought = world.paid(world.event())
    issued = world.verify(bought)
    world.gateway.forget(bought.checkout_id)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.TICKET_WITHOUT_MONEY, False)
    assert world.now(issued) == issued


def test_nothing_is_found_where_gateway_and_store_agree(world: World) -> None:
    """Tickets may be open, issued, cancelled, refunded or free."""
    event = world.event(capacity=100)
    world.to_pay(event)
    world.issued(event)
    refunded = world.issued(event)
    world.office.refund(ticket_id=refunded.ticket_id, by="organizer")
    world.office.cancel(ticket_id=world.to_pay(event).ticket.ticket_id, buyer=BUYER)
    free = world.event(price=0)
    world.office.purchase(event_id=free.event_id, quantity=1, buyer=BUYER)
    results = list(world.office.reconcile(since=since(world)))
    assert results == [Compared()] * 4


def test_only_checkouts_opened_since_then_are_compared(world: World) -> None:
    """Older differences are ignored."""
    world.paid(world.event())
    world.clock.advance(LONG_AGO + timedelta(seconds=1))
    assert list(world.office.reconcile(since=since(world))) == []


def test_a_listing_without_an_answer_is_an_error(world: World) -> None:
    """A partial comparison must not look like a complete one."""
    world.paid(world.event())
    world.gateway.fail_next("list_checkouts", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        findings(world)


def test_a_difference_that_cannot_be_healed_now_is_reported(world: World) -> None:
    """The gateway lists its checkouts, and then does not answer."""
    paid_unseen(world)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    (found,) = findings(world)
    assert not found.healed


def test_a_checkout_without_a_reported_state_is_not_compared(world: World) -> None:
    """No answer does not mean that gateway and store agree."""
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.gateway.forget(ticket.checkout.checkout_id)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.NOT_COMPARED, False)
    assert found.ticket_id == ticket.ticket_id
    assert world.now(ticket).status is TicketStatus.ISSUED
