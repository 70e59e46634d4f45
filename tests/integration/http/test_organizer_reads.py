"""What organizers read of their events: who may, what is shown, page by page."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.integration.http.services import Service, problem
from tests.integration.http.stores import AwayStore
from ticketing_core import Event, Ticket, TicketStatus
from ticketing_core.testing.contracts.examples import stored
from ticketing_service.capacity.rates import AT_ONCE, CALL, Rates

PARTS = ["tickets/", "tickets.csv", "refunds/", "disputes/", "report/", "report.csv"]
"""What there is of an event."""


def read(service: Service, path: str, **claims: Any) -> Any:
    """Return what an organizer reads."""
    answer = service.organize(path, method="GET", **claims)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def of_event(event: Event, part: str) -> str:
    """Return the path of a part of an event."""
    return f"/api/events/{event.event_id}/{part}"


def paid(service: Service, event: Event, *, buyer: str = "42", quantity: int = 2) -> Ticket:
    """Buy and pay, and return the ticket."""
    bought = service.bought(event, buyer=buyer, quantity=quantity)
    service.pay(bought)
    body = {"session_id": bought["session_id"], "ticket_id": bought["ticket_id"]}
    assert service.post("/api/payments/verify/", body, buyer=buyer).status_code == 200
    return service.stored(bought)


def changed(service: Service, ticket: Ticket, new: Ticket) -> Ticket:
    """Store another version of a ticket."""
    return stored(service.tickets, ticket, new)


def all_ids(service: Service, path: str, *, name: str, cursor: str) -> list[int]:
    """Return the ids on all pages of two entries."""
    found: list[int] = []
    following = None
    while True:
        more = "" if following is None else f"&{cursor}={following}"
        body = read(service, f"{path}limit=2{more}")
        page = [each.get("ticket", each)["ticket_id"] for each in body[name]]
        found += page
        following = body["next"]
        if following is None:
            return found
        assert following == page[-1]


@pytest.mark.parametrize("part", PARTS)
def test_only_organizers_of_the_event_may_read(service: Service, part: str) -> None:
    """Neither buyers nor gates nor organizers of other events."""
    event = service.event(event_id=15)
    path = of_event(event, part)
    assert problem(service.get(path, buyer=None), 401)["code"] == "token_missing"
    for roles in ((), ("gate",)):
        assert problem(service.get(path, roles=roles), 403)["code"] == "role_missing"
    other = service.organize(path, method="GET", events=[16])
    assert problem(other, 403)["code"] == "not_your_event"
    assert service.organize(path, method="GET", events=[15]).status_code == 200
    assert service.organize(path, method="GET").status_code == 200
    unknown = service.organize(path.replace("15", "99"), method="GET")
    assert problem(unknown, 404)["code"] == "event_not_found"


def test_only_organizers_of_the_event_may_read_a_story(service: Service) -> None:
    """Not even its buyer."""
    ticket = paid(service, service.event(event_id=15))
    path = f"/api/tickets/{ticket.ticket_id}/story/"
    assert problem(service.get(path), 403)["code"] == "role_missing"
    other = service.organize(path, method="GET", events=[16])
    assert problem(other, 403)["code"] == "not_your_event"
    assert service.organize(path, method="GET", events=[15]).status_code == 200
    unknown = service.organize("/api/tickets/99/story/", method="GET", events=[15])
    assert problem(unknown, 404)["code"] == "ticket_not_found"


def test_a_ticket_has_exactly_the_promised_fields(service: Service) -> None:
    """With its buyer, and without anything that pays or lets in."""
    event = service.event()
    bought = service.bought(event, buyer="ann")
    (ticket,) = read(service, of_event(event, "tickets/"))["tickets"]
    assert ticket == {
        "ticket_id": bought["ticket_id"],
        "ticket_code": bought["ticket_code"],
        "event_id": event.event_id,
        "buyer": "ann",
        "status": "paying",
        "quantity": 2,
        "admitted": 0,
        "excess": 0,
        "total": {"amount_minor": 5000, "currency": "usd"},
        "created_at": "2030-01-01T00:00:00Z",
        "held_until": "2030-01-01T00:35:00Z",
        "disputed": False,
        "refunded_minor": 0,
        "charged_back_minor": 0,
        "paid_back_minor": 0,
        "paid_back_otherwise": None,
        "owed_minor": 0,
        "owed_since": None,
        "refund_problem": None,
        "waits_for_person": False,
    }


def test_no_answer_holds_what_is_the_buyers(service: Service) -> None:
    """Neither the address of a payment page nor an admission token."""
    event = service.event()
    waiting = service.bought(event)
    ticket = paid(service, event)
    changed(service, ticket, ticket.marked(disputed=True))
    token = service.office.admission_of(ticket).token
    paths = [*(of_event(event, part) for part in PARTS), f"/api/tickets/{ticket.ticket_id}/story/"]
    for path in paths:
        text = service.organize(path, method="GET").get_data(as_text=True)
        assert waiting["checkout_url"] not in text
        assert token not in text


def test_tickets_come_page_by_page(service: Service) -> None:
    """The newest first, of all statuses or of one; not those of other events."""
    event, other = service.event(capacity=99), service.event()
    ids = [service.bought(each, quantity=1)["ticket_id"] for each in (event, other) * 3][::2]
    issued = paid(service, event).ticket_id
    path = of_event(event, "tickets/?")
    newest = [issued, *reversed(ids)]
    assert all_ids(service, path, name="tickets", cursor="before") == newest
    for status, found in (("issued", [issued]), ("paying", newest[1:]), ("refunded", [])):
        of_status = f"{path}status={status}&"
        assert all_ids(service, of_status, name="tickets", cursor="before") == found


def test_a_search_finds_codes_ids_and_buyers(service: Service) -> None:
    """What is named comes first, and buyers in their order; each ticket once, on whatever pages."""
    event, other = service.event(capacity=99), service.event(capacity=99)
    buyers = ["7", "12", "ann", "anna", "Ann", "1", "ann", "3-x"]
    tickets = [service.bought(event, buyer=each, quantity=1) for each in buyers]
    elsewhere = service.bought(other, buyer="ann", quantity=1)
    ids = [each["ticket_id"] for each in tickets]
    assert ids == [1, 2, 3, 4, 5, 6, 7, 8]
    for q, found in {
        "ann": [3, 7, 4],
        "an": [3, 7, 4],
        "A": [5],
        "x": [],
        # The ticket with this id, and the buyers who begin with it.
        "1": [1, 6, 2],
        "3": [3, 8],
        "7": [7, 1],
        tickets[4]["ticket_code"]: [5],
        elsewhere["ticket_code"]: [],
        str(elsewhere["ticket_id"]): [],
        "9007199254740991": [],
    }.items():
        path = of_event(event, f"tickets/?q={q}&")
        assert all_ids(service, path, name="tickets", cursor="before") == found, q
    paid_one = paid(service, event, buyer="ann")
    path = of_event(event, "tickets/?q=ann&status=issued&")
    assert all_ids(service, path, name="tickets", cursor="before") == [paid_one.ticket_id]
    path = of_event(event, f"tickets/?q={paid_one.ticket_id}&status=paying&")
    assert all_ids(service, path, name="tickets", cursor="before") == []


def test_a_search_cannot_go_on_after_a_stranger(service: Service) -> None:
    """A ticket that is not on the list, because nobody has it or its buyer begins otherwise."""
    event, other = service.event(capacity=99), service.event()
    mine = service.bought(event, buyer="ann")["ticket_id"]
    strangers = [service.bought(event, buyer="bob"), service.bought(other, buyer="ann")]
    path = of_event(event, "tickets/?q=a&before=")
    assert read(service, f"{path}{mine}")["tickets"] == []
    for number in (99, *(each["ticket_id"] for each in strangers)):
        answer = service.organize(f"{path}{number}", method="GET")
        assert problem(answer, 404)["code"] == "ticket_not_found"


@pytest.mark.parametrize(
    ("part", "query", "fields"),
    [
        ("tickets/", "status=paid", ["status"]),
        ("tickets/", "status=", ["status"]),
        ("tickets/", "status=ISSUED", ["status"]),
        ("tickets/", "q=", ["q"]),
        ("tickets/", f"q={'x' * 201}", ["q"]),
        ("tickets/", "q=%00", ["q"]),
        ("tickets/", "limit=0&before=0&status=x&q=", ["status", "q", "limit", "before"]),
        ("tickets/", "limit=101", ["limit"]),
        ("tickets/", f"before={2**53}", ["before"]),
        ("tickets.csv", "status=paid&q=", ["status", "q"]),
        ("refunds/", "limit=101&after=x", ["limit", "after"]),
        ("disputes/", "limit=1.0&after=0", ["limit", "after"]),
    ],
)
def test_bad_queries_are_refused_by_name(
    service: Service, part: str, query: str, fields: Sequence[str]
) -> None:
    """All bad fields of them."""
    answer = service.organize(of_event(service.event(), f"{part}?{query}"), method="GET")
    body = problem(answer, 400)
    assert body["code"] == "invalid_input"
    assert [each["field"] for each in body["errors"]] == fields


def test_reads_count_as_other_looks(service: Service) -> None:
    """A page that asks again and again is served; a loop has an end."""
    event = service.event()
    service.rebuild(within_rate=Rates().allow)
    for part in PARTS:
        path = of_event(event, part)
        many = [service.organize(path, method="GET").status_code for _ in range(CALL * AT_ONCE)]
        assert set(many) == {200}
        more = [service.organize(path, method="GET").status_code for _ in range(CALL * AT_ONCE)]
        assert 429 in more


@pytest.mark.parametrize("part", PARTS)
def test_without_the_database_reads_are_refused(service: Service, part: str) -> None:
    """With Retry-After, also an export: it has not begun."""
    path = of_event(service.event(), part)
    service.rebuild(events=AwayStore(), tickets=AwayStore())
    answer = service.organize(path, method="GET")
    assert problem(answer, 503)["code"] == "store_unavailable"


def test_all_statuses_can_be_asked_for(service: Service) -> None:
    """By the names that tickets have."""
    event = service.event()
    for status in TicketStatus:
        assert read(service, of_event(event, f"tickets/?status={status}"))["tickets"] == []
