"""The words of payment: what a gateway can report of a checkout, and how a refund can end.

No answer is not a no: a call that may have taken effect ends in `Unknown`, never in a refusal.
"""

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from ticketing_core.errors import (
    Overloaded,
    PaymentRefused,
    PaymentsNotConfigured,
    TotalTooLarge,
    TotalTooSmall,
)
from ticketing_core.money import Money
from ticketing_core.signature import Forged
from ticketing_core.ticket import Checkout


@frozen
class Open:
    """The checkout can be paid."""

    checkout: Checkout


@frozen(kw_only=True)
class Paid:
    """The money was captured, and some of it still is.

    Attributes:
        ticket_code: The ticket that was paid for, as stored at the gateway.
        captured: What the gateway still holds for the seller.
        refunded: What was refunded so far.
        disputed: Whether the buyer's bank has opened a dispute.
    """

    ticket_code: UUID
    captured: Money
    refunded: Money
    disputed: bool = False

    @property
    def total(self) -> Money:
        """What the buyer paid at first."""
        return Money(
            self.captured.amount_minor + self.refunded.amount_minor, self.captured.currency
        )


@frozen
class Processing:
    """The buyer has paid by a slow payment method, and the bank has not decided yet."""


@frozen
class Closed:
    """The checkout can no longer be paid, and nothing is captured."""


@frozen
class Missing:
    """The gateway knows no such checkout. This proves nothing until the checkout has ended."""


@frozen
class Unknown:
    """No answer, or none that says whether the call took effect.

    Attributes:
        reason: What was seen instead of an answer, for logs.
    """

    reason: str


@frozen
class GivenBack:
    """Nothing of the payment is captured any more, or the rest is on its way to the buyer."""


@frozen
class Refused:
    """The gateway has definitely not made the refund.

    Attributes:
        code: The gateway's own code, for logs and support.
        retryable: Whether the same request may succeed later.
    """

    code: str
    retryable: bool


GatewayObjection = PaymentsNotConfigured | TotalTooLarge | TotalTooSmall | Overloaded
OpenOutcome = Open | PaymentRefused | PaymentsNotConfigured | Overloaded | Unknown
CheckoutState = Open | Paid | Processing | Closed | GivenBack | Missing | Unknown
RefundOutcome = GivenBack | Refused | Unknown


@frozen(kw_only=True)
class ListedCheckout:
    """One checkout of this installation, as the gateway lists it."""

    checkout_id: str
    ticket_code: UUID
    state: CheckoutState


@frozen(kw_only=True)
class ListedPage:
    """A part of a listing.

    Attributes:
        checkouts: The entries.
        next: The position to continue from, or None at the end.
    """

    checkouts: Sequence[ListedCheckout]
    next: str | None


@frozen
class Hint:
    """Something happened to a checkout of this installation. Only the gateway knows what."""

    checkout_id: str


@frozen
class NotOurs:
    """The notification is genuine, but about something else or another installation."""


Notification = Hint | NotOurs | Forged | Unknown
