"""The gate list over HTTP: what devices get, how often it is made, and who is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event
from typing import Any

import pytest

from tests.integration.http.gates import Door, door
from tests.integration.http.services import REFUND, SIGNING_KEY, Service, problem, token
from ticketing_adapters.gate_list import (
    RENEWED_AFTER,
    SignedGateList,
    VerifiedGateList,
    read_gate_list,
)
from ticketing_core.errors import StoreUnavailable
from ticketing_core.gate_list import GateList
from ticketing_service.http import gate_lists
from ticketing_service.http.gate_lists import MAX_AGE_SECONDS, MOST_KEPT, GateLists, _Kept


@pytest.fixture
def gate(service: Service) -> Door:
    """Give the gate of an event."""
    return door(service)


def read(text: str) -> GateList:
    """Return what a device reads that has the key set."""
    found = read_gate_list(text, public_key={SIGNING_KEY.kid: SIGNING_KEY.public_jwk}.get)
    assert isinstance(found, VerifiedGateList), found
    return found.gate_list


def test_a_device_learns_who_is_void_and_who_is_inside(gate: Door) -> None:
    """As the tickets are stored, and it may keep the list for a minute."""
    used, void, _ = (gate.bought(2) for _ in range(3))
    gate.scan(used, 1)
    gate.service.post(REFUND, {"ticket_id": void.ticket_id}, roles=["organizer"])
    answer = gate.get("gate-list/")
    assert answer.status_code == 200
    assert answer.mimetype == "application/statuslist+jwt"
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert read(answer.get_data(as_text=True)) == GateList(
        event_id=gate.event.event_id, void=[void.ticket_id], inside=[(used.ticket_id, 1)]
    )


def test_a_list_that_is_kept_is_for_its_token_alone(gate: Door) -> None:
    """A browser may not show it to who comes next, nor where it is told that it is the same."""
    first = gate.get("gate-list/")
    same = gate.get("gate-list/", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304
    assert all("Authorization" in each.vary for each in (first, same))


def test_a_list_that_has_not_changed_is_not_sent_again(gate: Door) -> None:
    """Its time does not count. The control: a change is sent, and so is one to who has none."""
    ticket = gate.bought(2)
    first = gate.get("gate-list/")
    have = {"If-None-Match": first.headers["ETag"]}
    gate.service.rebuild()
    same = gate.get("gate-list/", headers=have)
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert gate.get("gate-list/", headers={"If-None-Match": '"x"'}).status_code == 200
    gate.scan(ticket, 1)
    gate.service.rebuild()
    changed = gate.get("gate-list/", headers=have)
    assert changed.status_code == 200
    assert read(changed.get_data(as_text=True)).inside == [(ticket.ticket_id, 1)]


def test_a_list_is_renewed_before_it_ends(gate: Door) -> None:
    """Also if nothing changes for a day: a device that is online never has one that is too old."""
    first = gate.get("gate-list/")
    gate.service.clock.advance(RENEWED_AFTER)
    gate.service.rebuild()
    have = {"If-None-Match": first.headers["ETag"]}
    assert gate.get("gate-list/", headers=have).status_code == 200


def test_checks_come_in_this_order(gate: Door) -> None:
    """Token, role, event, and whether it is the caller's."""
    elsewhere = {"Authorization": f"Bearer {token(roles=['gate'], events=[999])}"}
    for what in ("gate-list/", "admissions/", "admissions/?only=excess"):
        assert problem(gate.get(what, buyer=None), 401)["code"] == "token_missing"
        assert problem(gate.get(what, roles=["buyer"]), 403)["code"] == "role_missing"
        assert problem(gate.get(what, headers=elsewhere), 403)["code"] == "not_your_event"
        path = f"/api/events/999/{what}"
        missing = gate.service.get(path, roles=["gate"])
        assert problem(missing, 404)["code"] == "event_not_found"
        assert gate.get(what, roles=["organizer"]).status_code == 200
    for query in ("only=all", "limit=0", "limit=101", "after=0", "after=x"):
        answer = gate.get(f"admissions/?{query}")
        assert problem(answer, 400)["code"] == "invalid_input"


# --- making it ------------------------------------------------------------------------------------


class Counted:
    """A gate whose lists are counted, and whose clock stands."""

    def __init__(self, *, threads: int = 1) -> None:
        self.made: list[int] = []
        self.all_here = Barrier(threads)
        self.clock = self

    def now(self) -> datetime:
        """See `Clock`."""
        return datetime(2026, 11, 28, tzinfo=UTC)

    def gate_list(self, event_id: int) -> GateList:
        """See `Gate.gate_list`."""
        self.made.append(event_id)
        return GateList(event_id=event_id, void=[], inside=[])


def signed(gate_list: GateList, _: datetime) -> SignedGateList:
    """Return a list that is easy to read."""
    return SignedGateList(text=str(gate_list.event_id), etag="x")


def lists_of(counted: Any, seconds: Any) -> GateLists:
    """Return what makes the lists."""
    return GateLists(counted, signed, seconds=seconds)


def test_many_devices_cost_one_list() -> None:
    """However many ask at once. After some seconds it is made again."""
    counted, now = Counted(threads=8), [100.0]
    lists = lists_of(counted, lambda: now[0])

    def ask(_: int) -> str:
        counted.all_here.wait()
        return lists.of(7).text

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(ask, range(8))] == ["7"] * 8
    assert counted.made == [7]
    lists.of(8)
    now[0] += MAX_AGE_SECONDS / 2
    lists.of(7)
    assert counted.made == [7, 8]
    now[0] += MAX_AGE_SECONDS / 2
    lists.of(7)
    assert counted.made == [7, 8, 7]


def test_control_without_a_lock_each_device_costs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is what the test above would find."""
    monkeypatch.setattr(GateLists, "_kept", lambda *_: _Kept())
    counted = Counted()
    lists = lists_of(counted, lambda: 100.0)
    for _ in range(2):
        lists.of(7)
    assert counted.made == [7, 7]


def test_nobody_waits_long_for_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is slow, devices come back later, and leave their room to scanners."""
    monkeypatch.setattr(gate_lists, "WAIT_SECONDS", 0)
    begun, go_on = Event(), Event()

    class Slow(Counted):
        def gate_list(self, event_id: int) -> GateList:
            begun.set()
            go_on.wait()
            return super().gate_list(event_id)

    slow = Slow()
    lists = lists_of(slow, lambda: 100.0)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lists.of, 7)
        begun.wait()
        with pytest.raises(StoreUnavailable):
            lists.of(7)
        go_on.set()
        assert first.result().text == lists.of(7).text == "7"
    assert slow.made == [7]


def test_few_lists_are_kept() -> None:
    """Those of the events that were asked for last."""
    counted = Counted()
    lists = lists_of(counted, lambda: 100.0)
    for event_id in range(MOST_KEPT + 1):
        lists.of(event_id)
        lists.of(1)
    assert counted.made == [*range(2), *range(2, MOST_KEPT + 1)]
    lists.of(0)
    assert counted.made[-1] == 0


# --- who is inside --------------------------------------------------------------------------------


def test_people_inside_are_counted(gate: Door) -> None:
    """Those with a right to a place and those without, beside the places, and by gate."""
    ticket, void = gate.bought(3), gate.bought(2)
    gate.scan(ticket, 2)
    gate.service.post(REFUND, {"ticket_id": void.ticket_id}, roles=["organizer"])
    gate.sync(gate.noted(void, 2))
    answer = gate.get("admissions/").get_json()
    assert answer.pop("server_now")
    assert answer == {
        "event_id": gate.event.event_id,
        "inside": 4,
        "admitted": 2,
        "excess": 2,
        "kept": 3,
        "capacity": 10,
        "gates": [{"gate": "North", "people": 2}, {"gate": "South", "people": 2}],
    }


def test_who_has_no_right_is_listed_in_pages(gate: Door) -> None:
    """Each ticket with its scans, and once those that belong to no ticket of the event."""
    over = [gate.bought(1) for _ in range(3)]
    for ticket in over:
        gate.scan(ticket)
    gate.sync(*(gate.noted(ticket) for ticket in over))
    fine = gate.bought(2)
    gate.scan(fine)
    stray = door(gate.service).bought()
    entry = gate.noted(stray, 2)
    gate.sync(entry)
    first = gate.get("admissions/?only=excess&limit=2").get_json()
    second = gate.service.get(first["next"], roles=["gate"]).get_json()
    assert second["next"] is None
    found = [*first["tickets"], *second["tickets"]]
    assert [each["ticket_id"] for each in found] == [each.ticket_id for each in over]
    shown = found[0]
    assert (shown["quantity"], shown["admitted"], shown["excess"]) == (1, 1, 1)
    assert [(each["gate"], each["people"], each["offline"]) for each in shown["scans"]] == [
        ("North", 1, False),
        ("South", 1, True),
    ]
    assert second["strays"] == []
    (only,) = first["strays"]
    assert only["ticket_id"] == stray.ticket_id
    assert (only["scan"]["scan_id"], only["scan"]["people"]) == (entry["scan_id"], 2)
