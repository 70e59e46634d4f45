"""A payment gateway that is asked no more often than its limit allows.

Settling thousands of tickets would else use up the calls that buyers wait for
(docs.stripe.com/rate-limits: 100 reads a second live, 25 in test mode).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar
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
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ticket import Ticket

Answer = TypeVar("Answer")


class PacedGateway:
    """Passes every call on, each in its own slot of time. Safe to use from several threads.

    Args:
        gateway: Does the work.
        clock: Tells the time and waits.
        calls_per_second: The most calls that begin within any second.
    """

    def __init__(self, gateway: PaymentGateway, *, clock: Clock, calls_per_second: int) -> None:
        self._gateway = gateway
        self._clock = clock
        self._slot = timedelta(seconds=1) / calls_per_second
        self._lock = Lock()
        self._seen_now = self._next_slot = clock.now()

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`. It asks nobody, so it does not wait."""
        return self._gateway.objection(total)

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        return self._paced(
            lambda: self._gateway.open(ticket, event_name=event_name, ends_at=ends_at)
        )

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._paced(lambda: self._gateway.look_up(checkout_id))

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._paced(lambda: self._gateway.close(checkout_id))

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        return self._paced(lambda: self._gateway.refund(ticket))

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """See `PaymentGateway.refund_stray`."""
        return self._paced(lambda: self._gateway.refund_stray(checkout_id, ticket_code=ticket_code))

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        return self._paced(lambda: self._gateway.list_checkouts(since=since, after=after))

    def _paced(self, call: Callable[[], Answer]) -> Answer:
        with self._lock:
            now = self._clock.now()
            if now < self._seen_now:
                # The clock was set back: the slots before that would be waited for as long.
                self._next_slot = now
            self._seen_now = now
            slot = max(self._next_slot, now)
            self._next_slot = slot + self._slot
        if slot > now:
            self._clock.sleep(slot - now)
        return call()
