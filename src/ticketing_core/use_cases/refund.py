"""Refund: void an issued ticket, free its places, and give the money back."""

from collections.abc import Container
from datetime import datetime

from attrs import evolve

from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import (
    GatewayUnavailable,
    NotIssued,
    NotYourEvent,
    RefundNotStuck,
    StoreUnavailable,
    TicketNotFound,
    raises,
)
from ticketing_core.payment import Paid, Unknown
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.settlement import owed, recorded
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.lookup import existing_ticket
from ticketing_core.use_cases.settle import settle_ticket


@raises(
    TicketNotFound,
    NotYourEvent,
    NotIssued,
    RefundNotStuck,
    GatewayUnavailable,
    StoreUnavailable,
)
def refund(
    *,
    ticket_id: int,
    by: str,
    again: bool = False,
    paid_back: str | None = None,
    scope: Container[int] | None = None,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Void a ticket and refund what was paid for it. See `BackOffice.refund`."""
    ticket = existing_ticket(ticket_id, tickets=tickets)
    if scope is not None and ticket.event_id not in scope:
        raise NotYourEvent
    if paid_back is not None:
        return _paid_back(ticket, paid_back, by=by, tickets=tickets, gateway=gateway, clock=clock)
    ticket = _void(ticket, again=again, by=by, tickets=tickets, clock=clock)
    if ticket.status is TicketStatus.REFUNDED:
        return ticket
    return settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock).ticket


def _void(
    ticket: Ticket, *, again: bool, by: str, tickets: TicketRepository, clock: Clock
) -> Ticket:
    while True:
        match ticket.status:
            case TicketStatus.ISSUED:
                changed, why = voided(ticket, at=clock.now()), "refund asked for"
            case TicketStatus.REFUNDING if again and ticket.refund_problem is not None:
                changed, why, again = ticket.refund_again(), "refund asked for again", False
            case TicketStatus.REFUNDING | TicketStatus.REFUNDED:
                return ticket
            case _:
                raise NotIssued
        match tickets.replace(ticket, changed, at=clock.now(), why=why, by=by):
            case Replaced(stored):
                ticket = stored
            case Stale(current):
                ticket = current


def voided(ticket: Ticket, *, at: datetime) -> Ticket:
    """Return an ISSUED ticket as a person's decision to refund it leaves it."""
    if ticket.checkout is None:
        return ticket.refunded()
    # Refunds that failed before the decision do not count.
    return evolve(ticket, refund_failures=0).refunding(at=at)


def _paid_back(
    ticket: Ticket,
    how: str,
    *,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Believe a person who has paid the buyer back outside the gateway."""
    if ticket.status is TicketStatus.REFUNDED and ticket.paid_back_otherwise == how:
        return ticket
    while ticket.status is TicketStatus.REFUNDING and ticket.checkout is not None:
        seen = gateway.look_up(ticket.checkout.checkout_id)
        if isinstance(seen, Unknown):
            raise GatewayUnavailable
        # A refund that waits could still reach the buyer, who would then have the money twice.
        if not isinstance(seen, Paid) or seen.waiting or not ticket.refund_problem:
            break
        # The bank may return what it holds; that was paid back too.
        amount = owed(ticket, evolve(seen, held_minor=0)).ours.amount_minor
        done = recorded(ticket, seen).paid_back(amount_minor=amount, how=how)
        match tickets.replace(ticket, done, at=clock.now(), why=f"paid back: {how}", by=by):
            case Replaced(stored):
                return stored
            case Stale(current):
                ticket = current
    raise RefundNotStuck
