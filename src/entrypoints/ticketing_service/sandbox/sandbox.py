"""The sandbox: the account behind one lock, its clock, its webhooks and its planned faults."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import evolve, frozen

from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.idempotency import IdempotencyKeys
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.payment_methods import (
    USUAL_CARDS,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
)
from ticketing_service.sandbox.records import Charge, Dispute, Refund, Session
from ticketing_service.sandbox.refusals import Json, invalid
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
    """An API call and its response. Without a response, `status` and `body` are None."""

    method: str
    path: str
    params: Json
    status: int | None
    body: Json | None
    request_id: str
    idempotency_key: str | None
    replayed: bool


class Sandbox:
    """A local stand-in for a Stripe account, in memory.

    `public_url` is where browsers reach its pages. All methods are thread-safe, and raise `Refused`
    if the step is not possible. `delivery` is how the events of a step reach the webhook endpoint;
    None stands for the sandbox's own `delivery`.
    """

    def __init__(
        self,
        *,
        public_url: str,
        webhook: WebhookEndpoint | None = None,
        wall_clock: Callable[[], float] = time.time,
        retry_pauses: tuple[float, ...] = RETRY_PAUSES,
        late_seconds: float = 15.0,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.webhook = webhook
        self.closing = threading.Event()
        self._wall_clock = wall_clock
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
            self.keys = IdempotencyKeys(now=self.now)
            self._seconds_ahead = 0.0
            self._ledger = Ledger(now=self.now, public_url=self.public_url)
            self._faults: list[Fault] = []
            self._exchanges: deque[Exchange] = deque(maxlen=MOST_EXCHANGES_KEPT)
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

    # What buyers, banks and the Dashboard do.

    def pay(
        self,
        session_id: str,
        pay_with: PayWith | CardNumber = PayWith.CARD,
        *,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
        delivery: Delivery | None = None,
    ) -> Session | Decline:
        """Pay an open session as its buyer does; see `Ledger.pay`."""
        card = pay_with if isinstance(pay_with, CardNumber) else USUAL_CARDS.get(pay_with)
        with self.ledger(delivery=delivery) as ledger:
            return ledger.pay(
                session_id,
                card=card,
                email=email,
                name=name,
                slow_outcome=slow_outcome,
                slow_seconds=slow_seconds,
            )

    def end_slow_payment(
        self, session_id: str, outcome: SlowOutcome, *, delivery: Delivery | None = None
    ) -> Session:
        """Let a pending bank debit succeed or fail."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.end_slow_payment(session_id, outcome)

    def expire(self, session_id: str, *, delivery: Delivery | None = None) -> Session:
        """Expire an open session from the Dashboard."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.expire_session(session_id)

    def refund(
        self, session_id: str, *, amount: int | None = None, delivery: Delivery | None = None
    ) -> Refund:
        """Refund the payment of a session from the Dashboard; None is all that is captured."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.create_refund(ledger.charge_of(session_id), amount=amount)

    def fail_refund(self, refund_id: str, *, delivery: Delivery | None = None) -> Refund:
        """Let the buyer's bank return a refund."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.fail_refund(refund_id)

    def dispute(self, session_id: str, *, delivery: Delivery | None = None) -> Dispute:
        """Let the buyer's bank take back the money of a session."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.open_dispute(ledger.charge_of(session_id))

    # Look-ups.

    def sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self.ledger() as ledger:
            return list(reversed(ledger.sessions.values()))

    def session(self, session_id: str) -> Session:
        """Return a session."""
        with self.ledger() as ledger:
            return ledger.session(session_id)

    def charge(self, session_id: str) -> Charge | None:
        """Return the charge of a session, or None before a payment began."""
        with self.ledger() as ledger:
            session = ledger.session(session_id)
            return None if session.payment_intent is None else ledger.charge_of(session_id)

    def refunds(self, session_id: str) -> list[Refund]:
        """Return the refunds of a session's payment, newest first."""
        charge = self.charge(session_id)
        with self.ledger() as ledger:
            newest_first = reversed(ledger.refunds.values())
            return [refund for refund in newest_first if charge and refund.charge == charge.id]

    # Time.

    def now(self) -> float:
        """Return the sandbox's Unix time in seconds: the real time, or ahead of it."""
        return self._wall_clock() + self._seconds_ahead

    def advance_clock(self, seconds: float) -> None:
        """Set the clock forward, and do what is due by then."""
        if seconds < 0:
            raise invalid("the clock can only be set forward", param="seconds")
        self._seconds_ahead += seconds
        self.catch_up()

    def catch_up(self) -> None:
        """Do what is due by now."""
        with self.ledger():
            pass

    # Webhooks.

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

    def exchanges(self) -> list[Exchange]:
        """Return the API calls, oldest first."""
        with self._lock:
            return list(self._exchanges)
