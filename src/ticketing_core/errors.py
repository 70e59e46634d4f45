"""The closed tree of what a use case may answer instead of its result.

Each error is a fact with a stable ``code`` for programs, plain English for people, and whether
the same call may succeed later. Adapters raise none of these but `StoreUnavailable`.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from ticketing_core.money import Money


class TicketingError(Exception):
    """The root of the tree.

    Attributes:
        code: Stable name of the fact; part of the public contract.
        retryable: Whether the same call may succeed later without anybody changing it.
        retry_after: How long to wait before that, where waiting helps.
    """

    code: ClassVar[str]
    retryable: bool = False
    retry_after: timedelta | None = None

    @property
    def detail(self) -> str:
        """The fact in plain English."""
        return str(self)


class NotFound(TicketingError):
    """Something named in the call does not exist."""


class EventNotFound(NotFound):
    """There is no such event."""

    code = "event_not_found"

    def __init__(self, event_id: int) -> None:
        super().__init__(f"There is no event {event_id}.")


class TicketNotFound(NotFound):
    """There is no such ticket."""

    code = "ticket_not_found"

    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"There is no ticket {ticket_id}.")


class PaymentNotFound(NotFound):
    """The ticket has no such payment."""

    code = "payment_not_found"

    def __init__(self) -> None:
        super().__init__("This ticket has no payment with that session_id.")


class NotYourTicket(TicketingError):
    """The ticket belongs to another buyer."""

    code = "not_your_ticket"

    def __init__(self) -> None:
        super().__init__("This ticket belongs to somebody else.")


class PurchaseRefused(TicketingError):
    """The purchase cannot be made; nothing was taken."""


class NotEnoughPlaces(PurchaseRefused):
    """Fewer places are left than were asked for.

    Attributes:
        places_left: How many are left.
        retryable: Whether some that are kept now may be free in a moment.
    """

    code = "sold_out"

    def __init__(self, places_left: int, *, more_may_come: bool) -> None:
        left = {0: "No places are", 1: "Only one place is"}
        told = left.get(places_left, f"Only {places_left} places are")
        super().__init__(f"Not enough tickets available. {told} left.")
        self.places_left = places_left
        self.retryable = more_may_come
        self.retry_after = timedelta(seconds=5) if more_may_come else None


class OverOrderLimit(PurchaseRefused):
    """More places than one order may have."""

    code = "over_order_limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"One order can have at most {limit} tickets.")
        self.limit = limit


class OverBuyerLimit(PurchaseRefused):
    """More places than one buyer may keep.

    Attributes:
        ticket_id: The buyer's own ticket that waits for its payment, if there is one.
        checkout_url: Where he can pay it.
    """

    code = "over_buyer_limit"

    def __init__(
        self, *, limit: int, kept: int, ticket_id: int | None, checkout_url: str | None
    ) -> None:
        super().__init__(f"One buyer can have at most {limit} tickets; you have {kept}.")
        self.limit = limit
        self.kept = kept
        self.ticket_id = ticket_id
        self.checkout_url = checkout_url


class SaleNotOpen(PurchaseRefused):
    """The sale has not begun."""

    code = "sale_not_open"
    retryable = True

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(f"The sale opens at {opens_at.isoformat()}.")
        self.opens_at = opens_at


class SaleIsOver(PurchaseRefused):
    """The sale has ended."""

    code = "sale_closed"

    def __init__(self) -> None:
        super().__init__("The sale is over.")


class TotalTooLarge(PurchaseRefused):
    """The order costs more than one payment can be."""

    code = "total_too_large"

    def __init__(self, largest: Money) -> None:
        super().__init__(f"One order can cost at most {largest}.")


class TotalTooSmall(PurchaseRefused):
    """The order costs less than the gateway takes."""

    code = "total_too_small"

    def __init__(self, minimum: Money) -> None:
        super().__init__(f"A payment has to be at least {minimum}.")


class PriceChanged(PurchaseRefused):
    """The event changed while the purchase was being made."""

    code = "event_changed"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The event has just been changed. Please try again.")


class PaymentsNotConfigured(PurchaseRefused):
    """The seller has not set up a way to be paid."""

    code = "payments_not_configured"

    def __init__(self) -> None:
        super().__init__("Payments are not set up, so only free tickets can be bought.")


class PaymentRefused(PurchaseRefused):
    """The gateway refused to open a checkout.

    Attributes:
        gateway_code: The gateway's own code.
    """

    code = "payment_refused"

    def __init__(self, *, gateway_code: str, retryable: bool) -> None:
        super().__init__(f"The payment could not be started ({gateway_code}).")
        self.gateway_code = gateway_code
        self.retryable = retryable
        self.retry_after = timedelta(seconds=2) if retryable else None


class PaymentNotStarted(PurchaseRefused):
    """The gateway did not answer, or the reservation ended before it did."""

    code = "payment_not_started"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The payment could not be started. Please try again.")


class IdempotencyKeyReused(TicketingError):
    """The idempotency key stands for another purchase."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class PurchaseInProgress(TicketingError):
    """The first call with this idempotency key is still at work."""

    code = "purchase_in_progress"
    retryable = True
    retry_after = timedelta(seconds=2)

    def __init__(self) -> None:
        super().__init__("A purchase with this Idempotency-Key is still being made.")


class OrderClosed(TicketingError):
    """The purchase under this idempotency key was given up."""

    code = "order_closed"

    def __init__(self) -> None:
        super().__init__("The order under this Idempotency-Key is closed. Use a new key.")


class PaymentNotCompleted(TicketingError):
    """The ticket is not issued because its payment is not, or no longer, complete."""


class PaymentOpen(PaymentNotCompleted):
    """The checkout has not been paid yet."""

    code = "payment_open"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The payment is not completed.")


class PaymentProcessing(PaymentNotCompleted):
    """A slow payment method has not decided yet."""

    code = "payment_processing"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The payment is still being processed.")


class OrderCancelled(PaymentNotCompleted):
    """The order was cancelled before it was paid."""

    code = "order_cancelled"

    def __init__(self) -> None:
        super().__init__("The order was cancelled.")


class OrderExpired(PaymentNotCompleted):
    """The order was not paid in time."""

    code = "order_expired"

    def __init__(self) -> None:
        super().__init__("The order was not paid in time.")


class Refunded(PaymentNotCompleted):
    """The payment was or is being given back."""

    code = "refunded"

    def __init__(self) -> None:
        super().__init__("The payment was refunded.")


class AlreadyPaid(TicketingError):
    """It was paid before it could be cancelled; the ticket is issued."""

    code = "already_paid"

    def __init__(self) -> None:
        super().__init__("The ticket is already paid.")


class AlreadyProcessed(TicketingError):
    """The ticket is in a state in which this can no longer be done."""

    code = "already_processed"

    def __init__(self) -> None:
        super().__init__("The ticket is already processed.")


class NotIssued(TicketingError):
    """A refund was asked for a ticket that has not been issued."""

    code = "not_issued"

    def __init__(self) -> None:
        super().__init__("The ticket has not been issued; cancel it instead.")


class Unavailable(TicketingError):
    """Something outside did not answer; nothing is decided, nothing is lost."""

    retryable = True


class GatewayUnavailable(Unavailable):
    """The payment gateway did not answer."""

    code = "gateway_unavailable"
    retry_after = timedelta(seconds=5)

    def __init__(self) -> None:
        super().__init__("The payment provider does not answer. Nothing was changed.")


class GatewayBusy(Unavailable):
    """So many payments are being started that there is no room for another.

    This call has taken nothing; what an earlier one under the same key has, a repeat tells later.
    """

    code = "overloaded"

    def __init__(self, *, retry_after: timedelta) -> None:
        super().__init__("Too many payments are being started at the moment. Please try again.")
        self.retry_after = retry_after


class StoreUnavailable(Unavailable):
    """The store did not answer: the step may or may not have taken effect. Repeat it."""

    code = "store_unavailable"
    retry_after = timedelta(seconds=2)

    def __init__(self, reason: str = "") -> None:
        super().__init__("The database does not answer. Please try again.")
        self.reason = reason
