"""Buyers in a line, and what they are told."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from attrs import frozen
from werkzeug.test import TestResponse

from tests.integration.http.services import CREATE, Service, problem
from ticketing_core import Event
from ticketing_service.http.bodies import IDEMPOTENCY_KEY
from ticketing_service.http.line_tokens import LINE_TOKEN

SECOND = timedelta(seconds=1)


@frozen
class Pace:
    """Ten calls a second."""

    def each(self) -> float:
        """See `line.OpeningPace`."""
        return 0.1

    @contextmanager
    def at_start(self, _: object) -> Iterator[None]:
        """See `line.OpeningPace`."""
        yield


def ask(
    service: Service,
    event: Event,
    *,
    buyer: str = "42",
    token: str | None = None,
    quantity: int = 1,
    key: str | None = None,
) -> TestResponse:
    """Try to buy."""
    headers = {LINE_TOKEN: token, IDEMPOTENCY_KEY: key}
    sent = {name: value for name, value in headers.items() if value is not None}
    body = {"event_id": event.event_id, "quantity": quantity}
    return service.post(CREATE, body, buyer=buyer, headers=sent)


def kept(answer: TestResponse) -> str:
    """Return the token of a buyer who was sent away."""
    body = problem(answer, 503)
    assert (body["code"], body["retryable"]) == ("overloaded", True)
    assert int(answer.headers["Retry-After"]) >= 1
    token: str = body["line_token"]
    return token


def came(token: str) -> datetime:
    """Return when the holder of a token came."""
    micros = int.from_bytes(urlsafe_b64decode(token + "=")[:8], "big")
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
