"""A webhook endpoint that writes down what it gets and answers as it is told."""

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
    """One delivery, as it came over the wire."""

    body: bytes
    signature: str

    def event(self) -> stripe.Event:
        """Return the event, its signature verified by the real SDK."""
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.signature, SECRET)
        return event


@define
class WebhookReceiver:
    """Answers the statuses of `answers` one after the other, then 200."""

    url: str
    answers: list[int] = field(factory=list)
    _received: list[Received] = field(factory=list)
    _changed: threading.Condition = field(factory=threading.Condition)

    def wait_for(self, count: int, *, timeout: float = 5.0) -> list[Received]:
        """Return all deliveries once there are `count` of them; fails after the time-out."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._received) >= count, timeout), (
                f"{len(self._received)} of {count} deliveries came"
            )
            return list(self._received)

    def received(self) -> list[Received]:
        """Return the deliveries so far."""
        with self._changed:
            return list(self._received)

    def take(self, received: Received) -> int:
        """Write a delivery down, and return the status to answer it with."""
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()
            return self.answers.pop(0) if self.answers else 200


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """Serve an endpoint on a free port while the context lasts."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received(body, self.headers["Stripe-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

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
