"""The sample events of `ticketing demo`: one in each state that a buyer may meet."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from attrs import evolve

from ticketing_core import EventDraft, Money
from ticketing_core.event import zone_of
from ticketing_core.reservation import TicketDraft
from ticketing_service.composition import Store, organizer_for_commands
from ticketing_service.settings import Settings

BY = "demo"
"""The author in the history of events, and the buyer of the tickets of the one that is sold out."""

SALE_BEGINS_IN = timedelta(minutes=3)
"""Long enough to see the countdown, and short enough to wait for its end."""


def sample_events(now: datetime) -> list[EventDraft]:
    """Return a paid event, a free one, one that is almost sold out, and one not on sale yet."""
    return [
        _evening(
            EventDraft(name="Summer Night Concert", price=Money(2500, "usd"), capacity=200),
            day=now + timedelta(days=12),
            venue="Bandshell, Prospect Park, Brooklyn",
            time_zone="America/New_York",
        ),
        _evening(
            EventDraft(name="Open Rehearsal", price=Money(0, "usd"), capacity=50, max_per_buyer=6),
            day=now + timedelta(days=5),
            venue="Studio 2, Mill Street 8, Brooklyn",
            time_zone="America/New_York",
        ),
        _evening(
            EventDraft(name="Rooftop Session", price=Money(4250, "eur"), capacity=3),
            day=now + timedelta(days=20),
            venue="Dachgarten, Köpenicker Straße 70, Berlin",
            time_zone="Europe/Berlin",
        ),
        _evening(
            EventDraft(
                name="Midwinter Jazz",
                price=Money(3800, "eur"),
                capacity=120,
                opens_at=now + SALE_BEGINS_IN,
                closes_at=now + timedelta(days=30),
            ),
            day=now + timedelta(days=33),
            venue="Alte Münze, Molkenmarkt 2, Berlin",
            time_zone="Europe/Berlin",
        ),
    ]


def add_samples(settings: Settings, *, store: Store) -> None:
    """Add them to an empty database, with one more that is sold out, and one that is cancelled."""
    if store.events.newest(before=None, limit=1):
        return
    organizer = organizer_for_commands(settings, store=store)
    now = datetime.now(UTC)
    drafts = sample_events(now)
    for draft in drafts:
        organizer.create_event(draft, by=BY)
    _, free, small, _ = drafts
    full = organizer.create_event(
        evolve(free, name="Kitchen Concert", capacity=4, max_per_buyer=None), by=BY
    )
    store.tickets.hold(
        TicketDraft(
            ticket_code=uuid4(),
            event_id=full.event_id,
            buyer=BY,
            quantity=full.capacity,
            price=full.price,
            at=now,
            held_until=now,
        )
    )
    called_off = organizer.create_event(evolve(small, name="Harbour Stroll"), by=BY)
    organizer.cancel_event(
        called_off.event_id, version=called_off.version, refund_total_minor=0, by=BY
    )


def _evening(draft: EventDraft, *, day: datetime, venue: str, time_zone: str) -> EventDraft:
    """Return the event with a place, and times: from 20 to 23 o'clock of a ``day``."""
    starts = day.astimezone(zone_of(time_zone)).replace(hour=20, minute=0, second=0, microsecond=0)
    return evolve(
        draft,
        doors_at=starts - timedelta(hours=1),
        starts_at=starts,
        ends_at=starts + timedelta(hours=3),
        venue=venue,
        time_zone=time_zone,
    )
