"""The first questions of every use case on a ticket: does it exist, and is it the caller's."""

from ticketing_core.errors import NotYourTicket, TicketNotFound
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket


def existing_ticket(ticket_id: int, *, tickets: TicketRepository) -> Ticket:
    """The ticket.

    Raises:
        TicketNotFound: There is none.
    """
    ticket = tickets.by_id(ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


def own_ticket(ticket_id: int, *, buyer: str, tickets: TicketRepository) -> Ticket:
    """The ticket, if it is the buyer's.

    Raises:
        TicketNotFound: There is none.
        NotYourTicket: It is somebody else's.
    """
    ticket = existing_ticket(ticket_id, tickets=tickets)
    if ticket.buyer != buyer:
        raise NotYourTicket
    return ticket
