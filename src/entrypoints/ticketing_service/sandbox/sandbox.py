"""The sandbox: the account behind one lock, its clock, its webhooks and its planned faults."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from attrs import evolve, frozen

from ticketing_service.sandbox.access import Keys
from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.clock import Clock
from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.idempotency import IdempotencyKeys
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.limits import Limiter, Limits
from ticketing_service.sandbox.people import People
from ticketing_service.sandbox.refusals import Json
from ticketing_service.sandbox.unsettled import Unsettled
from ticketing_service.sandbox.webhooks import (
    RETRY_PAUSES,
    Delivery,
    SentEvent,
    WebhookEndpoint,
    WebhookSender,
)

# Stripe delays the buyer's redirect for this long, so that the webhook can come first.
_EARLY_TIMEOUT = 10.0
MOST_EXCHANGES_KEPT = 10_000
"""Older API calls are forgotten: a demo may run for weeks."""


@frozen
class Exchange:
    """An API call and its response. Without a response, `status` and `body` are None.

    `operation` is the call with all ids together, such as `GET /v1/refunds/{id}`.
    """

    operation: str
    method: str
    path: str
    params: Json
    status: int | None
    body: Json | None
    request_id: str
    idempotency_key: str | None
    replayed: bool


class Sandbox(People):
    """A local stand-in for a Stripe account, in memory.

    `public_url` is where browsers reach its pages. All methods are thread-safe. Without `limits`,
    calls are not limited.
    """

    def __init__(
        self,
        *,
        public_url: str,
        webhook: WebhookEndpoint | None = None,
        wall_clock: Callable[[], float] = time.time,
        retry_pauses: tuple[float, ...] = RETRY_PAUSES,
        late_seconds: float = 15.0,
        limits: Limits | None = None,
        unsettled: Unsettled | None = None,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.closing = threading.Event()
        self._clock = Clock(wall_clock)
        self._limits = limits
        self._unsettled = unsettled or Unsettled()
        self._webhook = webhook
        self._lock = threading.Lock()
        self._sender = WebhookSender(
            endpoint=webhook,
            wall_clock=wall_clock,
            late_seconds=late_seconds,
            retry_pauses=retry_pauses,
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything, and return to the real time."""
        with self._lock:
            self.delivery = Delivery.ON_TIME
            self.keys = IdempotencyKeys(now=self._clock.now)
            self._clock.ahead = 0.0
            self._sender.endpoint = self._webhook
            self._ledger = Ledger(
                clock=self._clock,
                public_url=self.public_url,
                unsettled=self._unsettled,
                webhook=self._webhook,
            )
            self._access = Keys()
            self._limiter = Limiter(self._limits)
            self._faults: list[Fault] = []
            self._exchanges: deque[Exchange] = deque(maxlen=MOST_EXCHANGES_KEPT)
            self._calls: Counter[str] = Counter()
            self._sender.clear()

    def start(self) -> None:
        """Begin to send webhooks, and to let sessions expire and slow payments end."""
        self._sender.start(on_idle=self.catch_up)

    def close(self) -> None:
        """End the threads, and every call that a fault delays."""
        self.closing.set()
        self._sender.stop()

    @contextmanager
    def ledger(self, *, delivery: Delivery | None = None) -> Iterator[Ledger]:
        """Lock the account, brought up to date; at the end, send the events of what was done."""
        events: list[Json] = []
        with self._lock:
            ledger = self._ledger
            ledger.catch_up()
            self._send(ledger, delivery=self.delivery)
            try:
                yield ledger
            finally:
                events = self._send(ledger, delivery=delivery or self.delivery)
        if (delivery or self.delivery) is Delivery.EARLY and events:
            self._sender.wait([event["id"] for event in events], timeout=_EARLY_TIMEOUT)

    def _send(self, ledger: Ledger, *, delivery: Delivery) -> list[Json]:
        events = ledger.take_events()
        for event in events:
            self._sender.send(event, delivery=delivery)
        return events

    # The account.

    @property
    def account(self) -> Account:
        """The name and state of the account."""
        return self._ledger.account

    @account.setter
    def account(self, account: Account) -> None:
        with self._lock:
            self._ledger.account = account

    @property
    def unsettled(self) -> Unsettled:
        """The choices where no document says what Stripe does."""
        return self._ledger.unsettled

    @unsettled.setter
    def unsettled(self, unsettled: Unsettled) -> None:
        with self._lock:
            self._ledger.unsettled = unsettled

    @property
    def limits(self) -> Limits | None:
        """How many calls are allowed in a second; None is any number."""
        return self._limiter.limits

    @limits.setter
    def limits(self, limits: Limits | None) -> None:
        with self._lock:
            self._limiter = Limiter(limits)

    def register_key(self, key: str, rights: Iterable[str] | None = None) -> None:
        """Register a key, with these of `access.RIGHTS` (None: with all rights)."""
        with self._lock:
            self._access = self._access.registering(key, rights)

    def take_only_registered_keys(self, *, only: bool = True) -> None:
        """Refuse unknown keys, or take any key that begins as a test key does."""
        with self._lock:
            self._access = evolve(self._access, only_registered=only)

    def admit(self, key: str | None, *, operation: str) -> str:
        """Return the key of a call, or raise `Refused` if it is unknown or a limit is exceeded."""
        with self._lock:
            known = self._access.check_known(key)
            self._limiter.check(operation)
            return known

    def check_rights(self, key: str, needed: Iterable[str]) -> None:
        """Raise `Refused` if the key lacks one of these rights."""
        with self._lock:
            self._access.check_rights(key, needed)

    # Time.

    def now(self) -> float:
        """Return the sandbox's Unix time in seconds: the real time, or ahead of it."""
        return self._clock.now()

    def advance_clock(self, seconds: float) -> None:
        """Set the clock forward, and do what is due by then."""
        with self._lock:
            self._clock.advance(seconds)
        self.catch_up()

    def return_clock(self) -> None:
        """Set the clock back to the real time; see `Ledger.return_to_wall_time`."""
        with self.ledger() as ledger:
            ledger.return_to_wall_time()

    def catch_up(self) -> None:
        """Do what is due by now."""
        with self.ledger():
            pass

    # Webhooks.

    @property
    def webhook(self) -> WebhookEndpoint | None:
        """Where events are sent."""
        return self._sender.endpoint

    @webhook.setter
    def webhook(self, endpoint: WebhookEndpoint | None) -> None:
        with self._lock:
            self._sender.endpoint = self._ledger.webhook = endpoint

    def events(self) -> list[SentEvent]:
        """Return all events and the attempts to deliver them, newest first."""
        return self._sender.events()

    def resend(self, event_id: str) -> bool:
        """Deliver an event again. Return False if it is unknown or there is no endpoint."""
        return self._sender.resend(event_id)

    def wait_for_webhooks(self, *, timeout: float = 10.0) -> bool:
        """Wait until no delivery is pending. Return False after the time-out."""
        return self._sender.wait(timeout=timeout)

    # Faults and records of API calls.

    def plan_fault(self, fault: Fault) -> None:
        """Plan a fault. If several match a call, the first one that was planned happens."""
        with self._lock:
            self._faults.append(fault)

    def take_fault(self, *, method: str, path: str) -> Fault | None:
        """Return the fault that is planned for this call, and count it."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.matches(method=method, path=path):
                    if fault.times == 1:
                        del self._faults[position]
                    elif fault.times is not None:
                        self._faults[position] = evolve(fault, times=fault.times - 1)
                    return fault
        return None

    def planned_faults(self) -> tuple[Fault, ...]:
        """Return the faults that have not happened yet."""
        with self._lock:
            return tuple(self._faults)

    def clear_faults(self) -> None:
        """Cancel all planned faults."""
        with self._lock:
            self._faults.clear()

    def record(self, exchange: Exchange) -> None:
        """Record an API call."""
        with self._lock:
            self._exchanges.append(exchange)
            self._calls[exchange.operation] += 1

    def exchanges(self) -> list[Exchange]:
        """Return the API calls, oldest first."""
        with self._lock:
            return list(self._exchanges)

    def calls(self) -> dict[str, int]:
        """Return how many calls of each operation were made, also those that are forgotten."""
        with self._lock:
            return dict(self._calls)
