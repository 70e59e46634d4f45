"""What organizers read of the tickets of one event: a part of the `TicketRepository`."""

from collections.abc import Sequence
from typing import Protocol

from ticketing_core.sums import SpansPage
from ticketing_core.ticket import Ticket, TicketStatus


class EventTickets(Protocol):
    """Reads tickets of one event, page by page.

    However many tickets are stored, a page reads no more of them than it has.
    """

    def of_buyers(
        self,
        event_id: int,
        *,
        prefix: str,
        status: TicketStatus | None,
        after: tuple[str, int] | None,
        limit: int,
    ) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets of the event whose buyers begin with ``prefix``.

        They are in the order of buyer, character by character, and then of id.

        Args:
            event_id: The event.
            prefix: How the buyers begin, in the same case; any text.
            status: Only tickets with this status; None for all.
            after: Buyer and id of the last ticket of the page before; None for the first page.
            limit: The most tickets of this page.
        """

    def owing_of(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return REFUNDING tickets of the event with ids above ``after``, smallest first."""

    def disputed(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return tickets of the event with an open dispute and ids above ``after``, as above."""

    def sums_of(self, event_id: int, *, after: int, limit: int) -> SpansPage:
        """Add up the next ``limit`` tickets of the event, in the order of their ids.

        Args:
            event_id: The event.
            after: Only ids above this one: `SpansPage.last` of the page before.
            limit: The most tickets to add up.

        Returns:
            The sums of each span of `sums.SPAN` in which some of them were created, each as
            `sums.Sums.of` of every ticket, in the order of time.
        """
