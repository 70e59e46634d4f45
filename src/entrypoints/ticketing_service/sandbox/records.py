"""What the sandbox stores of each Stripe object: its id, and what differs between two of a kind.

All amounts are in the currency's minor unit, all times are Unix seconds.
"""

import secrets
import string
from typing import Any, Literal

from attrs import frozen

from ticketing_service.sandbox.payment_methods import CardNumber, SlowOutcome

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


@frozen
class Charge:
    """A payment: the charge and its payment intent, which has no other charge in the sandbox.

    `params` is the `payment_intent_data` of the session. `slow_outcome` is the planned end of a
    slow payment, if there is one.
    """

    id: str
    created: int
    session: str
    amount: int
    currency: str
    method: str
    card: CardNumber | None
    email: str | None
    name: str | None
    params: dict[str, Any]
    status: Literal["pending", "succeeded", "failed"]
    slow_outcome: SlowOutcome | None = None
    amount_refunded: int = 0
    disputed: bool = False

    @property
    def payment_intent(self) -> str:
        """The id of the payment intent."""
        return sibling_id(self.id, "pi")

    @property
    def refundable(self) -> int:
        """What is still captured."""
        return self.amount - self.amount_refunded if self.status == "succeeded" else 0


@frozen
class Refund:
    """Money given back. A failed refund was returned by the buyer's bank."""

    id: str
    created: int
    charge: str
    amount: int
    currency: str
    card: CardNumber | None
    metadata: dict[str, str]
    reason: str | None
    status: Literal["succeeded", "failed"] = "succeeded"


@frozen
class Dispute:
    """A chargeback: the buyer's bank takes back the money of a charge."""

    id: str
    created: int
    charge: str
    amount: int
    currency: str
    card: CardNumber | None
