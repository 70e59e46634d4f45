"""The port to the payment gateway. No vendor's words appear here."""

from datetime import datetime
from typing import Protocol

from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    ListedCheckout,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
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
        """List the checkouts that this installation opened at or after ``since``, newest first.

        Args:
            since: The oldest to list.
            after: `ListedPage.next` of the page before; None for the first page.
        """

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """Return this installation's checkout that led to the payment; `Missing` if none did."""

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """List what has happened to payments at or after ``since``, refunds by hand included.

        Every refund that is made or changes, every dispute and every fraud warning is listed. What
        happens while the pages are read may be missing from all of them; it is in the next listing
        that starts before `NewsPage.answered_at` of the first page.

        Args:
            source: Where to look.
            since: The oldest to list, by the gateway's clock.
            after: `NewsPage.next` of the page before; None for the first page.
        """
