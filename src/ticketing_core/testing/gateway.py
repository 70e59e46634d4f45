"""A payment gateway in memory that behaves as a real one does, mishaps included.

Its buyer can pay only with an address that he was given; answers get lost before, after or
without their effect; keys are remembered; money can be given back behind our back.
"""

import enum
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from typing import TypeVar
from uuid import UUID

from attrs import define

from ticketing_core.errors import PaymentRefused, TotalTooSmall
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GatewayObjection,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    Open,
    OpenOutcome,
    Paid,
    Processing,
    RefundOutcome,
    Refused,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ticket import Checkout, Ticket

Answer = TypeVar("Answer")

PAGE = 3
"""Checkouts in one page of a listing: few, so that every test of a listing turns a page."""


SHORTEST_CHECKOUT = timedelta(minutes=35)
"""Real providers refuse checkouts that live less than half an hour."""


class Fault(enum.Enum):
    """What goes wrong with one call."""

    BEFORE_EFFECT = enum.auto()
    """No answer, and nothing happened."""
    AFTER_EFFECT = enum.auto()
    """It happened; the answer is lost."""
    LATE_EFFECT = enum.auto()
    """No answer; it happens when `FakeGateway.land_late_effects` is called."""
    REFUSED = enum.auto()
    """A definite no (calls that cannot be refused give no answer instead)."""


class CannotPay(Exception):
    """The page does not take the payment: wrong address, ended, closed or already paid."""


class _Phase(enum.Enum):
    OPEN = enum.auto()
    PROCESSING = enum.auto()
    PAID = enum.auto()
    CLOSED = enum.auto()


@define
class _Record:
    """One checkout as the gateway keeps it."""

    checkout: Checkout
    ticket_code: UUID
    total: Money
    opened_at: datetime
    phase: _Phase = _Phase.OPEN
    taken: int = 0
    refunded: int = 0
    disputed: bool = False


class FakeGateway:
    """A faithful gateway in memory. Safe to use from several threads.

    Args:
        clock: Ends checkouts on time.
        minimum: The smallest payment it takes, or None.
    """

    def __init__(self, *, clock: Clock, minimum: Money | None = None) -> None:
        self._clock = clock
        self._minimum = minimum
        self._records: dict[str, _Record] = {}
        self._opened_under: dict[str, str] = {}
        self._refunded_under: set[str] = set()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._late: list[Callable[[], object]] = []
        self._numbers = count(1)
        self._lock = RLock()

    # --- the port ---------------------------------------------------------------------------

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        if self._minimum is not None and total.amount_minor < self._minimum.amount_minor:
            return TotalTooSmall(self._minimum)
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
        return self._call(
            "refund", lambda: self._refund(ticket), refused=Refused("refused", retryable=False)
        )

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """See `PaymentGateway.refund_stray`."""
        key = f"{ticket_code}:refund:{checkout_id}"
        return self._call(
            "refund",
            lambda: self._give_all_back(checkout_id, key=key),
            refused=Refused("refused", retryable=False),
        )

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        return self._call("list_checkouts", lambda: self._page(since, after=after))

    # --- what the buyer does ----------------------------------------------------------------

    def pay(self, url: str, *, amount: Money | None = None) -> None:
        """Pay the page at ``url``; with ``amount``, something else than what was asked for.

        Raises:
            CannotPay: The page does not take it.
        """
        with self._lock:
            record = self._payable(url)
            record.phase = _Phase.PAID
            if amount is not None:
                record.total = amount
            record.taken = record.total.amount_minor

    def decline(self, url: str) -> None:
        """Try to pay with a card that is declined: the page stays open."""
        with self._lock:
            self._payable(url)

    def pay_slowly(self, url: str) -> None:
        """Pay with a method that decides later; see `decide`."""
        with self._lock:
            self._payable(url).phase = _Phase.PROCESSING

    def decide(self, checkout_id: str, *, paid: bool) -> None:
        """A slow payment succeeds or fails."""
        with self._lock:
            record = self._records[checkout_id]
            if record.phase is not _Phase.PROCESSING:
                raise CannotPay("no slow payment is waiting")
            record.phase = _Phase.PAID if paid else _Phase.CLOSED
            record.taken = record.total.amount_minor if paid else 0

    # --- what happens behind our back -------------------------------------------------------

    def give_back(self, checkout_id: str, amount_minor: int | None = None) -> None:
        """Somebody refunds by hand, all that is captured or a part of it."""
        with self._lock:
            record = self._records[checkout_id]
            captured = record.taken - record.refunded
            record.refunded += captured if amount_minor is None else min(amount_minor, captured)

    def send_back(self, checkout_id: str) -> None:
        """The buyer's bank returns a refund: the money is captured again."""
        with self._lock:
            self._records[checkout_id].refunded = 0

    def dispute(self, checkout_id: str) -> None:
        """The buyer's bank opens a dispute."""
        with self._lock:
            self._records[checkout_id].disputed = True

    def forget(self, checkout_id: str) -> None:
        """The gateway does not find the checkout any more."""
        with self._lock:
            del self._records[checkout_id]

    # --- mishaps ----------------------------------------------------------------------------

    def fail_next(self, call: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next calls of that name (``"open"``, ``"close"`` …) go wrong."""
        with self._lock:
            self._faults[call].extend([fault] * times)

    def heal(self) -> None:
        """Forget all faults that have not happened yet."""
        with self._lock:
            self._faults.clear()

    def land_late_effects(self) -> None:
        """What was under way when its answer was lost happens now."""
        with self._lock:
            late, self._late = self._late, []
            for effect in late:
                effect()

    # --- what a test may read ---------------------------------------------------------------

    def captured_for(self, ticket_code: UUID) -> int:
        """Minor units that are captured for one ticket, over all its checkouts."""
        with self._lock:
            return sum(
                record.taken - record.refunded
                for record in self._records.values()
                if record.ticket_code == ticket_code
            )

    def taken_for(self, ticket_code: UUID) -> int:
        """Minor units that buyers paid for one ticket, over all its checkouts, refunds included."""
        with self._lock:
            return sum(r.taken for r in self._records.values() if r.ticket_code == ticket_code)

    def payable_for(self, ticket_code: UUID) -> Sequence[str]:
        """Ids of the ticket's checkouts that somebody with their address could pay now."""
        with self._lock:
            return [
                checkout_id
                for checkout_id, record in self._records.items()
                if record.ticket_code == ticket_code and self._phase(record) is _Phase.OPEN
            ]

    # --- how it works -----------------------------------------------------------------------

    def _call(
        self, name: str, effect: Callable[[], Answer], *, refused: Answer | None = None
    ) -> "Answer | Unknown":
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
        known = self._opened_under.get(ticket.open_key)
        if known is not None:
            return Open(self._records[known].checkout)
        number = next(self._numbers)
        checkout = Checkout(
            checkout_id=f"co_{number}",
            url=f"https://pay.example/{number}",
            ends_at=max(ends_at, ticket.created_at + SHORTEST_CHECKOUT),
        )
        self._records[checkout.checkout_id] = _Record(
            checkout=checkout,
            ticket_code=ticket.ticket_code,
            total=ticket.total,
            opened_at=self._clock.now(),
        )
        self._opened_under[ticket.open_key] = checkout.checkout_id
        return Open(checkout)

    def _close(self, checkout_id: str) -> CheckoutState:
        record = self._records.get(checkout_id)
        if record is not None and record.phase is _Phase.OPEN:
            record.phase = _Phase.CLOSED
        return self._state(checkout_id)

    def _refund(self, ticket: Ticket) -> RefundOutcome:
        if ticket.checkout is None:
            return Refused("no_checkout", retryable=False)
        return self._give_all_back(ticket.checkout.checkout_id, key=ticket.refund_key)

    def _give_all_back(self, checkout_id: str, *, key: str) -> RefundOutcome:
        record = self._records.get(checkout_id)
        if record is None:
            return Refused("no_such_checkout", retryable=False)
        if key in self._refunded_under:
            # The bank may have returned it since.
            is_back = record.refunded == record.taken
            return GivenBack() if is_back else Refused("key_used_up", retryable=False)
        if record.disputed:
            return Refused("charge_disputed", retryable=False)
        record.refunded = record.taken
        self._refunded_under.add(key)
        return GivenBack()

    def _page(self, since: datetime, *, after: str | None) -> ListedPage:
        ids = list(self._records)
        start = 0 if after is None else ids.index(after) + 1
        page = ids[start : start + PAGE]
        return ListedPage(
            checkouts=[
                ListedCheckout(
                    checkout_id=checkout_id,
                    ticket_code=self._records[checkout_id].ticket_code,
                    state=self._state(checkout_id),
                )
                for checkout_id in page
                if self._records[checkout_id].opened_at >= since
            ],
            next=page[-1] if start + PAGE < len(ids) else None,
        )

    def _state(self, checkout_id: str) -> CheckoutState:
        record = self._records.get(checkout_id)
        if record is None:
            return Missing()
        match self._phase(record):
            case _Phase.OPEN:
                return Open(record.checkout)
            case _Phase.PROCESSING:
                return Processing()
            case _Phase.CLOSED:
                return Closed()
            case _Phase.PAID:
                return self._paid(record)

    def _paid(self, record: _Record) -> Paid | GivenBack:
        captured = record.taken - record.refunded
        if captured == 0:
            return GivenBack()
        currency = record.total.currency
        return Paid(
            ticket_code=record.ticket_code,
            captured=Money(captured, currency),
            refunded=Money(record.refunded, currency),
            disputed=record.disputed,
        )

    def _phase(self, record: _Record) -> _Phase:
        ended = self._clock.now() >= record.checkout.ends_at
        return _Phase.CLOSED if record.phase is _Phase.OPEN and ended else record.phase

    def _payable(self, url: str) -> _Record:
        for record in self._records.values():
            if record.checkout.url == url and self._phase(record) is _Phase.OPEN:
                return record
        raise CannotPay(url)
