"""The part of the box office that only reads: tickets with their history, and sums."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, tzinfo
from uuid import UUID

from attrs import frozen

from ticketing_core.ports import TicketRepository
from ticketing_core.query import TicketQuery
from ticketing_core.sums import DaySums
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.lookup import TicketStory, ticket_story
from ticketing_core.use_cases.report import report


@frozen(kw_only=True)
class Records:
    """Shows operators what was sold. It changes nothing and calls no gateway.

    Attributes:
        tickets: Stores the tickets.
    """

    tickets: TicketRepository

    def story(self, ticket: int | UUID) -> TicketStory:
        """Return a ticket with its whole history.

        Args:
            ticket: Its id or its code.

        Raises:
            TicketNotFound: No ticket has this id.
        """
        return ticket_story(ticket, tickets=self.tickets)

    def find(
        self, query: TicketQuery, *, before: int | None = None, limit: int
    ) -> Sequence[Ticket]:
        """Return a page of the tickets that meet the query, newest first.

        Args:
            query: Which tickets.
            before: Only tickets with smaller ids: the id of the last ticket of the previous page.
            limit: The most tickets to return.
        """
        return self.tickets.find(query, before=before, limit=limit)

    def report(
        self,
        *,
        zone: tzinfo = UTC,
        since: date | None = None,
        until: date | None = None,
        event_id: int | None = None,
    ) -> Iterator[DaySums]:
        """Add up what was sold and taken.

        A ticket counts on the day on which it was created, whatever happens to its money later: a
        refund lowers what was earned on the day of the sale.

        Args:
            zone: The time zone of the days.
            since: The first day.
            until: The last day.
            event_id: Only this event; None for all events.

        Yields:
            The sums of each day, event and currency, in this order. Days and events without tickets
            are left out.
        """
        return report(zone=zone, since=since, until=until, event_id=event_id, tickets=self.tickets)
