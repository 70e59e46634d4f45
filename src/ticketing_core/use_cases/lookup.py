"""Look a ticket up: does it exist, is it the caller's, and what has happened to it."""

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from ticketing_core.changes import HistoryEntry
from ticketing_core.errors import NotYourTicket, StoreUnavailable, TicketNotFound, raises
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket
from ticketing_core.validators import LARGEST_ID, require_whole


@frozen
class TicketStory:
    """A ticket, and all that has happened to it.

    Attributes:
        ticket: The ticket.
        history: All changes that led to it, the oldest first.
    """

    ticket: Ticket
    history: Sequence[HistoryEntry]


@raises(TicketNotFound, StoreUnavailable)
def existing_ticket(ticket_id: int, *, tickets: TicketRepository) -> Ticket:
    """Return the ticket.

    Raises:
        TicketNotFound: No ticket has this id.
    """
    require_whole("ticket_id", ticket_id, largest=LARGEST_ID)
    ticket = tickets.by_id(ticket_id)
    if ticket is None:
        raise TicketNotFound(ticket_id)
    return ticket


@raises(TicketNotFound, NotYourTicket, StoreUnavailable)
def own_ticket(ticket_id: int, *, buyer: str, tickets: TicketRepository) -> Ticket:
    """Return the ticket if it is the buyer's.

    Raises:
        TicketNotFound: No ticket has this id.
        NotYourTicket: It belongs to another buyer.
    """
    ticket = existing_ticket(ticket_id, tickets=tickets)
    if ticket.buyer != buyer:
        raise NotYourTicket
    return ticket


@raises(TicketNotFound, StoreUnavailable)
def ticket_story(name: int | UUID, *, tickets: TicketRepository) -> TicketStory:
    """Return a ticket with its history. See `Records.story`."""
    ticket = tickets.by_code(name) if isinstance(name, UUID) else tickets.by_id(name)
    if ticket is None:
        raise TicketNotFound(name)
    return TicketStory(ticket, history_of(ticket, tickets.history(ticket.ticket_id)))


def history_of(ticket: Ticket, changes: Sequence[HistoryEntry]) -> Sequence[HistoryEntry]:
    """Return those of a ticket's changes that led to the ticket as it was read.

    It may have changed since. What was written up to then never changes.
    """
    return [each for each in changes if each.version <= ticket.version]
