"""Requests as buyers send them, encoded beforehand, and what an answer to each has to be about."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from attrs import frozen

from tests.support.server import access_token

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
TICKETS = "/api/tickets/"
NULL = "/null/"
GATEWAY_ONLY = "/gateway-only/"

_TOKEN_LASTS = timedelta(hours=12)
"""Longer than the longest measurement."""


@frozen(kw_only=True)
class Order:
    """What a request asks for.

    Attributes:
        request: The request as bytes.
        buyer: Who sends it.
        event_id: What he asks about.
        quantity: How many places he asks for.
    """

    request: bytes
    buyer: str
    event_id: int
    quantity: int = 1


def buyers(count: int) -> Sequence[str]:
    """The names of so many buyers."""
    return [f"buyer-{number}" for number in range(1, count + 1)]


def purchases(path: str, *, event_ids: Sequence[int], names: Sequence[str]) -> Sequence[Order]:
    """One purchase of one place by each buyer, of the events in turn."""
    orders = []
    for number, buyer in enumerate(names):
        event_id = event_ids[number % len(event_ids)]
        body = {"event_id": event_id, "quantity": 1}
        orders.append(Order(request=post(path, body, buyer=buyer), buyer=buyer, event_id=event_id))
    return orders


def post(path: str, body: object, *, buyer: str) -> bytes:
    """A request with a JSON body."""
    content = json.dumps(body).encode()
    head = _head("POST", path, buyer=buyer)
    return (
        f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        + content
    )


def get(path: str, *, buyer: str) -> bytes:
    """A request without a body."""
    return f"{_head('GET', path, buyer=buyer)}\r\n".encode()


def _head(method: str, path: str, *, buyer: str) -> str:
    token = access_token(buyer, exp=datetime.now(UTC) + _TOKEN_LASTS)
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
