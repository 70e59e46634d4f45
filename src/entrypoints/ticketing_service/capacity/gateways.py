"""Payment gateways that bound how many threads call another gateway, and how often.

While the gateway is slow, each call keeps a thread. Without a bound all threads would end up there,
and none would be left for requests that need no gateway.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Lock, Semaphore

from ticketing_core.errors import Overloaded
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
    Refused,
    Unknown,
)
from ticketing_core.ports import Clock, PaymentGateway
from ticketing_core.ticket import Ticket

ROOM_SECONDS = 1.0
"""How long a call waits for room: calls take 0.3 to 1 second, so some has nearly always become free
by then."""

RETRY_AFTER = timedelta(seconds=5)
"""A gateway that is slow enough to fill the room has not recovered a second later."""

WAITING_PART = 8
"""One of so many threads in a room may wait; the others are calling."""

_BUSY = Unknown("busy")
_REFUSED = Refused("busy", retryable=True)


class GatewayWrapper:
    """Makes each call within `_entered`, which a subclass overrides."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    def _entered(self) -> AbstractContextManager[bool]:
        """Enter for one call; False if there was no room in time, and no call may be made."""
        raise NotImplementedError

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`. It makes no call, so it is not bounded."""
        return self._gateway.objection(total)

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        with self._entered() as may_call:
            if not may_call:
                return Overloaded(RETRY_AFTER)
            return self._gateway.open(ticket, event_name=event_name, ends_at=ends_at, email=email)

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        with self._entered() as may_call:
            return self._gateway.look_up(checkout_id) if may_call else _BUSY

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        with self._entered() as may_call:
            return self._gateway.close(checkout_id) if may_call else _BUSY

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        with self._entered() as may_call:
            return self._gateway.refund(paid, key=key) if may_call else _REFUSED

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        with self._entered() as may_call:
            return self._gateway.list_checkouts(since=since, after=after) if may_call else _BUSY

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        with self._entered() as may_call:
            return self._gateway.checkout_of(payment_id) if may_call else _BUSY

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        with self._entered() as may_call:
            return self._gateway.list_news(source, since=since, after=after) if may_call else _BUSY


class Room:
    """Room for a number of threads, most of them calling the gateway and a few waiting to.

    Args:
        threads: The most of both, at least one.
        patience: How long a thread waits, in seconds.
        while_inside: A context that a thread is in while it waits or calls, such as `Slots.lent`.
    """

    def __init__(
        self,
        threads: int,
        *,
        patience: float = ROOM_SECONDS,
        while_inside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._while_inside = while_inside
        self._inside = Semaphore(threads)
        self._calling = Semaphore(threads - threads // WAITING_PART)
        self._patience = patience

    def is_free(self) -> bool:
        """Return whether a call could begin at once."""
        if not self._calling.acquire(blocking=False):
            return False
        self._calling.release()
        return True

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Enter for one call; False if there was no room in time, and no call may be made."""
        if not self._inside.acquire(blocking=False):
            yield False
            return
        try:
            with self._while_inside():
                may_call = self._calling.acquire(timeout=self._patience)
                try:
                    yield may_call
                finally:
                    if may_call:
                        self._calling.release()
        finally:
            self._inside.release()


class BoundedGateway(GatewayWrapper):
    """Bounds how many threads call the gateway at a time. Safe to use from several threads.

    Opening checkouts has a room of its own: a rush of new purchases cannot keep buyers who have
    paid from their tickets.

    Args:
        gateway: Makes the calls.
        opening: Room for opening checkouts.
        others: Room for all other calls.
    """

    def __init__(self, gateway: PaymentGateway, *, opening: Room, others: Room) -> None:
        super().__init__(gateway)
        self._opening = opening
        self._others = others

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        lasting = super().objection(total)
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

    def _entered(self) -> AbstractContextManager[bool]:
        return self._others.entered()


class PacedGateway(GatewayWrapper):
    """Makes each call in a time slot of its own. Safe to use from several threads.

    Settling thousands of tickets would otherwise use up the calls that buyers wait for.

    Args:
        gateway: Makes the calls.
        clock: Knows the time and waits.
        calls_per_second: The most calls that begin within any second. Each is one to three calls
            of the provider's API.
    """

    def __init__(self, gateway: PaymentGateway, *, clock: Clock, calls_per_second: int) -> None:
        super().__init__(gateway)
        self._clock = clock
        self._slot = timedelta(seconds=1) / calls_per_second
        self._lock = Lock()
        self._last_now = self._next_slot = clock.now()

    @contextmanager
    def _entered(self) -> Iterator[bool]:
        with self._lock:
            now = self._clock.now()
            if now < self._last_now:
                # The clock was set back; the old slots would be waited for as long.
                self._next_slot = now
            self._last_now = now
            slot = max(self._next_slot, now)
            self._next_slot = slot + self._slot
        if slot > now:
            self._clock.sleep(slot - now)
        yield True
