"""Lists for the organizers of an event: tickets, owed refunds and disputes."""

import re
from collections.abc import Container, Sequence
from uuid import UUID

from attrs import frozen

from ticketing_core.changes import HistoryEntry
from ticketing_core.errors import (
    EventNotFound,
    NotYourEvent,
    StoreUnavailable,
    TicketNotFound,
    raises,
)
from ticketing_core.event import Event
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gate import Admissions
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.query import TicketQuery
from ticketing_core.scan import StoredScan
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.edit_event import own_event
from ticketing_core.use_cases.lookup import existing_ticket, history_of

_ID = re.compile("[1-9][0-9]{0,15}")


@frozen
class TicketsPage:
    """A page of a list.

    Attributes:
        tickets: The tickets.
        next: The id of the last one, by which the next page is asked for; None on the last page.
    """

    tickets: Sequence[Ticket]
    next: int | None


@frozen(kw_only=True)
class WholeStory:
    """A ticket with its whole history, and its scans at the gates.

    Attributes:
        ticket: The ticket.
        history: All changes that led to it, the oldest first.
        scans: All scans of it that were stored, the oldest first.
    """

    ticket: Ticket
    history: Sequence[HistoryEntry]
    scans: Sequence[StoredScan]


@frozen
class DisputesPage:
    """A page of the open disputes of an event.

    Attributes:
        event: The event.
        stories: The tickets, each with its story.
        next: See `TicketsPage`.
    """

    event: Event
    stories: Sequence[WholeStory]
    next: int | None


@raises(EventNotFound, NotYourEvent, TicketNotFound, StoreUnavailable)
def event_tickets(
    event_id: int,
    *,
    status: TicketStatus | None,
    text: str | None,
    before: int | None,
    limit: int,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
) -> TicketsPage:
    """Return a page of the tickets of an event. See `EventRecords.tickets_of`."""
    own_event(event_id, scope=scope, events=events)
    if text:
        search = _Search(event_id=event_id, status=status, text=text, tickets=tickets)
        return search.page(before=before, limit=limit)
    query = TicketQuery(event_id=event_id, status=status)
    return _page(tickets.find(query, before=before, limit=limit + 1), limit=limit)


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def owed_refunds(
    event_id: int,
    *,
    after: int,
    limit: int,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
) -> TicketsPage:
    """Return a page of the tickets whose money is owed. See `EventRecords.refunds`."""
    own_event(event_id, scope=scope, events=events)
    return _page(tickets.owing_of(event_id, after=after, limit=limit + 1), limit=limit)


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def open_disputes(
    event_id: int,
    *,
    after: int,
    limit: int,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    admissions: Admissions,
) -> DisputesPage:
    """Return a page of the tickets with an open dispute. See `EventRecords.disputes`."""
    event = own_event(event_id, scope=scope, events=events)
    page = _page(tickets.disputed(event_id, after=after, limit=limit + 1), limit=limit)
    stories = _whole(page.tickets, tickets=tickets, admissions=admissions)
    return DisputesPage(event, stories, page.next)


@raises(TicketNotFound, NotYourEvent, StoreUnavailable)
def own_story(
    ticket_id: int,
    *,
    scope: Container[int] | None,
    tickets: TicketRepository,
    admissions: Admissions,
) -> WholeStory:
    """Return a ticket with all that has happened to it. See `EventRecords.story`."""
    ticket = existing_ticket(ticket_id, tickets=tickets)
    # Without a lock: a ticket never changes its event.
    if scope is not None and ticket.event_id not in scope:
        raise NotYourEvent
    (story,) = _whole([ticket], tickets=tickets, admissions=admissions)
    return story


def _whole(
    found: Sequence[Ticket], *, tickets: TicketRepository, admissions: Admissions
) -> Sequence[WholeStory]:
    """Return the tickets with their stories, which are read all at once."""
    ids = [each.ticket_id for each in found]
    changes, scans = tickets.histories(ids), admissions.of_tickets(ids)
    return [
        WholeStory(
            ticket=each,
            history=history_of(each, changes.get(each.ticket_id, ())),
            scans=scans.get(each.ticket_id, ()),
        )
        for each in found
    ]


@frozen(kw_only=True)
class _Search:
    """Finds tickets by a text: a code, an id, or the start of the buyer.

    The ticket with this code or id comes first. The others are sorted by buyer, so that a page
    reads no more tickets than it returns, even if a million buyers start with the text.
    """

    event_id: int
    status: TicketStatus | None
    text: str
    tickets: TicketRepository

    def page(self, *, before: int | None, limit: int) -> TicketsPage:
        named = self._named()
        named_id = None if named is None else named.ticket_id
        is_first = before is None
        after = None if before is None or before == named_id else self._place_of(before)
        found = self.tickets.of_buyers(
            self.event_id,
            prefix=self.text,
            status=self.status,
            after=after,
            # One may be left out, and one more shows whether there is another page.
            limit=limit + 2,
        )
        others = [each for each in found if each.ticket_id != named_id]
        return _page([named, *others] if is_first and named else others, limit=limit)

    def _named(self) -> Ticket | None:
        found = None
        if _ID.fullmatch(self.text):
            found = self.tickets.by_id(int(self.text))
        else:
            code = _code(self.text)
            found = None if code is None else self.tickets.by_code(code)
        query = TicketQuery(event_id=self.event_id, status=self.status)
        return found if found is not None and query.fits(found) else None

    def _place_of(self, ticket_id: int) -> tuple[str, int]:
        """Return where the page before has ended.

        Raises:
            TicketNotFound: The buyer of this ticket does not begin like this, at least not any
                more.
        """
        last = self.tickets.by_id(ticket_id)
        query = TicketQuery(event_id=self.event_id, buyer_prefix=self.text)
        if last is None or not query.fits(last):
            raise TicketNotFound(ticket_id)
        return last.buyer, last.ticket_id


def _code(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(found: Sequence[Ticket], *, limit: int) -> TicketsPage:
    page = found[:limit]
    return TicketsPage(page, page[-1].ticket_id if len(found) > limit else None)
