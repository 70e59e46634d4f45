"""A provider whose looks end when the test lets them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from uuid import UUID

from attrs import define, field

from ticketing_core.money import Money
from ticketing_core.payment import CheckoutState, Open, Paid, Unknown
from ticketing_core.testing import ManualClock
from ticketing_core.ticket import Checkout
from ticketing_service.capacity.looks import SharedLooks
from ticketing_service.capacity.rooms import Room

SOON = 10.0
"""Seconds within which anything that is not stuck has happened."""

CHECKOUT = "co_1"
OPEN = Open(Checkout(checkout_id=CHECKOUT, url="https://pay.example", ends_at=ManualClock().now()))
PAID = Paid(ticket_code=UUID(int=1), payment_id="pay_1", total=Money(2500, "usd"))
BUSY = Unknown("busy")

Make = Callable[[Room], SharedLooks]


def sharing(room: Room) -> SharedLooks:
    """Return the product."""
    return SharedLooks(waiting=room)


@define
class Provider:
    """Sees the state of a checkout when a look begins, and answers when the test lets it."""

    make: Make = sharing
    state: CheckoutState = OPEN
    looks: SharedLooks = field(init=False)
    begun: int = field(default=0, init=False)
    _changed: Condition = field(factory=Condition, init=False)
    _callers: int = field(default=0, init=False)
    _settled: int = field(default=0, init=False)
    _running: int = field(default=0, init=False)
    _gone: int = field(default=0, init=False)
    _may_end: int = field(default=0, init=False)
    _pool: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(8), init=False)

    def __attrs_post_init__(self) -> None:
        self.looks = self.make(Room(64, while_inside=self._settles))

    def comes(self, *, for_news: bool = False, to: str = CHECKOUT) -> Future[CheckoutState]:
        """Let a caller come, and wait until it looks, waits or has gone."""
        with self._changed:
            self._callers += 1
        coming = self._pool.submit(self.looks.look_up, to, self._look, for_news=for_news)
        coming.add_done_callback(lambda _: self._step(settled=1, gone=1))
        self.settle()
        return coming

    def ends(self) -> None:
        """Let the running look answer, or the next one if somebody waits for it."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: self._running or self._gone == self._callers, SOON
            )
            if not self._running:
                return
            self._may_end += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not self._may_end, SOON)
        self.settle()

    def settle(self) -> None:
        """Wait until each caller looks, waits or has gone."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._settled >= self._callers, SOON)

    def close(self) -> None:
        """Let all looks end."""
        with self._changed:
            self._may_end = 10**6
            self._changed.notify_all()
        self._pool.shutdown()

    def _look(self) -> CheckoutState:
        seen = self.state
        with self._changed:
            self.begun += 1
        self._step(settled=1, running=1)
        with self._changed:
            assert self._changed.wait_for(lambda: self._may_end > 0, SOON)
            self._may_end -= 1
        self._step(settled=-1, running=-1)
        return seen

    @contextmanager
    def _settles(self) -> Iterator[None]:
        self._step(settled=1)
        try:
            yield
        finally:
            self._step(settled=-1)

    def _step(self, *, settled: int, running: int = 0, gone: int = 0) -> None:
        with self._changed:
            self._settled += settled
            self._running += running
            self._gone += gone
            self._changed.notify_all()
