"""The line about an act at the gate: what it has, and that it names nobody."""

import logging

import pytest
from attrs import evolve

from tests.integration.http.gates import SYNC, UNDO, Door, door, new_id
from tests.integration.http.services import REFUND, Service
from tests.integration.observing.test_requests import counts
from tests.integration.observing.test_tickets import told
from ticketing_core import AdmissionClaims
from ticketing_core.errors import StoreUnavailable
from ticketing_core.gate import Gate
from ticketing_core.scan import Entry, EntryOutcome
from ticketing_core.testing import PlainSigner
from ticketing_service.observing.gate import ObservedGate
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.tickets import ObservedTickets

STAFF = "staff-Adelheid"


@pytest.fixture
def gate() -> Door:
    """Give the gate of an event."""
    return door(Service())


def observed(gate: Gate, metrics: Metrics | None = None) -> ObservedGate:
    """Return the same gate, observed."""
    return ObservedGate(
        events=gate.events,
        tickets=gate.tickets,
        admissions=gate.admissions,
        signer=gate.signer,
        gateway=gate.gateway,
        clock=gate.clock,
        metrics=metrics,
    )


def test_each_act_is_a_line_with_scan_and_ticket(
    gate: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """With what came of it, and with neither the guest nor the staff."""
    service, metrics = gate.service, Metrics()
    ticket = gate.bought(2)
    service.rebuild(observe=lambda plain: observed(plain, metrics))
    scan_id = new_id()
    with caplog.at_level(logging.INFO):
        gate.scan(ticket, 2, scan_id=scan_id)
        gate.scan("x", scan_id=scan_id)
        gate.scan(PlainSigner("new").sign(AdmissionClaims.of(ticket)), scan_id=scan_id)
        body = {"token": gate.token(ticket), "scan_id": scan_id}
        gate.post("/api/tickets/check-in/undo/", body)
        service.post(REFUND, {"ticket_id": ticket.ticket_id}, roles=["organizer"])
        entry = gate.noted(ticket, 2)
        gate.sync(entry, gate.noted("y", scan_id=scan_id))
    of_gate = [each for each in told(caplog) if "scan_id" in each]
    ids = {"scan_id": scan_id, "event_id": gate.event.event_id}
    named = ids | {"ticket_id": ticket.ticket_id}
    over = {"people": 2, "excess": 2, "why": "void"}
    assert of_gate == [
        {"says": "check_in admitted", "people": 2} | named,
        {"says": "check_in forged"} | ids,
        {"says": "check_in unknown_key", "kid": "new"} | ids,
        {"says": "undo taken_back", "people": 2} | named,
        {"says": "sync recorded"} | named | over | {"scan_id": entry["scan_id"]},
        {"says": "sync forged"} | ids,
    ]
    assert "alice" not in caplog.text
    assert counts(metrics) == {
        "ticketing_check_ins_total['admitted', 'check_in']": 1,
        "ticketing_check_ins_total['check_in', 'forged']": 1,
        "ticketing_check_ins_total['check_in', 'unknown_key']": 1,
        "ticketing_check_ins_total['taken_back', 'undo']": 1,
        "ticketing_check_ins_total['recorded', 'sync']": 1,
        "ticketing_check_ins_total['forged', 'sync']": 1,
        "ticketing_excess_people_total['void']": 2,
    }


def test_what_a_sync_did_before_it_failed_is_told(
    gate: Door, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its repeat only hears that this is known: nobody else would tell of people in excess."""
    ticket, metrics = gate.bought(1), Metrics()
    gate.scan(ticket)
    gate.service.rebuild(observe=lambda plain: observed(plain, metrics))
    store, record = gate.service.admissions, gate.service.admissions.record
    first, second = gate.noted(ticket), gate.noted(ticket)

    def fails_at_the_second(entry: Entry) -> EntryOutcome:
        if str(entry.scan_id) == second["scan_id"]:
            raise StoreUnavailable("gone")
        return record(entry)

    monkeypatch.setattr(store, "record", fails_at_the_second)
    with caplog.at_level(logging.INFO):
        body = {"sent_at": gate.now().isoformat(), "scans": [first, second]}
        assert gate.post(SYNC, body).status_code == 503
    assert [each["says"] for each in told(caplog) if "scan_id" in each] == ["sync recorded"]
    assert counts(metrics)["ticketing_excess_people_total['too_many']"] == 1


@pytest.mark.parametrize("good_reads", [0, 1])
def test_an_undo_that_is_answered_with_an_error_has_stored_nothing(
    gate: Door, monkeypatch: pytest.MonkeyPatch, good_reads: int
) -> None:
    """Also if the keys of tokens cannot be read just then, for the line or for the undo."""
    ticket, scan_id = gate.bought(1), new_id()
    gate.scan(ticket, scan_id=scan_id)
    gate.service.rebuild(observe=observed)
    left, read = [None] * good_reads, PlainSigner.read

    def fails_later(self: PlainSigner, token: str) -> object:
        if not left:
            raise StoreUnavailable("gone")
        left.pop()
        return read(self, token)

    with monkeypatch.context() as failing:
        failing.setattr(PlainSigner, "read", fails_later)
        answer = gate.post(UNDO, {"token": gate.token(ticket), "scan_id": scan_id})
    assert answer.status_code == 503
    stored = gate.service.tickets.by_id(ticket.ticket_id)
    assert stored is not None
    assert stored.inside == 1


def test_an_act_is_one_line(gate: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The change of the ticket by it is no other. The control: any other change is."""
    ticket = gate.bought(2)
    with caplog.at_level(logging.DEBUG):
        ObservedTickets().changed(ticket, ticket.moved(1), why="1 let in", by=f"gate {STAFF}")
        assert told(caplog) == []
        ObservedTickets().changed(ticket, evolve(ticket, disputed=True), why="-", by="gate x")
    assert [each["says"] for each in told(caplog)] == ["ticket still issued"]
