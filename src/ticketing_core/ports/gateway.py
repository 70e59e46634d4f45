"""The port to whoever takes the money. No vendor's words appear here.

No answer is not a no: a call that may have had its effect answers `Unknown`, never a refusal.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from attrs import frozen

from ticketing_core.money import Money
from ticketing_core.ticket import Checkout, Ticket


@frozen
class NotConfigured:
    """No account to take money with has been set up."""


@frozen
class TooSmall:
    """The gateway takes no payment below ``minimum``."""

    minimum: Money


@frozen
class Busy:
    """It has no room for another checkout at the moment.

    Attributes:
        retry_after: When it is worth asking again.
    """

    retry_after: timedelta


GatewayObjection = NotConfigured | TooSmall | Busy


@frozen
class Open:
    """The checkout can be paid."""

    checkout: Checkout


@frozen
class Refused:
    """The gateway definitely did not do it.

    Attributes:
        code: The gateway's own code, for logs and support.
        retryable: Whether the same request may succeed later.
    """

    code: str
    retryable: bool


@frozen
class Unknown:
    """No answer, or none that says whether it took effect.

    Attributes:
        reason: What was seen instead of an answer, for logs.
    """

    reason: str


@frozen(kw_only=True)
class Paid:
    """The money was taken, and some of it is still captured.

    Attributes:
        ticket_code: The ticket it was paid for, as stored at the gateway.
        captured: What the gateway still holds for us.
        refunded: What was given back so far.
        disputed: The buyer's bank has opened a dispute.
    """

    ticket_code: UUID
    captured: Money
    refunded: Money
    disputed: bool = False

    @property
    def taken(self) -> Money:
        """What the buyer paid at first."""
        return Money(
            self.captured.amount_minor + self.refunded.amount_minor, self.captured.currency
        )


@frozen
class Processing:
    """The buyer has done his part; a slow payment method has not decided yet."""


@frozen
class Closed:
    """It can no longer be paid, and nothing is captured: never paid, or given back in full."""


@frozen
class Missing:
    """The gateway knows no such checkout, which proves nothing until its end has passed."""


OpenOutcome = Open | Refused | Busy | Unknown
CheckoutState = Open | Paid | Processing | Closed | Missing | Unknown


@frozen
class GivenBack:
    """Nothing of the payment is captured any more, or the rest is on its way back."""


RefundOutcome = GivenBack | Refused | Unknown


@frozen(kw_only=True)
class Listed:
    """One checkout of this installation, as a listing shows it."""

    checkout_id: str
    ticket_code: UUID
    state: CheckoutState


@frozen(kw_only=True)
class CheckoutPage:
    """Part of a listing; ``next`` is what to ask for the rest with, or None at the end."""

    checkouts: Sequence[Listed]
    next: str | None


class PaymentGateway(Protocol):
    """Opens checkouts, tells what became of them, closes them and gives money back."""

    def objection(self, total: Money) -> GatewayObjection | None:
        """Why a checkout over ``total`` would not be opened, or None. Asks nobody, keeps nothing.

        `Busy` passes; the others stay. None is no promise: `open` may refuse all the same.
        """

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """Open a checkout over ``ticket.total`` that ends by itself at ``ends_at``.

        Repeating it with the same arguments opens nothing new: the key is ``ticket.open_key``.
        `Busy` and `Refused` mean that nothing was opened; after `Unknown` nobody knows.
        All tries of one call end within 30 seconds.
        """

    def look_up(self, checkout_id: str) -> CheckoutState:
        """What became of the checkout. Changes nothing."""

    def close(self, checkout_id: str) -> CheckoutState:
        """Make an open checkout unpayable, and tell what it is then; never `Open`."""

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """Give back all that is still captured of the ticket's checkout.

        Repeating it gives nothing back twice: the key is ``ticket.refund_key``. Where nothing is
        captured it answers `GivenBack`. Where that key can give nothing back any more, since its
        refund came back or its error was saved, it is `Refused`: the next one takes a new key.
        """

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """Give back all that is captured of a checkout that is no ticket's own.

        Repeating it gives nothing back twice: the key is ``{ticket_code}:refund:{checkout_id}``.
        """

    def list_checkouts(self, *, since: datetime, after: str | None) -> CheckoutPage | Unknown:
        """The checkouts that this installation opened at or after ``since``, page by page.

        Args:
            since: The oldest that is told.
            after: `CheckoutPage.next` of the page before; None for the first.
        """
