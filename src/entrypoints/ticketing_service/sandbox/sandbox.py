"""The sandbox itself: its state behind one lock, and the operations that tests and pages use."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import frozen

from ticketing_service.sandbox.clock import SandboxClock
from ticketing_service.sandbox.errors import Json
from ticketing_service.sandbox.faults import Fault, FaultPlan
from ticketing_service.sandbox.idempotency import IdempotencyKeys
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.payment_methods import CardNumber, Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.records import Charge, Dispute, Refund, Session
from ticketing_service.sandbox.webhooks import (
    RETRY_PAUSES,
    Delivery,
    SentEvent,
    WebhookEndpoint,
    WebhookSender,
)

# Stripe holds the buyer's redirect back for this long to let the webhook come first.
_EARLY_TIMEOUT = 10.0
MOST_EXCHANGES_KEPT = 10_000
"""Older API calls are forgotten: a demo may run for weeks."""


@frozen
class Exchange:
    """One call of the API. An unanswered one has neither `status` nor `body`."""

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

    `public_url` is where browsers reach its pages; the addresses of payment pages begin with it.
    Every operation may be called from any thread. Those that cannot be done raise `Refused`.
    `delivery` says how the events of an operation reach the webhook endpoint; None stands for the
    sandbox's own `delivery`.
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
        self.clock = SandboxClock(wall_clock)
        self.delivery = Delivery.ON_TIME
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.keys = IdempotencyKeys(now=self.clock.now)
        self._faults = FaultPlan()
        self._exchanges: deque[Exchange] = deque(maxlen=MOST_EXCHANGES_KEPT)
        self._ledger = self._new_ledger()
        self._sender = WebhookSender(
            endpoint=webhook,
            wall_clock=wall_clock,
            late_seconds=late_seconds,
            retry_pauses=retry_pauses,
        )

    def start(self) -> None:
        """Begin to send webhooks and to let time pass by itself."""
        self._sender.start(on_idle=self.catch_up)

    def close(self) -> None:
        """End the threads, and every delay that a fault holds a call up with."""
        self.closing.set()
        self._sender.stop()

    @contextmanager
    def ledger(self, *, delivery: Delivery | None = None) -> Iterator[Ledger]:
        """Give out the state, brought up to date and locked; events are sent when it is let go."""
        events: list[Json] = []
        with self.lock:
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

    def _new_ledger(self) -> Ledger:
        return Ledger(now=self.clock.now, public_url=self.public_url)

    # What buyers, banks and the Dashboard do.

    def pay(
        self,
        session_id: str,
        pay_with: PayWith = PayWith.CARD,
        *,
        card: CardNumber | None = None,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
        delivery: Delivery | None = None,
    ) -> Session | Decline:
        """Pay an open session as its buyer does; see `Ledger.pay`."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.pay(
                session_id,
                pay_with=pay_with,
                card=card,
                email=email,
                name=name,
                slow_outcome=slow_outcome,
                slow_seconds=slow_seconds,
            )

    def end_slow_payment(
        self, session_id: str, outcome: SlowOutcome, *, delivery: Delivery | None = None
    ) -> Session:
        """Let a bank debit that is processing succeed or fail."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.end_slow_payment(session_id, outcome)

    def expire(self, session_id: str, *, delivery: Delivery | None = None) -> Session:
        """Expire an open session, as the Dashboard can."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.expire_session(session_id)

    def refund(
        self, session_id: str, *, amount: int | None = None, delivery: Delivery | None = None
    ) -> Refund:
        """Refund the payment of a session from the Dashboard; None is all that is captured."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.refund(ledger.charge_of(session_id), amount=amount)

    def fail_refund(self, refund_id: str, *, delivery: Delivery | None = None) -> Refund:
        """Let the bank send a refund back."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.fail_refund(refund_id)

    def dispute(self, session_id: str, *, delivery: Delivery | None = None) -> Dispute:
        """Let the buyer's bank take the money of a session back."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.dispute(ledger.charge_of(session_id))

    # What is there.

    def sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self.ledger() as ledger:
            return list(reversed(ledger.sessions.values()))

    def session(self, session_id: str) -> Session:
        """Return one session."""
        with self.ledger() as ledger:
            return ledger.session(session_id)

    def charge(self, session_id: str) -> Charge | None:
        """Return the charge of a session, or None when nobody began to pay it."""
        with self.ledger() as ledger:
            session = ledger.session(session_id)
            return None if session.payment_intent is None else ledger.charge_of(session_id)

    def refunds(self, session_id: str) -> list[Refund]:
        """Return the refunds of a session's payment, newest first."""
        with self.ledger() as ledger:
            intent = ledger.session(session_id).payment_intent
            return [
                refund
                for refund in reversed(ledger.refunds.values())
                if refund.payment_intent == intent
            ]

    # Time, webhooks, faults.

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        with self.ledger():
            pass

    def advance_clock(self, seconds: float) -> None:
        """Set the sandbox's clock forward, and let happen what is due by then."""
        self.clock.advance(seconds)
        self.catch_up()

    def events(self) -> list[SentEvent]:
        """Return all events with the tries to deliver them, newest first."""
        return self._sender.events()

    def send_again(self, event_id: str) -> bool:
        """Deliver an event once more; False when it is unknown or there is no endpoint."""
        return self._sender.send_again(event_id)

    def wait_for_webhooks(self, *, timeout: float = 10.0) -> bool:
        """Wait until no event needs another try; return whether it came so far."""
        return self._sender.wait(timeout=timeout)

    def plan_fault(self, fault: Fault) -> None:
        """Let API calls go wrong."""
        with self.lock:
            self._faults.add(fault)

    def take_fault(self, *, method: str, path: str) -> Fault | None:
        """Return the fault that this API call is to suffer, and count it."""
        with self.lock:
            return self._faults.take(method=method, path=path)

    def planned_faults(self) -> tuple[Fault, ...]:
        """Return the faults that are still to come."""
        with self.lock:
            return self._faults.planned()

    def clear_faults(self) -> None:
        """Let all API calls go well again."""
        with self.lock:
            self._faults.clear()

    def record(self, exchange: Exchange) -> None:
        """Remember an API call."""
        with self.lock:
            self._exchanges.append(exchange)

    def exchanges(self) -> list[Exchange]:
        """Return the API calls, oldest first."""
        with self.lock:
            return list(self._exchanges)

    def reset(self) -> None:
        """Forget everything, and show the real time."""
        with self.lock:
            self.clock.reset()
            self._ledger = self._new_ledger()
            self.keys = IdempotencyKeys(now=self.clock.now)
            self._faults.clear()
            self._exchanges.clear()
            self._sender.clear()
            self.delivery = Delivery.ON_TIME
