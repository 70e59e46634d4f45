"""The gate of a real server over each database: a group, a journal, the list, and who is over."""

import io
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from PIL import Image

from tests.integration.end_to_end.conftest import Shop
from tests.support.qr_scanner import scan as scan_image
from tests.support.server import Answer, access_token
from ticketing_adapters.gate_list import VerifiedGateList, read_gate_list
from ticketing_core import Event

NOW = "2026-11-28T20:00:00Z"
REFUND = "/api/payments/refund/"


def shown(shop: Shop, order: Mapping[str, Any]) -> str:
    """Return what the QR code of an issued ticket says."""
    path = f"/api/tickets/{order['ticket_id']}/qr.png"
    image = shop.server.get(path, token=access_token(shop.buyer)).content
    return scan_image(Image.open(io.BytesIO(image)))


def post(shop: Shop, event: Event, what: str, **body: Any) -> Any:
    """Send a body as the staff of a gate, and return the answer's."""
    staff = access_token("alice", roles=["gate"], events=[event.event_id])
    path = f"/api/tickets/check-in/{what}"
    answer = shop.server.post(path, {"event_id": event.event_id, **body}, token=staff)
    assert answer.status == 200, answer.content
    return answer.body


def get(shop: Shop, event: Event, what: str, **headers: str) -> Answer:
    """Ask for something of the event as the staff of a gate."""
    staff = access_token("alice", roles=["gate"], events=[event.event_id])
    return shop.server.get(f"/api/events/{event.event_id}/{what}", token=staff, **headers)


def test_an_evening_at_the_gate(shop: Shop) -> None:
    """People go in by what their phones show, online and offline, and are counted once."""
    event = shop.event(price=0)
    first, second = shop.bought(event), shop.bought(event)
    code = shown(shop, first)
    scan_id = str(uuid4())
    for _ in range(2):
        answer = post(shop, event, "", token=code, admit=1, scan_id=scan_id, gate="North")
        assert (answer["outcome"], answer["left"]) == ("admitted", 1)
    undone = post(shop, event, "undo/", token=code, scan_id=scan_id)
    assert (undone["outcome"], undone["left"]) == ("taken_back", 2)
    organizer = access_token("olga", roles=["organizer"])
    voided = shop.server.post(REFUND, {"ticket_id": second["ticket_id"]}, token=organizer)
    assert voided.status == 200
    refused = post(shop, event, "", token=code, admit=3)
    assert refused["outcome"] == "too_many"
    journal = [
        {"scan_id": str(uuid4()), "token": code, "people": people, "gate": "South", "at": NOW}
        for people in (2, 1)
    ]
    for outcome in ("recorded", "known"):
        synced = post(shop, event, "sync/", sent_at=NOW, scans=[*journal, {}])
        assert [each["outcome"] for each in synced["results"]] == [outcome, outcome, "invalid"]
    counted = get(shop, event, "admissions/").body
    assert (counted["inside"], counted["admitted"], counted["excess"]) == (3, 2, 1)
    (over,) = get(shop, event, "admissions/?only=excess").body["tickets"]
    assert (over["ticket_id"], over["excess"]) == (first["ticket_id"], 1)
    listed = get(shop, event, "gate-list/")
    keys = {each["kid"]: each for each in shop.server.get("/.well-known/jwks.json").body["keys"]}
    found = read_gate_list(listed.content.decode(), public_key=keys.get)
    assert isinstance(found, VerifiedGateList), found
    assert found.gate_list.void == [second["ticket_id"]]
    assert found.gate_list.inside == [(first["ticket_id"], 3)]
    again = get(shop, event, "gate-list/", **{"If-None-Match": listed.headers["ETag"]})
    assert again.status == 304


def test_another_event_is_not_this_gates(shop: Shop) -> None:
    """What the token lists, the staff may open."""
    event, other = shop.event(price=0), shop.event(price=0)
    staff = access_token("alice", roles=["gate"], events=[event.event_id])
    body = {"event_id": other.event_id, "ticket_id": 1}
    shop.server.post("/api/tickets/check-in/", body, token=staff).problem(403, "not_your_event")
