"""What organizers read about the tickets of one event: a part of the `TicketRepository`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from ticketing_core.changes import HistoryEntry
from ticketing_core.sums import SpansPage
from ticketing_core.ticket import Ticket, TicketStatus


class EventTickets(Protocol):
    """Reads tickets of one event, page by page.

    However many tickets are stored, a page should not read more of them than it returns.
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
        """Return at most ``limit`` tickets of the event whose buyers start with ``prefix``.

        They are sorted by buyer, character by character, and then by id.

        Args:
            event_id: The event.
            prefix: The start of the buyer: any text; upper and lower case count.
            status: Only tickets with this status; None for all.
            after: Buyer and id of the last ticket of the previous page; None for the first page.
            limit: The most tickets of this page.
        """

    def owing_of(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return REFUNDING tickets of the event with ids above ``after``, smallest first."""

    def disputed(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return tickets of the event with an open dispute and ids above ``after``, as above."""

    def histories(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[HistoryEntry]]:
        """Return the `TicketRepository.history` of each of the tickets of a page by its id.

        Unknown tickets are left out.
        """

    def sums_of(self, event_id: int, *, after: int, limit: int) -> SpansPage:
        """Add up the next ``limit`` tickets of the event, in the order of their ids.

        Args:
            event_id: The event.
            after: Only ids above this one: `SpansPage.last` of the previous page.
            limit: The most tickets to add up.

        Returns:
            The sums of `sums.Sums.of` over the tickets that were created in each span of
            `sums.SPAN`, in the order of time. Spans without tickets are left out.
        """
