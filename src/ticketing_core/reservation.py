"""Taking places: the draft of a ticket, and the rule that decides whether it can be held.

Every store decides by `objection`, on a row that nothing else can change meanwhile, so all of them
sell alike.
"""

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from attrs import validators as v

from ticketing_core.errors import (
    EventCancelled,
    EventChanged,
    NotReady,
    OverBuyerLimit,
    OverOrderLimit,
    PurchaseRefused,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    TotalTooLarge,
)
from ticketing_core.event import Event
from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.ticket import LONGEST_BUYER, IdempotencyKey, Ticket, TicketStatus
from ticketing_core.validators import aware, positive, storable_text, valid_id

DEFAULT_MAX_UNPAID_PLACES = 20
"""Two orders of the default size: one to pay, and one whose payment page was lost."""


@frozen(kw_only=True)
class TicketDraft:
    """A ticket before its places are taken.

    Attributes:
        ticket_code: The code that the ticket gets, which identifies this hold: a repeat is one.
        event_id: The event.
        buyer: Who buys.
        quantity: How many places.
        price: The price of one place that the caller saw. If the event's differs, nothing is taken.
        at: The instant at which the sale window is judged.
        held_until: When the reservation ends unless a checkout was opened.
        key: The buyer's idempotency key; None if there is none.
        max_unpaid_places: The most unpaid places that the buyer may keep at the event. One order
            of the event's largest size is always possible.
    """

    ticket_code: UUID = field(validator=v.instance_of(UUID))
    event_id: int = field(validator=valid_id)
    buyer: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_BUYER)))
    quantity: int = field(validator=positive)
    price: Money = field(validator=v.instance_of(Money))
    at: datetime = field(validator=aware)
    held_until: datetime = field(validator=aware)
    key: IdempotencyKey | None = None
    max_unpaid_places: int = field(default=DEFAULT_MAX_UNPAID_PLACES, validator=positive)

    def ticket(self, ticket_id: int) -> Ticket:
        """Return the ticket that this becomes: issued at once if it is free, else reserved."""
        free = self.price.is_zero
        return Ticket(
            ticket_id=ticket_id,
            ticket_code=self.ticket_code,
            event_id=self.event_id,
            buyer=self.buyer,
            quantity=self.quantity,
            total=self.price.times(self.quantity),
            status=TicketStatus.ISSUED if free else TicketStatus.RESERVED,
            created_at=self.at,
            held_until=None if free else self.held_until,
            key=self.key,
        )


@frozen
class Held:
    """The places are taken, by this call or by an earlier one with the same code."""

    ticket: Ticket


@frozen
class KeyTaken:
    """The buyer's idempotency key belongs to another of the buyer's tickets."""

    ticket: Ticket


HoldOutcome = Held | KeyTaken | PurchaseRefused | NotReady


RESTORING = NotReady("A restore of the database is not finished.")
"""What a hold returns meanwhile, also under a known key: what the store knows of the first call may
be out of date."""


def objection(
    event: Event, draft: TicketDraft, *, kept_by_buyer: int, unpaid_by_buyer: int
) -> PurchaseRefused | None:
    """Return why the draft cannot be held, or None.

    Args:
        event: The event as it stands while nothing else can take its places.
        draft: The ticket to hold.
        kept_by_buyer: Places that tickets of this buyer keep at this event now. It counts only if
            the event has a limit for each buyer.
        unpaid_by_buyer: Those of them that are not paid yet: of RESERVED and PAYING tickets. It
            counts only if the draft has a price.
    """
    if event.cancelled_at is not None:
        return EventCancelled()
    if event.price != draft.price:
        return EventChanged()
    if draft.price.amount_minor * draft.quantity > LARGEST_AMOUNT_MINOR:
        return TotalTooLarge(Money(LARGEST_AMOUNT_MINOR, draft.price.currency))
    if event.opens_at is not None and draft.at < event.opens_at:
        return SaleNotOpen(event.opens_at)
    if event.closes_at is not None and draft.at >= event.closes_at:
        return SaleClosed()
    if draft.quantity > event.max_per_order:
        return OverOrderLimit(event.max_per_order)
    limit = event.max_per_buyer
    if limit is not None and kept_by_buyer + draft.quantity > limit:
        return OverBuyerLimit(limit, kept_by_buyer)
    limit = max(draft.max_unpaid_places, event.max_per_order)
    if not draft.price.is_zero and unpaid_by_buyer + draft.quantity > limit:
        return OverBuyerLimit(limit, unpaid_by_buyer, unpaid=True)
    if draft.quantity > event.places_left:
        return SoldOut(event.places_left)
    return None
