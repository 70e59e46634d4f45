"""The port to the payment gateway. No vendor's words appear here."""

from datetime import datetime
from typing import Protocol

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    ListedPage,
    OpenOutcome,
    Paid,
    RefundOutcome,
    Unknown,
)
from ticketing_core.ticket import Ticket


class PaymentGateway(Protocol):
    """Opens checkouts, reports what became of them, closes them and refunds their payments."""

    def objection(self, total: Money) -> GatewayObjection | None:
        """Return why a checkout over ``total`` would not be opened, or None.

        Decides without a call to the provider and reserves nothing, so None promises nothing:
        `open` may still refuse. `Overloaded` is temporary; the other objections last.
        """

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """Open a checkout over ``ticket.total``.

        It ends by itself at ``ends_at``, or as soon after that as the provider allows. Repeating
        the call with the same arguments opens nothing new: ``ticket.open_key`` names it to the
        provider. After `Overloaded`, `PaymentRefused` and `PaymentsNotConfigured` this
        call has opened nothing; after `Unknown` a checkout may be open. All tries of one call end
        within 30 seconds.

        Args:
            ticket: What is paid.
            event_name: What the page calls it.
            ends_at: When the checkout ends.
            email: The buyer's address, for the page to have it filled in. Any text may come. One
                that the provider does not take is left out and stops nothing, and none is logged.
        """

    def look_up(self, checkout_id: str) -> CheckoutState:
        """Report the state of the checkout. Changes nothing."""

    def close(self, checkout_id: str) -> CheckoutState:
        """Make an open checkout unpayable, and report the state it is in then; never `Open`."""

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """Refund all that is still the seller's of a payment: ``paid.ours``.

        Repeating the call refunds nothing twice: ``key`` is its idempotency key. `Waiting` means
        that the refund exists and is not final. After `Refused` nothing was refunded, and the next
        try needs a new key; after `Unknown` another look shows what happened.

        Args:
            paid: The payment as just seen; exactly its ``ours`` is refunded. No refund of it is
                waiting, and nothing is held.
            key: Another one for each attempt.
        """

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """List the checkouts that this installation opened at or after ``since``.

        Args:
            since: The oldest to list.
            after: `ListedPage.next` of the page before; None for the first page.
        """
