"""The public face for organizers who look: what was sold of their events."""

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
    """Shows organizers what was sold of their events. Nothing changes; no gateway is called.

    Lists take as long for an event with millions of tickets as for one with a few. All methods take
    ``scope``: the events that the caller may look at; None for all. Besides the errors it lists,
    each may raise `StoreUnavailable`.

    Attributes:
        events: Keeps the events.
        tickets: Keeps the tickets.
        admissions: Keeps the scans.
        clock: Knows the time.
    """

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    clock: Clock

    def allowed(self, event_id: int, *, scope: Container[int] | None = None) -> Event:
        """Return the event if the caller may look at it.

        Raises:
            EventNotFound: There is no such event.
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

        The newest come first. With ``text`` the ticket that it names comes first, and then those of
        buyers who begin with it, in the order of buyers.

        Args:
            event_id: The event.
            status: Only tickets with this status.
            text: An exact code, an exact id, or how the buyer begins, in the same case.
            before: `TicketsPage.next` of the page before.
            limit: The most tickets to return.
            scope: See above.

        Raises:
            TicketNotFound: With ``text``, ``before`` is no ticket of this list, or not any more.
            EventNotFound: There is no such event.
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
        """Return a ticket with all that has happened to it, also at the gates.

        Raises:
            TicketNotFound: There is no such ticket.
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
        """Return a page of the event's REFUNDING tickets, the smallest id first.

        `Ticket.refund_problem` and `Ticket.waits_for_person` say why the money has not gone back.

        Raises:
            EventNotFound: There is no such event.
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
        """Return a page of the event's tickets with an open dispute, the smallest id first.

        Raises:
            EventNotFound: There is no such event.
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
        """Add up all tickets of the event: a second or two for a million.

        Raises:
            EventNotFound: There is no such event.
            NotYourEvent: It is not in the scope.
        """
        return event_report(
            event_id, scope=scope, events=self.events, tickets=self.tickets, clock=self.clock
        )
