"""Taking places: what is asked for, what can be answered, and the rule that decides.

Every repository decides by `objection`, on a row that nobody else can change meanwhile; so
all of them sell alike.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from attrs import field, frozen
from attrs import validators as v

from ticketing_core.event import Event
from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.ticket import LONGEST_BUYER, IdempotencyKey, Ticket, TicketStatus
from ticketing_core.validators import aware, positive, storable_text


@frozen(kw_only=True)
class TicketDraft:
    """A reservation as it is asked for.

    Attributes:
        price: The price of one place on which the caller decided; if the event's differs by
            now, nothing is taken.
        at: The instant at which the sale window is judged.
        held_until: When the reservation gives up unless a payment was opened.
    """

    ticket_code: UUID = field(validator=v.instance_of(UUID))
    event_id: int = field(validator=positive)
    buyer: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_BUYER)))
    quantity: int = field(validator=positive)
    price: Money = field(validator=v.instance_of(Money))
    at: datetime = field(validator=aware)
    held_until: datetime = field(validator=aware)
    key: IdempotencyKey | None = None

    def ticket(self, ticket_id: int) -> Ticket:
        """The ticket this becomes: issued at once if it is free, else reserved."""
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
    """The places are taken (now, or by an earlier call with the same code)."""

    ticket: Ticket


@frozen
class SoldOut:
    """Fewer places are left than were asked for."""

    places_left: int


@frozen
class OverLimit:
    """The order is larger than the event allows, alone or with what the buyer keeps already."""

    per: Literal["order", "buyer"]
    limit: int
    kept: int


@frozen
class KeyTaken:
    """The buyer's idempotency key stands for another ticket of his."""

    ticket: Ticket


@frozen
class EventChanged:
    """The event is not what the draft was made from: another price, or not there."""


@frozen
class SaleClosed:
    """The sale has not begun or is over."""

    opens_at: datetime | None
    closes_at: datetime | None


@frozen
class TooExpensive:
    """The total is more than one payment can be."""

    largest: Money


Objection = SoldOut | OverLimit | EventChanged | SaleClosed | TooExpensive
HoldOutcome = Held | KeyTaken | Objection


def objection(event: Event, draft: TicketDraft, *, kept_by_buyer: int) -> Objection | None:
    """Why the draft cannot be held, or None.

    Args:
        event: The event as it stands while nobody else can take its places.
        draft: What is asked for.
        kept_by_buyer: Places that tickets of this buyer keep at this event now.
    """
    if event.price != draft.price:
        return EventChanged()
    if draft.price.amount_minor * draft.quantity > LARGEST_AMOUNT_MINOR:
        return TooExpensive(Money(LARGEST_AMOUNT_MINOR, draft.price.currency))
    if not event.on_sale(draft.at):
        return SaleClosed(opens_at=event.opens_at, closes_at=event.closes_at)
    if draft.quantity > event.max_per_order:
        return OverLimit(per="order", limit=event.max_per_order, kept=0)
    limit = event.max_per_buyer
    if limit is not None and kept_by_buyer + draft.quantity > limit:
        return OverLimit(per="buyer", limit=limit, kept=kept_by_buyer)
    if draft.quantity > event.places_left:
        return SoldOut(places_left=event.places_left)
    return None
