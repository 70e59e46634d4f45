"""A payment gateway that bounds how many threads call another gateway.

While the gateway is slow, each call keeps a thread. Without a bound all threads would end up there,
and none would be left for requests that need no gateway.
"""

from datetime import datetime, timedelta

from ticketing_core.errors import Overloaded
from ticketing_core.money import Money
from ticketing_core.payment import (
    BUSY,
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
    Refused,
    Unknown,
)
from ticketing_core.ports import PaymentGateway
from ticketing_core.ticket import Ticket
from ticketing_service.capacity.looks import SharedLooks
from ticketing_service.capacity.rooms import Room

RETRY_AFTER = timedelta(seconds=5)
"""A gateway that is slow enough to fill the room has not recovered a second later."""

_REFUSED = Refused("busy", retryable=True)


class BoundedGateway:
    """Bounds how many threads call the gateway at a time. Safe to use from several threads.

    Opening checkouts has a room of its own: a rush of new purchases cannot keep buyers who have
    paid from their tickets.

    Looks at one checkout are shared. Closing is not: a caller that closes frees places, and needs
    an answer that is given after the checkout was closed. It does not wait for a running look
    either. That look may then find `Open` what is closed by now, as any look may; only callers that
    came before it began take that finding, and every step that follows is a compare-and-swap.

    Args:
        gateway: Makes the calls.
        opening: Room for opening checkouts.
        others: Room for all other calls.
        looks: Shares the looks.
        for_news: Whether callers act on news; see `SharedLooks.look_up`.
        look_seconds: How long a caller waits for a look, if not as long as it takes.
    """

    def __init__(
        self,
        gateway: PaymentGateway,
        *,
        opening: Room,
        others: Room,
        looks: SharedLooks,
        for_news: bool = False,
        look_seconds: float | None = None,
    ) -> None:
        self._gateway = gateway
        self._opening = opening
        self._others = others
        self._looks = looks
        self._for_news = for_news
        self._look_seconds = look_seconds

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`. It makes no call, so it is not bounded."""
        lasting = self._gateway.objection(total)
        if lasting is None and not self._opening.is_free():
            return Overloaded(RETRY_AFTER)
        return lasting

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        with self._opening.entered() as may_call:
            if not may_call:
                return Overloaded(RETRY_AFTER)
            return self._gateway.open(ticket, event_name=event_name, ends_at=ends_at, email=email)

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""

        def look() -> CheckoutState:
            with self._others.entered() as may_call:
                return self._gateway.look_up(checkout_id) if may_call else BUSY

        return self._looks.look_up(
            checkout_id, look, for_news=self._for_news, at_most=self._look_seconds
        )

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        with self._others.entered() as may_call:
            return self._gateway.close(checkout_id) if may_call else BUSY

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        with self._others.entered() as may_call:
            return self._gateway.refund(paid, key=key) if may_call else _REFUSED

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        with self._others.entered() as may_call:
            return self._gateway.list_checkouts(since=since, after=after) if may_call else BUSY

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        with self._others.entered() as may_call:
            return self._gateway.checkout_of(payment_id) if may_call else BUSY

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        with self._others.entered() as may_call:
            return self._gateway.list_news(source, since=since, after=after) if may_call else BUSY
