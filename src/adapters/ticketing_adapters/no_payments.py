"""The gateway of a seller who has not set up payments: only free tickets can be bought."""

from datetime import datetime

from ticketing_core.errors import PaymentRefused, PaymentsNotConfigured
from ticketing_core.money import Money
from ticketing_core.payment import ListedPage, NewsPage, NewsSource, Paid, Unknown
from ticketing_core.ticket import Ticket

_NO_ACCOUNT = "payments are not configured"


class NoPayments:
    """Takes no money. Checkouts that another gateway opened before are `Unknown`, not closed."""

    def objection(self, total: Money) -> PaymentsNotConfigured:
        """See `PaymentGateway.objection`."""
        del total
        return PaymentsNotConfigured()

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> PaymentRefused:
        """See `PaymentGateway.open`."""
        del ticket, event_name, ends_at, email
        return PaymentRefused(_NO_ACCOUNT, retryable=False)

    def look_up(self, checkout_id: str) -> Unknown:
        """See `PaymentGateway.look_up`."""
        del checkout_id
        return Unknown(_NO_ACCOUNT)

    def close(self, checkout_id: str) -> Unknown:
        """See `PaymentGateway.close`."""
        del checkout_id
        return Unknown(_NO_ACCOUNT)

    def refund(self, paid: Paid, *, key: str) -> Unknown:
        """See `PaymentGateway.refund`."""
        del paid, key
        return Unknown(_NO_ACCOUNT)

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage:
        """See `PaymentGateway.list_checkouts`. Without an account the list is empty."""
        del since, after
        return ListedPage(checkouts=[], next=None)

    def checkout_of(self, payment_id: str) -> Unknown:
        """See `PaymentGateway.checkout_of`."""
        del payment_id
        return Unknown(_NO_ACCOUNT)

    def list_news(self, source: NewsSource, *, since: datetime, after: str | None) -> NewsPage:
        """See `PaymentGateway.list_news`. Without an account nothing is known after ``since``."""
        del source, after
        return NewsPage(news=[], answered_at=since, next=None)
