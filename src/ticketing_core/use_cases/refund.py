"""Refund: void an issued ticket, free its places, and give the money back."""

from ticketing_core.errors import NotIssued, StoreUnavailable, TicketNotFound, raises
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Replaced, Stale, Ticket, TicketStatus
from ticketing_core.use_cases.lookup import existing_ticket
from ticketing_core.use_cases.settle import settle_ticket


@raises(TicketNotFound, NotIssued, StoreUnavailable)
def refund(
    *,
    ticket_id: int,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Void a ticket and refund what was paid for it. See `BoxOffice.refund`."""
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
