"""A payment gateway that is asked by a bounded number of threads at a time.

While the provider is slow, each call keeps a thread. Without a bound they would all wait here,
and nobody would be left for what needs no provider at all.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Semaphore
from typing import TypeVar
from uuid import UUID

from ticketing_core.errors import Overloaded
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GatewayObjection,
    ListedPage,
    Notification,
    OpenOutcome,
    RefundOutcome,
    Refused,
    Unknown,
)
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.notifications import NotificationReader
from ticketing_core.ticket import Ticket

Answer = TypeVar("Answer")
Refusal = TypeVar("Refusal", Refused, Unknown)

PATIENCE_SECONDS = 1.0
"""Calls take 0.3 to 1 second, so somebody has nearly always left by then."""

RETRY_AFTER = timedelta(seconds=5)
"""A provider that fills all the room with its slowness has not recovered a second later."""

WAITING_PART = 8
"""One of so many threads may wait for its turn, where the others are calling."""

_BUSY = "busy"


class Room:
    """Room for a number of threads, most of them calling and a few waiting to.

    Args:
        threads: The most of both, at least one.
        patience: How long one waits, in seconds.
        aside: Entered for as long as a thread is in the room, waiting or calling: it may give
            back there what others need meanwhile.
    """

    def __init__(
        self,
        threads: int,
        *,
        patience: float = PATIENCE_SECONDS,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._aside = aside
        self._inside = Semaphore(threads)
        self._calling = Semaphore(threads - threads // WAITING_PART)
        self._patience = patience

    def has_some(self) -> bool:
        """Whether a call would begin at once now."""
        if not self._calling.acquire(blocking=False):
            return False
        self._calling.release()
        return True

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take room for one call; False if there was none in time, and nothing may be called."""
        if not self._inside.acquire(blocking=False):
            yield False
            return
        try:
            with self._aside(), self._called() as taken:
                yield taken
        finally:
            self._inside.release()

    @contextmanager
    def _called(self) -> Iterator[bool]:
        if not self._calling.acquire(timeout=self._patience):
            yield False
            return
        try:
            yield True
        finally:
            self._calling.release()


class BoundedGateway:
    """Passes calls on while there is room for them. Safe to use from several threads.

    Opening checkouts has its own room, and all other calls have theirs: a rush of new purchases
    cannot keep those who have paid from their tickets.

    Args:
        gateway: Does the work.
        opening: Room for opening checkouts.
        asking: Room for all other calls; a `BoundedNotificationReader` may share it.
    """

    def __init__(self, gateway: PaymentGateway, *, opening: Room, asking: Room) -> None:
        self._gateway = gateway
        self._opening = opening
        self._asking = asking

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        lasting = self._gateway.objection(total)
        if lasting is None and not self._opening.has_some():
            return Overloaded(RETRY_AFTER)
        return lasting

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        with self._opening.taken() as taken:
            if not taken:
                return Overloaded(RETRY_AFTER)
            return self._gateway.open(ticket, event_name=event_name, ends_at=ends_at)

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._asked(lambda: self._gateway.look_up(checkout_id), busy=Unknown(_BUSY))

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._asked(lambda: self._gateway.close(checkout_id), busy=Unknown(_BUSY))

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        return self._asked(
            lambda: self._gateway.refund(ticket), busy=Refused(_BUSY, retryable=True)
        )

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """See `PaymentGateway.refund_stray`."""
        return self._asked(
            lambda: self._gateway.refund_stray(checkout_id, ticket_code=ticket_code),
            busy=Refused(_BUSY, retryable=True),
        )

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        return self._asked(
            lambda: self._gateway.list_checkouts(since=since, after=after), busy=Unknown(_BUSY)
        )

    def _asked(self, call: Callable[[], Answer], *, busy: Refusal) -> Answer | Refusal:
        with self._asking.taken() as taken:
            return call() if taken else busy


class BoundedNotificationReader:
    """Reads news while there is room: some kinds make the provider be asked about a payment.

    Args:
        reader: Does the work.
        asking: The room that reading takes.
    """

    def __init__(self, reader: NotificationReader, *, asking: Room) -> None:
        self._reader = reader
        self._asking = asking

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """See `NotificationReader.read`; the gateway sends again what found no room."""
        with self._asking.taken() as taken:
            return self._reader.read(body, headers) if taken else Unknown(_BUSY)
