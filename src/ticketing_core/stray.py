"""Strays: checkouts of this installation that no ticket has stored."""

from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from attrs import validators as v

from ticketing_core.money import Money
from ticketing_core.ticket import LONGEST_CHECKOUT_ID
from ticketing_core.validators import aware, storable_text


@frozen(kw_only=True)
class Stray:
    """A checkout without a ticket, or the second one of a ticket, with the money paid for it.

    Attributes:
        checkout_id: The gateway's id of the checkout.
        ticket_code: The ticket that it names.
        payment_id: The gateway's id of the payment, once it was seen.
        amount: What is still the seller's or held by the bank.
        state: What was seen of the checkout last, for people.
        first_seen_at: When it was noticed.
        settled_at: Since when nothing has to be done about it.
        how: How it was settled, for people.
    """

    checkout_id: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_CHECKOUT_ID)))
    ticket_code: UUID
    payment_id: str | None = field(validator=v.optional(storable_text))
    amount: Money
    state: str = field(validator=storable_text)
    first_seen_at: datetime = field(validator=aware)
    settled_at: datetime | None = field(default=None, validator=aware)
    how: str | None = field(default=None, validator=v.optional(storable_text))

    def __attrs_post_init__(self) -> None:
        if (self.settled_at is None) != (self.how is None):
            raise ValueError("a settled stray has both an instant and words for how")
