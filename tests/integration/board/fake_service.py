"""A stand-in for the service of an organizer: as much of its API as the board needs, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field
from flask import Flask, Response, jsonify, request

from tests.support.ports import free_ports
from ticketing_service.storefront import running_storefront

EVENT = 7
THIS = f"/api/events/{EVENT}"
NOW = datetime(2026, 11, 28, 19, 30, tzinfo=UTC)
EVIDENCE = {"product_description": "Admission", "service_date": None, "payment_id": "pay_1"}
HOURS = 48
PAGE = 2
"""Tickets on a page, so that few make several."""


def an_event(**terms: Any) -> dict[str, Any]:
    """Return an event as it is shown."""
    times = dict.fromkeys(("opens_at", "closes_at", "ends_at", "doors_at", "starts_at"))
    return {
        "event_id": EVENT,
        "name": "Summer Night Concert",
        "price": {"amount_minor": 2500, "currency": "eur"},
        "capacity": 500,
        "places_left": 380,
        "max_per_order": 10,
        "max_per_buyer": None,
        "venue": "Town Hall",
        "time_zone": "Europe/Berlin",
        "version": 3,
        "cancelled_at": None,
        "unwound_at": None,
        "server_now": NOW.isoformat(),
        **times,
    } | terms


def a_ticket(ticket_id: int, **terms: Any) -> dict[str, Any]:
    """Return a ticket as an organizer sees it."""
    return {
        "ticket_id": ticket_id,
        "ticket_code": f"6e40a178-0000-4000-8000-{ticket_id:012}",
        "event_id": EVENT,
        "buyer": f"buyer-{ticket_id}",
        "status": "issued",
        "quantity": 2,
        "admitted": 0,
        "excess": 0,
        "total": {"amount_minor": 5000, "currency": "eur"},
        "created_at": "2026-11-27T10:00:00Z",
        "held_until": None,
        "disputed": False,
        "refunded_minor": 0,
        "charged_back_minor": 0,
        "paid_back_minor": 0,
        "paid_back_otherwise": None,
        "owed_minor": 0,
        "owed_since": None,
        "refund_problem": None,
        "waits_for_person": False,
    } | terms


SUMS = {
    "kept": 120,
    "sold": 110,
    "admitted": 40,
    "excess": 1,
    "taken": 275_000,
    "earned": 250_000,
    "refunded": 15_000,
    "charged_back": 5_000,
    "owed": 5_000,
    "paid_back_otherwise": 0,
}

GATES = [{"gate": "North", "people": 30}, {"gate": "Terrace by the lake", "people": 11}]


@define
class FakeService:
    """What the board shows, and what it has sent."""

    url: str = ""
    event: dict[str, Any] = field(factory=an_event)
    tickets: dict[int, dict[str, Any]] = field(factory=dict)
    sums: dict[str, int] = field(factory=lambda: dict(SUMS))
    gates: list[dict[str, Any]] = field(factory=lambda: list(GATES))
    sent: list[tuple[str, str, Any]] = field(factory=list)
    tokens: set[str] = field(factory=set)
    good_tokens: set[str] | None = None
    queries: list[dict[str, str]] = field(factory=list)
    # The next refusals by method and path: status and problem.
    refusals: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = field(factory=dict)
    report_calls: int = 0

    def refuse(self, method: str, path: str, status: int, **problem: Any) -> None:
        """Refuse the next call with a problem."""
        self.refusals.setdefault((method, path), []).append((status, problem))

    def report(self) -> dict[str, Any]:
        """Return the report."""
        first = NOW.replace(minute=0) - timedelta(hours=HOURS - 1)
        hours = [
            {"at": (first + timedelta(hours=n)).isoformat(), "sold": n * 7 % 11, "taken": n * 100}
            for n in range(HOURS)
        ]
        days = [
            {"day": f"2026-11-{day}", "sums": {name: v * day // 100 for name, v in SUMS.items()}}
            for day in range(14, 29)
        ]
        return {
            "event_id": EVENT,
            "currency": self.event["price"]["currency"],
            "sums": self.sums,
            "days": days,
            "hours": hours,
            "added_up_at": NOW.isoformat(),
        }

    def found(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return the tickets of a search, the newest first."""
        q, before = query.get("q", ""), int(query.get("before", 10**9))
        return [
            each
            for _, each in sorted(self.tickets.items(), reverse=True)
            if each["ticket_id"] < before
            and query.get("status", each["status"]) == each["status"]
            and (each["buyer"].startswith(q) or q == str(each["ticket_id"]))
        ]

    def refund(self, body: dict[str, Any]) -> dict[str, Any]:
        """Refund a ticket."""
        ticket = self.tickets[body["ticket_id"]]
        ticket["status"] = "refunded"
        ticket["refunded_minor"] = ticket["total"]["amount_minor"]
        ticket["owed_minor"] = 0
        ticket["waits_for_person"] = False
        return {
            "detail": "The ticket is void, and its money is given back",
            "ticket_id": ticket["ticket_id"],
            "status": "refunded",
            "refund_problem": None,
        }


def fake_app(fake: FakeService, *, origin: str) -> Flask:
    """Return the routes of the fake."""
    app = Flask(__name__)

    def problem(status: int, **members: Any) -> Response:
        members = {"title": "No", "status": status, "detail": "No.", "retryable": False} | members
        return app.make_response((members, status))

    @app.before_request
    def answer_at_all() -> Response | None:
        if request.method == "OPTIONS":
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        fake.tokens.add(token)
        if fake.good_tokens is not None and token not in fake.good_tokens:
            return problem(401, code="token_expired", detail="The access token has expired.")
        if request.method != "GET":
            fake.sent.append((request.method, request.path, request.json))
        waiting = fake.refusals.get((request.method, request.path))
        if waiting:
            status, members = waiting.pop(0)
            return problem(status, **members)
        return None

    @app.after_request
    def let_pages_read(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH"
        return response

    _add_events(app, fake)
    _add_cancelling(app, fake)
    _add_reads(app, fake)
    return app


def _add_events(app: Flask, fake: FakeService) -> None:
    @app.get("/api/events/")
    def events() -> Response:
        if "before" in request.args:
            return jsonify(events=[an_event(event_id=1, name="The oldest")], next=None)
        return jsonify(events=[fake.event], next="/api/events/?before=7")

    @app.post("/api/events/")
    def create() -> Response:
        fake.event |= request.json
        return jsonify(fake.event)

    @app.get(f"{THIS}/")
    def show() -> Response:
        return jsonify(fake.event)

    @app.patch(f"{THIS}/")
    def change() -> Response:
        fake.event |= request.json | {"version": fake.event["version"] + 1}
        return jsonify(fake.event)

    @app.post(f"{THIS}/close/")
    def close() -> Response:
        fake.event |= {"closes_at": NOW.isoformat(), "version": fake.event["version"] + 1}
        return jsonify(fake.event)


def _add_cancelling(app: Flask, fake: FakeService) -> None:
    @app.get(f"{THIS}/cancel/")
    def preview() -> Response:
        issued = [each for each in fake.tickets.values() if each["status"] == "issued"]
        total = sum(each["total"]["amount_minor"] for each in issued)
        return jsonify(
            event_id=EVENT,
            version=fake.event["version"],
            tickets=len(issued),
            refund_total={"amount_minor": total, "currency": "eur"},
        )

    @app.post(f"{THIS}/cancel/")
    def cancel() -> Response:
        fake.event |= {"cancelled_at": NOW.isoformat(), "version": fake.event["version"] + 1}
        for each in fake.tickets.values():
            each |= {"status": "refunding", "owed_minor": each["total"]["amount_minor"]}
        return jsonify(fake.event)

    @app.get(f"{THIS}/history/")
    def history() -> Response:
        line = {"at": NOW.isoformat(), "by": "organizer olga"}
        if "before" in request.args:
            return jsonify(changes=[line | {"version": 1, "why": "added"}], next=None)
        return jsonify(changes=[line | {"version": 2, "why": "capacity"}], next=2)

    @app.post("/api/payments/refund/")
    def refund() -> Response:
        return jsonify(fake.refund(request.json))


def _add_reads(app: Flask, fake: FakeService) -> None:
    @app.get(f"{THIS}/admissions/")
    def admissions() -> Response:
        people = {"inside": 41, "admitted": 40, "excess": 1}
        return jsonify(event_id=EVENT, **people, kept=120, capacity=500, gates=fake.gates)

    @app.get(f"{THIS}/report/")
    def report() -> Response:
        fake.report_calls += 1
        return jsonify(fake.report())

    @app.get(f"{THIS}/tickets/")
    def tickets() -> Response:
        query = request.args.to_dict()
        fake.queries.append(query)
        found = fake.found(query)
        page = found[:PAGE]
        following = page[-1]["ticket_id"] if len(found) > PAGE else None
        return jsonify(tickets=page, next=following)

    @app.get(f"{THIS}/tickets.csv")
    @app.get(f"{THIS}/report.csv")
    def csv() -> Response:
        return Response("ticket_id,buyer\n1,buyer-1\n", mimetype="text/csv")

    @app.get(f"{THIS}/refunds/")
    def refunds() -> Response:
        owed = [each for each in fake.tickets.values() if each["status"] == "refunding"]
        return jsonify(refunds=owed, next=None)

    @app.get(f"{THIS}/disputes/")
    def disputes() -> Response:
        disputed = [each for each in fake.tickets.values() if each["disputed"]]
        found = [{"ticket": each, "evidence": EVIDENCE} for each in disputed]
        return jsonify(disputes=found, next=None)

    @app.get("/api/tickets/<int:ticket_id>/story/")
    def story(ticket_id: int) -> Response:
        change = {"version": 1, "status": "issued", "at": NOW.isoformat(), "why": "paid", "by": "x"}
        scan = {"at": NOW.isoformat(), "kind": "let_in", "people": 1, "gate": "North", "by": "al"}
        scans = [scan | {"offline": True}]
        return jsonify(ticket=fake.tickets[ticket_id], changes=[change], scans=scans)


@contextmanager
def running_fake(*, origin: str) -> Iterator[FakeService]:
    """Serve a new fake on a free port. Pages of `origin` may call it."""
    fake = FakeService()
    [port] = free_ports(1)
    fake.url = f"http://127.0.0.1:{port}"
    app = fake_app(fake, origin=origin)
    with running_storefront(host="127.0.0.1", port=port, app=app):
        yield fake
