"""Reconciling: each way in which gateway and store can disagree is told, and healed."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World, lose_commit
from ticketing_core import Ticket, TicketStatus, ToPay
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import Paid
from ticketing_core.testing import Fault
from ticketing_core.use_cases.reconcile import Compared, Difference, Finding

LONG_AGO = timedelta(days=1)


def since(world: World) -> datetime:
    """Yesterday."""
    return world.clock.now() - LONG_AGO


def findings(world: World, **options: bool) -> list[Finding]:
    """What a run tells."""
    told = world.office.reconcile(since=since(world), **options)
    return [one for one in told if isinstance(one, Finding)]


def forget_ticket(world: World, ticket: Ticket) -> None:
    """The store comes back from a copy made before the ticket."""
    world.events.change_kept(ticket.event_id, -ticket.quantity)
    del world.tickets._by_id[ticket.ticket_id]  # noqa: SLF001 - no port can lose a ticket


def paid_unseen(world: World) -> ToPay:
    """The buyer paid and never came back, and the webhook was lost."""
    return world.paid(world.event())


def issued_then_refunded_by_hand(world: World) -> ToPay:
    """Somebody gave the money back on the gateway's own pages."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.give_back(bought.checkout_id)
    return bought


def issued_then_refunded_in_part(world: World) -> ToPay:
    """A part of the money was given back there."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.give_back(bought.checkout_id, amount_minor=100)
    return bought


def issued_then_disputed(world: World) -> ToPay:
    """And the news of the dispute was lost."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.dispute(bought.checkout_id)
    return bought


def given_up_then_paid(world: World) -> ToPay:
    """Money for an order that was given up, which needs a lost commit."""
    bought = world.to_pay(world.event())
    reserved = lose_commit(world.tickets, bought.ticket)
    world.office.cancel(ticket_id=reserved.ticket_id, buyer=BUYER)
    world.gateway.pay(bought.checkout_url)
    return bought


def refund_unfinished(world: World) -> ToPay:
    """A refund that nobody answered."""
    bought = world.paid(world.event())
    world.verify(bought)
    world.gateway.fail_next("refund", Fault.BEFORE_EFFECT)
    world.office.refund(ticket_id=bought.ticket.ticket_id, by="organizer")
    return bought


def ended_unpaid(world: World) -> ToPay:
    """Nobody has settled it yet."""
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
def test_a_difference_is_told_and_healed(world: World, difference: Difference) -> None:
    """A dry run only tells; after a real one there is nothing left to tell."""
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
    """As settling would."""
    bought = refund_unfinished(world)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.REFUND_OWED, True)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 0


def test_a_payment_the_store_has_lost_is_found_by_its_reference(world: World) -> None:
    """The ticket is there, its checkout is not."""
    bought = world.paid(world.event())
    lose_commit(world.tickets, bought.ticket)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_WITHOUT_TICKET, True)
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_payment_for_a_lost_ticket_is_refunded_only_if_asked(world: World) -> None:
    """The ticket may come back with a better copy."""
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


def paid_twice(world: World) -> ToPay:
    """Two checkouts of one ticket were paid, which no use case brings about."""
    bought = world.paid(world.event())
    world.verify(bought)
    second = evolve(
        world.gateway._checkouts[bought.checkout_id].checkout,  # noqa: SLF001 - no port opens two
        checkout_id="co_second",
        url="https://pay.example/second",
    )
    world.gateway._checkouts["co_second"] = evolve(  # noqa: SLF001 - no port opens two
        world.gateway._checkouts[bought.checkout_id],  # noqa: SLF001 - no port opens two
        checkout=second,
    )
    return bought


def test_a_second_payment_of_a_ticket_goes_back(world: World) -> None:
    """The first one keeps the ticket."""
    bought = paid_twice(world)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, True)
    assert (found.checkout_id, found.ticket_id) == ("co_second", bought.ticket.ticket_id)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_a_second_payment_that_is_disputed_is_left_to_the_bank(world: World) -> None:
    """A refund would come on top of what the bank gives back."""
    paid_twice(world)
    world.gateway.dispute("co_second")
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, False)
    seen = world.gateway.look_up("co_second")
    assert isinstance(seen, Paid)
    assert seen.captured.amount_minor == 5000


def test_a_ticket_whose_payment_the_gateway_does_not_know_is_told(world: World) -> None:
    """It stays valid: whether the gateway or the store is wrong, a person has to find out."""
    bought = world.paid(world.event())
    issued = world.verify(bought)
    world.gateway.forget(bought.checkout_id)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.TICKET_WITHOUT_MONEY, False)
    assert world.now(issued) == issued


def test_nothing_is_told_where_all_is_well(world: World) -> None:
    """Open, issued, cancelled, refunded and free tickets agree with the gateway."""
    event = world.event(capacity=100)
    world.to_pay(event)
    world.issued(event)
    refunded = world.issued(event)
    world.office.refund(ticket_id=refunded.ticket_id, by="organizer")
    world.office.cancel(ticket_id=world.to_pay(event).ticket.ticket_id, buyer=BUYER)
    free = world.event(price=0)
    world.office.purchase(event_id=free.event_id, quantity=1, buyer=BUYER)
    told = list(world.office.reconcile(since=since(world)))
    assert told == [Compared()] * 4


def test_only_what_was_opened_since_then_is_compared(world: World) -> None:
    """Older differences are left alone."""
    world.paid(world.event())
    world.clock.advance(LONG_AGO + timedelta(seconds=1))
    assert list(world.office.reconcile(since=since(world))) == []


def test_a_listing_without_answer_is_an_error(world: World) -> None:
    """Half a comparison must not look like a whole one."""
    world.paid(world.event())
    world.gateway.fail_next("list_checkouts", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        findings(world)


def test_what_cannot_be_healed_now_is_told_as_left(world: World) -> None:
    """The gateway lists, and then falls silent."""
    paid_unseen(world)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    (found,) = findings(world)
    assert not found.healed


def test_a_checkout_that_nobody_tells_of_is_a_difference_that_is_left(world: World) -> None:
    """No answer is not an agreement: the run must not end well on it."""
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.gateway.forget(ticket.checkout.checkout_id)
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    (told,) = findings(world)
    assert (told.difference, told.healed) == (Difference.NOT_COMPARED, False)
    assert told.ticket_id == ticket.ticket_id
    assert world.now(ticket).status is TicketStatus.ISSUED
