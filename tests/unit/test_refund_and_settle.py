"""Refund and settle: owed refunds are made, and lost commits lose no money."""

from datetime import timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, NO_ANSWER, World, lose_commit
from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import NotIssued, NotYourEvent, StoreUnavailable, TicketNotFound
from ticketing_core.payment import CheckoutState, Hint
from ticketing_core.testing import Fault, InMemoryTickets


def test_a_refund_voids_the_ticket_and_returns_the_money(world: World) -> None:
    """All of it, once, and the places are free. Repeating the call changes nothing."""
    event = world.event()
    ticket = world.issued(event)
    for _ in range(2):
        refunded = world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
        assert refunded.status is TicketStatus.REFUNDED
    assert world.gateway.captured_for(ticket.ticket_code) == 0
    assert world.kept(event) == 0


def test_a_ticket_of_another_event_is_not_refunded(world: World) -> None:
    """The event is looked at before the ticket's status."""
    ours, other = world.event(), world.event()
    paid, unpaid = world.issued(other), world.to_pay(other).ticket
    for ticket in (paid, unpaid):
        for scope in (frozenset({ours.event_id}), frozenset[int]()):
            with pytest.raises(NotYourEvent):
                world.office.refund(ticket_id=ticket.ticket_id, by="organizer", scope=scope)
        assert world.now(ticket) == ticket
    with pytest.raises(NotYourEvent):
        world.office.refund(ticket_id=paid.ticket_id, by="o", scope={0}, paid_back="in cash")
    both = {ours.event_id, other.event_id}
    refunded = world.office.refund(ticket_id=paid.ticket_id, by="organizer", scope=both)
    assert refunded.status is TicketStatus.REFUNDED


def test_a_free_ticket_is_refunded_without_the_gateway(world: World) -> None:
    """There is no money to return."""
    event = world.event(price=0)
    bought = world.office.purchase(event_id=event.event_id, quantity=2, buyer=BUYER)
    refunded = world.office.refund(ticket_id=bought.ticket.ticket_id, by="organizer")
    assert refunded.status is TicketStatus.REFUNDED
    assert world.kept(event) == 0


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_a_refund_without_answer_is_finished_by_settling(world: World, fault: Fault) -> None:
    """It is owed until the gateway confirms it, and made once."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", fault)
    owed = world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert owed.status is TicketStatus.REFUNDING
    world.gateway.land_late_effects()
    world.settle_due()
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert world.now(ticket).refund_attempt == 0
    assert world.gateway.captured_for(ticket.ticket_code) == 0


def test_a_refused_refund_stays_owed(world: World) -> None:
    """The ticket has the gateway's code. The next try uses a new key."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.REFUSED)
    owed = world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert (owed.status, owed.refund_problem) == (TicketStatus.REFUNDING, "refused")
    assert owed.refund_attempt == 1
    world.settle_due()
    assert world.now(ticket).status is TicketStatus.REFUNDED


def test_a_refund_that_the_bank_returns_is_owed_again(world: World) -> None:
    """It is made with a new key."""
    ticket = world.issued(world.event())
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert ticket.checkout is not None
    world.gateway.send_back(ticket.checkout.checkout_id)
    settled = world.office.settle_news(Hint(ticket.checkout.checkout_id), by="webhook")
    assert settled is not None
    assert (settled.ticket.status, settled.ticket.refund_attempt) == (TicketStatus.REFUNDED, 1)
    assert world.gateway.captured_for(ticket.ticket_code) == 0


def test_a_returned_refund_whose_answer_was_lost_is_still_owed(world: World) -> None:
    """The money is captured again, whatever the gateway answered to the key at first."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.AFTER_EFFECT)
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert ticket.checkout is not None
    world.gateway.send_back(ticket.checkout.checkout_id)
    world.settle_due()
    assert world.now(ticket).status is TicketStatus.REFUNDING
    world.clock.advance(timedelta(hours=1))
    world.settle_due()
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert world.gateway.captured_for(ticket.ticket_code) == 0


def test_a_refund_by_hand_voids_the_ticket(world: World) -> None:
    """If it is complete. After a part of it the ticket stays valid."""
    event = world.event()
    ticket = world.issued(event)
    assert ticket.checkout is not None
    world.gateway.give_back(ticket.checkout.checkout_id, 100)
    world.office.settle_news(Hint(ticket.checkout.checkout_id), by="webhook")
    assert world.now(ticket).status is TicketStatus.ISSUED
    assert world.now(ticket).refunded_minor == 100
    world.gateway.give_back(ticket.checkout.checkout_id)
    world.office.settle_news(Hint(ticket.checkout.checkout_id), by="webhook")
    assert world.now(ticket).status is TicketStatus.REFUNDED
    assert world.kept(event) == 0


def test_a_disputed_payment_is_not_refunded(world: World) -> None:
    """The ticket is marked. The bank decides about the money."""
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.gateway.dispute(ticket.checkout.checkout_id)
    owed = world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    assert (owed.status, owed.disputed) == (TicketStatus.REFUNDING, True)
    assert world.gateway.captured_for(ticket.ticket_code) == 5000


def test_only_an_issued_ticket_is_refunded(world: World) -> None:
    """One that has to be paid is cancelled instead, and an unknown one is not found."""
    bought = world.to_pay(world.event())
    with pytest.raises(NotIssued):
        world.office.refund(ticket_id=bought.ticket.ticket_id, by="organizer")
    with pytest.raises(TicketNotFound):
        world.office.refund(ticket_id=999, by="organizer")
    assert world.now(bought.ticket).status is TicketStatus.PAYING


def test_a_wrong_amount_is_refunded_and_issues_nothing(world: World) -> None:
    """A coupon at the gateway has changed the amount."""
    event = world.event()
    bought = world.to_pay(event)
    world.gateway.pay(bought.checkout_url, amount=Money(1, "usd"))
    world.office.settle_news(Hint(bought.checkout_id), by="webhook")
    assert world.now(bought.ticket).status is TicketStatus.REFUNDED
    assert world.now(bought.ticket).refunded_minor == 1
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 0
    assert world.kept(event) == 0


def test_a_notification_issues_without_the_buyer(world: World) -> None:
    """They never came back. A duplicate changes nothing."""
    bought = world.paid(world.event())
    for _ in range(2):
        settled = world.office.settle_news(Hint(bought.checkout_id), by="webhook")
        assert settled is not None
        assert settled.ticket.status is TicketStatus.ISSUED
    assert [entry.status for entry in world.tickets.history(bought.ticket.ticket_id)] == [
        TicketStatus.RESERVED,
        TicketStatus.PAYING,
        TicketStatus.ISSUED,
    ]


def test_a_notification_about_an_unknown_checkout_settles_nothing(world: World) -> None:
    """It belongs to no ticket."""
    assert world.office.settle_news(Hint("co_unknown"), by="webhook") is None


def test_a_payment_whose_checkout_the_store_has_lost_still_issues(world: World) -> None:
    """The payment itself names the ticket."""
    bought = world.paid(world.event())
    lose_commit(world.tickets, bought.ticket)
    settled = world.office.settle_news(Hint(bought.checkout_id), by="webhook")
    assert settled is not None
    assert settled.ticket.status is TicketStatus.ISSUED
    assert world.now(bought.ticket).checkout is not None


@pytest.mark.parametrize("way", ["cancelled", "expired"])
def test_money_for_a_ticket_that_was_given_up_is_refunded(world: World, way: str) -> None:
    """This needs a lost commit: otherwise a ticket that is given up has no payable checkout."""
    event = world.event()
    bought = world.to_pay(event)
    reserved = lose_commit(world.tickets, bought.ticket)
    gone = getattr(reserved, way)()
    world.tickets.replace(reserved, gone, at=world.clock.now(), why="test", by="test")
    world.gateway.pay(bought.checkout_url)
    settled = world.office.settle_news(Hint(bought.checkout_id), by="webhook")
    assert settled is not None
    assert settled.ticket.status is TicketStatus.REFUNDED
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 0
    assert world.kept(event) == 0


class AlwaysChanging(InMemoryTickets):
    """A broken store in which another process is always faster."""

    def replace(self, old: Ticket, new: Ticket, **rest: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        del new, rest
        return Stale(old)


def test_settling_ends_even_over_a_broken_store(world: World) -> None:
    """After a bounded number of rounds, with an error that can be retried."""
    event = world.event()
    tickets = AlwaysChanging(world.events)
    office = evolve(world.office, tickets=tickets)
    held = office.reserve(event_id=event.event_id, quantity=1, buyer=BUYER)
    with pytest.raises(StoreUnavailable):
        office.cancel(ticket_id=held.ticket_id, buyer=BUYER)


def test_issuing_calls_the_gateway_once(world: World) -> None:
    """The buyer waits, so a state that was just seen is not looked up again."""
    bought = world.paid(world.event())
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    world.office.settle_news(Hint(bought.checkout_id), by="webhook")
    looked_up: list[str] = []
    look_up = world.gateway.look_up

    def counted(checkout_id: str) -> CheckoutState:
        looked_up.append(checkout_id)
        return look_up(checkout_id)

    world.gateway.look_up = counted  # type: ignore[method-assign]  # counted, not changed
    assert world.verify(bought).status is TicketStatus.ISSUED
    assert looked_up == [bought.checkout_id]


def test_a_disputed_payment_is_issued_and_marked(world: World) -> None:
    """The notification of the dispute may come first."""
    bought = world.paid(world.event())
    world.gateway.dispute(bought.checkout_id)
    world.office.settle_news(Hint(bought.checkout_id), by="webhook")
    settled = world.now(bought.ticket)
    assert (settled.status, settled.disputed) == (TicketStatus.ISSUED, True)
