"""What the `FakeGateway` tells of payments after the sale."""

from collections.abc import Callable
from datetime import datetime

from ticketing_core.payment import NewsPage, NewsSource, PaymentHint
from ticketing_core.ports.environment import Clock
from ticketing_core.testing.fake_checkout import FakeCheckout, FakeRefund, is_sent

PAGE = 3
"""News in one page: few, so that every test of a listing reads several pages."""


class FakeNews:
    """Entries by their source. A refund is listed as it is when it is listed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[NewsSource, list[tuple[datetime, Callable[[], PaymentHint]]]] = {
            source: [] for source in NewsSource
        }

    def tell(
        self, paid: FakeCheckout, *, refund: FakeRefund | None = None, is_fraud: bool = False
    ) -> None:
        """Tell that something happened to the payment."""
        hint = _hint(paid, refund, is_fraud_warning=is_fraud)
        self._add(NewsSource.EVENTS, lambda: hint)

    def made(self, source: NewsSource, paid: FakeCheckout, refund: FakeRefund | None) -> None:
        """Tell that a refund or dispute was made."""
        self.tell(paid, refund=refund)
        self._add(source, lambda: _hint(paid, refund))

    def tell_of_others(self, payment_id: str) -> None:
        """Tell that something happened to a payment that no checkout led to."""
        self._add(NewsSource.EVENTS, lambda: PaymentHint(payment_id=payment_id))

    def page(self, source: NewsSource, *, since: datetime, after: str | None) -> NewsPage:
        """Return a page, the oldest entries first."""
        entries = self._entries[source]
        start = int(after or 0)
        return NewsPage(
            news=[hint() for at, hint in entries[start : start + PAGE] if at >= since],
            answered_at=self._clock.now(),
            next=str(start + PAGE) if start + PAGE < len(entries) else None,
        )

    def _add(self, source: NewsSource, hint: Callable[[], PaymentHint]) -> None:
        self._entries[source].append((self._clock.now(), hint))


def _hint(
    paid: FakeCheckout, refund: FakeRefund | None, *, is_fraud_warning: bool = False
) -> PaymentHint:
    return PaymentHint(
        payment_id=paid.payment_id,
        ticket_code=paid.ticket_code,
        refunded_minor=refund.amount if refund and is_sent(refund) else None,
        is_fraud_warning=is_fraud_warning,
    )
