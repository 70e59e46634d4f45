"""A webhook endpoint that records each delivery and responds with planned statuses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe
from attrs import define, field, frozen
from typing_extensions import override

SECRET = "whsec_only_for_tests"


@frozen
class Received:
    """One delivery, as it arrived."""

    body: bytes
    signature: str

    def event(self) -> stripe.Event:
        """Return the event, its signature verified by the real SDK."""
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.signature, SECRET)
        return event


@define
class WebhookReceiver:
    """Responds with each of the `statuses` in turn, then with 200."""

    url: str
    statuses: list[int] = field(factory=list)
    _received: list[Received] = field(factory=list)
    _changed: threading.Condition = field(factory=threading.Condition)

    def wait_for(self, count: int, *, timeout: float = 5.0) -> list[Received]:
        """Wait for `count` deliveries, and return all of them. Fails after the time-out."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._received) >= count, timeout), (
                f"{len(self._received)} of {count} deliveries arrived"
            )
            return list(self._received)

    def received(self) -> list[Received]:
        """Return the deliveries so far."""
        with self._changed:
            return list(self._received)

    def record(self, received: Received) -> int:
        """Record a delivery, and return the status to respond with."""
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()
            return self.statuses.pop(0) if self.statuses else 200


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """Serve an endpoint on a free port while the context lasts."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.record(Received(body, self.headers["Stripe-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    receiver = WebhookReceiver(f"http://127.0.0.1:{server.server_port}/api/payments/webhook/")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
