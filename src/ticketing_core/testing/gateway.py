"""A payment gateway in memory that behaves as a real one does, failures included.

Buyers can pay only at an address that they were given. Answers get lost before, after or without
their effect, idempotency keys are remembered, and money can be refunded by hand.
"""

import enum
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from ticketing_core.errors import PaymentRefused, TotalTooLarge, TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
    Open,
    OpenOutcome,
    Paid,
    RefundOutcome,
    Refused,
    Unknown,
    Waiting,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.testing.fake_checkout import FakeCheckout, FakeRefund, Phase, RefundStatus
from ticketing_core.testing.fake_world import FakeWorld
from ticketing_core.ticket import Checkout, Ticket

Outcome = TypeVar("Outcome")

PAGE = 3
"""Checkouts in one page of a listing: few, so that every test of a listing reads several pages."""

SHORTEST_CHECKOUT = timedelta(minutes=35)
"""Real providers refuse checkouts that live less than half an hour."""


class Fault(enum.Enum):
    """What goes wrong with one call."""

    BEFORE_EFFECT = enum.auto()
    """No answer, and nothing happened."""
    AFTER_EFFECT = enum.auto()
    """It happened, and the answer is lost."""
    LATE_EFFECT = enum.auto()
    """No answer; it happens when `FakeGateway.land_late_effects` is called."""
    REFUSED = enum.auto()
    """A definite refusal. A call that cannot be refused gets no answer instead."""


class FakeGateway(FakeWorld):
    """A complete payment gateway in memory. Safe to use from several threads.

    Args:
        clock: The gateway's own time, at which checkouts end.
        minimum: The smallest payment it takes, or None.
        maximum: The largest payment it takes, or None.

    Attributes:
        is_away: Whether no call gets an answer, nor has an effect.
    """

    def __init__(
        self, *, clock: Clock, minimum: Money | None = None, maximum: Money | None = None
    ) -> None:
        super().__init__(clock=clock)
        self._minimum, self._maximum = minimum, maximum
        self._opened_with: dict[str, Checkout] = {}
        self._refunded_with: dict[str, FakeRefund] = {}
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._late: list[Callable[[], object]] = []
        self._last = 0
        self.is_away = False

    # --- the port ---------------------------------------------------------------------------

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        if self._minimum is not None and total.amount_minor < self._minimum.amount_minor:
            return TotalTooSmall(self._minimum)
        if self._maximum is not None and total.amount_minor > self._maximum.amount_minor:
            return TotalTooLarge(self._maximum)
        return None

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        if not event_name:
            return PaymentRefused("product_name_missing", retryable=False)
        return self._call(
            "open",
            lambda: self._open(ticket, ends_at=ends_at, email=email),
            refused=PaymentRefused("refused", retryable=False),
        )

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._call("look_up", lambda: self._state(checkout_id))

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._call("close", lambda: self._close(checkout_id))

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        checkout_id = paid.payment_id.removeprefix("pay_")
        return self._call(
            "refund",
            lambda: self._refund(checkout_id, amount=paid.ours.amount_minor, key=key),
            refused=Refused("refused", retryable=False),
        )

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        return self._call("list_checkouts", lambda: self._page(since, after=after))

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        return self._call("checkout_of", lambda: self._checkout_of(payment_id))

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        return self._call("list_news", lambda: self.news.page(source, since=since, after=after))

    # --- faults -----------------------------------------------------------------------------

    def fail_next(self, call: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next calls of this name (``"open"``, ``"close"`` …) go wrong."""
        with self._lock:
            self._faults[call].extend([fault] * times)

    def heal(self) -> None:
        """Forget all faults that have not happened yet."""
        with self._lock:
            self._faults.clear()

    def land_late_effects(self) -> None:
        """Let the effects of calls happen that got `Fault.LATE_EFFECT`."""
        with self._lock:
            late, self._late = self._late, []
            for effect in late:
                effect()

    # --- how it works -----------------------------------------------------------------------

    def _call(
        self, name: str, effect: Callable[[], Outcome], *, refused: Outcome | None = None
    ) -> "Outcome | Unknown":
        with self._lock:
            fault = self._faults[name].popleft() if self._faults[name] else None
            if self.is_away:
                fault = Fault.BEFORE_EFFECT
            match fault:
                case None:
                    return effect()
                case Fault.REFUSED if refused is not None:
                    return refused
                case Fault.AFTER_EFFECT:
                    effect()
                case Fault.LATE_EFFECT:
                    self._late.append(effect)
                case _:
                    pass
            return Unknown(f"{name}: no answer")

    def _open(self, ticket: Ticket, *, ends_at: datetime, email: str | None) -> OpenOutcome:
        if ticket.open_key in self._opened_with:
            return Open(self._opened_with[ticket.open_key])
        self._last += 1
        number = self._last
        checkout = Checkout(
            checkout_id=f"co_{number}",
            url=f"https://pay.example/{number}",
            ends_at=max(ends_at, ticket.created_at + SHORTEST_CHECKOUT),
        )
        self._checkouts[checkout.checkout_id] = FakeCheckout(
            checkout=checkout,
            ticket_code=ticket.ticket_code,
            ticket_id=ticket.ticket_id,
            total=ticket.total,
            opened_at=self._clock.now(),
            email=email,
        )
        self._opened_with[ticket.open_key] = checkout
        return Open(checkout)

    def _close(self, checkout_id: str) -> CheckoutState:
        found = self._checkouts.get(checkout_id)
        if found is not None and found.phase is Phase.OPEN:
            found.phase = Phase.CLOSED
        return self._state(checkout_id)

    def _refund(self, checkout_id: str, *, amount: int, key: str) -> RefundOutcome:
        paid = self._checkouts.get(checkout_id)
        if paid is None:
            return Refused("no_such_payment", retryable=False)
        if paid.held:
            return Refused("charge_disputed", retryable=False)
        made = self._refunded_with.get(key)
        if made is None:
            if amount > paid.refundable(waiting_counts=self.waiting_counts):
                return Refused("amount_too_large", retryable=False)
            made = self._refunded_with[key] = FakeRefund(amount, self._refund_status, key)
            self._add_refund(paid, made)
        if made.amount != amount:
            return Refused("key_of_another_refund", retryable=False)
        match made.status:
            case RefundStatus.REQUIRES_ACTION:
                return Waiting("requires_action")
            case RefundStatus.FAILED:
                # The next look counts it.
                return Unknown("the refund has failed")
            case RefundStatus.SUCCEEDED | RefundStatus.PENDING:
                return GivenBack()

    def _page(self, since: datetime, *, after: str | None) -> ListedPage:
        ids = list(reversed(self._checkouts))
        start = 0 if after is None else ids.index(after) + 1
        page = ids[start : start + PAGE]
        found = [self._checkouts[checkout_id] for checkout_id in page]
        listed = [each.listed(self._clock.now()) for each in found if each.opened_at >= since]
        return ListedPage(checkouts=listed, next=page[-1] if start + PAGE < len(ids) else None)

    def _checkout_of(self, payment_id: str) -> ListedCheckout | Missing:
        for each in self._checkouts.values():
            if each.payment_id == payment_id and each.phase is Phase.PAID:
                return each.listed(self._clock.now())
        return Missing()

    def _state(self, checkout_id: str) -> CheckoutState:
        found = self._checkouts.get(checkout_id)
        return Missing() if found is None else found.state(self._clock.now())
