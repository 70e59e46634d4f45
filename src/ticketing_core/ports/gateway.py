"""The port to the payment gateway. No vendor's words appear here."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    ListedPage,
    OpenOutcome,
    RefundOutcome,
    Unknown,
)
from ticketing_core.ticket import Ticket


class PaymentGateway(Protocol):
    """Opens checkouts, reports what became of them, closes them and refunds their payments."""

    def objection(self, total: Money) -> GatewayObjection | None:
        """Return why a checkout over ``total`` would not be opened, or None.

        Decides without a call to the provider and reserves nothing, so None is no promise: `open`
        may still refuse. `Overloaded` is temporary; the other objections last.
        """

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """Open a checkout over ``ticket.total``.

        It ends by itself at ``ends_at``, or as soon after that as the provider allows. Repeating
        the call with the same arguments opens nothing new: the idempotency key is
        ``ticket.open_key``. After `Overloaded`, `PaymentRefused` and `PaymentsNotConfigured` this
        call has opened nothing; after `Unknown` a checkout may be open. All tries of one call end
        within 30 seconds.
        """

    def look_up(self, checkout_id: str) -> CheckoutState:
        """Report the state of the checkout. Changes nothing."""

    def close(self, checkout_id: str) -> CheckoutState:
        """Make an open checkout unpayable, and report the state it is in then; never `Open`."""

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """Refund all that is still captured of the ticket's checkout.

        Repeating the call refunds nothing twice: the idempotency key is ``ticket.refund_key``. If
        nothing is captured, the outcome is `GivenBack`. If the key can refund nothing any more,
        because the bank returned its refund or its error was saved, the outcome is `Refused`: the
        next refund needs a new key.
        """

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """Refund all that is captured of a checkout that no ticket has stored as its own.

        Repeating the call refunds nothing twice: the idempotency key is
        ``{ticket_code}:refund:{checkout_id}``.
        """

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """List the checkouts that this installation opened at or after ``since``.

        Args:
            since: The oldest to list.
            after: `ListedPage.next` of the page before; None for the first page.
        """
