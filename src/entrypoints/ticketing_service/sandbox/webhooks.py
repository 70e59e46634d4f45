"""Delivers events to one webhook endpoint as Stripe does: signed, at least once, in no order."""

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

from attrs import define, field, frozen

from ticketing_service.sandbox.refusals import Json

# Stripe goes on for three days; a developer wants to see an end. Seconds before each new try.
RETRY_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# docs.stripe.com/webhooks does not promise a limit; a slow endpoint must not look like a lost one.
_TIMEOUT = 10.0
# More than one, so that an endpoint sees events overtake one another and arrive at once.
_WORKERS = 4
# Anything but a 2xx status is a failed try.
_ACCEPTED = range(200, 300)
_MOST_EVENTS_KEPT = 2000


class Delivery(StrEnum):
    """When and how often an event is sent."""

    ON_TIME = "on_time"
    LOST = "lost"
    TWICE = "twice"
    EARLY = "early"
    LATE = "late"


@frozen
class WebhookEndpoint:
    """Where events go, and the `whsec_...` secret they are signed with."""

    url: str
    secret: str = field(repr=False)


@frozen
class Attempt:
    """One try to deliver: the HTTP status, or None when there was no answer."""

    at: int
    status: int | None


@define
class SentEvent:
    """An event and what became of it. `pending` counts the deliveries that are still to come."""

    event: Json
    attempts: tuple[Attempt, ...] = ()
    pending: int = 0


@frozen(order=True)
class _Try:
    due: float
    order: int
    sent: SentEvent = field(order=False)
    number: int = field(order=False)


def signature(*, body: bytes, secret: str, timestamp: int) -> str:
    """Return the `Stripe-Signature` header of a body (docs.stripe.com/webhooks/signature)."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class WebhookSender:
    """Sends events from daemon threads, which start with `start` and end with `stop`.

    `wall_clock` dates the signatures, which the receiver compares with its own clock.
    `on_idle` is called about once a second, by one of the threads.
    """

    def __init__(
        self,
        *,
        endpoint: WebhookEndpoint | None,
        wall_clock: Callable[[], float],
        late_seconds: float,
        retry_pauses: tuple[float, ...],
    ) -> None:
        self._endpoint = endpoint
        self._wall_clock = wall_clock
        self._late_seconds = late_seconds
        self._retry_pauses = retry_pauses
        self._changed = threading.Condition()
        self._queue: list[_Try] = []
        self._order = itertools.count()
        self._events: dict[str, SentEvent] = {}
        self._stopped = False

    def start(self, *, on_idle: Callable[[], None]) -> None:
        """Begin to deliver; a sender is started once."""
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, name="sandbox-webhooks", daemon=True).start()
        threading.Thread(
            target=self._watch, args=(on_idle,), name="sandbox-clock", daemon=True
        ).start()

    def stop(self) -> None:
        """End the threads; what was still to be sent is lost."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def send(self, event: Json, *, delivery: Delivery) -> None:
        """Plan the delivery of a new event."""
        with self._changed:
            sent = self._events[event["id"]] = SentEvent(event)
            if len(self._events) > _MOST_EVENTS_KEPT:
                del self._events[next(iter(self._events))]
            if self._endpoint is None or delivery is Delivery.LOST:
                return
            pause = self._late_seconds if delivery is Delivery.LATE else 0.0
            for _ in range(2 if delivery is Delivery.TWICE else 1):
                self._plan(sent, number=0, pause=pause)

    def resend(self, event_id: str) -> bool:
        """Plan one more delivery, as the Dashboard's "Resend" does; False for an unknown event."""
        with self._changed:
            sent = self._events.get(event_id)
            if self._endpoint is None or sent is None:
                return False
            self._plan(sent, number=0, pause=0.0)
            return True

    def wait(self, event_ids: list[str] | None = None, *, timeout: float) -> bool:
        """Wait until these events (None: all) need no more tries; return whether it came so far."""
        with self._changed:
            return self._changed.wait_for(
                lambda: (
                    self._stopped
                    or not any(
                        sent.pending
                        for event_id, sent in self._events.items()
                        if event_ids is None or event_id in event_ids
                    )
                ),
                timeout=timeout,
            )

    def events(self) -> list[SentEvent]:
        """Return copies of all events, newest first."""
        with self._changed:
            return [
                SentEvent(sent.event, sent.attempts, sent.pending)
                for sent in reversed(self._events.values())
            ]

    def clear(self) -> None:
        """Forget all events and planned deliveries."""
        with self._changed:
            self._queue.clear()
            self._events.clear()
            self._changed.notify_all()

    def _plan(self, sent: SentEvent, *, number: int, pause: float) -> None:
        due = time.monotonic() + pause
        heapq.heappush(self._queue, _Try(due, next(self._order), sent, number))
        sent.pending += 1
        self._changed.notify_all()

    def _work(self) -> None:
        while (attempt := self._take()) is not None:
            self._finish(attempt, status=self._post(attempt.sent.event))

    def _watch(self, on_idle: Callable[[], None]) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopped, timeout=1.0):
                    return
            on_idle()

    def _take(self) -> _Try | None:
        """Wait for a try that is due; None when the sender was stopped."""
        with self._changed:
            while not self._stopped:
                pause = self._queue[0].due - time.monotonic() if self._queue else None
                if pause is not None and pause <= 0:
                    return heapq.heappop(self._queue)
                self._changed.wait(timeout=pause)
            return None

    def _finish(self, attempt: _Try, *, status: int | None) -> None:
        with self._changed:
            sent = attempt.sent
            sent.attempts += (Attempt(int(self._wall_clock()), status),)
            accepted = status is not None and status in _ACCEPTED
            # An event that a reset has made forgotten in the meantime is not tried again.
            known = self._events.get(sent.event["id"]) is sent
            if known and not accepted and attempt.number < len(self._retry_pauses):
                pause = self._retry_pauses[attempt.number]
                self._plan(sent, number=attempt.number + 1, pause=pause)
            sent.pending -= 1
            self._changed.notify_all()

    def _post(self, event: Json) -> int | None:
        """Send one event; every try is signed anew. Redirects count as failures."""
        if self._endpoint is None:
            return None
        body = json.dumps(event, indent=2).encode()
        target = urlsplit(self._endpoint.url)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        kind = (
            http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(target.hostname or "", target.port, timeout=_TIMEOUT)
        try:
            connection.request(
                "POST",
                path,
                body=body,
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "Stripe-Signature": signature(
                        body=body,
                        secret=self._endpoint.secret,
                        timestamp=int(self._wall_clock()),
                    ),
                },
            )
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
