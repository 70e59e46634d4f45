"""What the sandbox stores of each Stripe object: its id, and what differs between two of a kind.

All amounts are in the currency's minor unit, all times are Unix seconds.
"""

import secrets
import string
from typing import Any, Literal

from attrs import field, frozen

from ticketing_service.sandbox.payment_methods import CardNumber, Decline, SlowOutcome
from ticketing_service.sandbox.refund_plan import PendingReason, RefundStatus

_ALPHABET = string.ascii_letters + string.digits
# As long as Stripe's ids were when this was written; none of these lengths is documented.
_LENGTHS = {"cs_test_a1": 56, "req_": 14}
_USUAL_LENGTH = 23


def new_id(prefix: str) -> str:
    """Return a random id that begins with the prefix, such as `cs_test_a1` or `pi_3`."""
    length = _LENGTHS.get(prefix, _USUAL_LENGTH)
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def sibling_id(object_id: str, prefix: str) -> str:
    """Return the id that differs only in its prefix: the charge `ch_3x` belongs to `pi_3x`."""
    return f"{prefix}_{object_id.partition('_')[2]}"


@frozen
class LineItem:
    """One line of what is sold."""

    name: str
    description: str | None
    unit_amount: int
    quantity: int

    @property
    def amount(self) -> int:
        """The price of the whole line."""
        return self.unit_amount * self.quantity


@frozen
class Session:
    """A Checkout Session. `params` are the parameters that it was created with, after checking."""

    id: str
    created: int
    expires_at: int
    currency: str
    line_items: tuple[LineItem, ...]
    params: dict[str, Any]
    methods: tuple[str, ...]
    page_url: str
    status: Literal["open", "complete", "expired"] = "open"
    payment_status: Literal["unpaid", "paid"] = "unpaid"
    payment_intent: str | None = None
    buyer_email: str | None = None
    buyer_name: str | None = None

    @property
    def amount_total(self) -> int:
        """What the buyer pays."""
        return sum(item.amount for item in self.line_items)


IntentStatus = Literal[
    "requires_payment_method", "requires_action", "processing", "succeeded", "canceled"
]


@frozen
class Intent:
    """A payment intent. It exists from the first attempt to pay, and has a charge for each.

    `params` is the `payment_intent_data` of the session. `card` waits for its authentication.
    `slow_outcome` is the planned end of a slow payment, if there is one.
    """

    id: str
    created: int
    session: str
    amount: int
    currency: str
    method: str
    params: dict[str, Any]
    status: IntentStatus = "requires_payment_method"
    card: CardNumber | None = None
    email: str | None = None
    name: str | None = None
    latest_charge: str | None = None
    problem: Decline | None = None
    slow_outcome: SlowOutcome | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None


@frozen
class Charge:
    """An attempt to take the money of a payment intent.

    `given_back` is the sum of the refunds that are made or under way; `amount_refunded` is what
    Stripe shows of it. `charged_back` is what banks hold or have taken through disputes.
    """

    id: str
    created: int
    session: str
    payment_intent: str
    amount: int
    currency: str
    method: str
    card: CardNumber | None
    email: str | None
    name: str | None
    params: dict[str, Any]
    status: Literal["pending", "succeeded", "failed"]
    problem: Decline | None = None
    amount_refunded: int = 0
    given_back: int = 0
    charged_back: int = 0
    disputed: bool = False

    @property
    def refundable(self) -> int:
        """What is still captured."""
        left = self.amount - self.given_back - self.charged_back
        return max(left, 0) if self.status == "succeeded" else 0


@frozen
class Refund:
    """Money that is given back."""

    id: str
    created: int
    charge: str
    payment_intent: str
    amount: int
    currency: str
    card: CardNumber | None
    email: str | None
    metadata: dict[str, str]
    reason: str | None
    status: RefundStatus
    pending_reason: PendingReason | None = None
    failure_reason: str | None = None
    # Whether the bank's reference number is known.
    referenced: bool = False


DisputeStatus = Literal[
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
    "lost",
    "prevented",
]


@frozen
class Dispute:
    """A buyer's objection at the bank. `movements` are its withdrawals (below 0) and returns."""

    id: str
    created: int
    charge: str
    payment_intent: str
    amount: int
    currency: str
    card: CardNumber | None
    reason: str
    status: DisputeStatus
    movements: tuple[tuple[int, int], ...] = ()
    evidence: dict[str, str] = field(factory=dict)
    metadata: dict[str, str] = field(factory=dict)
    submissions: int = 0

    @property
    def is_inquiry(self) -> bool:
        """Whether the bank has only asked so far, and taken nothing."""
        return self.status.startswith("warning_")

    @property
    def is_over(self) -> bool:
        """Whether the bank has decided. An appeal may still follow."""
        return self.status in {"warning_closed", "won", "lost", "prevented"}

    @property
    def taken(self) -> int:
        """What the bank holds or has taken."""
        return -sum(amount for _, amount in self.movements)


@frozen
class FraudWarning:
    """An early fraud warning of the card's network. It takes no money.

    It is `actionable` until the charge is disputed or refunded as a whole.
    """

    id: str
    created: int
    charge: str
    payment_intent: str
    actionable: bool = True
