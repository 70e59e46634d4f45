"""Encoded requests as buyers send them, and the receipts for their answers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from attrs import frozen

from benchmarks.load import Result
from benchmarks.load.result import OK, Answer
from tests.support.audit import Receipt, Receipts, Told
from tests.support.server import access_token

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"

_TOKEN_LASTS = timedelta(hours=12)
"""Longer than the longest measurement."""

_SERVER_ERROR = 500
_CERTAIN = frozenset({"overloaded"})
"""Codes of answers above 499 that guarantee that nothing was done."""


@frozen(kw_only=True)
class Order:
    """A request, and what it is about.

    Attributes:
        buys: Whether a success is a new ticket.
        session_id: The checkout that the request names, if any.
        scan_id: The scan that it is, if it comes from a gate.
        ticket_id: The ticket that is shown there.
    """

    request: bytes
    buyer: str
    event_id: int
    quantity: int = 1
    buys: bool = True
    session_id: str | None = None
    scan_id: str | None = None
    ticket_id: int = 0


def buyers(count: int) -> Sequence[str]:
    """Return the names of so many buyers."""
    return [f"buyer-{number}" for number in range(1, count + 1)]


def purchases(path: str, *, event_ids: Sequence[int], names: Sequence[str]) -> Sequence[Order]:
    """Return one purchase of one place by each buyer, of the events in turn."""
    orders = []
    for number, buyer in enumerate(names):
        event_id = event_ids[number % len(event_ids)]
        request = post(path, {"event_id": event_id, "quantity": 1}, buyer=buyer)
        orders.append(Order(request=request, buyer=buyer, event_id=event_id))
    return orders


def post(path: str, body: Mapping[str, object], *, buyer: str, **claims: object) -> bytes:
    """Return a request with a JSON body, and a token of the buyer with these claims."""
    content = json.dumps(body)
    token = access_token(buyer, exp=datetime.now(UTC) + _TOKEN_LASTS, **claims)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
    ).encode()


def note(receipts: Receipts, result: Result, orders: Sequence[Order], *, first: int) -> None:
    """Note what a window of load was answered.

    Args:
        receipts: Where.
        result: What came back.
        orders: What was sent, in the order of the window's requests.
        first: The index of the order that was sent first.
    """
    for answer in result.answers:
        order, body = orders[(first + answer.number) % len(orders)], answer.body
        if order.scan_id is not None:
            _note_scan(receipts, answer, order, scan_id=order.scan_id)
        elif answer.status == OK:
            receipt = Receipt(
                buyer=order.buyer,
                event_id=order.event_id,
                quantity=order.quantity,
                # An answer that names no ticket is one for a ticket that is not stored.
                ticket_id=body.ticket_id or 0,
                ticket_code=body.ticket_code or "",
                session_id=body.session_id or order.session_id,
            )
            (receipts.sold if order.buys else receipts.shown).append(receipt)
        elif order.buys and answer.status >= _SERVER_ERROR and body.code not in _CERTAIN:
            receipts.uncertain += 1
    receipts.uncertain += sum(
        orders[(first + number) % len(orders)].buys for number in result.unanswered
    )


def _note_scan(receipts: Receipts, answer: Answer, order: Order, *, scan_id: str) -> None:
    body = answer.body
    if answer.status != OK or body.ticket_id != order.ticket_id:
        receipts.lies.append(f"ticket {order.ticket_id} was scanned, and the answer was {answer}")
        return
    receipts.told.append(
        Told(
            scan_id=scan_id,
            ticket_id=order.ticket_id,
            outcome=body.outcome or "",
            people=body.people,
        )
    )
