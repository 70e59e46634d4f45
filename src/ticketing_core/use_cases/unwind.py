"""Unwind a cancelled event: give up and refund its tickets, page by page.

The tickets themselves are the state of the job, so it may stop at any point and go on later, and
several processes may do it at once.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from ticketing_core.changes import Replaced
from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.event import Event
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.refund import voided

_T = TypeVar("_T")

WHY = "event cancelled"
"""The reason in the history of its tickets."""


@raises(StoreUnavailable)
def unwind(
    *, limit: int, by: str, events: EventRepository, tickets: TicketRepository, clock: Clock
) -> int:
    """Unwind at most ``limit`` tickets of cancelled events. See `Organizer.unwind`."""
    left = limit

    def change(event: Event, ticket: Ticket) -> None:
        nonlocal left
        new = _unwound(ticket, event, clock=clock)
        stored = tickets.replace(ticket, new, at=clock.now(), why=WHY, by=by)
        # A ticket that has changed meanwhile is in a later page.
        left -= isinstance(stored, Replaced)

    def unwind_event(event: Event) -> None:
        if not left:
            return
        page = tickets.keeping_all(event.event_id, held_after=event.cancelled_at, limit=left)
        _for_each(page, partial(change, event))
        # Unpaid ones are given up by settling, which closes their checkouts first.
        if not page and not tickets.keeping_all(event.event_id, limit=1):
            now = clock.now()
            events.replace(event, event.unwound(at=now), at=now, why="unwound", by=by)

    _for_each(events.unwinding(), unwind_event)
    return limit - left


def _for_each(found: Iterable[_T], do: Callable[[_T], None]) -> None:
    """Do something for each, also for those after the first for which the store does not answer.

    Another transaction may keep its row locked. After a second one the store is most likely away.

    Raises:
        StoreUnavailable: For one of them it did not answer.
    """
    failure = None
    for each in found:
        try:
            do(each)
        except StoreUnavailable as error:
            if failure is not None:
                raise
            failure = error
    if failure is not None:
        raise failure


def _unwound(ticket: Ticket, event: Event, *, clock: Clock) -> Ticket:
    if ticket.status is TicketStatus.ISSUED:
        # The gateway is not called here: settling makes the refunds, at the pace of the gateway.
        return voided(ticket, at=clock.now())
    # This makes it due at once, and leaves it out of later pages.
    return ticket.marked(held_until=event.cancelled_at)
