"""The first questions of every use case on a ticket: does it exist, and is it the caller's."""

from ticketing_core.errors import NotYourTicket, StoreUnavailable, TicketNotFound, raises
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket


@raises(TicketNotFound, StoreUnavailable)
def existing_ticket(ticket_id: int, *, tickets: TicketRepository) -> Ticket:
    """Return the ticket.

    Raises:
        TicketNotFound: There is no such ticket.
    """
    ticket = tickets.by_id(ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


@raises(TicketNotFound, NotYourTicket, StoreUnavailable)
def own_ticket(ticket_id: int, *, buyer: str, tickets: TicketRepository) -> Ticket:
    """Return the ticket if it is the buyer's.

    Raises:
        TicketNotFound: There is no such ticket.
        NotYourTicket: It belongs to another buyer.
    """
    ticket = existing_ticket(ticket_id, tickets=tickets)
    if ticket.buyer != buyer:
        raise NotYourTicket
    return ticket
