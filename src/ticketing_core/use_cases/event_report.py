"""Report what was sold and taken of one event, by day and by hour."""

from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo

from attrs import frozen

from ticketing_core.errors import EventNotFound, NotYourEvent, StoreUnavailable, raises
from ticketing_core.event import zone_of
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.sums import SpanSums, Sums
from ticketing_core.use_cases.edit_event import own_event
from ticketing_core.use_cases.report import day_of

STEP = 100_000
"""The number of tickets that one step of the store adds up, in a fraction of a second."""

HOURS = 48
"""The number of hours in a report: today and yesterday, to see how the sale goes."""

_ONE_HOUR = timedelta(hours=1)


@frozen(kw_only=True)
class HourSums:
    """The sums of the tickets that were created in one hour.

    Attributes:
        at: When the hour begins.
        sums: The sums.
    """

    at: datetime
    sums: Sums


@frozen(kw_only=True)
class EventReport:
    """What was sold of an event, and where the money is.

    Attributes:
        event_id: The event.
        currency: The currency of all amounts, which are in minor units.
        added_up_at: When the report was made. A ticket that changed while it was made is counted as
            it was before or after the change.
        sums: The sums of all tickets.
        days: The sums by the day on which tickets were created, in the event's time zone, oldest
            first. Days without tickets are left out.
        hours: The last `HOURS` hours including the present one, oldest first.
    """

    event_id: int
    currency: str
    added_up_at: datetime
    sums: Sums
    days: Sequence[tuple[date, Sums]]
    hours: Sequence[HourSums]


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def event_report(
    event_id: int,
    *,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    clock: Clock,
) -> EventReport:
    """Add up the tickets of an event. See `EventRecords.report`."""
    event = own_event(event_id, scope=scope, events=events)
    zone = zone_of(event.time_zone)
    now = clock.now()
    first = _hour_of(now, zone) - (HOURS - 1) * _ONE_HOUR
    total, days, hours = Sums(), dict[date, Sums](), [Sums()] * HOURS
    for span in _spans(event_id, tickets=tickets):
        total += span.sums
        day = day_of(span.since, zone)
        days[day] = days.get(day, Sums()) + span.sums
        hour = (span.since - first) // _ONE_HOUR
        if 0 <= hour < HOURS:
            hours[hour] += span.sums
    return EventReport(
        event_id=event_id,
        currency=event.price.currency,
        added_up_at=now,
        sums=total,
        days=sorted(days.items()),
        hours=[
            HourSums(at=first + number * _ONE_HOUR, sums=sums) for number, sums in enumerate(hours)
        ],
    )


def _spans(event_id: int, *, tickets: TicketRepository) -> Iterator[SpanSums]:
    """Yield the sums of the event's tickets, page by page.

    The id of a ticket never changes, so each ticket is in exactly one page.
    """
    after: int | None = 0
    while after is not None:
        page = tickets.sums_of(event_id, after=after, limit=STEP)
        yield from page.spans
        after = page.last


def _hour_of(instant: datetime, zone: tzinfo) -> datetime:
    """Return when the present hour began on a clock in this time zone."""
    local = instant.astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return instant - into
