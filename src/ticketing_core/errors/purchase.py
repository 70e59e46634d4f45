"""Why a purchase is refused. Stores and gateways return some of these facts as values."""

from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.errors.root import TicketingError
from ticketing_core.money import Money


class PurchaseRefused(TicketingError, abstract=True):
    """The purchase cannot be made; nothing was taken."""


@frozen
class SoldOut(PurchaseRefused):
    """Fewer places are left than the order needs.

    Attributes:
        places_left: How many are left.
        retryable: Whether settling may free some in a moment.
    """

    places_left: int
    retryable: bool = False
    _wait = timedelta(seconds=5)

    @property
    def detail(self) -> str:
        """How many are left."""
        left = {0: "No places are", 1: "Only one place is"}
        count = left.get(self.places_left, f"Only {self.places_left} places are")
        return f"Not enough tickets available. {count} left."


@frozen
class OverOrderLimit(PurchaseRefused):
    """The order has more places than one order may have (`limit`)."""

    limit: int
    _text = "One order can have at most {self.limit} tickets."


@frozen
class OverBuyerLimit(PurchaseRefused):
    """With this order the buyer would have more places than one buyer may have (`limit`).

    Or more unpaid ones than one buyer may have: then `detail` says to pay or cancel open orders
    first. `ticket_id` and `checkout_url` lead back to the buyer's own open payment.

    Attributes:
        limit: The most places, or unpaid places, that one buyer may keep at the event.
        kept: How many of them the buyer keeps now.
        ticket_id: The buyer's ticket that waits for its payment, if there is one.
        checkout_url: Where to pay for it.
        unpaid: Whether only unpaid places are limited and counted.
    """

    limit: int
    kept: int
    ticket_id: int | None = None
    checkout_url: str | None = None
    unpaid: bool = False

    @property
    def detail(self) -> str:
        """How many are allowed, how many there are, and what to do about unpaid ones."""
        if self.unpaid:
            return (
                f"One buyer can have at most {self.limit} unpaid tickets; you have {self.kept}. "
                "Pay for your open orders or cancel them first."
            )
        return f"One buyer can have at most {self.limit} tickets; you have {self.kept}."


@frozen
class SaleNotOpen(PurchaseRefused):
    """The sale begins at `opens_at`."""

    opens_at: datetime
    retryable = True

    @property
    def detail(self) -> str:
        """When it begins."""
        return f"The sale opens at {self.opens_at.isoformat()}."


class SaleClosed(PurchaseRefused):
    """The sale is over."""

    _text = "The sale is over."


class EventCancelled(PurchaseRefused):
    """The event does not take place."""

    _text = "The event was cancelled."


@frozen
class TotalTooLarge(PurchaseRefused):
    """The order costs more than one payment can be.

    Attributes:
        largest: The most that one payment can be.
    """

    largest: Money
    _text = "One order can cost at most {self.largest}."


@frozen
class TotalTooSmall(PurchaseRefused):
    """The order costs less than the payment provider takes.

    Attributes:
        smallest: The least that a payment has to be.
    """

    smallest: Money
    _text = "A payment has to be at least {self.smallest}."


class EventChanged(PurchaseRefused):
    """The event changed while the purchase was being made; try again."""

    _text = "The event has just been changed. Please try again."
    retryable = True


class PaymentsNotConfigured(PurchaseRefused):
    """The seller has not set up payments: only free tickets can be bought."""

    _text = "Payments are not set up, so only free tickets can be bought."


@frozen
class PaymentRefused(PurchaseRefused):
    """The payment provider refused to open a checkout; `gateway_code` is its own code.

    Attributes:
        gateway_code: The provider's code, for logs and support.
        retryable: Whether the same request may succeed later.
    """

    gateway_code: str
    retryable: bool
    _text = "The payment could not be started ({self.gateway_code})."
    _wait = timedelta(seconds=2)


class PaymentNotStarted(PurchaseRefused):
    """The payment could not be opened in time; nothing was taken."""

    _text = "The payment could not be started. Please try again."
    retryable = True


class IdempotencyKeyReused(TicketingError):
    """The idempotency key belongs to another purchase."""

    _text = "This idempotency key was used for another purchase."


class PurchaseInProgress(TicketingError):
    """The first call with the idempotency key is still running."""

    _text = "A purchase with this idempotency key is still being made."
    _wait = timedelta(seconds=2)
    retryable = True


class OrderClosed(TicketingError):
    """The purchase under the idempotency key was given up."""

    _text = "The order under this idempotency key is closed. Use a new key."
