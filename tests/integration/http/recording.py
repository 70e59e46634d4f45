"""The calls whose requests and answers are the examples in the OpenAPI document.

The clock stands still and codes are counted, so each recording is the same.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tests.integration.http.conformance import as_documented
from tests.integration.http.gates import CHECK_IN, SYNC, UNDO
from tests.integration.http.services import CANCEL, CREATE, REFUND, VERIFY, WEBHOOK, Service, token
from ticketing_core import AdmissionClaims
from ticketing_core.testing import PlainSigner, plain_notification
from ticketing_service.http.examples import RECORDED, recorded

ORGANIZER = {"sub": "7", "roles": ["organizer"]}
GATE = {"sub": "8", "roles": ["gate"]}
SCAN, OFFLINE, STRAY = (f"{n}0d1a7c4-5b8e-4c0f-9a3d-6e2f1b7c8d90" for n in (3, 4, 5))
KEY = {"Idempotency-Key": "3f2c9e1a7b60"}
NOON = "2030-01-01T12:00:00Z"


class Recording:
    """Calls a service and keeps what is said, by the name of the operation."""

    def __init__(self) -> None:
        self.service = Service()
        self.seen: dict[str, dict[str, dict[str, Any]]] = {}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        name: str = "example",
        caller: dict[str, Any] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        """Make a call, which must succeed, and return the body of the answer, if it is JSON."""
        signed = token(**(caller or {}))
        sent = {"Authorization": f"Bearer {signed}", **headers}
        answer = self.service.client.open(path, method=method, json=body, headers=sent)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        as_documented(self.service.app, answer)
        adapter = self.service.app.url_map.bind_to_environ(answer.request.environ)
        endpoint, values = adapter.match()
        operation = self.service.app.view_functions[endpoint].__name__
        seen = self.seen.setdefault(operation, {"parameters": {}, "bodies": {}, "answers": {}})
        query = {
            key: int(value) if value.isdecimal() else value
            for key, value in answer.request.args.items()
        }
        key = answer.request.headers.get("Idempotency-Key")
        seen["parameters"] |= {**values, **query, **({"Idempotency-Key": key} if key else {})}
        if body is not None:
            seen["bodies"][name] = {"value": body}
        if answer.mimetype != "application/json":
            return None
        seen["answers"][name] = {"value": answer.get_json()}
        return answer.get_json()


def record() -> dict[str, Any]:
    """Make all calls, and return what was said."""
    recording = Recording()
    sell(recording)
    let_in(recording)
    look(recording)
    organize(recording)
    for path in ("/.well-known/jwks.json", "/healthz", "/readyz"):
        recording.call("GET", path)
    return recording.seen


def sell(recording: Recording) -> None:
    """Put events on sale, and buy: one is to be paid, and one is free."""
    call, service = recording.call, recording.service
    price = {"amount_minor": 2500, "currency": "eur"}
    evening = {
        "doors_at": "2030-06-01T18:00:00Z",
        "starts_at": "2030-06-01T19:00:00Z",
        "venue": "Harbour Hall, Hamburg",
        "time_zone": "Europe/Berlin",
    }
    concert = {"name": "Summer Concert", "price": price, "capacity": 500, **evening}
    call("POST", "/api/events/", concert, name="paid", caller=ORGANIZER)
    free = {"name": "Open Rehearsal", "price": price | {"amount_minor": 0}, "capacity": 80}
    call("POST", "/api/events/", free, name="free", caller=ORGANIZER)
    order = {"event_id": 1, "quantity": 2}
    bought = call("POST", CREATE, order, name="paid", headers=KEY)
    call("POST", CREATE, {"event_id": 2, "quantity": 1}, name="free")
    given_up = call("POST", CREATE, order, name="paid")
    call("POST", CANCEL, {"ticket_id": given_up["ticket_id"]})
    service.pay(bought)
    verified = {"session_id": bought["session_id"], "ticket_id": bought["ticket_id"]}
    call("POST", VERIFY, verified)
    body, headers = plain_notification(bought["session_id"])
    answer = service.client.post(WEBHOOK, data=body, headers=headers)
    as_documented(service.app, answer)
    value = {"value": answer.get_json()}
    recording.seen["webhook"] = {"parameters": {}, "bodies": {}, "answers": {"example": value}}


def let_in(recording: Recording) -> None:
    """Let people in, take it back, and send what was noted offline: one more than has a right."""
    call = recording.call
    ticket = recording.service.tickets.by_id(1)
    assert ticket is not None
    shown = PlainSigner().sign(AdmissionClaims.of(ticket))
    scan = {"event_id": 1, "token": shown, "scan_id": SCAN, "gate": "North"}
    call("POST", CHECK_IN, {**scan, "admit": 1}, caller=GATE)
    call("POST", UNDO, scan, caller=GATE)
    noted = [
        {"scan_id": OFFLINE, "token": shown, "people": 3, "gate": "South", "at": NOON},
        {"scan_id": STRAY, "token": "?", "people": 1, "gate": "South", "at": NOON},
    ]
    call("POST", SYNC, {"event_id": 1, "sent_at": NOON, "scans": noted}, caller=GATE)
    call("GET", "/api/events/1/gate-list/", caller=GATE)
    call("GET", "/api/events/1/admissions/", name="all", caller=GATE)
    call("GET", "/api/events/1/admissions/?only=excess&limit=50", name="excess", caller=GATE)


def look(recording: Recording) -> None:
    """Look at events and tickets."""
    for path in (
        "/api/events/?limit=2&before=9",
        "/api/events/1/",
        "/api/tickets/?limit=2&before=9",
        "/api/tickets/1/",
        "/api/tickets/1/qr.png",
        "/api/tickets/1/qr.svg",
    ):
        recording.call("GET", path)


def organize(recording: Recording) -> None:
    """Change an event, close its sale, refund a ticket, and cancel the event."""

    def call(method: str, path: str, body: Any = None) -> Any:
        return recording.call(method, path, body, caller=ORGANIZER)

    call("PATCH", "/api/events/1/", {"version": 1, "capacity": 400, "venue": "Old Theatre"})
    call("POST", "/api/events/1/close/", {"version": 2})
    preview = call("GET", "/api/events/1/cancel/")
    total = preview["refund_total"]["amount_minor"]
    call("POST", "/api/events/1/cancel/", {"version": 3, "refund_total_minor": total})
    call("GET", "/api/events/1/history/")
    for path in ("tickets/?limit=2", "tickets.csv", "disputes/", "report/", "report.csv"):
        call("GET", f"/api/events/1/{path}")
    call("POST", REFUND, {"ticket_id": 1})
    call("GET", "/api/events/1/refunds/")
    call("GET", "/api/tickets/1/story/")


def renew() -> None:
    """Write what is said now to the file that the document is made from."""
    text = json.dumps(record(), indent=2, ensure_ascii=False) + "\n"
    RECORDED.write_text(text, encoding="utf-8")
    recorded.cache_clear()
