"""The words of payment: what a gateway can report of a checkout, and how a refund can end.

No answer is not a no: a call that may have taken effect ends in `Unknown`, never in a refusal.
"""

import enum
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen

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
from ticketing_core.validators import storable


@frozen
class Open:
    """The checkout can be paid."""

    checkout: Checkout


@frozen
class Waiting:
    """A refund is made but not final: the bank or the buyer has to act first.

    Attributes:
        why: The gateway's code, such as ``requires_action`` or ``insufficient_funds``.
    """

    why: str = field(converter=storable)


@frozen(kw_only=True)
class Paid:
    """The buyer has paid. The amounts say whose money it is by now.

    All amounts are minor units of ``total``. Refunds count from when they are on their way.

    Attributes:
        ticket_code: The ticket that was paid for, as stored at the gateway.
        payment_id: The gateway's id of the payment.
        total: What the buyer paid.
        refunded_minor: What was refunded.
        held_minor: What the bank holds while it decides on disputes.
        lost_minor: What the bank has returned to the buyer for good, unless an appeal is won.
        disputed: Whether a dispute is open, also one that takes no money away.
        waiting: A refund that is not final yet, of whatever origin.
        failed_refunds: How many refunds failed or were returned by the bank.
    """

    ticket_code: UUID
    payment_id: str = field(converter=storable)
    total: Money
    refunded_minor: int = 0
    held_minor: int = 0
    lost_minor: int = 0
    disputed: bool = False
    waiting: Waiting | None = None
    failed_refunds: int = 0

    @property
    def ours(self) -> Money:
        """What the seller still has of the payment, and could refund."""
        gone = self.refunded_minor + self.held_minor + self.lost_minor
        return Money(max(0, self.total.amount_minor - gone), self.total.currency)

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left of the payment: nothing is the seller's, and nothing held."""
        return not (self.ours.amount_minor or self.held_minor)


@frozen
class Processing:
    """The buyer has paid by a slow payment method, and the bank has not decided yet."""


@frozen
class Closed:
    """The checkout can no longer be paid, and never was."""


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


BUSY = Unknown("busy")
"""No call was made, since too many others are. The gateway is not at fault."""


@frozen
class GivenBack:
    """The refund has left the account."""


@frozen
class Refused:
    """The gateway has definitely not made the refund.

    Attributes:
        code: The gateway's own code, for logs and support.
        retryable: Whether the same request may succeed later.
    """

    code: str = field(converter=storable)
    retryable: bool


GatewayObjection = PaymentsNotConfigured | TotalTooLarge | TotalTooSmall | Overloaded
OpenOutcome = Open | PaymentRefused | PaymentsNotConfigured | Overloaded | Unknown
CheckoutState = Open | Paid | Processing | Closed | Missing | Unknown
RefundOutcome = GivenBack | Waiting | Refused | Unknown


@frozen(kw_only=True)
class ListedCheckout:
    """One checkout of this installation, as the gateway lists it.

    Attributes:
        ticket_id: The id of its ticket, as stored at the gateway.
        opened_at: When it was opened, by the gateway's clock.
    """

    checkout_id: str
    ticket_code: UUID
    ticket_id: int
    opened_at: datetime
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


@frozen(kw_only=True)
class PaymentHint:
    """Something happened to a payment, which may be one of another installation.

    Attributes:
        payment_id: The gateway's id of the payment.
        ticket_code: The ticket that was paid for, if the news names it. Without it the payment may
            belong to somebody else.
        refunded_minor: The amount of a refund, if all that the news says is that this refund is on
            its way or done, in minor units of the payment's currency.
        is_fraud_warning: Whether the bank suspects fraud. Refunding now avoids a dispute.
    """

    payment_id: str = field(converter=storable)
    ticket_code: UUID | None = None
    refunded_minor: int | None = None
    is_fraud_warning: bool = False


@frozen
class NotOurs:
    """The notification is genuine, but about something else or another installation."""


News = Hint | PaymentHint
Notification = News | NotOurs | Forged


class NewsSource(enum.StrEnum):
    """What the gateway can list of what happened to payments."""

    EVENTS = "events"
    """All that happened, but only of the last month."""
    REFUNDS = "refunds"
    """All refunds, by when they were made. Kept for ever."""
    DISPUTES = "disputes"
    """All disputes, by when they were opened. Kept for ever."""


@frozen(kw_only=True)
class NewsPage:
    """A part of the news of one source, in any order.

    Attributes:
        news: What may concern this installation.
        answered_at: When the gateway answered, by its own clock.
        next: The position to continue from, or None at the end.
    """

    news: Sequence[PaymentHint]
    answered_at: datetime
    next: str | None
