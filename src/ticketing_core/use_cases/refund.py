"""Refund: void an issued ticket, free its places, and give the money back."""

from ticketing_core.errors import NotIssued
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Replaced, Stale, TicketRepository
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.lookup import existing_ticket
from ticketing_core.use_cases.settle import settle_ticket


def refund(
    *,
    ticket_id: int,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Void a ticket and give back what was paid for it.

    What is owed is stored before the gateway is asked, so a crash leaves a ticket that is void
    and a refund that settling finishes.

    Args:
        ticket_id: The ticket.
        by: Who asks for it; the history tells.

    Returns:
        The ticket: REFUNDED, or REFUNDING while the money is still owed.

    Raises:
        TicketNotFound: There is no such ticket.
        NotIssued: It is not issued yet, or was given up.
        StoreUnavailable: The outcome is unknown.
    """
    ticket = existing_ticket(ticket_id, tickets=tickets)
    while ticket.status is TicketStatus.ISSUED:
        void = ticket.refunded() if ticket.checkout is None else ticket.refunding()
        match tickets.replace(ticket, void, at=clock.now(), why="refund asked for", by=by):
            case Replaced(stored):
                ticket = stored
            case Stale(current):
                ticket = current
    if ticket.status not in (TicketStatus.REFUNDING, TicketStatus.REFUNDED):
        raise NotIssued
    if ticket.status is TicketStatus.REFUNDED:
        return ticket
    return settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock).ticket
