"""The events, drafts and instants that the contract suites speak about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from ticketing_core.event import Added, Event, EventDraft
from ticketing_core.money import Money
from ticketing_core.ports.repository import EventRepository, TicketRepository
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.ticket import Checkout, Replaced, Ticket

NOON = datetime(2030, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
PRICE = Money(2500, "usd")
FREE = Money(0, "usd")

_numbers = count(1)


def event_draft(**changes: Any) -> EventDraft:
    """A paid event with ten places that is on sale at noon."""
    values: dict[str, Any] = {"name": "Concert", "price": PRICE, "capacity": 10}
    return EventDraft(**(values | changes))


def stored_event(events: EventRepository, **changes: Any) -> Event:
    """Such an event, stored."""
    outcome = events.add(event_draft(**changes))
    assert isinstance(outcome, Added)
    return outcome.event


def draft(event: Event, **changes: Any) -> TicketDraft:
    """A reservation of one place with a code that was never used before."""
    values: dict[str, Any] = {
        "ticket_code": UUID(int=next(_numbers), version=4),
        "event_id": event.event_id,
        "buyer": "42",
        "quantity": 1,
        "price": event.price,
        "at": NOON,
        "held_until": NOON + timedelta(minutes=2),
    }
    return TicketDraft(**(values | changes))


def held(tickets: TicketRepository, asked: TicketDraft) -> Ticket:
    """The ticket of a hold that succeeds."""
    outcome = tickets.hold(asked)
    assert isinstance(outcome, Held), outcome
    return outcome.ticket


def checkout(name: str | None = None) -> Checkout:
    """A checkout that ends 35 minutes after noon."""
    name = name or f"co_{next(_numbers)}"
    return Checkout(
        checkout_id=name,
        url=f"https://pay.example/{name}",
        ends_at=NOON + timedelta(minutes=35),
    )


def stored(tickets: TicketRepository, old: Ticket, new: Ticket) -> Ticket:
    """The new version of a ticket whose replacement succeeds."""
    outcome = tickets.replace(old, new, at=NOON, why="test", by="suite")
    assert isinstance(outcome, Replaced), outcome
    return outcome.ticket


def paying(tickets: TicketRepository, ticket: Ticket) -> Ticket:
    """The ticket with a checkout stored, held until 35 minutes after noon."""
    opened = checkout()
    return stored(tickets, ticket, ticket.paying(opened, until=opened.ends_at))
