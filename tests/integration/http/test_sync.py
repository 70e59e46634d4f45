"""What offline gates have noted: each entry is answered by itself, and none is lost."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.http.gates import RUBBISH, SYNC, Door, door, new_id
from tests.integration.http.services import REFUND, Service, problem, token
from ticketing_core import TicketStatus
from ticketing_core.testing import Fault
from ticketing_service.capacity import rates
from ticketing_service.capacity.rates import Rates
from ticketing_service.http.gate_schemas import MOST_SCANS


@pytest.fixture
def gate(service: Service) -> Door:
    """Give the gate of an event."""
    return door(service)


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    """Return what has become of each entry."""
    return [each["outcome"] for each in results]


def test_what_has_happened_is_recorded_once(gate: Door) -> None:
    """In order; a copy changes nothing, and what the online try has counted is known."""
    ticket = gate.bought(4)
    online = new_id()
    gate.scan(ticket, 1, scan_id=online)
    offline = gate.noted(ticket, 2)
    journal = [gate.noted(ticket, 1, scan_id=online), offline]
    first = gate.sync(*journal)
    assert outcomes(first) == ["known", "recorded"]
    assert first[1] == {
        "scan_id": offline["scan_id"],
        "outcome": "recorded",
        "counted": 2,
        "excess": 0,
    }
    assert outcomes(gate.sync(*journal)) == ["known", "known"]
    assert gate.stored(ticket).admitted == 3
    last = gate.service.tickets.history(ticket.ticket_id)[-1]
    assert last.why.startswith("2 let in at South offline at ")


def test_who_has_no_right_is_counted_as_excess(gate: Door) -> None:
    """Nothing that has happened is refused, and the reason is told."""
    used, void = gate.bought(1), gate.bought(2)
    gate.scan(used)
    gate.service.post(REFUND, {"ticket_id": void.ticket_id}, roles=["organizer"])
    results = gate.sync(gate.noted(used), gate.noted(void, 2))
    assert [(each["counted"], each["excess"], each["why"]) for each in results] == [
        (1, 1, "too_many"),
        (2, 2, "void"),
    ]
    assert (gate.stored(used).inside, gate.stored(void).inside) == (2, 2)


def test_a_journal_waits_for_the_provider_once(service: Service) -> None:
    """After no answer it is not asked again: the entries are excess until the settler asks."""
    gate = door(service, price=2500)
    bought = [service.bought(gate.event) for _ in range(2)]
    for each in bought:
        service.pay(each)
    tickets = [service.stored(each) for each in bought]
    service.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    results = gate.sync(*(gate.noted(each) for each in tickets))
    assert [each["why"] for each in results] == ["not_paid", "not_paid"]
    assert [gate.stored(each).status for each in tickets] == [TicketStatus.PAYING] * 2
    # The control: the next journal asks.
    assert outcomes(gate.sync(gate.noted(tickets[0]))) == ["recorded"]
    assert gate.stored(tickets[0]).status is TicketStatus.ISSUED


def test_who_has_just_paid_has_a_right(service: Service) -> None:
    """The payment is looked at; without one they are excess."""
    gate = door(service, price=2500)
    bought = service.bought(gate.event)
    paid, unpaid = service.stored(bought), service.stored(service.bought(gate.event, buyer="43"))
    service.pay(bought)
    results = gate.sync(gate.noted(paid), gate.noted(unpaid))
    assert [(each["counted"], each["excess"]) for each in results] == [(1, 0), (1, 1)]
    assert results[1]["why"] == "not_paid"


def test_an_entry_can_be_taken_back(gate: Door) -> None:
    """In the same journal, or before it arrives."""
    ticket = gate.bought(2)
    entry = gate.noted(ticket, 2)
    results = gate.sync(entry, entry | {"undo": True}, entry)
    assert outcomes(results) == ["recorded", "taken_back", "known"]
    assert results[1]["counted"] == 2
    late = gate.noted(ticket, 1)
    assert outcomes(gate.sync(late | {"undo": True}, late)) == ["nothing_yet", "known"]
    assert gate.stored(ticket).inside == 0


def test_a_ticket_of_another_event_is_a_stray(gate: Door) -> None:
    """It is noted for the organizer, and no ticket changes."""
    other = door(gate.service)
    ticket = other.bought()
    assert outcomes(gate.sync(gate.noted(ticket))) == ["stray"]
    assert other.stored(ticket) == ticket


def test_rubbish_does_not_spoil_the_journal(gate: Door) -> None:
    """Each entry gets its own answer, and the good ones between are recorded."""
    ticket = gate.bought(4)
    good = [gate.noted(ticket) for _ in range(2)]
    forged = [gate.noted(text) for text in RUBBISH.values()]
    results = gate.sync(good[0], *forged, good[1])
    assert outcomes(results) == ["recorded", *["forged"] * len(forged), "recorded"]
    assert gate.stored(ticket).admitted == 2


INVALID: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a list": [],
    "nothing": {},
    "no id": {"scan_id": "4711"},
    "a number for a token": {"token": 4711},
    "nobody": {"people": 0},
    "a crowd": {"people": 10_001},
    "more than all": {"people": 10**30},
    "no time": {"at": "yesterday"},
    "a time without a zone": {"at": "2026-11-28T20:00:00"},
    "no gate": {"gate": ""},
    "two lines": {"gate": "a\nb"},
    "a word for a switch": {"undo": "yes"},
}


@pytest.mark.parametrize("what", INVALID)
def test_an_entry_that_is_none_is_told(gate: Door, what: str) -> None:
    """By its own answer, which says why; the others are recorded."""
    ticket, wrong = gate.bought(2), INVALID[what]
    entry = gate.noted(ticket) | wrong if isinstance(wrong, dict) and wrong else wrong
    result, good = gate.sync(entry, gate.noted(ticket))
    assert (result["outcome"], good["outcome"]) == ("invalid", "recorded")
    field = next(iter(wrong)) if isinstance(wrong, dict) and wrong else ""
    assert result["detail"].startswith(
        f"{field} must be " if field else ("must be ", "scan_id is ")
    )
    has_id = isinstance(entry, dict) and "scan_id" in entry and what != "no id"
    assert (result["scan_id"] is not None) == has_id
    assert gate.stored(ticket).admitted == 1


def test_numbers_that_no_decoder_takes_spoil_one_entry(gate: Door) -> None:
    """Also in a body that is written by hand."""
    ticket = gate.bought(2)
    good = gate.service.app.json.dumps(gate.noted(ticket))
    now = gate.now().isoformat()
    for odd in ('{"people": 1e999}', "[" * 900 + "]" * 900):
        fields = f'"event_id": {gate.event.event_id}, "sent_at": "{now}"'
        answer = gate.service.client.post(
            SYNC,
            data=f'{{{fields}, "scans": [{odd}, {good}]}}'.encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token(roles=['gate'])}"},
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert outcomes(answer.get_json()["results"])[0] == "invalid"
    assert gate.stored(ticket).admitted == 1


def test_times_are_put_right(gate: Door) -> None:
    """A device that is an hour ahead was so when it let people in; no clock breaks the sync."""
    ticket = gate.bought(4)
    ahead = gate.now() + timedelta(hours=1)
    entry = gate.noted(ticket, at=(ahead - timedelta(minutes=5)).isoformat())
    gate.sync(entry, sent_at=ahead.isoformat())
    stored = gate.service.admissions.of_ticket(ticket.ticket_id)[-1]
    assert stored.at == gate.now() - timedelta(minutes=5)
    for at, sent_at in (("0001", "9999"), ("9999", "0001")):
        results = gate.sync(
            gate.noted(ticket, at=f"{at}-12-31T23:59:59-23:59"),
            sent_at=f"{sent_at}-01-01T00:00:00Z",
        )
        assert outcomes(results) == ["recorded"]


def test_checks_come_in_this_order(gate: Door) -> None:
    """Token, role, body, event, and whether it is the caller's."""
    good: dict[str, Any] = {"sent_at": gate.now().isoformat(), "scans": [gate.noted(gate.bought())]}
    elsewhere = {"Authorization": f"Bearer {token(roles=['gate'], events=[999])}"}
    assert problem(gate.post(SYNC, {}, buyer=None), 401)["code"] == "token_missing"
    assert problem(gate.post(SYNC, {}, roles=[]), 403)["code"] == "role_missing"
    wrong: list[dict[str, Any]] = [
        {},
        good | {"scans": []},
        good | {"scans": {}},
        good | {"scans": "x"},
        good | {"scans": [None] * (MOST_SCANS + 1)},
        good | {"sent_at": "now"},
    ]
    for body in wrong:
        assert problem(gate.post(SYNC, body), 400)["code"] == "invalid_input"
    unknown = gate.post(SYNC, good | {"event_id": 999})
    assert problem(unknown, 404)["code"] == "event_not_found"
    foreign = gate.post(SYNC, good, headers=elsewhere)
    assert problem(foreign, 403)["code"] == "not_your_event"
    assert gate.service.admissions.inside(gate.event.event_id).admitted == 0


def test_a_hundred_entries_fit(service: Service) -> None:
    """The body of the longest tokens is well below the limit; a larger body is refused."""
    gate = door(service, capacity=1000)
    ticket = gate.bought(10)
    journal = [gate.noted(ticket, gate="x" * 60) for _ in range(MOST_SCANS)]
    assert outcomes(gate.sync(*journal)) == ["recorded"] * MOST_SCANS
    assert gate.stored(ticket).inside == MOST_SCANS
    too_large = {"sent_at": gate.now().isoformat(), "scans": [gate.noted("x" * 70_000)]}
    assert problem(gate.post(SYNC, too_large), 413)["code"] == "body_too_large"


def test_long_journals_go_in_a_few_seconds(gate: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand entries at once; then a device waits as it is told."""
    monkeypatch.setattr(rates, "PER_SECOND", 1)
    gate.service.rebuild(within_rate=Rates().allow)
    for _ in range(rates.AT_ONCE):
        gate.sync(None)
    body = {"sent_at": gate.now().isoformat(), "scans": [None]}
    statuses = [gate.post(SYNC, body).status_code for _ in range(3)]
    assert 429 in statuses
