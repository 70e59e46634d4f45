"""Reserve: take places for a buyer, for two minutes or for good if they are free."""

from datetime import timedelta
from typing import assert_never

from ticketing_core.errors import (
    EventNotFound,
    NotEnoughPlaces,
    OverBuyerLimit,
    OverOrderLimit,
    PriceChanged,
    PurchaseRefused,
    SaleIsOver,
    SaleNotOpen,
    TotalTooLarge,
)
from ticketing_core.event import Event
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.repository import EventRepository, TicketRepository
from ticketing_core.reservation import (
    EventChanged,
    Held,
    KeyTaken,
    Objection,
    OverLimit,
    SaleClosed,
    SoldOut,
    TicketDraft,
    TooExpensive,
    objection,
)
from ticketing_core.ticket import IdempotencyKey

RESERVATION_WINDOW = timedelta(minutes=2)
"""How long a reservation waits for its checkout. All tries of opening one end in 30 seconds, so
whatever is older was left by a crash."""


def reserve(
    *,
    event_id: int,
    quantity: int,
    buyer: str,
    key: IdempotencyKey | None = None,
    events: EventRepository,
    tickets: TicketRepository,
    clock: Clock,
    codes: Codes,
) -> Held | KeyTaken:
    """Take ``quantity`` places of an event.

    A ticket of a free event is issued by this one step. Any other gives up by itself after
    `RESERVATION_WINDOW` unless a checkout is opened for it.

    Raises:
        EventNotFound: There is no such event.
        PurchaseRefused: The sale is not open, a limit is passed, or too few places are left.
        StoreUnavailable: The outcome is unknown.
    """
    return take_places(
        existing_event(event_id, events=events),
        quantity=quantity,
        buyer=buyer,
        key=key,
        tickets=tickets,
        clock=clock,
        codes=codes,
    )


def existing_event(event_id: int, *, events: EventRepository) -> Event:
    """The event.

    Raises:
        EventNotFound: There is none.
    """
    event = events.by_id(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


def take_places(
    event: Event,
    *,
    quantity: int,
    buyer: str,
    key: IdempotencyKey | None,
    tickets: TicketRepository,
    clock: Clock,
    codes: Codes,
) -> Held | KeyTaken:
    """`reserve` for an event that has been read; the errors are the same."""
    now = clock.now()
    draft = TicketDraft(
        ticket_code=codes.new_code(),
        event_id=event.event_id,
        buyer=buyer,
        quantity=quantity,
        price=event.price,
        at=now,
        held_until=now + RESERVATION_WINDOW,
        key=key,
    )
    if key is None and (refused := _refused_by(event, draft)) is not None:
        raise _refusal(refused, event=event, draft=draft, tickets=tickets)
    match tickets.hold(draft):
        case Held() | KeyTaken() as answer:
            return answer
        case refused:
            raise _refusal(refused, event=event, draft=draft, tickets=tickets)


def _refused_by(event: Event, draft: TicketDraft) -> Objection | None:
    """Why the event as it was just read sells nothing to anybody, or None.

    So that a crowd before a sale or after its end does not queue for the event. Only a refusal
    may be told by what was read; taking is decided by the hold, and so is what depends on the
    buyer: a repeat under his key may have a ticket of what is sold out by now.
    """
    match objection(event, draft, kept_by_buyer=0):
        case SoldOut() | SaleClosed() | TooExpensive() | OverLimit(per="order") as refused:
            return refused
        case _:
            return None


def _refusal(
    refused: Objection, *, event: Event, draft: TicketDraft, tickets: TicketRepository
) -> PurchaseRefused:
    match refused:
        case SoldOut(places_left):
            due = tickets.places_are_due(event_id=event.event_id, now=draft.at)
            return NotEnoughPlaces(places_left, more_may_come=due)
        case OverLimit(per="order", limit=limit):
            return OverOrderLimit(limit)
        case OverLimit(limit=limit, kept=kept):
            waiting = tickets.paying(buyer=draft.buyer, event_id=event.event_id)
            return OverBuyerLimit(
                limit=limit,
                kept=kept,
                ticket_id=waiting.ticket_id if waiting else None,
                checkout_url=waiting.checkout.url if waiting and waiting.checkout else None,
            )
        case SaleClosed(opens_at=opens_at) if opens_at is not None and draft.at < opens_at:
            return SaleNotOpen(opens_at)
        case SaleClosed():
            return SaleIsOver()
        case TooExpensive(largest):
            return TotalTooLarge(largest)
        case EventChanged():
            return PriceChanged()
        case _:
            assert_never(refused)
