"""Organizers create, change, close and cancel events over HTTP."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.http.services import CREATE, Service, problem
from ticketing_core import Event
from ticketing_core.testing.contracts.examples import NOON

EVENTS = "/api/events/"
NEW: Mapping[str, Any] = {
    "name": "Concert",
    "price": {"amount_minor": 2500, "currency": "usd"},
    "capacity": 100,
}
TIMES: Mapping[str, Any] = {
    "doors_at": "2030-06-01T18:00:00Z",
    "starts_at": "2030-06-01T21:00:00+02:00",
    "ends_at": "2030-06-01T22:00:00Z",
}


@pytest.fixture
def service() -> Service:
    """Return a service without events."""
    return Service()


def of(event: Event) -> str:
    """Return the address of an event."""
    return f"{EVENTS}{event.event_id}/"


def patched(service: Service, event: Event, **changes: Any) -> Any:
    """Change an event of which the first version was read."""
    return service.organize(of(event), {"version": 1, **changes}, method="PATCH")


class TestCreating:
    """A new event is on sale at once."""

    def test_it_is_answered_as_it_is_read(self, service: Service) -> None:
        """With defaults for what was left out."""
        whole = {**NEW, "event_id": 15, "venue": "Hall", "time_zone": "Europe/Berlin"}
        times = {"starts_at": "2030-06-01T19:00:00Z", "opens_at": None, "max_per_buyer": 4}
        created = service.organize(EVENTS, whole | times).get_json()
        assert created == service.get(f"{EVENTS}15/").get_json()
        assert {name: created[name] for name in whole} == whole
        assert (created["version"], created["max_per_order"], created["places_left"]) == (
            1,
            10,
            100,
        )
        assert (created["starts_at"], created["cancelled_at"]) == (times["starts_at"], None)
        first = service.organize(EVENTS, NEW).get_json()
        assert (first["time_zone"], first["venue"], first["ends_at"]) == ("UTC", None, None)
        bought = service.post(CREATE, {"event_id": first["event_id"], "quantity": 1})
        assert bought.status_code == 200

    def test_an_id_is_given_once(self, service: Service) -> None:
        """So a repeat with an id of one's own creates nothing."""
        service.organize(EVENTS, {**NEW, "event_id": 7})
        again = problem(service.organize(EVENTS, {**NEW, "event_id": 7}), 409)
        assert (again["code"], again["detail"]) == ("id_taken", "Event 7 already exists.")

    def test_it_takes_an_organizer_of_all_events(self, service: Service) -> None:
        """Not one whose token lists events, nor a buyer."""
        bound = service.organize(EVENTS, NEW, events=[1])
        assert problem(bound, 403)["code"] == "not_your_event"
        assert problem(service.post(EVENTS, NEW), 403)["code"] == "role_missing"
        assert problem(service.post(EVENTS, NEW, buyer=None), 401)["code"] == "token_missing"
        assert service.get(EVENTS).get_json()["events"] == []


WRONG = [
    ("name", ""),
    ("name", "two\nlines"),
    ("name", None),
    ("price", 2500),
    ("price", None),
    ("price", {"amount_minor": 2500}),
    ("price", {"amount_minor": -1, "currency": "usd"}),
    ("price", {"amount_minor": 25.0, "currency": "usd"}),
    ("price", {"amount_minor": 2500, "currency": "dollar"}),
    ("price", {"amount_minor": 2500, "currency": "12$"}),
    ("price", {"amount_minor": 2500, "currency": "zzz"}),
    ("price", {"amount_minor": 0, "currency": "zzz"}),
    ("price", {"amount_minor": 2501, "currency": "isk"}),
    ("price", {"amount_minor": 2500, "currency": "USD"}),
    ("capacity", 0),
    ("capacity", 2**31),
    ("capacity", None),
    ("event_id", 0),
    ("event_id", 2**52 + 1),
    ("doors_at", "0001-01-01T00:00:00+14:00"),
    ("ends_at", "9999-12-31T23:59:59-12:00"),
    ("opens_at", "tomorrow"),
    ("closes_at", "2030-06-01T12:00:00"),
    ("closes_at", 1),
    ("max_per_buyer", 0),
    ("max_per_order", None),
    ("venue", ""),
    ("venue", "x" * 201),
    ("time_zone", "Mars/Olympus_Mons"),
    ("time_zone", "../../etc/passwd"),
    ("time_zone", None),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{name}={v!r:.60}" for name, v in WRONG])
def test_a_wrong_value_is_named(service: Service, field: str, value: Any) -> None:
    """When an event is created and when it is changed; nothing is stored."""
    answers = [service.organize(EVENTS, {**NEW, field: value})]
    if field != "event_id":
        event = service.event()
        answers.append(patched(service, event, **{field: value}))
        assert service.events.latest(event.event_id) == event
    for answer in answers:
        found = problem(answer, 400)
        assert found["code"] == "invalid_input"
        assert [each["field"] for each in found["errors"]] == [field], found
        assert re.match("(must|is) ", found["errors"][0]["detail"]), found


@pytest.mark.parametrize(
    ("field", "times"),
    [
        ("starts_at", {**TIMES, "doors_at": "2030-06-01T21:00:00Z"}),
        ("ends_at", {**TIMES, "ends_at": TIMES["starts_at"]}),
        ("closes_at", {"opens_at": TIMES["ends_at"], "closes_at": TIMES["doors_at"]}),
    ],
)
def test_times_in_another_order_are_named(
    service: Service, field: str, times: Mapping[str, Any]
) -> None:
    """The later one of two."""
    for answer in (
        service.organize(EVENTS, {**NEW, **times}),
        patched(service, service.event(), **times),
    ):
        assert [each["field"] for each in problem(answer, 400)["errors"]] == [field]


class TestChanging:
    """What is sent changes, and all else stays."""

    def test_it_is_stored(self, service: Service) -> None:
        """Null takes away what is optional; a repeat answers the same."""
        event = service.event(max_per_buyer=2, opens_at=NOON - timedelta(days=1))
        changes = {"max_per_buyer": None, "venue": "Hall B", "capacity": "12", "opens_at": None}
        first = patched(service, event, **changes).get_json()
        assert (first["version"], first["capacity"], first["venue"]) == (2, 12, "Hall B")
        assert first["max_per_buyer"] is first["opens_at"] is None
        assert (first["name"], first["price"]["amount_minor"]) == ("Concert", 2500)
        assert patched(service, event, **changes).get_json() == first
        history = service.organize(f"{of(event)}history/", method="GET").get_json()["changes"]
        assert [(each["version"], each["by"]) for each in history] == [
            (2, "organizer 7"),
            (1, "suite"),
        ]
        assert history[0]["why"] == (
            "capacity 10 to 12, max_per_buyer 2 to none, "
            f"opens_at {(NOON - timedelta(days=1)).isoformat()} to none, venue none to Hall B"
        )

    def test_the_history_has_pages(self, service: Service) -> None:
        """As the lists have them: `next` is a version, and null on the last page."""
        event = service.event()
        for number in range(5):
            patched(service, event, version=1 + number, name=f"Name {number}")
        seen: list[int] = []
        following = None
        while not seen or following is not None:
            more = "" if following is None else f"&before={following}"
            path = f"{of(event)}history/?limit=2{more}"
            body = service.organize(path, method="GET").get_json()
            seen += [each["version"] for each in body["changes"]]
            following = body["next"]
        assert seen == [6, 5, 4, 3, 2, 1]
        for wrong in ("limit=0", "limit=101", "before=0", "before=x"):
            refused = service.organize(f"{of(event)}history/?{wrong}", method="GET")
            assert problem(refused, 400)["code"] == "invalid_input"

    def test_another_version_is_refused(self, service: Service) -> None:
        """With the present one."""
        event = service.event()
        patched(service, event, name="First")
        stale = problem(patched(service, event, name="Second"), 409)
        assert (stale["code"], stale["version"]) == ("stale_version", 2)

    def test_a_capacity_below_what_is_kept_is_refused(self, service: Service) -> None:
        """With the number of places that are kept."""
        event = service.event()
        service.bought(event, quantity=3)
        below = problem(patched(service, event, capacity=2), 400)
        assert (below["code"], below["kept"]) == ("capacity_below_kept", 3)

    def test_the_currency_stays(self, service: Service) -> None:
        """So that sums per event stay sums."""
        euros = {"amount_minor": 2500, "currency": "eur"}
        found = problem(patched(service, service.event(), price=euros), 400)
        assert [each["field"] for each in found["errors"]] == ["price"]

    def test_it_takes_an_organizer_of_the_event(self, service: Service) -> None:
        """Nobody learns of other organizers' events."""
        event = service.event()
        body = {"version": 1, "name": "Mine"}
        for path, sent, method in (
            (of(event), body, "PATCH"),
            (f"{of(event)}close/", {"version": 1}, "POST"),
            (f"{of(event)}cancel/", None, "GET"),
            (f"{of(event)}cancel/", {"version": 1, "refund_total_minor": 0}, "POST"),
            (f"{of(event)}history/", None, "GET"),
        ):
            answer = service.organize(path, sent, method=method, events=[99])
            assert problem(answer, 403)["code"] == "not_your_event"
            unknown = path.replace(of(event), f"{EVENTS}99/")
            answer = service.organize(unknown, sent, method=method)
            assert problem(answer, 404)["code"] == "event_not_found"
        assert service.events.latest(event.event_id) == event


class TestCancelling:
    """As the board does it: close the sale, look, confirm."""

    def test_it_is_confirmed_with_the_sum(self, service: Service) -> None:
        """And nothing is sold from then on. Repeats answer the cancelled event."""
        event = service.event()
        bought = service.bought(event, quantity=2)
        service.pay(bought)
        service.verify(bought)
        closed = service.organize(f"{of(event)}close/", {"version": 1}).get_json()
        assert closed["closes_at"] is not None
        path = f"{of(event)}cancel/"
        preview = service.organize(path, method="GET").get_json()
        assert preview == {
            "event_id": event.event_id,
            "version": 2,
            "tickets": 1,
            "refund_total": {"amount_minor": 5000, "currency": "usd"},
        }
        done = service.organize(path, {"version": 2, "refund_total_minor": 5000}).get_json()
        assert done["cancelled_at"] is not None
        assert service.organize(path, {"version": 2, "refund_total_minor": 5000}).get_json() == done
        refused = service.post(CREATE, {"event_id": event.event_id, "quantity": 1})
        assert problem(refused, 400)["code"] == "event_cancelled"

    def test_another_sum_is_answered_with_the_new_preview(self, service: Service) -> None:
        """Nothing is cancelled."""
        event = service.event()
        answer = service.organize(f"{of(event)}cancel/", {"version": 1, "refund_total_minor": 5000})
        stale = problem(answer, 409)
        assert (stale["code"], stale["version"], stale["tickets"]) == ("stale_version", 1, 0)
        assert stale["refund_total"] == {"amount_minor": 0, "currency": "usd"}
        assert service.events.unwinding() == []
