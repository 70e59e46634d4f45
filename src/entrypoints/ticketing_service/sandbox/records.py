"""What the sandbox remembers of each Stripe object: only what can differ between two of them."""

from typing import Any, Literal

from attrs import frozen

SessionStatus = Literal["open", "complete", "expired"]
PaymentStatus = Literal["unpaid", "paid"]


@frozen
class LineItem:
    """One line of what is sold; amounts in the currency's minor unit."""

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
    """A Checkout Session. `asked` holds the checked parameters it was created with."""

    id: str
    created: int
    expires_at: int
    currency: str
    line_items: tuple[LineItem, ...]
    asked: dict[str, Any]
    methods: tuple[str, ...]
    status: SessionStatus = "open"
    payment_status: PaymentStatus = "unpaid"
    payment_intent: str | None = None
    buyer_email: str | None = None
    buyer_name: str | None = None

    @property
    def amount_total(self) -> int:
        """What the buyer pays, in minor units."""
        return sum(item.amount for item in self.line_items)


@frozen
class PaymentIntent:
    """A payment that a buyer has confirmed. `settles_at` is when a slow one ends by itself."""

    id: str
    secret: str
    created: int
    session: str
    charge: str
    amount: int
    currency: str
    method: str
    asked: dict[str, Any]
    status: Literal["processing", "succeeded", "requires_payment_method"]
    settles_at: int | None = None
    settles_well: bool = False


@frozen
class Charge:
    """The money of one payment. `last4` and `brand` tell what it was paid with."""

    id: str
    created: int
    payment_intent: str
    amount: int
    currency: str
    method: str
    payment_method: str
    last4: str
    brand: str | None
    metadata: dict[str, str]
    description: str | None
    email: str | None
    name: str | None
    status: Literal["pending", "succeeded", "failed"]
    amount_refunded: int = 0
    disputed: bool = False

    @property
    def refundable(self) -> int:
        """What is still captured, in minor units."""
        return self.amount - self.amount_refunded if self.status == "succeeded" else 0


@frozen
class Refund:
    """Money given back. A failed one came back from the bank."""

    id: str
    created: int
    charge: str
    payment_intent: str
    amount: int
    currency: str
    method: str
    metadata: dict[str, str]
    reason: str | None
    status: Literal["succeeded", "failed"] = "succeeded"


@frozen
class Dispute:
    """A buyer's bank that takes the money of a charge back."""

    id: str
    created: int
    charge: str
    payment_intent: str
    amount: int
    currency: str
    method: str
    brand: str | None
