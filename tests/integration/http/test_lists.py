"""GET /api/events/ and /api/tickets/: fields, pages, and who may see what."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.http.services import Service, problem
from tests.integration.http.stores import AwayStore


def pages(service: Service, path: str, name: str) -> list[list[Any]]:
    """Return all pages of a list, by following ``next``."""
    found = []
    following: str | None = path
    while following is not None:
        body = service.get(following).get_json()
        assert list(body) == [name, "next"]
        found.append(body[name])
        following = body["next"]
    return found


def test_event(service: Service) -> None:
    """An event has exactly the promised fields."""
    event = service.event(
        opens_at=datetime(2029, 12, 31, 23, tzinfo=UTC),
        closes_at=datetime(2030, 2, 1, tzinfo=UTC),
        max_per_buyer=20,
        starts_at=datetime(2030, 3, 1, 19, tzinfo=UTC),
        venue="Hall",
    )
    service.bought(event, quantity=3)
    answer = service.get(f"/api/events/{event.event_id}/", buyer=None)
    assert answer.get_json() == {
        "event_id": 1,
        "name": "Concert",
        "price": {"amount_minor": 2500, "currency": "usd"},
        "capacity": 10,
        "places_left": 7,
        "opens_at": "2029-12-31T23:00:00Z",
        "closes_at": "2030-02-01T00:00:00Z",
        "max_per_order": 10,
        "max_per_buyer": 20,
        "starts_at": "2030-03-01T19:00:00Z",
        "ends_at": None,
        "doors_at": None,
        "venue": "Hall",
        "time_zone": "UTC",
        "version": 1,
        "cancelled_at": None,
        "unwound_at": None,
        "server_now": "2030-01-01T00:00:00Z",
    }


def test_event_without_limits(service: Service) -> None:
    """A limit that an event does not have is null, never left out."""
    event = service.event()
    body = service.get(f"/api/events/{event.event_id}/").get_json()
    assert (body["opens_at"], body["closes_at"], body["max_per_buyer"]) == (None, None, None)


def test_events_in_pages(service: Service) -> None:
    """The pages hold every event once, the newest first, and the last has no next."""
    for _ in range(5):
        service.event()
    found = pages(service, "/api/events/?limit=2", "events")
    assert [[event["event_id"] for event in page] for page in found] == [[5, 4], [3, 2], [1]]


def test_full_last_page(service: Service) -> None:
    """A full last page has no next page."""
    for _ in range(4):
        service.event()
    assert [len(page) for page in pages(service, "/api/events/?limit=2", "events")] == [2, 2]


def test_no_events(service: Service) -> None:
    """A list may be empty."""
    assert service.get("/api/events/").get_json() == {"events": [], "next": None}


def test_pages_are_bounded(service: Service) -> None:
    """A page has 50 entries by default, and never more than 100."""
    for _ in range(101):
        service.event()
    assert len(service.get("/api/events/").get_json()["events"]) == 50
    assert len(service.get("/api/events/?limit=100").get_json()["events"]) == 100


@pytest.mark.parametrize("path", ["/api/events/", "/api/tickets/"])
@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=ten", ["limit"]),
        ("limit=1.0", ["limit"]),
        ("limit=%2010", ["limit"]),
        ("limit=%D9%A1", ["limit"]),
        ("before=0", ["before"]),
        ("before=-1", ["before"]),
        (f"before={2**53}", ["before"]),
        ("before=null", ["before"]),
        (f"limit=0&before={'9' * 5000}", ["limit", "before"]),
    ],
)
def test_bad_query(service: Service, path: str, query: str, fields: list[str]) -> None:
    """A bad query is a 400 that names each bad field."""
    body = problem(service.get(f"{path}?{query}"), 400)
    assert body["code"] == "invalid_input"
    assert [error["field"] for error in body["errors"]] == fields


def test_ticket(service: Service) -> None:
    """A ticket that waits for its payment has exactly the promised fields."""
    bought = service.bought(service.event())
    service.clock.advance(timedelta(minutes=5))
    assert service.get(f"/api/tickets/{bought['ticket_id']}/").get_json() == {
        "ticket_id": bought["ticket_id"],
        "ticket_code": bought["ticket_code"],
        "event_id": 1,
        "quantity": 2,
        "status": "paying",
        "total": {"amount_minor": 5000, "currency": "usd"},
        "refunded": {"amount_minor": 0, "currency": "usd"},
        "charged_back": {"amount_minor": 0, "currency": "usd"},
        "session_id": bought["session_id"],
        "checkout_url": bought["checkout_url"],
        "expires_at": "2030-01-01T00:35:00Z",
        "admitted": 0,
        "disputed": False,
        "created_at": "2030-01-01T00:00:00Z",
        "server_now": "2030-01-01T00:05:00Z",
    }


def test_issued_ticket(service: Service) -> None:
    """An issued ticket has no expiry and no checkout address; it keeps its session."""
    bought = service.bought(service.event())
    service.pay(bought)
    service.verify(bought)
    body = service.get(f"/api/tickets/{bought['ticket_id']}/").get_json()
    assert (body["status"], body["expires_at"], body["checkout_url"]) == ("issued", None, None)
    assert body["session_id"] == bought["session_id"]


def test_disputed_ticket(service: Service) -> None:
    """A dispute is shown but does not change the status; the bank decides."""
    bought = service.bought(service.event())
    service.pay(bought)
    service.gateway.dispute(bought["session_id"])
    service.verify(bought)
    body = service.get(f"/api/tickets/{bought['ticket_id']}/").get_json()
    assert (body["status"], body["disputed"]) == ("issued", True)


def test_free_ticket(service: Service) -> None:
    """A free ticket has no payment."""
    bought = service.bought(service.event(price=0))
    body = service.get(f"/api/tickets/{bought['ticket_id']}/").get_json()
    assert (body["session_id"], body["checkout_url"], body["expires_at"]) == (None, None, None)


def test_own_tickets_only(service: Service) -> None:
    """A list has only the caller's tickets, in pages."""
    event = service.event(price=0, capacity=100)
    for buyer in ("42", "43", "42", "43", "42"):
        service.bought(event, buyer=buyer)
    found = pages(service, "/api/tickets/?limit=2", "tickets")
    assert [[ticket["ticket_id"] for ticket in page] for page in found] == [[5, 3], [1]]


PARTS = ["", "qr.png", "qr.svg"]


@pytest.mark.parametrize("part", PARTS)
def test_whose_ticket(service: Service, part: str) -> None:
    """Another buyer's ticket is a 403, an unknown one a 404, a missing token a 401."""
    service.bought(service.event(price=0))
    path = f"/api/tickets/1/{part}"
    assert problem(service.get(path, buyer="43"), 403)["code"] == "not_your_ticket"
    assert problem(service.get(path, buyer=None), 401)["code"] == "token_missing"
    unknown = service.get(f"/api/tickets/999/{part}")
    assert problem(unknown, 404)["code"] == "ticket_not_found"


@pytest.mark.parametrize("wrong", ["0", "-1", "01", "1.0", "x", "%D9%A1", str(2**53), "9" * 5000])
@pytest.mark.parametrize("path", ["/api/events/{}/", "/api/tickets/{}/", "/api/tickets/{}/qr.png"])
def test_ids_that_nothing_has(service: Service, path: str, wrong: str) -> None:
    """In a path, a malformed id is a 404."""
    assert problem(service.get(path.format(wrong)), 404)["code"] == "not_found"


def test_ids_beyond_the_largest_one(service: Service) -> None:
    """At each address, by each method that it takes: nothing has such an id."""
    answers = {
        (method, rule.rule): service.client.open(
            re.sub("<int:[a-z_]+>", str(2**53), rule.rule), method=method
        ).status_code
        for rule in service.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if "<int:" in rule.rule
    }
    assert len(answers) > 15
    assert {call for call, status in answers.items() if status != 404} == set()


def test_largest_id(service: Service) -> None:
    """The largest id is a valid id."""
    answer = service.get(f"/api/events/{2**53 - 1}/")
    assert problem(answer, 404)["code"] == "event_not_found"


@pytest.mark.parametrize(
    ("part", "kind", "starts"),
    [("qr.png", "image/png", b"0000"), ("qr.svg", "image/svg+xml", b"<svg><text>0000")],
)
def test_qr_code(service: Service, part: str, kind: str, starts: bytes) -> None:
    """An issued ticket has a QR code in each format, and no proxy caches it."""
    bought = service.bought(service.event(price=0))
    answer = service.get(f"/api/tickets/{bought['ticket_id']}/{part}")
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.data.startswith(starts)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("part", ["qr.png", "qr.svg"])
def test_no_qr_code_before_and_after(service: Service, part: str) -> None:
    """A ticket that is not paid, or refunded, has no QR code: 400."""
    bought = service.bought(service.event())
    path = f"/api/tickets/{bought['ticket_id']}/{part}"
    assert problem(service.get(path), 400)["code"] == "no_qr_code"
    service.pay(bought)
    service.verify(bought)
    assert service.get(path).status_code == 200
    service.office.refund(ticket_id=bought["ticket_id"], by="organizer")
    assert "refunded" in problem(service.get(path), 400)["detail"]


@pytest.mark.parametrize("path", ["/api/events/", "/api/events/1/", "/api/tickets/"])
def test_store_away(service: Service, path: str) -> None:
    """Without the database, lists are a 503 with Retry-After."""
    service.rebuild(events=AwayStore(), tickets=AwayStore())
    answer = service.get(path)
    assert problem(answer, 503)["code"] == "store_unavailable"
    assert answer.headers["Retry-After"] == "2"
