"""A stand-in for the service of a shop: as much of its API as buyers need, in memory."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field
from flask import Flask, Response, jsonify, request

from tests.support.ports import free_ports
from ticketing_adapters.qrcode_image import QrcodePng
from ticketing_service.storefront import running_storefront

CONCERT, FREE, SMALL = 1, 2, 3
FIRST_ORDER = 99
TOKEN = "of the ticket"
CREATE, VERIFY = (f"/api/payments/{each}/" for each in ("create-payment-intent", "verify"))


def instant(**ahead: float) -> str:
    """Return an instant that is so far ahead of now."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def an_event(event_id: int = CONCERT, **terms: Any) -> dict[str, Any]:
    """Return an event as it is shown."""
    return {
        "event_id": event_id,
        "name": "Summer Night Concert",
        "price": {"amount_minor": 125_050, "currency": "eur"},
        "capacity": 500,
        "places_left": 380,
        "max_per_order": 10,
        "max_per_buyer": None,
        "opens_at": None,
        "closes_at": None,
        "doors_at": "2031-07-01T17:00:00Z",
        "starts_at": "2031-07-01T18:00:00Z",
        "ends_at": "2031-07-01T21:00:00Z",
        "venue": "Town Hall, Main Street 1",
        "time_zone": "Europe/Berlin",
        "version": 1,
        "cancelled_at": None,
        "unwound_at": None,
        "server_now": instant(),
    } | terms


def a_ticket(ticket_id: int, **terms: Any) -> dict[str, Any]:
    """Return a ticket as its buyer sees it."""
    return {
        "ticket_id": ticket_id,
        "ticket_code": f"6e40a178-0000-4000-8000-{ticket_id:012}",
        "event_id": CONCERT,
        "quantity": 2,
        "status": "issued",
        "total": {"amount_minor": 250_100, "currency": "eur"},
        "refunded": {"amount_minor": 0, "currency": "eur"},
        "charged_back": {"amount_minor": 0, "currency": "eur"},
        "session_id": f"cs_test_{ticket_id}",
        "checkout_url": None,
        "expires_at": None,
        "admitted": 0,
        "disputed": False,
        "created_at": "2031-06-01T10:00:00Z",
        "server_now": instant(),
    } | terms


def unpaid(ticket_id: int, **terms: Any) -> dict[str, Any]:
    """Return a ticket that can still be paid."""
    url = f"http://localhost/pay/{ticket_id}"
    return a_ticket(
        ticket_id, status="paying", checkout_url=url, expires_at=instant(minutes=30), **terms
    )


def png(text: str = TOKEN) -> bytes:
    """Return a QR code."""
    return QrcodePng().encode(text)


@define
class FakeShop:
    """What the pages show, and what they have sent.

    Attributes:
        codes: The code with which checking the payment of a ticket is refused, by its id.
        refusal: The problem with which every call is refused, if there is one.
        instead: What the next calls of a path get instead of the answer: a status and JSON or
            a text. They take effect all the same.
        delay: How long each call takes, in seconds.
        ahead: How far its clock is ahead of this machine's, in seconds.
    """

    url: str = ""
    events: dict[int, dict[str, Any]] = field(factory=lambda: {CONCERT: an_event()})
    tickets: dict[int, dict[str, Any]] = field(factory=dict)
    codes: dict[int, str] = field(factory=dict)
    refusal: dict[str, Any] | None = None
    instead: dict[str, list[tuple[int, Any]]] = field(factory=dict)
    orders: dict[str, int] = field(factory=dict)
    delay: float = 0
    ahead: float = 0
    sent: list[tuple[str, Any]] = field(factory=list)
    tokens: set[str] = field(factory=set)

    def shown(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the event with the time of now, if it has any."""
        now = {"server_now": instant(seconds=self.ahead)} if "server_now" in event else {}
        return event | now

    def issued(self, ticket_id: int) -> dict[str, Any]:
        """Return the answer with the QR code."""
        return {
            "detail": "Payment successful",
            "qr_code_data": base64.b64encode(png()).decode(),
            "ticket_id": ticket_id,
            "ticket_code": f"6e40a178-0000-4000-8000-{ticket_id:012}",
        }


def a_problem(code: str, status: int = 400, **members: Any) -> dict[str, Any]:
    """Return a problem."""
    detail = f"The detail of {code}."
    return {"code": code, "status": status, "detail": detail, "retryable": False} | members


def fake_app(fake: FakeShop, *, origin: str) -> Flask:
    """Return the routes of the fake."""
    app = Flask(__name__)

    @app.before_request
    def answer_at_all() -> Response | None:
        if request.method == "OPTIONS":
            return app.make_response(("", 204))
        fake.tokens.add(request.headers.get("Authorization", ""))
        time.sleep(fake.delay)
        if request.method == "POST":
            fake.sent.append((request.path, request.json))
        if fake.refusal is not None:
            return app.make_response((fake.refusal, fake.refusal["status"]))
        return None

    @app.after_request
    def let_pages_read(response: Response) -> Response:
        if request.method == "POST" and fake.instead.get(request.path):
            status, body = fake.instead[request.path].pop(0)
            response = app.make_response((body if isinstance(body, str) else jsonify(body), status))
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = (
            "authorization, content-type, idempotency-key, line-token"
        )
        return response

    @app.errorhandler(404)
    def not_found(_: Exception) -> Response:
        return app.make_response((a_problem("not_found", 404), 404))

    _add_reads(app, fake)
    _add_payments(app, fake)
    return app


def _add_reads(app: Flask, fake: FakeShop) -> None:
    def found(things: dict[int, dict[str, Any]], number: int, code: str) -> Response:
        if number not in things:
            return app.make_response((a_problem(code, 404), 404))
        return jsonify(fake.shown(things[number]))

    @app.get("/api/events/")
    def events() -> Response:
        newest = [fake.shown(fake.events[each]) for each in sorted(fake.events, reverse=True)]
        return jsonify(events=newest, next=None)

    @app.get("/api/events/<int:event_id>/")
    def event(event_id: int) -> Response:
        return found(fake.events, event_id, "event_not_found")

    @app.get("/api/tickets/")
    def tickets() -> Response:
        before = request.args.get("before", type=int, default=10**9)
        newest = [fake.shown(fake.tickets[each]) for each in sorted(fake.tickets, reverse=True)]
        page = [each for each in newest if each["ticket_id"] < before]
        more = f"/api/tickets/?before={page[9]['ticket_id']}" if len(page) > 10 else None
        return jsonify(tickets=page[:10], next=more)

    @app.get("/api/tickets/<int:ticket_id>/")
    def ticket(ticket_id: int) -> Response:
        return found(fake.tickets, ticket_id, "ticket_not_found")

    @app.get("/api/tickets/<int:ticket_id>/qr.png")
    def qr(ticket_id: int) -> Response:
        assert ticket_id in fake.tickets
        return Response(png(), mimetype="image/png")


def _add_payments(app: Flask, fake: FakeShop) -> None:
    @app.post(CREATE)
    def create() -> Response:
        order = request.json or {}
        new = FIRST_ORDER + len(fake.orders)
        number = fake.orders.setdefault(request.headers["Idempotency-Key"], new)
        free = fake.events[order["event_id"]]["price"]["amount_minor"] == 0
        if number == new:
            fake.tickets[new] = a_ticket(new, **order) if free else unpaid(new, **order)
            fake.codes |= {} if free else {new: "payment_open"}
        ticket = fake.tickets[number]
        return jsonify(fake.issued(number) if free else {**ticket, "detail": "Pay."})

    @app.post(VERIFY)
    def verify() -> Response:
        ticket_id = int((request.json or {})["ticket_id"])
        code = fake.codes.get(ticket_id)
        if code is not None:
            return app.make_response((a_problem(code, retryable=True), 400))
        return jsonify(fake.issued(ticket_id))

    @app.post("/api/payments/cancel/")
    def cancel() -> Response:
        return jsonify(detail="Payment cancelled")


@contextmanager
def running_fake(*, origin: str) -> Iterator[FakeShop]:
    """Serve a new fake on a free port. Pages of `origin` may call it."""
    fake = FakeShop()
    [port] = free_ports(1)
    fake.url = f"http://127.0.0.1:{port}"
    app = fake_app(fake, origin=origin)
    with running_storefront(host="127.0.0.1", port=port, app=app):
        yield fake
