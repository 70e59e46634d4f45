"""Read all pages of what the gateway and the store list."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import ListedCheckout, Unknown
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import StrayRepository, TicketRepository
from ticketing_core.stray import Stray
from ticketing_core.ticket import Ticket
from ticketing_core.validators import require_zoned

PAGE = 100
"""Tickets or strays read at a time."""


def listed_since(
    since: datetime, *, gateway: PaymentGateway, most_pages: int | None = None
) -> Iterator[ListedCheckout]:
    """Yield the checkouts of the gateway that were opened since then, the newest first.

    Args:
        since: The oldest to list.
        gateway: Lists them.
        most_pages: How many pages to read; None for all.

    Raises:
        ValueError: The time has no time zone, so that the gateway would be asked for another one.
        GatewayUnavailable: A page got no answer.
    """
    require_zoned("since", since)
    after = None
    for _ in count() if most_pages is None else range(most_pages):
        page = gateway.list_checkouts(since=since, after=after)
        if isinstance(page, Unknown):
            raise GatewayUnavailable
        yield from page.checkouts
        if page.next is None:
            return
        if page.next == after:
            # Something in between repeats one answer.
            raise GatewayUnavailable
        after = page.next


def stored_since(since: datetime, *, tickets: TicketRepository) -> Iterator[Ticket]:
    """Yield all tickets that were made since then."""
    after = 0
    while page := tickets.made_since(since, after=after, limit=PAGE):
        yield from page
        after = page[-1].ticket_id


def unsettled_strays(*, strays: StrayRepository) -> Iterator[Stray]:
    """Yield all strays that are not settled."""
    after = ""
    while page := strays.unsettled(after=after, limit=PAGE):
        yield from page
        after = page[-1].checkout_id


def owing_tickets(*, tickets: TicketRepository) -> Iterator[Ticket]:
    """Yield all tickets whose refund is owed."""
    after = 0
    while page := tickets.owing(after=after, limit=PAGE):
        yield from page
        after = page[-1].ticket_id


def tickets_of_buyer(
    buyer: str, *, tickets: TicketRepository, before: int | None = None
) -> Iterator[Ticket]:
    """Yield all tickets of a buyer with ids below ``before``, the newest first."""
    while page := tickets.of_buyer(buyer, before=before, limit=PAGE):
        yield from page
        before = page[-1].ticket_id
