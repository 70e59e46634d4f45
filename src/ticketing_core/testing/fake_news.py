"""What the `FakeGateway` lists of what happened to payments."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from attrs import frozen

from ticketing_core.payment import NewsPage, NewsSource, PaymentHint
from ticketing_core.ports.environment import Clock
from ticketing_core.testing.fake_checkout import FakeCheckout, FakeRefund

EVENTS_KEPT = timedelta(days=30)
"""For how long real providers keep events."""

PAGE = 2
"""News in one page: few, so that every test of a listing reads several pages."""


@frozen(kw_only=True)
class _Entry:
    """One line of a listing.

    Attributes:
        number: Its place among all lines; the order of lines of the same instant.
        created: The instant, in whole seconds.
        visible_at: From when on it is listed.
        read: Returns what the listing says of it now.
    """

    number: int
    created: datetime
    visible_at: datetime
    read: Callable[[], PaymentHint]


class FakeNews:
    """Events of a month, and all refunds and disputes.

    Args:
        clock: The gateway's own time.

    Attributes:
        delay: How long after its instant an event shows in the listing.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[NewsSource, list[_Entry]] = {source: [] for source in NewsSource}
        self.delay = timedelta(0)

    def refund_made(self, paid: FakeCheckout, refund: FakeRefund) -> None:
        """Somebody has made a refund."""
        self._add(NewsSource.REFUNDS, partial(_refund, paid, refund, names_ticket=True))
        self.refund_changed(paid, refund)

    def refund_changed(self, paid: FakeCheckout, refund: FakeRefund) -> None:
        """A refund came to another status, or was made."""
        self._event(_refund(paid, refund, names_ticket=False))

    def dispute_opened(self, paid: FakeCheckout) -> None:
        """The buyer's bank has opened a dispute."""
        named = PaymentHint(payment_id=paid.payment_id, ticket_code=paid.ticket_code)
        self._add(NewsSource.DISPUTES, lambda: named)
        self.happened(paid.payment_id)

    def happened(self, payment_id: str, *, is_fraud_warning: bool = False) -> None:
        """Something happened to a payment, maybe one of another installation."""
        self._event(PaymentHint(payment_id=payment_id, is_fraud_warning=is_fraud_warning))

    def page(self, source: NewsSource, *, since: datetime, after: str | None) -> NewsPage:
        """Return a page, the newest first. See `PaymentGateway.list_news`."""
        now = self._clock.now()
        oldest = max(since, now - EVENTS_KEPT) if source is NewsSource.EVENTS else since
        listed = [
            entry
            for entry in reversed(self._entries[source])
            if entry.created >= oldest.replace(microsecond=0)
            and entry.visible_at <= now
            and (after is None or entry.number < int(after))
        ]
        return NewsPage(
            news=[entry.read() for entry in listed[:PAGE]],
            answered_at=now.replace(microsecond=0),
            next=str(listed[PAGE - 1].number) if len(listed) > PAGE else None,
        )

    def _event(self, hint: PaymentHint) -> None:
        self._add(NewsSource.EVENTS, lambda: hint, delay=self.delay)

    def _add(
        self,
        source: NewsSource,
        read: Callable[[], PaymentHint],
        *,
        delay: timedelta = timedelta(0),
    ) -> None:
        now, entries = self._clock.now(), self._entries[source]
        entries.append(
            _Entry(
                number=len(entries),
                created=now.replace(microsecond=0),
                visible_at=now + delay,
                read=read,
            )
        )


def _refund(paid: FakeCheckout, refund: FakeRefund, *, names_ticket: bool) -> PaymentHint:
    return PaymentHint(
        payment_id=paid.payment_id,
        ticket_code=paid.ticket_code if names_ticket else None,
        refunded_minor=refund.amount if refund.is_gone else None,
    )
