"""Example events, drafts and tickets for the contract suites and for other tests."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from ticketing_core.changes import Replaced
from ticketing_core.event import Added, Event, EventDraft
from ticketing_core.money import Money
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.ticket import Checkout, Ticket
from ticketing_core.use_cases.reserve import RESERVATION_WINDOW

MINUTE = timedelta(minutes=1)
CHECKOUT_LIFE = 35 * MINUTE
NOON = datetime(2030, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
PRICE = Money(2500, "usd")
FREE = Money(0, "usd")

MANY = 1000
"""Unpaid places of one buyer, so that suites can hold as many as they like."""

_numbers = count(1)


def event_draft(**changes: Any) -> EventDraft:
    """Return a draft of an event with ten places, on sale at noon."""
    values: dict[str, Any] = {"name": "Concert", "price": PRICE, "capacity": 10}
    return EventDraft(**(values | changes))


def stored_event(events: EventRepository, **changes: Any) -> Event:
    """Store an `event_draft`, and return the event."""
    outcome = events.add(event_draft(**changes), at=NOON, by="suite")
    assert isinstance(outcome, Added)
    return outcome.event


def kept(events: EventRepository, event: Event) -> int:
    """Return how many places of the event are kept now."""
    now = events.by_id(event.event_id)
    assert now is not None
    return now.kept


def draft(event: Event, **changes: Any) -> TicketDraft:
    """Return a draft of a ticket for one place, with a new ticket code."""
    values: dict[str, Any] = {
        "ticket_code": UUID(int=next(_numbers), version=4),
        "event_id": event.event_id,
        "buyer": "42",
        "quantity": 1,
        "price": event.price,
        "at": NOON,
        "held_until": NOON + RESERVATION_WINDOW,
        "max_unpaid_places": MANY,
    }
    return TicketDraft(**(values | changes))


def held(tickets: TicketRepository, order: TicketDraft) -> Ticket:
    """Hold the places, which must succeed, and return the ticket."""
    outcome = tickets.hold(order)
    assert isinstance(outcome, Held), outcome
    return outcome.ticket


def checkout(name: str | None = None) -> Checkout:
    """Return a checkout that ends 35 minutes after noon."""
    name = name or f"co_{next(_numbers)}"
    return Checkout(
        checkout_id=name,
        url=f"https://pay.example/{name}",
        ends_at=NOON + CHECKOUT_LIFE,
    )


def stored(tickets: TicketRepository, old: Ticket, new: Ticket) -> Ticket:
    """Replace a ticket, which must succeed, and return the new version."""
    outcome = tickets.replace(old, new, at=NOON, why="test", by="suite")
    assert isinstance(outcome, Replaced), outcome
    return outcome.ticket


def paying(tickets: TicketRepository, ticket: Ticket) -> Ticket:
    """Store a checkout for a ticket, and return the PAYING ticket, held until the checkout ends."""
    opened = checkout()
    return stored(tickets, ticket, ticket.paying(opened, until=opened.ends_at))
