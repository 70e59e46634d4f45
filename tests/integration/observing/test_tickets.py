"""The line about a change: what it has, and that it names nobody."""

import logging

import pytest

from tests.integration.observing.test_requests import counts
from ticketing_core.testing import InMemoryEvents, InMemoryTickets
from ticketing_core.testing.contracts.examples import FREE, NOON, draft, held, stored_event
from ticketing_core.ticket import Ticket
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.tickets import ObservedTickets

BUYER = "buyer-Adelheid"


def ticket(**changes: object) -> Ticket:
    """Return a reserved ticket of the buyer, or an issued one if it is free."""
    events = InMemoryEvents()
    event = stored_event(events, **changes)
    return held(InMemoryTickets(events), draft(event, buyer=BUYER, quantity=2))


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """Return the fields of all lines, and what each says."""
    plain = vars(logging.makeLogRecord({}))
    return [
        {"says": record.getMessage()}
        | {name: value for name, value in vars(record).items() if name not in {*plain, "message"}}
        for record in caplog.records
    ]


def test_a_change_is_a_line_with_the_ids_and_the_amount(caplog: pytest.LogCaptureFixture) -> None:
    """And with what it was before, why it changed and who changed it."""
    issued = ticket(price=FREE)
    with caplog.at_level(logging.INFO):
        ObservedTickets().changed(None, issued, why="reserved", by="buyer")
    assert told(caplog) == [
        {
            "says": "ticket issued",
            "ticket_id": issued.ticket_id,
            "event_id": issued.event_id,
            "quantity": 2,
            "total_minor": 0,
            "currency": "usd",
            "was": "new",
            "why": "reserved",
            "by": "buyer",
        }
    ]


def test_no_line_names_a_person(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the buyer, nor the organizer who refunds, nor anybody in a person's note."""
    owed = ticket(price=FREE).refunding(at=NOON)
    done = owed.paid_back(amount_minor=0, how="cash to Adelheid")
    with caplog.at_level(logging.DEBUG):
        ObservedTickets().changed(
            owed, done, why="paid back: cash to Adelheid", by="organizer Adelheid"
        )
    (line,) = told(caplog)
    assert (line["why"], line["by"]) == ("paid back", "organizer")
    assert "Adelheid" not in str(line)


def test_a_reservation_is_half_a_purchase(caplog: pytest.LogCaptureFixture) -> None:
    """It is told at DEBUG only. The control: at that level it is."""
    for level in (logging.INFO, logging.DEBUG):
        with caplog.at_level(level):
            ObservedTickets().changed(None, ticket(), why="reserved", by="buyer")
    assert caplog.messages == ["ticket reserved"]


def test_only_another_status_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """What else changes is a line alone."""
    metrics = Metrics()
    issued = ticket(price=FREE)
    with caplog.at_level(logging.INFO):
        ObservedTickets(metrics).changed(None, issued, why="reserved", by="buyer")
        ObservedTickets(metrics).changed(
            issued, issued.marked(disputed=True), why="disputed", by="news"
        )
    assert caplog.messages == ["ticket issued", "ticket still issued"]
    assert counts(metrics) == {"ticketing_ticket_changes_total['issued', 'new']": 1}
