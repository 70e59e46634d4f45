"""The event log, and its delivery to one webhook endpoint: signed, at least once, in no order."""

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

from attrs import define, evolve, field, frozen

from ticketing_service.sandbox.refusals import Json
from ticketing_service.sandbox.stripe_objects import thin_event_object

# In seconds. Stripe retries for three days; a developer wants to see the end of it.
RETRY_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# docs.stripe.com/webhooks states no limit. A slow endpoint must not look like a lost event.
_TIMEOUT = 10.0
# Several, so that events overtake one another and arrive at the same time.
_WORKERS = 4
_MOST_EVENTS_KEPT = 10_000


class Delivery(StrEnum):
    """When and how often an event is sent."""

    ON_TIME = "on_time"
    LOST = "lost"
    TWICE = "twice"
    EARLY = "early"
    LATE = "late"


@frozen
class WebhookEndpoint:
    """Where events are sent, and the `whsec_...` secret that signs them.

    `enabled_events` are types of event, or `*` for all. An endpoint can be of an older
    `api_version` than the account; the sandbox then writes that version into its events, which are
    otherwise of its own. A `thin` endpoint gets events without an object in them
    (docs.stripe.com/event-destinations).
    """

    url: str
    secret: str = field(repr=False)
    enabled_events: tuple[str, ...] = ("*",)
    api_version: str | None = None
    thin: bool = False

    def wants(self, event: Json) -> bool:
        """Return whether the endpoint gets this event."""
        return "*" in self.enabled_events or event["type"] in self.enabled_events

    def body(self, event: Json) -> bytes:
        """Return what is sent of an event."""
        if self.thin:
            event = thin_event_object(event)
        elif self.api_version:
            event = event | {"api_version": self.api_version}
        return json.dumps(event, indent=2).encode()


@frozen
class Attempt:
    """An attempt to deliver: its time, and the HTTP status or None without a response."""

    at: int
    status: int | None


@define
class SentEvent:
    """An event and its deliveries. `pending` is the number of attempts still to come."""

    event: Json
    attempts: tuple[Attempt, ...] = ()
    pending: int = 0


@frozen(order=True)
class _Planned:
    due: float
    order: int
    sent: SentEvent = field(order=False)
    retries: int = field(order=False)


def signature(*, body: bytes, secret: str, timestamp: int) -> str:
    """Return the `Stripe-Signature` header of a body (docs.stripe.com/webhooks/signature)."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class WebhookSender:
    """Sends events from daemon threads, from `start` to `stop`.

    `wall_clock` is the time of the signatures: the receiver compares them with its own clock.
    One of the threads calls `on_idle` about once a second.
    """

    def __init__(
        self,
        *,
        endpoint: WebhookEndpoint | None,
        wall_clock: Callable[[], float],
        late_seconds: float,
        retry_pauses: tuple[float, ...],
    ) -> None:
        self.endpoint = endpoint
        self._wall_clock = wall_clock
        self._late_seconds = late_seconds
        self._retry_pauses = retry_pauses
        self._changed = threading.Condition()
        self._queue: list[_Planned] = []
        self._order = itertools.count()
        self._events: dict[str, SentEvent] = {}
        self._stopped = False

    def start(self, *, on_idle: Callable[[], None]) -> None:
        """Start the threads. Call it only once."""
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, name="sandbox-webhooks", daemon=True).start()
        threading.Thread(
            target=self._watch, args=(on_idle,), name="sandbox-clock", daemon=True
        ).start()

    def stop(self) -> None:
        """End the threads. Planned deliveries are lost."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def send(self, event: Json, *, delivery: Delivery) -> None:
        """Log a new event and plan its delivery."""
        with self._changed:
            sent = self._events[event["id"]] = SentEvent(event)
            if len(self._events) > _MOST_EVENTS_KEPT:
                del self._events[next(iter(self._events))]
            if self.endpoint is None or delivery is Delivery.LOST or not self.endpoint.wants(event):
                return
            pause = self._late_seconds if delivery is Delivery.LATE else 0.0
            for _ in range(2 if delivery is Delivery.TWICE else 1):
                self._plan(sent, retries=0, pause=pause)

    def resend(self, event_id: str) -> bool:
        """Plan another delivery. Return False if the event is unknown or there is no endpoint."""
        with self._changed:
            sent = self._events.get(event_id)
            if self.endpoint is None or sent is None:
                return False
            self._plan(sent, retries=0, pause=0.0)
            return True

    def wait(self, event_ids: list[str] | None = None, *, timeout: float) -> bool:
        """Wait until these events (None: all) have no pending attempt. Return False on time-out."""

        def done() -> bool:
            known = self._events if event_ids is None else self._events.keys() & set(event_ids)
            return self._stopped or not any(self._events[event_id].pending for event_id in known)

        with self._changed:
            return self._changed.wait_for(done, timeout)

    def events(self) -> list[SentEvent]:
        """Return copies of all events, newest first."""
        with self._changed:
            return [evolve(sent) for sent in reversed(self._events.values())]

    def clear(self) -> None:
        """Forget all events and planned deliveries."""
        with self._changed:
            self._queue.clear()
            self._events.clear()
            self._changed.notify_all()

    def _plan(self, sent: SentEvent, *, retries: int, pause: float) -> None:
        due = time.monotonic() + pause
        heapq.heappush(self._queue, _Planned(due, next(self._order), sent, retries))
        sent.pending += 1
        self._changed.notify_all()

    def _work(self) -> None:
        while (planned := self._next()) is not None:
            self._finish(planned, status=self._post(planned.sent.event))

    def _watch(self, on_idle: Callable[[], None]) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopped, timeout=1.0):
                    return
            on_idle()

    def _next(self) -> _Planned | None:
        """Wait for an attempt that is due, and remove it from the queue; None after a stop."""
        with self._changed:
            while not self._stopped:
                pause = self._queue[0].due - time.monotonic() if self._queue else None
                if pause is not None and pause <= 0:
                    return heapq.heappop(self._queue)
                self._changed.wait(timeout=pause)
            return None

    def _finish(self, planned: _Planned, *, status: int | None) -> None:
        with self._changed:
            sent, retries = planned.sent, planned.retries
            sent.attempts += (Attempt(int(self._wall_clock()), status),)
            failed = status not in range(200, 300)
            # A reset may have forgotten the event in the meantime.
            known = self._events.get(sent.event["id"]) is sent
            if known and failed and retries < len(self._retry_pauses):
                self._plan(sent, retries=retries + 1, pause=self._retry_pauses[retries])
            sent.pending -= 1
            self._changed.notify_all()

    def _post(self, event: Json) -> int | None:
        """Send an event once, with a new signature. A redirect is not followed: it is a failure."""
        endpoint = self.endpoint
        if endpoint is None:
            return None
        body = endpoint.body(event)
        timestamp = int(self._wall_clock())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body=body, secret=endpoint.secret, timestamp=timestamp),
        }
        url = urlsplit(endpoint.url)
        https = url.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=_TIMEOUT)
        try:
            path = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request("POST", path, body=body, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
