"""The ticket: the one aggregate, its statuses, and the only moves between them."""

import enum
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from attrs import evolve, field, frozen
from attrs import validators as v

from ticketing_core.money import Money
from ticketing_core.validators import aware, positive, storable_text

LONGEST_BUYER = 200
"""Characters of a buyer's name as the identity claim gives it."""

LONGEST_KEY = 200
"""Characters of an idempotency key."""

LONGEST_CHECKOUT_ID = 255
"""Characters of a gateway's id; Stripe promises no more (docs.stripe.com/upgrades)."""


class TicketStatus(enum.StrEnum):
    """How far a ticket came."""

    RESERVED = "reserved"
    """Keeps its places; no checkout address has been given to anyone."""
    PAYING = "paying"
    """Keeps its places; a checkout is stored and may have been handed out."""
    ISSUED = "issued"
    """Paid or free; its QR opens the gate."""
    CANCELLED = "cancelled"
    """Given up by the buyer, or because no payment could be opened."""
    EXPIRED = "expired"
    """Given up because its time ran out."""
    REFUNDING = "refunding"
    """Void at the gate; all that is still captured is owed to the buyer."""
    REFUNDED = "refunded"
    """Void at the gate; nothing is owed."""


_S = TicketStatus

TRANSITIONS = MappingProxyType(
    {
        _S.RESERVED: frozenset({_S.PAYING, _S.CANCELLED, _S.EXPIRED}),
        _S.PAYING: frozenset({_S.ISSUED, _S.CANCELLED, _S.EXPIRED, _S.REFUNDING}),
        _S.ISSUED: frozenset({_S.REFUNDING, _S.REFUNDED}),
        # Money for a ticket that is already given up needs a lost commit; it goes back.
        _S.CANCELLED: frozenset({_S.REFUNDING}),
        _S.EXPIRED: frozenset({_S.REFUNDING}),
        _S.REFUNDING: frozenset({_S.REFUNDED}),
        # A bank may send a refund back weeks later; then the money is owed again.
        _S.REFUNDED: frozenset({_S.REFUNDING}),
    }
)
"""Which status may follow which. Everything else raises `IllegalTransition`."""

KEEPS_ALL_PLACES = frozenset({_S.RESERVED, _S.PAYING, _S.ISSUED})
KEEPS_ADMITTED_PLACES = frozenset({_S.REFUNDING, _S.REFUNDED})
"""People who are already inside cannot give their places to somebody else."""


class IllegalTransition(Exception):
    """A move that the transition table does not have: a bug of the caller, never bad input."""


@frozen(kw_only=True)
class Checkout:
    """The payment page opened at the gateway for one ticket.

    Attributes:
        checkout_id: The gateway's own id of it.
        url: Where the buyer pays.
        ends_at: When it can no longer be paid even if nobody closes it.
    """

    checkout_id: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_CHECKOUT_ID)))
    url: str = field(validator=storable_text)
    ends_at: datetime = field(validator=aware)


@frozen(kw_only=True)
class IdempotencyKey:
    """The buyer's own name for one purchase, so that a repeat buys nothing twice.

    Attributes:
        value: The key; unique per buyer.
        fingerprint: What was asked for, over the parsed values; another one under the same
            key is a mistake of the caller.
    """

    value: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_KEY)))
    fingerprint: str


@frozen(kw_only=True)
class Ticket:
    """What one purchase gives: ``quantity`` people on one code. It starts as a reservation.

    Attributes:
        ticket_id: The number frontends use; never reused.
        ticket_code: The unguessable name; gateway keys are made from it.
        buyer: Text of the identity claim of whoever bought it.
        quantity: People on this ticket.
        total: What it costs, decided when the places were taken.
        version: Rises by one with each change; the compare-and-swap is on it.
        held_until: When RESERVED or PAYING gives up; None for a ticket issued at once.
        checkout: The payment page, from PAYING on.
        admitted: How many of its people are inside.
        refunded_minor: What was given back so far, in minor units of ``total``.
        disputed: The buyer's bank has opened a dispute; such a payment is never refunded.
        refund_attempt: How many refunds the gateway has definitely refused.
        refund_problem: The gateway's code for the last refusal of a refund.
        key: The idempotency key of the purchase, while it stands for this ticket.
    """

    ticket_id: int = field(validator=positive)
    ticket_code: UUID = field(validator=v.instance_of(UUID))
    event_id: int = field(validator=positive)
    buyer: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_BUYER)))
    quantity: int = field(validator=positive)
    total: Money = field(validator=v.instance_of(Money))
    status: TicketStatus = field(validator=v.instance_of(TicketStatus))
    version: int = field(default=1, validator=positive)
    created_at: datetime = field(validator=aware)
    held_until: datetime | None = field(default=None, validator=aware)
    checkout: Checkout | None = None
    admitted: int = field(default=0, validator=v.ge(0))
    refunded_minor: int = field(default=0, validator=v.ge(0))
    disputed: bool = False
    refund_attempt: int = 0
    refund_problem: str | None = None
    key: IdempotencyKey | None = None

    @admitted.validator
    def _no_more_than_came(self, _: object, value: int) -> None:
        if value > self.quantity:
            raise ValueError("admitted must be at most quantity")

    @property
    def places(self) -> int:
        """How many of the event's places this ticket keeps."""
        if self.status in KEEPS_ALL_PLACES:
            return self.quantity
        return self.admitted if self.status in KEEPS_ADMITTED_PLACES else 0

    @property
    def due_at(self) -> datetime | None:
        """From when on somebody has to look after it; None while nothing is to be done.

        What is owed is due at once, hence since the ticket was made.
        """
        match self.status:
            case TicketStatus.RESERVED | TicketStatus.PAYING:
                return self.held_until
            case TicketStatus.REFUNDING:
                return self.created_at
            case _:
                return None

    @property
    def open_key(self) -> str:
        """The gateway's idempotency key for opening the checkout."""
        return f"{self.ticket_code}:open"

    @property
    def refund_key(self) -> str:
        """The gateway's idempotency key for the refund that is owed now."""
        return f"{self.ticket_code}:refund:{self.refund_attempt}"

    def paying(self, checkout: Checkout, *, until: datetime) -> "Ticket":
        """A checkout was opened; the places are kept ``until`` then for it to be paid."""
        return self._become(TicketStatus.PAYING, checkout=checkout, held_until=until)

    def issued(self, *, refunded_minor: int = 0, disputed: bool = False) -> "Ticket":
        """The payment was seen; by then a part may be given back, or the bank may dispute it."""
        return self._become(TicketStatus.ISSUED, refunded_minor=refunded_minor, disputed=disputed)

    def cancelled(self) -> "Ticket":
        """The buyer gave it up, or no payment could be opened."""
        return self._become(TicketStatus.CANCELLED, key=self._key_after_giving_up)

    def expired(self) -> "Ticket":
        """Its time ran out."""
        return self._become(TicketStatus.EXPIRED, key=self._key_after_giving_up)

    def refunding(self, checkout: Checkout | None = None) -> "Ticket":
        """From now on what is captured is owed; ``checkout`` where none was stored."""
        sent_back = self.status is TicketStatus.REFUNDED
        return self._become(
            TicketStatus.REFUNDING,
            checkout=self.checkout or checkout,
            refund_problem=None,
            # A refund that came back has failed for good; the next one takes a new key.
            refund_attempt=self.refund_attempt + sent_back,
        )

    def refunded(self, *, refunded_minor: int | None = None) -> "Ticket":
        """Nothing is captured any more, or nothing ever was.

        Args:
            refunded_minor: What was given back in all; None stands for what the ticket cost.
        """
        back = self.total.amount_minor if refunded_minor is None else refunded_minor
        return self._become(TicketStatus.REFUNDED, refund_problem=None, refunded_minor=back)

    def partly_refunded(self, refunded_minor: int) -> "Ticket":
        """A part of the payment was given back at the gateway; the ticket stays what it is."""
        return self._marked(refunded_minor=refunded_minor)

    def refund_refused(self, code: str) -> "Ticket":
        """The gateway definitely refused a refund; the next one takes a new key."""
        return self._marked(refund_attempt=self.refund_attempt + 1, refund_problem=code)

    def under_dispute(self) -> "Ticket":
        """The buyer's bank has opened a dispute."""
        return self._marked(disputed=True)

    @property
    def _key_after_giving_up(self) -> IdempotencyKey | None:
        # A reservation that was never payable bought nothing, so its key is free again.
        return None if self.status is TicketStatus.RESERVED else self.key

    def _become(self, status: TicketStatus, **changes: Any) -> "Ticket":
        if status not in TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self.status} may not become {status}")
        return self._marked(status=status, **changes)

    def _marked(self, **changes: Any) -> "Ticket":
        return evolve(self, version=self.version + 1, **changes)
