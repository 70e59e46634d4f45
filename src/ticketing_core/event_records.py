"""The public API for organizers who read: what was sold of their events."""

from collections.abc import Container

from attrs import frozen

from ticketing_core.event import Event
from ticketing_core.ports import Admissions, Clock, EventRepository, TicketRepository
from ticketing_core.ticket import TicketStatus
from ticketing_core.use_cases.edit_event import own_event
from ticketing_core.use_cases.event_lists import (
    DisputesPage,
    TicketsPage,
    WholeStory,
    event_tickets,
    open_disputes,
    owed_refunds,
    own_story,
)
from ticketing_core.use_cases.event_report import EventReport, event_report


@frozen(kw_only=True)
class EventRecords:
    """Shows organizers what was sold of their events. It changes nothing and calls no gateway.

    A page of a list takes no longer for an event with millions of tickets than for one with a few.
    All methods take ``scope``: the ids of the events that the caller may read; None for all.
    Besides the errors it lists, each may raise `StoreUnavailable`.

    Attributes:
        events: Stores the events.
        tickets: Stores the tickets.
        admissions: Stores the scans.
        clock: Tells the time.
    """

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    clock: Clock

    def allowed(self, event_id: int, *, scope: Container[int] | None = None) -> Event:
        """Return the event if the caller may read it.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return own_event(event_id, scope=scope, events=self.events)

    def tickets_of(
        self,
        event_id: int,
        *,
        status: TicketStatus | None = None,
        text: str | None = None,
        before: int | None = None,
        limit: int,
        scope: Container[int] | None = None,
    ) -> TicketsPage:
        """Return a page of the event's tickets.

        The newest come first. With ``text``, the ticket whose code or id it is comes first, and
        then those whose buyers start with it, sorted by buyer.

        Args:
            event_id: The event.
            status: Only tickets with this status.
            text: A whole code, a whole id, or the start of the buyer; upper and lower case count.
            before: `TicketsPage.next` of the previous page.
            limit: The most tickets to return.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            TicketNotFound: With ``text``: the ticket ``before`` is not, or no longer, in this list.
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return event_tickets(
            event_id,
            status=status,
            text=text,
            before=before,
            limit=limit,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
        )

    def story(self, ticket_id: int, *, scope: Container[int] | None = None) -> WholeStory:
        """Return a ticket with its history and its scans at the gates.

        Raises:
            TicketNotFound: No ticket has this id.
            NotYourEvent: Its event is not in the scope.
        """
        return own_story(ticket_id, scope=scope, tickets=self.tickets, admissions=self.admissions)

    def refunds(
        self,
        event_id: int,
        *,
        after: int = 0,
        limit: int,
        scope: Container[int] | None = None,
    ) -> TicketsPage:
        """Return a page of the event's REFUNDING tickets, smallest id first.

        `Ticket.refund_problem` and `Ticket.waits_for_person` say why the money has not gone back.

        Args:
            event_id: The event.
            after: Only tickets with larger ids: the id of the last one of the previous page.
            limit: The most tickets to return.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return owed_refunds(
            event_id,
            after=after,
            limit=limit,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
        )

    def disputes(
        self,
        event_id: int,
        *,
        after: int = 0,
        limit: int,
        scope: Container[int] | None = None,
    ) -> DisputesPage:
        """Return a page of the event's tickets with an open dispute, smallest id first.

        Args:
            event_id: The event.
            after: Only tickets with larger ids: the id of the last one of the previous page.
            limit: The most tickets to return.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return open_disputes(
            event_id,
            after=after,
            limit=limit,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
            admissions=self.admissions,
        )

    def report(self, event_id: int, *, scope: Container[int] | None = None) -> EventReport:
        """Add up all tickets of the event. It takes a second or two for a million.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return event_report(
            event_id, scope=scope, events=self.events, tickets=self.tickets, clock=self.clock
        )
