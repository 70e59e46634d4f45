"""A payment gateway that counts and times the calls of another one, and logs its faults."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from ticketing_core.errors import PaymentRefused, PaymentsNotConfigured
from ticketing_core.errors.root import code_of
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
from ticketing_service.observing.counted import CountedWarnings
from ticketing_service.observing.metrics import Metrics

T = TypeVar("T")

_faults = CountedWarnings(logging.getLogger(__name__), "calls of the payment provider failed")


@frozen
class ObservedGateway:
    """Counts the calls of ``gateway``, and logs what it refuses or does not answer.

    It is the wrapper nearest to the provider: calls refused for want of room do not get here.
    """

    gateway: PaymentGateway
    metrics: Metrics | None

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`. It makes no call."""
        return self.gateway.objection(total)

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        call = self.gateway.open
        return self._observed(
            "open", lambda: call(ticket, event_name=event_name, ends_at=ends_at, email=email)
        )

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._observed("look_up", lambda: self.gateway.look_up(checkout_id))

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._observed("close", lambda: self.gateway.close(checkout_id))

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        return self._observed("refund", lambda: self.gateway.refund(paid, key=key))

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        call = self.gateway.list_checkouts
        return self._observed("list_checkouts", lambda: call(since=since, after=after))

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        return self._observed("checkout_of", lambda: self.gateway.checkout_of(payment_id))

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        call = self.gateway.list_news
        return self._observed("list_news", lambda: call(source, since=since, after=after))

    def _observed(self, operation: str, call: Callable[[], T]) -> T:
        began, outcome = time.perf_counter(), "error"
        try:
            result = call()
            outcome = code_of(type(result))
            if result == BUSY:
                # Not "unknown", which would be a fault of the provider.
                outcome = "busy"
            fault = _fault(result)
            if fault is not None:
                _faults.add(f"{operation} {outcome}: {fault}")
            return result
        finally:
            if self.metrics is not None:
                self.metrics.gateway_calls(operation, outcome).inc()
                seconds = time.perf_counter() - began
                self.metrics.gateway_seconds(operation).observe(seconds)


def _fault(result: object) -> str | None:
    """Return what is wrong with the provider or the settings; None if nothing is."""
    match result:
        case Unknown(reason) if result != BUSY:
            return reason
        case Refused(code):
            return code
        case PaymentRefused(gateway_code=code):
            return code
        case PaymentsNotConfigured():
            return "the gateway is not set up"
        case _:
            return None
