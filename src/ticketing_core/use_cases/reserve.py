"""Reserve: take places for a buyer, for two minutes, or for good if they are free."""

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from attrs import evolve

from ticketing_core.errors import (
    EventCancelled,
    EventChanged,
    EventNotFound,
    IdempotencyKeyReused,
    NotReady,
    OrderClosed,
    OverBuyerLimit,
    Overloaded,
    OverOrderLimit,
    PurchaseInProgress,
    PurchaseRefused,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    StoreUnavailable,
    TotalTooLarge,
    raises,
)
from ticketing_core.event import Event
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.reservation import Held, KeyTaken, TicketDraft, objection
from ticketing_core.ticket import IdempotencyKey, Ticket, TicketStatus
from ticketing_core.validators import LARGEST_ID, require_whole

_Sold = TypeVar("_Sold")

RESERVATION_WINDOW = timedelta(minutes=2)
"""How long a reservation waits for its checkout. All tries of opening one end within 30 seconds;
the rest is for a program that reserves first and opens the checkout later."""

RETRY_PATIENCE = timedelta(seconds=2)
"""How long a retry waits for the first call with its key: a double click gets its answer in one
request, and holds no server thread for long."""

RETRY_PAUSE = timedelta(milliseconds=100)
"""Between two looks at the first call; opening a checkout takes 0.3 to 1 second."""

ABANDONED_AFTER = timedelta(seconds=60)
"""Twice as long as all tries of opening a checkout take. From then on, a retry with the key gives
the first reservation up and takes places of its own."""

GIVEN_UP_BY = "purchase"
"""In the history: the purchase gave the reservation up, not the buyer."""


@raises(
    EventNotFound,
    SoldOut,
    OverOrderLimit,
    OverBuyerLimit,
    SaleNotOpen,
    SaleClosed,
    TotalTooLarge,
    EventCancelled,
    EventChanged,
    IdempotencyKeyReused,
    PurchaseInProgress,
    OrderClosed,
    NotReady,
    Overloaded,
    StoreUnavailable,
)
def reserve(
    *,
    event_id: int,
    quantity: int,
    buyer: str,
    key: str | None = None,
    max_unpaid_places: int,
    events: EventRepository,
    tickets: TicketRepository,
    clock: Clock,
    codes: Codes,
) -> Ticket:
    """Take ``quantity`` places of an event. See `BoxOffice.reserve`."""
    take = partial(
        reserve_places,
        quantity=quantity,
        buyer=buyer,
        key=key,
        max_unpaid_places=max_unpaid_places,
        events=events,
        tickets=tickets,
        clock=clock,
        codes=codes,
    )
    return sell(event_id, take, events=events)


@raises(EventNotFound, StoreUnavailable)
def existing_event(event_id: int, *, events: EventRepository) -> Event:
    """Return the event.

    Raises:
        EventNotFound: No event has this id.
    """
    event = events.by_id(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


def sell(event_id: int, sell_places: Callable[[Event], _Sold], *, events: EventRepository) -> _Sold:
    """Sell places by a copy of the event that may be old; if that refuses, read it and try again.

    So most purchases of free tickets never read the event: the hold checks the copy.
    """
    require_whole("event_id", event_id, largest=LARGEST_ID)
    event = events.to_sell(event_id)
    if event is None:
        raise EventNotFound(event_id)
    try:
        return sell_places(event)
    except OverBuyerLimit:
        # The hold has counted what the buyer has now: a newer copy changes nothing.
        raise
    except PurchaseRefused:
        if not event.is_free:
            raise
        current = existing_event(event_id, events=events)
        if current == event:
            raise
    return sell_places(current)


def reserve_places(
    event: Event,
    *,
    quantity: int,
    buyer: str,
    key: str | None,
    max_unpaid_places: int,
    events: EventRepository,
    tickets: TicketRepository,
    clock: Clock,
    codes: Codes,
) -> Ticket:
    """`reserve` by a copy of the event, which may be old if the event is free (`sell`)."""
    named = None
    if key is not None:
        named = IdempotencyKey(value=key, fingerprint=f"{event.event_id}:{quantity}")
    wait_until = clock.now() + RETRY_PATIENCE
    while True:
        now = clock.now()
        draft = TicketDraft(
            ticket_code=codes.new_code(),
            event_id=event.event_id,
            buyer=buyer,
            quantity=quantity,
            price=event.price,
            at=now,
            held_until=now + RESERVATION_WINDOW,
            key=named,
            max_unpaid_places=max_unpaid_places,
        )
        match _take_places(event, draft, tickets=tickets):
            case Held(ticket):
                return ticket
            case KeyTaken(first) if first.key != named:
                raise IdempotencyKeyReused
            case KeyTaken(first) if first.status is TicketStatus.PAYING and _is_cancelled(
                event, events=events
            ):
                # Its checkout may still be open, and is being closed.
                raise EventCancelled
            case KeyTaken(first) if first.status in (TicketStatus.PAYING, TicketStatus.ISSUED):
                return first
            case KeyTaken(first) if first.status is TicketStatus.RESERVED:
                _await_first_call(first, until=wait_until, tickets=tickets, clock=clock)
            case KeyTaken():
                raise OrderClosed


def _is_cancelled(event: Event, *, events: EventRepository) -> bool:
    # A free event may be an old copy (`EventRepository.to_sell`).
    current = existing_event(event.event_id, events=events) if event.is_free else event
    return current.cancelled_at is not None


def _take_places(event: Event, draft: TicketDraft, *, tickets: TicketRepository) -> Held | KeyTaken:
    match _refused_at_once(event, draft) or tickets.hold(draft):
        case Held() | KeyTaken() as held:
            return held
        case SoldOut() as refused:
            due = tickets.places_are_due(event_id=event.event_id, now=draft.at)
            raise evolve(refused, retryable=due)
        case OverBuyerLimit() as refused:
            unpaid = tickets.paying(buyer=draft.buyer, event_id=event.event_id)
            if unpaid is None or unpaid.checkout is None:
                raise copy(refused)
            url = unpaid.checkout.url
            raise evolve(refused, ticket_id=unpaid.ticket_id, checkout_url=url)
        case refused:
            raise copy(refused)


def _refused_at_once(event: Event, draft: TicketDraft) -> PurchaseRefused | None:
    """Return the objection that this copy of the event already gives rise to, or None.

    So a crowd before a sale, or after its last place is gone, does not queue for the event. What
    depends on the buyer is left to the hold: the buyer's other tickets, and a retry with a key,
    whose first call may have taken the last place.
    """
    if draft.key is not None:
        return None
    refused = objection(event, draft, kept_by_buyer=0, unpaid_by_buyer=0)
    return None if isinstance(refused, OverBuyerLimit) else refused


def _await_first_call(
    first: Ticket, *, until: datetime, tickets: TicketRepository, clock: Clock
) -> None:
    """Wait a moment for the first call under the key, or give its reservation up if it is old.

    It only reads meanwhile: a hold would lock the event each time.

    Raises:
        PurchaseInProgress: It is still running, and may yet succeed.
        Overloaded: Too many wait already.
    """
    current: Ticket | None = first
    while current is not None and current.status is TicketStatus.RESERVED:
        now = clock.now()
        if now >= first.created_at + ABANDONED_AFTER:
            # Most likely its process has died. Giving it up frees the key for a new hold; if it is
            # running nevertheless, it closes the checkout that it opens.
            tickets.replace(first, first.cancelled(), at=now, why="taken over", by=GIVEN_UP_BY)
            return
        if now >= until:
            raise PurchaseInProgress
        no_room = clock.sleep(RETRY_PAUSE)
        if no_room is not None:
            raise no_room
        current = tickets.by_id(first.ticket_id)
