"""The ticket: the one aggregate, its statuses, and the only transitions between them."""

import enum
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from attrs import evolve, field, frozen
from attrs import validators as v

from ticketing_core.money import Money
from ticketing_core.validators import (
    aware,
    positive,
    require_storable,
    storable_text,
    valid_id,
)

LONGEST_BUYER = 200
"""Characters of the identity claim that names a buyer."""
LONGEST_KEY = 200
"""Characters of an idempotency key."""
LONGEST_CHECKOUT_ID = 255
"""Characters of a gateway's id of a checkout."""
LONGEST_NOTE = 200
"""Characters of a person's note about money that was paid back outside the gateway."""

MOST_REFUND_FAILURES = 2
"""After so many refunds that the bank returned, the next one would fail too: a person decides."""

APPEAL_WON = "appeal_won"
"""The refund problem of money that came back to the seller after the buyer had it."""
RESTORED = "restored"
"""The refund problem of a ticket whose earlier one a person may have solved since the backup."""
PERSON_DECIDES = frozenset({APPEAL_WON, RESTORED})


class TicketStatus(enum.StrEnum):
    """How far a ticket has come."""

    RESERVED = "reserved"
    """Keeps its places; the address of a checkout has not been handed out yet."""
    PAYING = "paying"
    """Keeps its places; a checkout is stored and may have been handed out."""
    ISSUED = "issued"
    """Paid or free; its QR code opens the gate."""
    CANCELLED = "cancelled"
    """Given up by the buyer, or because no checkout could be opened."""
    EXPIRED = "expired"
    """Given up because it was not paid in time."""
    REFUNDING = "refunding"
    """Void at the gate; whatever is still captured is owed to the buyer."""
    REFUNDED = "refunded"
    """Void at the gate; nothing is owed."""


_S = TicketStatus

TRANSITIONS = MappingProxyType(
    {
        _S.RESERVED: frozenset({_S.PAYING, _S.CANCELLED, _S.EXPIRED}),
        _S.PAYING: frozenset({_S.ISSUED, _S.CANCELLED, _S.EXPIRED, _S.REFUNDING}),
        _S.ISSUED: frozenset({_S.REFUNDING, _S.REFUNDED}),
        # Money for a ticket that was given up, which only a lost commit makes possible, goes back.
        _S.CANCELLED: frozenset({_S.REFUNDING}),
        _S.EXPIRED: frozenset({_S.REFUNDING}),
        _S.REFUNDING: frozenset({_S.REFUNDED}),
        # A bank may return a refund weeks later; then the money is owed again.
        _S.REFUNDED: frozenset({_S.REFUNDING}),
    }
)
"""Which status may follow which. Any other transition raises `IllegalTransition`."""

UNPAID = frozenset({_S.RESERVED, _S.PAYING})
KEEPS_ALL_PLACES = UNPAID | {_S.ISSUED}
KEEPS_ADMITTED_PLACES = frozenset({_S.REFUNDING, _S.REFUNDED})
"""People who are inside cannot give their places to somebody else."""


class IllegalTransition(Exception):
    """A transition that the table does not have: a bug of the caller, never bad input."""


@frozen(kw_only=True)
class Checkout:
    """The payment page that was opened at the gateway for one ticket.

    Attributes:
        checkout_id: The gateway's id of it.
        url: Where the buyer pays.
        ends_at: When it ends by itself.
    """

    checkout_id: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_CHECKOUT_ID)))
    url: str = field(validator=storable_text)
    ends_at: datetime = field(validator=aware)


@frozen(kw_only=True)
class IdempotencyKey:
    """The buyer's own name for one purchase, so that a retry buys nothing twice.

    Attributes:
        value: The key; unique per buyer.
        fingerprint: The purchase in short, made from the parsed values. Another fingerprint under
            the same key is a mistake of the caller.
    """

    value: str = field()
    fingerprint: str

    @value.validator
    def _storable(self, _: object, value: Any) -> None:
        # Not by the attribute's name: callers know it as the key.
        require_storable("key", value)
        if len(value) > LONGEST_KEY:
            raise ValueError(f"key must have at most {LONGEST_KEY} characters")


@frozen(kw_only=True)
class Ticket:
    """What one purchase buys: ``quantity`` people on one code. It starts as a reservation.

    Attributes:
        ticket_id: The number that frontends use; never reused.
        ticket_code: The unguessable name; gateway keys are made from it.
        event_id: The event that it is for.
        buyer: Who bought it, as `BoxOffice.purchase` was told.
        quantity: People on this ticket.
        total: What it costs, fixed when the places were taken.
        status: How far it has come.
        created_at: When its places were taken.
        version: Rises by one with each change; `TicketRepository.replace` compares it.
        held_until: When a RESERVED or PAYING ticket becomes due; None if it was free.
        checkout: The payment page, from PAYING on.
        admitted: How many people are inside with a right to a place.
        excess: How many are inside without one: let in where the gate could not ask, although the
            ticket was void or its people were in.
        payment_id: The gateway's id of the payment, once it was seen.
        refunded_minor: What was refunded so far, in minor units of ``total``.
        charged_back_minor: What the bank has returned to the buyer, in the same units.
        disputed: Whether a dispute is open at the buyer's bank.
        owed_since: When the refund that is owed became due.
        refund_attempt: Part of the refund's idempotency key; rises when a new key is needed.
        refund_problem: Why the refund is not made: the gateway's code, or one of ours.
        failed_refunds: How many refunds of the payment failed at the gateway in all.
        refund_failures: How many of them since a person last decided about the refund.
        paid_back_minor: What a person has paid back outside the gateway, in the same units.
        paid_back_otherwise: How it was paid back, in the words of that person.
        key: The idempotency key of the purchase, while it belongs to this ticket.
    """

    ticket_id: int = field(validator=valid_id)
    ticket_code: UUID = field(validator=v.instance_of(UUID))
    event_id: int = field(validator=valid_id)
    buyer: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_BUYER)))
    quantity: int = field(validator=positive)
    total: Money = field(validator=v.instance_of(Money))
    status: TicketStatus = field(validator=v.instance_of(TicketStatus))
    version: int = field(default=1, validator=positive)
    created_at: datetime = field(validator=aware)
    held_until: datetime | None = field(default=None, validator=aware)
    checkout: Checkout | None = None
    admitted: int = field(default=0, validator=v.ge(0))
    excess: int = field(default=0, validator=v.ge(0))
    payment_id: str | None = None
    refunded_minor: int = field(default=0, validator=v.ge(0))
    charged_back_minor: int = field(default=0, validator=v.ge(0))
    disputed: bool = False
    owed_since: datetime | None = field(default=None, validator=aware)
    refund_attempt: int = 0
    refund_problem: str | None = None
    failed_refunds: int = 0
    refund_failures: int = 0
    paid_back_minor: int = field(default=0, validator=v.ge(0))
    paid_back_otherwise: str | None = field(
        default=None, validator=v.optional(v.and_(storable_text, v.max_len(LONGEST_NOTE)))
    )
    key: IdempotencyKey | None = None

    @admitted.validator
    def _no_more_than_came(self, _: object, value: int) -> None:
        if value > self.quantity:
            raise ValueError("admitted must be at most quantity")

    @property
    def places(self) -> int:
        """How many of the event's places this ticket keeps now."""
        if self.status in KEEPS_ALL_PLACES:
            return self.quantity
        return self.admitted if self.status in KEEPS_ADMITTED_PLACES else 0

    @property
    def inside(self) -> int:
        """How many people were let in on this ticket and not taken back."""
        return self.admitted + self.excess

    @property
    def open_key(self) -> str:
        """The idempotency key with which the gateway opens the checkout."""
        return f"{self.ticket_code}:open"

    @property
    def refund_key(self) -> str:
        """The idempotency key with which the gateway makes the refund that is owed now."""
        return f"{self.ticket_code}:refund:{self.refund_attempt}"

    def paying(self, checkout: Checkout, *, until: datetime) -> "Ticket":
        """A checkout was opened; the places are kept for it ``until`` then."""
        return self._become(TicketStatus.PAYING, checkout=checkout, held_until=until)

    def issued(self) -> "Ticket":
        """The payment was seen. People who are inside already have a right to their places now."""
        admitted = min(self.inside, self.quantity)
        return self._become(TicketStatus.ISSUED, admitted=admitted, excess=self.inside - admitted)

    def moved(self, people: int) -> "Ticket":
        """So many people went in or, below zero, came out. Only an ISSUED ticket gives a right."""
        inside = self.inside + people
        admitted = min(
            inside, self.quantity if self.status is TicketStatus.ISSUED else self.admitted
        )
        return self.marked(admitted=admitted, excess=inside - admitted)

    def cancelled(self) -> "Ticket":
        """The buyer gave it up, or no checkout could be opened."""
        return self._become(TicketStatus.CANCELLED, key=self._key_after_giving_up)

    def expired(self) -> "Ticket":
        """It was not paid in time."""
        return self._become(TicketStatus.EXPIRED, key=self._key_after_giving_up)

    def refunding(
        self, checkout: Checkout | None = None, *, at: datetime, problem: str | None = None
    ) -> "Ticket":
        """Whatever is still captured is owed from now on.

        ``checkout`` is the one that was paid, if none is stored; ``problem`` says why no refund is
        made by itself.
        """
        returned = self.status is TicketStatus.REFUNDED
        return self._become(
            TicketStatus.REFUNDING,
            checkout=self.checkout or checkout,
            owed_since=at,
            refund_problem=problem,
            # A refund that the bank returned has failed for good; the next one needs a new key.
            refund_attempt=self.refund_attempt + returned,
        )

    def refunded(self) -> "Ticket":
        """Nothing is captured any more, or nothing ever was."""
        return self._become(TicketStatus.REFUNDED, refund_problem=None, owed_since=None)

    def refund_refused(self, code: str) -> "Ticket":
        """The gateway has definitely refused a refund; the next one needs a new key."""
        return self.marked(refund_attempt=self.refund_attempt + 1, refund_problem=code)

    def refund_again(self) -> "Ticket":
        """A person has decided that the refund is tried again."""
        return self.marked(
            refund_attempt=self.refund_attempt + 1, refund_problem=None, refund_failures=0
        )

    def paid_back(self, *, amount_minor: int, how: str) -> "Ticket":
        """A person has paid the buyer back outside the gateway."""
        return self._become(
            TicketStatus.REFUNDED,
            refund_problem=None,
            owed_since=None,
            paid_back_minor=self.paid_back_minor + amount_minor,
            paid_back_otherwise=how,
        )

    @property
    def waits_for_person(self) -> bool:
        """Whether no refund is made until a person decides."""
        return self.status is TicketStatus.REFUNDING and (
            self.refund_failures >= MOST_REFUND_FAILURES or self.refund_problem in PERSON_DECIDES
        )

    @property
    def _key_after_giving_up(self) -> IdempotencyKey | None:
        # A reservation that could never be paid bought nothing, so its key is free again.
        return None if self.status is TicketStatus.RESERVED else self.key

    def _become(self, status: TicketStatus, **changes: Any) -> "Ticket":
        if status not in TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self.status} may not become {status}")
        return self.marked(status=status, **changes)

    def marked(self, **changes: Any) -> "Ticket":
        """Return the next version, of the same status."""
        return evolve(self, version=self.version + 1, **changes)
