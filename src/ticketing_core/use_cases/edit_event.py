"""Create an event, change it, close its sale, and cancel it."""

from collections.abc import Callable, Container, Mapping
from copy import copy
from datetime import datetime
from typing import Any

from attrs import frozen

from ticketing_core.errors import (
    CapacityBelowKept,
    EventNotFound,
    IdTaken,
    NotYourEvent,
    Overloaded,
    PaymentsNotConfigured,
    StaleVersion,
    StoreUnavailable,
    TotalTooLarge,
    TotalTooSmall,
    raises,
)
from ticketing_core.event import Edited, EditedMeanwhile, Event, EventDraft
from ticketing_core.money import CURRENCIES, Money
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository

NOT_PAYABLE = (PaymentsNotConfigured, TotalTooLarge, TotalTooSmall)
"""The errors about a price that nobody could pay."""


@raises(NotYourEvent, IdTaken, *NOT_PAYABLE, StoreUnavailable)
def create_event(
    draft: EventDraft,
    *,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Event:
    """Store a new event. See `Organizer.create_event`."""
    if scope is not None:
        raise NotYourEvent
    currency = draft.price.currency
    if currency not in CURRENCIES:
        # Also of a free event, since the currency stays.
        raise ValueError(f"price must be in a currency in which cards are charged, not {currency}")
    _check_payable(draft.price, gateway=gateway)
    outcome = events.add(draft, at=clock.now(), by=by)
    if isinstance(outcome, IdTaken):
        raise IdTaken(outcome.event_id)
    return outcome.event


@raises(
    EventNotFound, NotYourEvent, StaleVersion, CapacityBelowKept, *NOT_PAYABLE, StoreUnavailable
)
def change_event(
    event_id: int,
    terms: Mapping[str, Any],
    *,
    version: int,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Event:
    """Change the terms of an event. See `Organizer.change_event`."""
    event = own_event(event_id, scope=scope, events=events)
    new = event.edited(**terms)
    if new.price != event.price:
        _check_payable(new.price, gateway=gateway)
    why = ", ".join(
        f"{name} {_shown(old)} to {_shown(new.terms[name])}"
        for name, old in sorted(event.terms.items())
        if old != new.terms[name]
    )
    edit = _Edit(version=version, by=by, events=events, clock=clock)
    return edit(event, new, why=why) if why else event


@raises(EventNotFound, NotYourEvent, StaleVersion, StoreUnavailable)
def close_sale(
    event_id: int,
    *,
    version: int,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    clock: Clock,
) -> Event:
    """Sell nothing of an event from now on. See `Organizer.close_sale`."""
    event = own_event(event_id, scope=scope, events=events)
    now = clock.now()

    def is_closed(event: Event) -> bool:
        # A sale that has not begun ends at the instant at which it would begin.
        return event.closes_at is not None and event.closes_at <= max(now, event.opens_at or now)

    if is_closed(event):
        return event
    edit = _Edit(version=version, by=by, events=events, clock=clock, is_done=is_closed)
    return edit(event, event.closed(at=now), why="sale closed")


@frozen(kw_only=True)
class Cancellation:
    """What cancelling an event would do now.

    Attributes:
        event: The event.
        tickets: The number of issued tickets that would become void.
        refund_total: The money that would go back for them.
    """

    event: Event
    tickets: int
    refund_total: Money


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def preview_cancellation(
    event_id: int,
    *,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
) -> Cancellation:
    """Return what cancelling an event would do. See `Organizer.preview_cancellation`."""
    event = own_event(event_id, scope=scope, events=events)
    sums = tickets.to_refund(event_id)
    return Cancellation(
        event=event,
        tickets=sums.tickets,
        refund_total=Money(sums.amount_minor, event.price.currency),
    )


@raises(EventNotFound, NotYourEvent, StaleVersion, StoreUnavailable)
def cancel_event(
    event_id: int,
    *,
    version: int,
    refund_total_minor: int,
    by: str,
    scope: Container[int] | None,
    events: EventRepository,
    tickets: TicketRepository,
    clock: Clock,
) -> Event:
    """Cancel an event for good. See `Organizer.cancel_event`."""
    preview = preview_cancellation(event_id, scope=scope, events=events, tickets=tickets)
    event, total = preview.event, preview.refund_total
    if event.is_cancelled:
        return event
    if (event.version, total.amount_minor) != (version, refund_total_minor):
        raise StaleVersion(event.version, tickets=preview.tickets, refund_total=total)
    edit = _Edit(
        version=version,
        by=by,
        events=events,
        clock=clock,
        is_done=lambda event: event.is_cancelled,
    )
    return edit(event, event.cancelled(at=clock.now()), why="cancelled")


@raises(EventNotFound, NotYourEvent, StoreUnavailable)
def own_event(event_id: int, *, scope: Container[int] | None, events: EventRepository) -> Event:
    """Return an event as it is now, if the caller may act on it.

    Raises:
        EventNotFound: No event has this id.
        NotYourEvent: The caller may not act on it.
    """
    event = events.latest(event_id)
    if event is None:
        raise EventNotFound(event_id)
    if scope is not None and event_id not in scope:
        raise NotYourEvent
    return event


def _check_payable(price: Money, *, gateway: PaymentGateway) -> None:
    """Refuse a price at which nobody could pay for one place."""
    refused = None if price.is_zero else gateway.objection(price)
    # An overload of the gateway passes, and says nothing about the price.
    if refused is not None and not isinstance(refused, Overloaded):
        raise copy(refused)


@frozen(kw_only=True)
class _Edit:
    """Stores the next version of an event if the caller has read the present one.

    Attributes:
        is_done: Whether a version that another call stored in between will do, as after a double
            click.
    """

    version: int
    by: str
    events: EventRepository
    clock: Clock
    is_done: Callable[[Event], bool] = lambda _: False

    def __call__(self, event: Event, new: Event, *, why: str) -> Event:
        if event.version != self.version:
            raise StaleVersion(event.version)
        match self.events.replace(event, new, at=self.clock.now(), why=why, by=self.by):
            case Edited(stored):
                return stored
            case EditedMeanwhile(current) if self.is_done(current):
                return current
            case EditedMeanwhile(current):
                raise StaleVersion(current.version)
            case CapacityBelowKept(kept):
                raise CapacityBelowKept(kept)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return value.isoformat() if isinstance(value, datetime) else str(value)
