"""Settling what a notification is about, whatever way leads from it to the ticket."""

import pytest

from tests.unit.box_offices import World, lose_commit
from tests.unit.test_reconcile import forget_ticket
from tests.unit.test_refund_life import checkout_id
from ticketing_core import Ticket, TicketStatus
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import Hint, News, PaymentHint, Unknown
from ticketing_core.testing import Fault
from ticketing_core.use_cases.news import FRAUD_WARNING


def of(ticket: Ticket, **what: object) -> PaymentHint:
    """Return news of the ticket's payment."""
    return PaymentHint(payment_id=f"pay_{checkout_id(ticket)}", **what)  # type: ignore[arg-type]  # passed through


def refunded_by_hand(world: World) -> Ticket:
    """Return an issued ticket whose money went back at the gateway."""
    ticket = world.issued(world.event())
    world.gateway.give_back(checkout_id(ticket))
    return ticket


def test_a_payment_leads_to_its_ticket(world: World) -> None:
    """By its id, which the ticket has stored. Nobody else is asked."""
    ticket = refunded_by_hand(world)
    world.gateway.fail_next("checkout_of", Fault.BEFORE_EFFECT)
    settled = world.office.settle_news(of(ticket), by="webhook")
    assert settled is not None
    assert settled.ticket.status is TicketStatus.REFUNDED


def test_a_payment_that_its_ticket_has_not_seen_is_found_by_the_code(world: World) -> None:
    """The buyer has paid, and the seller refunded at once."""
    bought = world.paid(world.event())
    world.gateway.give_back(bought.checkout_id)
    world.gateway.fail_next("checkout_of", Fault.BEFORE_EFFECT)
    hint = of(bought.ticket, ticket_code=bought.ticket.ticket_code)
    settled = world.office.settle_news(hint, by="webhook")
    assert settled is not None
    assert settled.ticket.status is TicketStatus.REFUNDED


def test_a_payment_of_which_nothing_is_stored_is_asked_about(world: World) -> None:
    """The store has lost the checkout, too."""
    bought = world.paid(world.event())
    lose_commit(world.tickets, bought.ticket)
    for hint in (of(bought.ticket), of(bought.ticket, ticket_code=bought.ticket.ticket_code)):
        settled = world.office.settle_news(hint, by="webhook")
        assert settled is not None
        assert settled.ticket.status is TicketStatus.ISSUED


def test_a_payment_of_somebody_else_is_ignored(world: World) -> None:
    """No answer about it is an error, so that the news comes again."""
    foreign = PaymentHint(payment_id="pay_of_another_shop")
    assert world.office.settle_news(foreign, by="webhook") is None
    world.gateway.fail_next("checkout_of", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        world.office.settle_news(foreign, by="webhook")


def test_news_that_only_confirms_what_is_stored_needs_no_look(world: World) -> None:
    """The refund of all that was paid. Anything else is looked at."""
    ticket = refunded_by_hand(world)
    world.office.settle_news(of(ticket), by="webhook")
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT, times=9)
    settled = world.office.settle_news(of(ticket, refunded_minor=5000), by="webhook")
    assert settled is not None
    assert (settled.ticket, settled.seen) == (world.now(ticket), None)
    for other in (of(ticket), of(ticket, refunded_minor=4999)):
        looked = world.office.settle_news(other, by="webhook")
        assert looked is not None
        assert isinstance(looked.seen, Unknown)


@pytest.mark.parametrize("by_payment", [True, False])
def test_a_payment_without_a_ticket_becomes_a_stray(world: World, by_payment: bool) -> None:  # noqa: FBT001 - pytest gives it
    """Whether the news names the payment or the checkout."""
    ticket = world.issued(world.event())
    forget_ticket(world, ticket)
    news: News = of(ticket) if by_payment else Hint(checkout_id(ticket))
    assert world.office.settle_news(news, by="webhook") is None
    (stray,) = world.strays.unsettled(after="", limit=9)
    assert (stray.checkout_id, stray.ticket_code) == (checkout_id(ticket), ticket.ticket_code)
    assert (stray.amount, stray.payment_id) == (ticket.total, of(ticket).payment_id)


def test_a_fraud_warning_is_written_to_the_history_once(world: World) -> None:
    """The ticket stays valid: only a person knows whether the bank is right."""
    ticket = world.issued(world.event())
    for _ in range(3):
        settled = world.office.settle_news(of(ticket, is_fraud_warning=True), by="webhook")
        assert settled is not None
        assert settled.ticket == world.now(ticket)
    whys = [entry.why for entry in world.tickets.history(ticket.ticket_id)]
    assert whys.count(FRAUD_WARNING) == 1
    assert world.now(ticket).status is TicketStatus.ISSUED
