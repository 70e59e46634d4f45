"""Scans over HTTP: what a gate is shown, who may ask, and what is a mistake of the request."""

from typing import Any

import pytest

from tests.integration.http.gates import CHECK_IN, RUBBISH, UNDO, Door, door, new_id
from tests.integration.http.services import HOLD, REFUND, Service, problem, token
from tests.integration.http.stores import AwayStore
from ticketing_core.testing import PlainSigner
from ticketing_core.validators import LARGEST_ID
from ticketing_service.capacity import rates
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.rates import Rates

SHOWN_WITH_ALL = {"disputed": False, "partly_refunded": False}


@pytest.fixture
def gate(service: Service) -> Door:
    """Give the gate of an event."""
    return door(service)


def test_a_group_goes_in_in_parts(gate: Door) -> None:
    """Each answer says how many may go in now, and how many after that."""
    ticket = gate.bought(3)
    scan_id = new_id()
    first = gate.scan(ticket, 2, scan_id=scan_id)
    now = gate.now().isoformat().replace("+00:00", "Z")
    assert first == SHOWN_WITH_ALL | {
        "outcome": "admitted",
        "scan_id": scan_id,
        "ticket_id": ticket.ticket_id,
        "event_id": gate.event.event_id,
        "quantity": 3,
        "people": 2,
        "left": 1,
        "server_now": now,
    }
    refused = gate.scan(ticket, 2)
    assert (refused["outcome"], refused["people"], refused["left"]) == ("too_many", 0, 1)
    rest = gate.scan(ticket)
    assert (rest["outcome"], rest["people"], rest["left"]) == ("admitted", 1, 0)
    over = gate.scan(ticket)
    assert (over["outcome"], over["people"], over["left"]) == ("already_admitted", 0, 0)
    assert over["last"] == {"at": now, "gate": "North", "by": "alice"}
    assert gate.stored(ticket).admitted == 3


def test_a_repeat_gets_the_first_outcome(gate: Door) -> None:
    """And counts nobody. Without an id, each call is a scan of its own."""
    ticket, scan_id = gate.bought(2), new_id()
    answers = [gate.scan(ticket, 1, scan_id=scan_id) for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert gate.stored(ticket).admitted == 1
    assert gate.scan(ticket, 1)["scan_id"] != scan_id
    assert gate.stored(ticket).admitted == 2


def test_a_ticket_can_be_named_by_hand(gate: Door) -> None:
    """By its code or its number, which needs the same role."""
    ticket = gate.bought(2)
    for typed in ({"ticket_code": str(ticket.ticket_code)}, {"ticket_id": ticket.ticket_id}):
        answer = gate.post(CHECK_IN, typed | {"admit": 1})
        assert answer.get_json()["outcome"] == "admitted"
    missing = gate.post(CHECK_IN, {"ticket_id": LARGEST_ID}).get_json()
    assert (missing["outcome"], missing["ticket_id"]) == ("not_on_record", None)
    assert gate.service.tickets.history(ticket.ticket_id)[-1].why == "1 let in at the gate"


@pytest.mark.parametrize("what", RUBBISH)
def test_what_is_no_ticket_is_an_answer(gate: Door, what: str) -> None:
    """Staff sees red, not an error, and nothing is stored."""
    answer = gate.scan(RUBBISH[what])
    assert (answer["outcome"], answer["ticket_id"], answer["people"]) == ("forged", None, 0)
    undone = gate.post(UNDO, {"token": RUBBISH[what], "scan_id": new_id()})
    assert undone.get_json()["outcome"] == "forged"
    assert gate.service.admissions.stored == []


def test_an_unknown_key_is_named(gate: Door) -> None:
    """The device can look for it, and nobody is accused."""
    gate.service.rebuild(signer=PlainSigner("new"))
    answer = gate.scan(gate.bought(), 1)
    assert (answer["outcome"], answer["kid"]) == ("unknown_key", "plain")


def test_a_void_ticket_says_why(gate: Door) -> None:
    """That it is void comes before that its people are in."""
    ticket = gate.bought()
    gate.scan(ticket)
    gate.service.post(REFUND, {"ticket_id": ticket.ticket_id}, roles=["organizer"])
    answer = gate.scan(ticket)
    assert (answer["outcome"], answer["why"]) == ("void", "refunded")


def test_a_ticket_of_another_event_says_of_which(gate: Door) -> None:
    """So that staff can send its people there."""
    other = door(gate.service)
    ticket = other.bought()
    answer = gate.scan(ticket)
    assert answer["outcome"] == "wrong_event"
    assert (answer["event_id"], answer["event_name"]) == (other.event.event_id, "Concert")
    assert other.stored(ticket) == ticket


def test_who_has_just_paid_goes_in(service: Service) -> None:
    """The payment is looked at; the buyer need not have come back from it."""
    gate = door(service, price=2500)
    bought = service.bought(gate.event)
    ticket = service.stored(bought)
    scan_id = new_id()
    service.pay(bought)
    assert gate.scan(ticket, scan_id=scan_id)["outcome"] == "admitted"
    unpaid = service.stored(service.bought(gate.event, buyer="43"))
    assert gate.scan(unpaid)["outcome"] == "not_paid"


def test_no_answer_of_the_provider_refuses_nobody_for_ever(service: Service) -> None:
    """The same scan lets the guest in once the payment is seen; of an answer it is refused again.

    The gate looks, and changes nothing else: it closes no checkout, though its time is over.
    """
    gate = door(service, price=2500)
    bought = [service.bought(gate.event) for _ in range(3)]
    paid, refused, late = (service.stored(each) for each in bought)
    ids = [new_id(), new_id()]
    service.pay(bought[0])
    service.gateway.is_away = True
    assert gate.scan(paid, scan_id=ids[0])["outcome"] == "not_paid"
    assert service.admissions.of_ticket(paid.ticket_id) == []
    service.gateway.is_away = False
    assert gate.scan(paid, scan_id=ids[0])["outcome"] == "admitted"
    assert gate.scan(refused, scan_id=ids[1])["outcome"] == "not_paid"
    service.pay(bought[1])
    assert service.verify(bought[1]).status_code == 200
    assert gate.scan(refused, scan_id=ids[1])["outcome"] == "not_paid"
    service.clock.advance(HOLD)
    assert gate.scan(late)["outcome"] == "not_paid"
    assert gate.stored(late) == late


def test_marks_are_shown_and_let_in(service: Service) -> None:
    """An amount that was refunded does not say which people it was for."""
    gate = door(service, price=2500)
    plain, partly, disputed = (gate.bought() for _ in range(3))
    for ticket in (partly, disputed):
        assert ticket.checkout is not None
        checkout_id = ticket.checkout.checkout_id
        if ticket == partly:
            service.gateway.give_back(checkout_id, 100)
        else:
            service.gateway.dispute(checkout_id)
        assert service.notify(checkout_id).status_code == 200
    shown = [gate.scan(each) for each in (plain, partly, disputed)]
    assert [each["outcome"] for each in shown] == ["admitted"] * 3
    marks = [(each["partly_refunded"], each["disputed"]) for each in shown]
    assert marks == [(False, False), (True, False), (False, True)]


# --- undo -----------------------------------------------------------------------------------------


def test_a_scan_is_taken_back(gate: Door) -> None:
    """As often as it is asked for; then the scan itself lets nobody in."""
    ticket, scan_id = gate.bought(3), new_id()
    gate.scan(ticket, 2, scan_id=scan_id)
    body = {"token": gate.token(ticket), "scan_id": scan_id}
    for _ in range(2):
        answer = gate.post(UNDO, body).get_json()
        assert (answer["outcome"], answer["people"], answer["left"]) == ("taken_back", 2, 3)
    assert gate.scan(ticket, 2, scan_id=scan_id)["outcome"] == "withdrawn"
    assert gate.stored(ticket).admitted == 0


def test_an_undo_may_come_first(gate: Door) -> None:
    """The scan that it overtook lets nobody in."""
    ticket, scan_id = gate.bought(), new_id()
    body = {"ticket_id": ticket.ticket_id, "scan_id": scan_id}
    assert gate.post(UNDO, body).get_json()["outcome"] == "nothing_yet"
    assert gate.scan(ticket, scan_id=scan_id)["outcome"] == "withdrawn"


# --- who may ask, and what is a mistake -----------------------------------------------------------


@pytest.mark.parametrize("path", [CHECK_IN, UNDO])
def test_checks_come_in_this_order(gate: Door, path: str) -> None:
    """Token, role, body, event, and whether it is the caller's."""
    good = {"ticket_id": 1, "scan_id": new_id()}
    elsewhere = {"events": [gate.event.event_id + 1]}
    assert problem(gate.post(path, {}, buyer=None), 401)["code"] == "token_missing"
    assert problem(gate.post(path, {}, roles=["cashier"]), 403)["code"] == "role_missing"
    assert problem(gate.post(path, {}), 400)["code"] == "invalid_input"
    missing = {"event_id": 999}
    assert problem(gate.post(path, good | missing), 404)["code"] == "event_not_found"
    authorization = {"Authorization": f"Bearer {token(roles=['gate'], **elsewhere)}"}
    for body, status, code in (
        (good | missing, 404, "event_not_found"),
        (good, 403, "not_your_event"),
    ):
        answer = gate.post(path, body, headers=authorization)
        assert problem(answer, status)["code"] == code


@pytest.mark.parametrize("role", ["gate", "organizer"])
def test_each_of_two_roles_will_do(service: Service, role: str) -> None:
    """The control is in the test above."""
    gate = Door(service, service.event(price=0), roles=[role])
    assert gate.scan(gate.bought())["outcome"] == "admitted"


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing shown": ({"token": None}, "token"),
    "two things shown": ({"token": "x", "ticket_id": 1}, "token"),
    "nobody": ({"token": "x", "admit": 0}, "admit"),
    "too long for a QR code": ({"token": "x" * 7090}, "token"),
    "no UUID": ({"token": "x", "scan_id": "4711"}, "scan_id"),
    "no code": ({"ticket_code": "4711"}, "ticket_code"),
    "no name": ({"token": "x", "gate": " "}, "gate"),
    "two lines": ({"token": "x", "gate": "North\nSouth"}, "gate"),
    "a long name": ({"token": "x", "gate": "x" * 61}, "gate"),
    "a number for a text": ({"token": 4711}, "token"),
    "an escape code": ({"token": "x", "gate": "\x1b[31m"}, "gate"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(gate: Door, mistake: str) -> None:
    """The field, and what is wrong with it."""
    body, field = MISTAKES[mistake]
    body = {name: value for name, value in body.items() if value is not None}
    found = problem(gate.post(CHECK_IN, body), 400)
    assert [each["field"] for each in found["errors"]] == [field]


def test_names_in_any_script_are_taken(gate: Door) -> None:
    """The control of the test above; and both ways to write a UUID."""
    ticket = gate.bought(2)
    answer = gate.scan(ticket, 1, gate="Tür 3 · 北門 🚪", scan_id=new_id().replace("-", ""))
    assert answer["outcome"] == "admitted"


def test_an_id_of_another_scan_is_a_mistake(gate: Door) -> None:
    """Of another ticket, or of another number of people."""
    first, second, scan_id = gate.bought(3), gate.bought(3), new_id()
    gate.scan(first, 1, scan_id=scan_id)
    for body in (
        {"token": gate.token(second), "admit": 1},
        {"token": gate.token(first), "admit": 2},
    ):
        answer = gate.post(CHECK_IN, body | {"scan_id": scan_id})
        assert problem(answer, 422)["code"] == "scan_id_reused"
    assert gate.stored(first).admitted == 1


def test_a_store_that_is_away_is_told(gate: Door) -> None:
    """The device decides by itself, with the same id."""
    ticket = gate.bought()
    gate.service.rebuild(admissions=AwayStore())
    answer = gate.post(CHECK_IN, {"token": gate.token(ticket)})
    found = problem(answer, 503)
    assert (found["code"], found["retryable"]) == ("store_unavailable", True)
    assert "db.internal" not in answer.get_data(as_text=True)


def test_scans_go_on_while_purchases_are_refused(service: Service) -> None:
    """They take slots as all but purchases. The control: without any slot they are refused."""
    gate = door(service)
    tickets = [gate.bought() for _ in range(2)]
    service.rebuild(limits=Limits(1))
    assert gate.scan(tickets[0])["outcome"] == "admitted"
    service.rebuild(limits=Limits(0))
    answer = gate.post(CHECK_IN, {"token": gate.token(tickets[1])})
    assert problem(answer, 503)["code"] == "overloaded"


def test_one_login_serves_many_gates(gate: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gate scans as fast as people walk; a device that loops is stopped."""
    monkeypatch.setattr(rates, "PER_SECOND", 1)
    gate.service.rebuild(within_rate=Rates().allow)
    at_once = rates.CALL * rates.AT_ONCE
    for name in ("North", "South"):
        for _ in range(at_once):
            gate.scan("x", gate=name)
    looping = [
        gate.post(CHECK_IN, {"token": "x", "gate": "North"}).status_code for _ in range(at_once)
    ]
    assert 429 in looping
