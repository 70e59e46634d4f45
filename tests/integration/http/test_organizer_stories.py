"""What organizers read of a ticket: its story, its owed refund, and evidence in a dispute."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.integration.http.services import Service
from tests.integration.http.test_organizer_reads import all_ids, changed, of_event, paid, read
from ticketing_core import Ticket
from ticketing_core.scan import Scan


def let_in(service: Service, ticket: Ticket, *, people: int, number: int) -> None:
    """Let people in at the gate North, an hour after the present."""
    at = service.clock.now() + timedelta(hours=1)
    scan = Scan(
        scan_id=UUID(int=number, version=4),
        ticket_id=ticket.ticket_id,
        event_id=ticket.event_id,
        gate="North",
        by="alice",
        at=at,
        stored_at=at,
        people=people,
    )
    service.admissions.admit(scan)


def test_a_story_has_all_changes_and_scans(service: Service) -> None:
    """The oldest first, each with its author."""
    ticket = paid(service, service.event())
    let_in(service, ticket, people=1, number=1)
    let_in(service, ticket, people=2, number=2)
    body = read(service, f"/api/tickets/{ticket.ticket_id}/story/")
    assert body["ticket"]["admitted"] == 1
    assert [(each["version"], each["status"], each["by"]) for each in body["changes"]] == [
        (1, "reserved", "buyer"),
        (2, "paying", "buyer"),
        (3, "issued", "buyer"),
        (4, "issued", "gate alice"),
    ]
    assert [(each["kind"], each["outcome"], each["people"]) for each in body["scans"]] == [
        ("let_in", "admitted", 1),
        ("refused", "too_many", 0),
    ]
    first, second = body["scans"]
    assert (first["gate"], first["by"], first["at"]) == ("North", "alice", "2030-01-01T01:00:00Z")
    assert (second["asked"], second["inside_after"]) == (2, 1)


def test_owed_refunds_say_why_they_wait(service: Service) -> None:
    """The oldest ids first."""
    event = service.event(capacity=99)
    waiting = []
    for problem_code in (None, "charge_disputed", "appeal_won"):
        ticket = paid(service, event)
        owed = ticket.refunding(at=service.clock.now(), problem=problem_code)
        waiting.append(changed(service, ticket, owed).ticket_id)
    paid(service, event)
    path = of_event(event, "refunds/?")
    assert all_ids(service, path, name="refunds", cursor="after") == waiting
    refunds = read(service, path)["refunds"]
    assert [
        (each["refund_problem"], each["waits_for_person"], each["owed_minor"]) for each in refunds
    ] == [(None, False, 5000), ("charge_disputed", False, 5000), ("appeal_won", True, 5000)]


def test_disputes_come_with_their_evidence(service: Service) -> None:
    """In fields that a seller can copy: what, when, by which account, paid how, and who went in."""
    event = service.event(
        capacity=99,
        starts_at=datetime(2030, 3, 1, 19, tzinfo=UTC),
        venue="Hall, Main St 1",
        time_zone="Europe/Berlin",
    )
    ids = []
    for number in range(3):
        ticket = paid(service, event, buyer="ann")
        let_in(service, ticket, people=2, number=number)
        now = service.stored(
            {"ticket_id": ticket.ticket_id, "ticket_code": str(ticket.ticket_code)}
        )
        ids.append(changed(service, now, now.marked(disputed=True)).ticket_id)
    paid(service, event)
    path = of_event(event, "disputes/?")
    assert all_ids(service, path, name="disputes", cursor="after") == ids
    first = read(service, path)["disputes"][0]
    evidence: Mapping[str, Any] = first["evidence"]
    assert evidence["product_description"].splitlines() == [
        "Admission of 2 people to Concert",
        "Where: Hall, Main St 1",
        "When: 1 March 2030, 20:00 (Europe/Berlin)",
        "Price: 50.00 USD",
        "Ordered: 1 January 2030, 01:00 (Europe/Berlin), by the account ann",
        f"Paid: 1 January 2030, 01:00 (Europe/Berlin), payment {evidence['payment_id']}",
        f"Ticket: {ids[0]}, code {first['ticket']['ticket_code']}",
    ]
    assert evidence["service_date"] == "1 March 2030, 20:00 (Europe/Berlin)"
    assert evidence["access_activity_log"] == (
        "1 January 2030, 02:00 (Europe/Berlin): 2 people went in at the gate North"
    )
    assert "issued, payment seen, by buyer" in evidence["uncategorized_text"]
    assert evidence["paid_at"] == "2030-01-01T00:00:00Z"
