"""A payment gateway in memory that behaves as a real one does, failures included.

Buyers can pay only at an address that they were given. Answers get lost before, after or without
their effect, idempotency keys are remembered, and money can be refunded by hand.
"""

import enum
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from typing import TypeVar
from uuid import UUID

from ticketing_core.errors import PaymentRefused, TotalTooLarge, TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    GivenBack,
    ListedPage,
    Missing,
    Open,
    OpenOutcome,
    RefundOutcome,
    Refused,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.testing.fake_checkout import CannotPay, FakeCheckout, Phase
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


class FakeGateway:
    """A complete payment gateway in memory. Safe to use from several threads.

    Args:
        clock: The time at which checkouts end.
        minimum: The smallest payment it takes, or None.
        maximum: The largest payment it takes, or None.
    """

    def __init__(
        self, *, clock: Clock, minimum: Money | None = None, maximum: Money | None = None
    ) -> None:
        self._clock = clock
        self._minimum, self._maximum = minimum, maximum
        self._checkouts: dict[str, FakeCheckout] = {}
        self._opened_with: dict[str, Checkout] = {}
        self._refunded_with: set[str] = set()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._late: list[Callable[[], object]] = []
        self._numbers = count(1)
        self._lock = RLock()

    # --- the port ---------------------------------------------------------------------------

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        if self._minimum is not None and total.amount_minor < self._minimum.amount_minor:
            return TotalTooSmall(self._minimum)
        if self._maximum is not None and total.amount_minor > self._maximum.amount_minor:
            return TotalTooLarge(self._maximum)
        return None

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        if not event_name:
            return PaymentRefused("product_name_missing", retryable=False)
        return self._call(
            "open",
            lambda: self._open(ticket, ends_at=ends_at),
            refused=PaymentRefused("refused", retryable=False),
        )

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._call("look_up", lambda: self._state(checkout_id))

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._call("close", lambda: self._close(checkout_id))

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        if ticket.checkout is None:
            return Refused("no_such_checkout", retryable=False)
        return self._refund(ticket.checkout.checkout_id, key=ticket.refund_key)

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """See `PaymentGateway.refund_stray`."""
        return self._refund(checkout_id, key=f"{ticket_code}:refund:{checkout_id}")

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        return self._call("list_checkouts", lambda: self._page(since, after=after))

    # --- what the buyer does ----------------------------------------------------------------

    def pay(self, url: str, *, amount: Money | None = None) -> None:
        """Pay at ``url``; with ``amount``, another amount than the checkout's.

        Raises:
            CannotPay: The page does not take the payment.
        """
        with self._lock:
            paid = self._payable(url)
            paid.total = amount or paid.total
            paid.take()

    def decline(self, url: str) -> None:
        """Try to pay with a card that is declined: the page stays open."""
        with self._lock:
            self._payable(url)

    def pay_slowly(self, url: str) -> None:
        """Pay with a method that decides later; see `decide`."""
        with self._lock:
            self._payable(url).phase = Phase.PROCESSING

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """Let a slow payment succeed or fail.

        Raises:
            CannotPay: No slow payment is being processed.
        """
        with self._lock:
            self._checkouts[checkout_id].decide(paid=paid)

    # --- what happens without the ticket service --------------------------------------------

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Refund by hand, all that is captured or a part of it."""
        with self._lock:
            paid = self._checkouts[checkout_id]
            paid.refunded += min(amount_minor or paid.captured, paid.captured)

    def send_back(self, checkout_id: str) -> None:
        """Let the buyer's bank return the refund: the money is captured again."""
        with self._lock:
            self._checkouts[checkout_id].refunded = 0

    def dispute(self, checkout_id: str) -> None:
        """Let the buyer's bank open a dispute."""
        with self._lock:
            self._checkouts[checkout_id].disputed = True

    def forget(self, checkout_id: str) -> None:
        """Lose the checkout: the gateway does not find it any more."""
        with self._lock:
            del self._checkouts[checkout_id]

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

    # --- what a test may read ---------------------------------------------------------------

    def captured_for(self, ticket_code: UUID) -> int:
        """Return the minor units captured for a ticket, over all its checkouts."""
        with self._lock:
            return sum(each.captured for each in self._of_ticket(ticket_code))

    def taken_for(self, ticket_code: UUID) -> int:
        """Return the minor units paid for a ticket, over all its checkouts, refunds included."""
        with self._lock:
            return sum(each.taken for each in self._of_ticket(ticket_code))

    def payable_for(self, ticket_code: UUID) -> Sequence[str]:
        """Return the ids of the ticket's checkouts that can be paid now."""
        with self._lock:
            now = self._clock.now()
            own = self._of_ticket(ticket_code)
            return [each.checkout.checkout_id for each in own if each.is_payable(now)]

    # --- how it works -----------------------------------------------------------------------

    def _call(
        self, name: str, effect: Callable[[], Outcome], *, refused: Outcome | None = None
    ) -> "Outcome | Unknown":
        with self._lock:
            fault = self._faults[name].popleft() if self._faults[name] else None
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

    def _open(self, ticket: Ticket, *, ends_at: datetime) -> OpenOutcome:
        if ticket.open_key in self._opened_with:
            return Open(self._opened_with[ticket.open_key])
        number = next(self._numbers)
        checkout = Checkout(
            checkout_id=f"co_{number}",
            url=f"https://pay.example/{number}",
            ends_at=max(ends_at, ticket.created_at + SHORTEST_CHECKOUT),
        )
        self._checkouts[checkout.checkout_id] = FakeCheckout(
            checkout=checkout,
            ticket_code=ticket.ticket_code,
            total=ticket.total,
            opened_at=self._clock.now(),
        )
        self._opened_with[ticket.open_key] = checkout
        return Open(checkout)

    def _close(self, checkout_id: str) -> CheckoutState:
        found = self._checkouts.get(checkout_id)
        if found is not None and found.phase is Phase.OPEN:
            found.phase = Phase.CLOSED
        return self._state(checkout_id)

    def _refund(self, checkout_id: str, *, key: str) -> RefundOutcome:
        return self._call(
            "refund",
            lambda: self._refund_once(checkout_id, key=key),
            refused=Refused("refused", retryable=False),
        )

    def _refund_once(self, checkout_id: str, *, key: str) -> RefundOutcome:
        paid = self._checkouts.get(checkout_id)
        if paid is None:
            return Refused("no_such_checkout", retryable=False)
        if key in self._refunded_with:
            # The bank may have returned the refund since.
            return Refused("key_used_up", retryable=False) if paid.captured else GivenBack()
        if paid.disputed:
            return Refused("charge_disputed", retryable=False)
        paid.refunded = paid.taken
        self._refunded_with.add(key)
        return GivenBack()

    def _page(self, since: datetime, *, after: str | None) -> ListedPage:
        ids = list(self._checkouts)
        start = 0 if after is None else ids.index(after) + 1
        page = ids[start : start + PAGE]
        found = [self._checkouts[checkout_id] for checkout_id in page]
        listed = [each.listed(self._clock.now()) for each in found if each.opened_at >= since]
        return ListedPage(checkouts=listed, next=page[-1] if start + PAGE < len(ids) else None)

    def _state(self, checkout_id: str) -> CheckoutState:
        found = self._checkouts.get(checkout_id)
        return Missing() if found is None else found.state(self._clock.now())

    def _of_ticket(self, ticket_code: UUID) -> Sequence[FakeCheckout]:
        return [each for each in self._checkouts.values() if each.ticket_code == ticket_code]

    def _payable(self, url: str) -> FakeCheckout:
        now = self._clock.now()
        for each in self._checkouts.values():
            if each.checkout.url == url and each.is_payable(now):
                return each
        raise CannotPay(url)
