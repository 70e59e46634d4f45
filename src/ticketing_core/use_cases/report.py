"""Report what was sold and taken, day by day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.sums import DaySums

_ONE_DAY = timedelta(days=1)
_BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


@raises(StoreUnavailable)
def report(
    *,
    zone: tzinfo,
    since: date | None,
    until: date | None,
    event_id: int | None,
    tickets: TicketRepository,
) -> Iterator[DaySums]:
    """Yield the sums of each day and event. See `Records.report`.

    Each step of the store adds up one day, so that none takes long. A ticket's creation never
    changes, so each ticket is in exactly one of them.
    """
    begin = _BEFORE_ALL if since is None else midnight(since, zone)
    page = tickets.report(since=begin, until=begin, event_id=event_id)
    while page.next_at is not None:
        day = day_of(page.next_at, zone)
        if until is not None and day > until:
            return
        page = tickets.report(
            since=midnight(day, zone), until=midnight(day + _ONE_DAY, zone), event_id=event_id
        )
        for line in page.lines:
            yield DaySums(day=day, event_id=line.event_id, currency=line.currency, sums=line.sums)


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when the day begins: at midnight, or at a clock change that skips midnight."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_of(instant: datetime, zone: tzinfo) -> date:
    """Return the day whose midnights the instant lies between.

    The date on the clock may differ: where clocks go back just after midnight, the last minutes of
    the previous day come twice.
    """
    day = instant.astimezone(zone).date()
    return day + _ONE_DAY if instant >= midnight(day + _ONE_DAY, zone) else day
