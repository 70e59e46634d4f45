"""Why a ticket cannot be shown, verified, cancelled or refunded."""

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from ticketing_core.errors.root import TicketingError


class NotFound(TicketingError, abstract=True):
    """Something named in the call does not exist."""


@frozen
class EventNotFound(NotFound):
    """No event has this id.

    Attributes:
        event_id: The id that no event has.
    """

    event_id: int
    _text = "There is no event {self.event_id}."


@frozen
class TicketNotFound(NotFound):
    """No ticket has this id."""

    # Private: on the wire, `ticket_id` names a ticket that the buyer can go on with.
    _ticket_id: int | UUID
    _text = "There is no ticket {self._ticket_id}."


class PaymentNotFound(NotFound):
    """The payment is not this ticket's, or the ticket was free."""

    _text = "This ticket has no such payment."


class NotYourTicket(TicketingError):
    """The ticket belongs to another buyer."""

    _text = "This ticket belongs to somebody else."


class NotYourEvent(TicketingError):
    """The event, or that of the ticket, is one that the caller may not act on."""

    _text = "Your access token is not good for this event."


class PaymentNotCompleted(TicketingError, abstract=True):
    """The ticket is not issued because its payment is not, or no longer, complete."""


class PaymentOpen(PaymentNotCompleted):
    """The checkout has not been paid yet."""

    _text = "The payment is not completed."
    retryable = True


class PaymentProcessing(PaymentNotCompleted):
    """A slow payment method has not decided yet."""

    _text = "The payment is still being processed."
    retryable = True


class OrderCancelled(PaymentNotCompleted):
    """The order was cancelled before it was paid."""

    _text = "The order was cancelled."


class OrderExpired(PaymentNotCompleted):
    """The order was not paid in time."""

    _text = "The order was not paid in time."


class Refunded(PaymentNotCompleted):
    """The payment was or will be refunded."""

    _text = "The payment was or will be refunded."


class AlreadyPaid(TicketingError):
    """The ticket was paid before it could be cancelled, and is issued."""

    _text = "The ticket is already paid."


class AlreadyProcessed(TicketingError):
    """The ticket is past this step."""

    _text = "The ticket is already processed."


class RefundNotStuck(TicketingError):
    """The refund does not wait for a person, so it cannot be marked as paid back."""

    _text = "The refund of this ticket does not wait for anybody."


class NotIssued(TicketingError):
    """The ticket has not been issued, so there is nothing to refund."""

    _text = "The ticket has not been issued; cancel it instead."


@frozen
class BuyerHasOpenOrders(TicketingError):
    """The buyer cannot be erased yet: orders are unpaid, or refunds are not made.

    Attributes:
        ticket_ids: Their tickets.
    """

    ticket_ids: Sequence[int]

    @property
    def detail(self) -> str:
        """Which tickets they are."""
        listed = ", ".join(map(str, self.ticket_ids))
        return f"The buyer has tickets that are unpaid or whose refund is not made yet: {listed}."


class ScanIdReused(TicketingError):
    """The id belongs to the scan of another ticket, or of another number of people."""

    _text = "This scan_id belongs to another scan."
