"""A stand-in for the service at a gate: as much of its API as the page needs, in memory."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from attrs import define, field
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.ports import free_ports
from ticketing_adapters.gate_list import TYP, sign_gate_list
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_core.admission import AdmissionClaims
from ticketing_core.gate_list import GateList

EVENT, OTHER_EVENT = 7, 8

# Not 1: a list begins at its first ticket that is void or has people inside.
FIRST = 100


@define
class FakeTicket:
    """A ticket as the fake knows it."""

    ticket_id: int
    token: str
    quantity: int
    status: str = "issued"
    inside: int = 0


@define
class FakeService:
    """Tickets, who is inside, and what devices have sent."""

    url: str = ""
    key: SigningKey = field(factory=SigningKey.generate)
    list_key: SigningKey = field(factory=SigningKey.generate)
    tickets: dict[int, FakeTicket] = field(factory=dict)
    checked: list[dict[str, Any]] = field(factory=list)
    synced: list[dict[str, Any]] = field(factory=list)
    undone: list[dict[str, Any]] = field(factory=list)
    answers: dict[str, dict[str, Any]] = field(factory=dict)
    taken_back: set[str] = field(factory=set)
    marks: dict[str, bool] = field(factory=dict)
    # Cleared while requests get no answer.
    answering: threading.Event = field(factory=threading.Event)
    status: int = 200
    # Events for which the caller's token is not good.
    closed: set[int] = field(factory=set)

    def ticket(self, *, quantity: int = 1, event_id: int = EVENT) -> FakeTicket:
        """Sell a ticket."""
        ticket_id = FIRST + len(self.tickets)
        signer = JwsAdmission(key=self.key, public_key=lambda _: None)
        claims = AdmissionClaims(
            ticket_code=uuid4(), ticket_id=ticket_id, event_id=event_id, quantity=quantity
        )
        made = FakeTicket(ticket_id, signer.sign(claims), quantity)
        self.tickets[ticket_id] = made
        return made

    def keys(self) -> list[Mapping[str, str]]:
        """Return the public keys."""
        both = (self.key, self.list_key)
        return [{**each.public_jwk, "kid": each.kid} for each in both]

    def gate_list(self, *, now: int, typ: str = TYP, event_id: int = EVENT) -> str:
        """Return the list of the event, as the service signs it."""
        void = {"cancelled", "refunded"}
        tickets = sorted(self.tickets.items())
        told = GateList(
            event_id=event_id,
            void=[ticket_id for ticket_id, each in tickets if each.status in void],
            inside=[(ticket_id, each.inside) for ticket_id, each in tickets if each.inside],
        )
        signed = sign_gate_list(told, datetime.fromtimestamp(now, UTC), key=self.list_key).text
        if typ == TYP:
            return signed
        claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
        return self.list_key.sign(claims, typ=typ)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Decide on a scan, as the service does."""
        scan_id = str(UUID(body["scan_id"]))
        if scan_id in self.taken_back:
            return {"scan_id": scan_id, "outcome": "withdrawn", "ticket_id": None}
        if scan_id in self.answers:
            return self.answers[scan_id]
        ticket = self._named(body)
        base = {"scan_id": scan_id, "people": 0, "left": 0, "quantity": 0, "event_id": EVENT}
        if ticket is None:
            return base | {"outcome": "forged", "ticket_id": None}
        base |= {"ticket_id": ticket.ticket_id, "quantity": ticket.quantity, **self.marks}
        left = ticket.quantity - ticket.inside
        people = body.get("admit", left)
        if ticket.status != "issued":
            answer = base | {"outcome": "void", "why": ticket.status}
        elif left == 0:
            last = {"at": "2026-11-28T19:14:00Z", "gate": "North", "by": "alice"}
            answer = base | {"outcome": "already_admitted", "last": last}
        elif people > left:
            answer = base | {"outcome": "too_many", "left": left}
        else:
            ticket.inside += people
            answer = base | {"outcome": "admitted", "people": people, "left": left - people}
        self.answers[scan_id] = answer
        return answer

    def _named(self, body: dict[str, Any]) -> FakeTicket | None:
        if "ticket_id" in body:
            return self.tickets.get(body["ticket_id"])
        return next((each for each in self.tickets.values() if each.token == body["token"]), None)

    def undo(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a scan back, also one that is still on its way."""
        scan_id = body["scan_id"]
        ticket = self._named(body)
        people = self.answers.get(scan_id, {}).get("people", 0)
        if ticket is not None and scan_id not in self.taken_back:
            ticket.inside -= people
        self.taken_back.add(scan_id)
        return {"outcome": "taken_back" if people else "nothing_yet", "scan_id": scan_id}

    def take(self, scan: dict[str, Any]) -> dict[str, Any]:
        """Record an item of a journal."""
        ticket = self._named(scan)
        if ticket is None:
            return {"scan_id": scan["scan_id"], "outcome": "forged"}
        change = -scan["people"] if scan.get("undo") else scan["people"]
        if not scan.get("undo") and scan["scan_id"] in self.answers:
            return {"scan_id": scan["scan_id"], "outcome": "known"}
        ticket.inside += change
        self.answers.setdefault(scan["scan_id"], {"outcome": "admitted"})
        return {"scan_id": scan["scan_id"], "outcome": "taken_back" if change < 0 else "recorded"}


def fake_app(fake: FakeService, *, origin: str) -> Flask:  # noqa: C901 - all of its routes
    """Return the routes of the fake."""
    app = Flask(__name__)

    @app.before_request
    def answer_at_all() -> Response | None:
        fake.answering.wait()
        if fake.status != 200 and request.method != "OPTIONS":
            problem = {"code": "token_expired", "detail": "The access token has expired."}
            return app.make_response((problem, fake.status))
        return None

    @app.after_request
    def let_pages_read(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        return response

    @app.post("/api/tickets/check-in/")
    def check_in() -> Response:
        fake.checked.append(request.json)
        return jsonify(fake.answer(request.json))

    @app.post("/api/tickets/check-in/undo/")
    def undo() -> Response:
        fake.undone.append(request.json)
        return jsonify(fake.undo(request.json))

    @app.post("/api/tickets/check-in/sync/")
    def sync() -> Response:
        if request.json["event_id"] in fake.closed:
            problem = {"code": "not_your_event", "detail": "Not good for this event."}
            return app.make_response((problem, 403))
        fake.synced.extend(request.json["scans"])
        return jsonify(results=[fake.take(scan) for scan in request.json["scans"]])

    @app.get("/api/events/<int:event_id>/gate-list/")
    def gate_list(event_id: int) -> Response:
        text = fake.gate_list(now=1_700_000_000, event_id=event_id)
        return Response(text, mimetype="application/statuslist+jwt")

    @app.get("/.well-known/jwks.json")
    def jwks() -> Response:
        return jsonify(keys=fake.keys())

    @app.get("/api/events/<int:event_id>/")
    def event(event_id: int) -> Response:
        return jsonify(event_id=event_id, name="Summer Night Concert")

    @app.get("/api/events/")
    def events() -> Response:
        named = [(EVENT, "Summer Night Concert"), (OTHER_EVENT, "Open Rehearsal")]
        return jsonify(events=[{"event_id": each, "name": name} for each, name in named])

    return app


class _Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Log nothing."""


@contextmanager
def running_fake(*, origin: str) -> Iterator[FakeService]:
    """Serve a new fake on a free port. Pages of `origin` may call it."""
    fake = FakeService()
    fake.answering.set()
    [port] = free_ports(1)
    app = fake_app(fake, origin=origin)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    fake.url = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()
