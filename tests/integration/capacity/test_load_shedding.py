"""Load shedding: what fits is done in turn, the rest is refused at once, no slot is lost."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import run_wsgi_app

from tests.integration.http.services import CREATE, FRONTEND, VERIFY, NoPurchases, Service, problem
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.load_shedding import LoadShedding
from ticketing_service.capacity.slots import Kind, Slots

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication
from tests.integration.capacity.rush import BUY, FOUR, LOOK, REFUSAL, SOON, call, rush, wait_until


def test_what_fits_is_done_and_the_rest_is_refused_at_once() -> None:
    """Four are at work and four wait, so the ninth is refused."""
    with rush() as crowd:
        calls = [crowd.enter(LOOK, f"at work {number}") for number in range(4)]
        calls += [crowd.queue(LOOK, f"waits {number}") for number in range(4)]
        assert call(crowd.app, LOOK) == 503
        assert crowd.workshop.entered.empty()
        for door in crowd.workshop.doors.values():
            door.set()
        assert [each.result(SOON) for each in calls] == [200] * 8


def test_requests_are_served_in_order() -> None:
    """Slots go to waiting requests in FIFO order."""
    with rush() as crowd:
        for number in range(4):
            crowd.enter(LOOK, f"at work {number}")
        for name in ("first", "second", "third"):
            crowd.queue(LOOK, name)
        came = []
        for number in range(3):
            crowd.let_go(f"at work {number}")
            came.append(crowd.next_in())
        assert came == ["first", "second", "third"]


def test_waiting_has_an_end_and_loses_no_slot() -> None:
    """A request that waited too long is refused; afterwards as many fit as before."""
    with rush(patience=0.01) as crowd:
        for number in range(4):
            crowd.enter(LOOK, f"at work {number}")
        assert call(crowd.app, LOOK) == 503
        assert crowd.slots.waiting(Kind.OTHER) == 0
        for number in range(4):
            crowd.let_go(f"at work {number}")
        for _ in range(4):
            # A request gives its slot back a moment after its answer.
            wait_until(lambda: crowd.slots.acquire(Kind.OTHER))


def test_a_purchase_is_recognised_without_its_last_slash() -> None:
    """Both addresses are purchases, as they are with more slashes before them; others are not."""
    with rush(patience=0.01) as crowd:
        while crowd.slots.acquire(Kind.PURCHASE):
            pass
        purchases = [BUY, ("POST", "/buy"), ("POST", "//buy/"), ("POST", "///buy")]
        assert [call(crowd.app, request) for request in purchases] == [503] * 4
        others = [("GET", "/buy/"), ("POST", "/buy/not"), ("POST", "/look")]
        assert [call(crowd.app, request) for request in others] == [200, 200, 200]


def test_health_checks_and_preflights_always_pass() -> None:
    """They pass even if every other request is refused."""
    with rush(limits=Limits(0)) as crowd:
        assert call(crowd.app, ("GET", "/healthz")) == 200
        assert call(crowd.app, ("GET", "//healthz")) == 200
        assert call(crowd.app, ("OPTIONS", "/buy/")) == 200
        assert [call(crowd.app, (method, "/look")) for method in ("GET", "HEAD")] == [503, 503]


@pytest.mark.parametrize(
    ("length", "sent", "read", "connection"),
    [
        ({}, b"", 0, None),
        ({"CONTENT_LENGTH": "20"}, b" " * 30, 20, None),
        ({"CONTENT_LENGTH": "300000"}, b" " * 300_000, 0, "close"),
        ({"CONTENT_LENGTH": "some"}, b" ", 0, "close"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b" ", 0, "close"),
        ({"CONTENT_LENGTH": "0" * 5000 + "2"}, b"{}", 0, "close"),
    ],
    ids=["none", "short", "long", "wrong", "unknown", "endless"],
)
def test_a_refused_request_is_read_to_its_end(
    length: dict[str, str], sent: bytes, read: int, connection: str | None
) -> None:
    """If it cannot be, the response closes the connection: a retry on it would hang."""
    answers: list[dict[str, str]] = []

    def start_response(_: str, headers: list[tuple[str, str]], *__: object) -> Any:
        answers.append(dict(headers))

    with rush(limits=Limits(0)) as crowd:
        body = BytesIO(sent)
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/buy/", "wsgi.input": body}
        assert list(crowd.app(environ | length, start_response)) == [REFUSAL.body]
        assert body.tell() == read
        assert answers[0].get("Connection") == connection


def test_a_failed_request_releases_its_slot() -> None:
    """A bug does not shrink the service for ever."""

    def fails(*_: object) -> Iterable[bytes]:
        raise ValueError

    slots = Slots(FOUR, patience=0.01)
    app = LoadShedding(fails, slots=slots, refusal=REFUSAL, purchase_path="/buy", free_paths=[])
    for _ in range(5):
        with pytest.raises(ValueError, match=r"^$"):
            call(app, LOOK)


def most_at_once(make_app: "Callable[[WSGIApplication], WSGIApplication]") -> tuple[int, int]:
    """Return the most of 24 impatient callers at work at once, and how many calls succeeded."""
    lock, inside, most = Lock(), [0], [0]

    def works(_: object, start_response: "StartResponse") -> Iterable[bytes]:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        # Let other threads run, as waiting for a database does.
        time.sleep(0)
        with lock:
            inside[0] -= 1
        start_response("200 OK", [])
        return [b"done"]

    app = make_app(works)
    ready = Event()

    def hammer(number: int) -> Counter[int]:
        ready.wait(SOON)
        request = BUY if number % 2 else LOOK
        return Counter(call(app, request) for _ in range(200))

    with ThreadPoolExecutor(24) as pool:
        calls = [pool.submit(hammer, number) for number in range(24)]
        ready.set()
        statuses = sum((each.result(SOON) for each in calls), Counter[int]())
    assert statuses.total() == 24 * 200
    return most[0], statuses[200]


def test_a_hammering_crowd_never_exceeds_the_bound() -> None:
    """However slots are handed over, given up and taken at the same time, none is lost."""
    slots = Slots(FOUR, patience=0.0001)

    def bounded(app: "WSGIApplication") -> "WSGIApplication":
        return LoadShedding(app, slots=slots, refusal=REFUSAL, purchase_path="/buy", free_paths=[])

    most, done = most_at_once(bounded)
    assert most <= 4
    assert done > 0
    assert [slots.acquire(Kind.OTHER) for _ in range(5)] == [True] * 4 + [False]


def test_no_bound_is_the_control() -> None:
    """Without a bound the same crowd exceeds it."""
    assert most_at_once(lambda app: app)[0] > 4


def test_a_refusal_is_a_problem_that_the_frontend_can_read(service: Service) -> None:
    """It has the headers of any other response, and says when to retry."""
    usual = service.post(CREATE, {}, headers={"Origin": FRONTEND})
    service.rebuild(limits=Limits(0))
    for path in (CREATE, VERIFY):
        answer = service.post(path, {}, headers={"Origin": FRONTEND})
        body = problem(answer, 503)
        assert (body["code"], body["retryable"]) == ("overloaded", True)
        assert int(answer.headers["Retry-After"]) > 0
        assert set(answer.headers.keys()) == set(usual.headers.keys()) | {"Retry-After"}
        own = {"Content-Length", "Retry-After"}
        for name in set(usual.headers.keys()) - own:
            assert answer.headers[name] == usual.headers[name]
    assert service.get("/healthz", buyer=None).status_code == 200


def statuses_of_purchases(service: Service) -> list[int]:
    """Buy at each address that leads to a purchase, and return the statuses."""
    event = service.event(price=0)
    body = json.dumps({"event_id": event.event_id, "quantity": 1}).encode()
    usual = service.post(CREATE, json.loads(body)).request.environ
    statuses = []
    for path in (CREATE, CREATE.rstrip("/"), f"/{CREATE}"):
        # The test client would shorten such a path.
        environ = usual | {"PATH_INFO": path, "wsgi.input": BytesIO(body)}
        statuses.append(int(run_wsgi_app(service.app, environ)[1][:3]))
    return statuses


def test_every_address_that_makes_a_purchase_is_bounded(service: Service) -> None:
    """An API base that ends in a slash is enough for a second one in the path."""
    assert statuses_of_purchases(service) == [200] * 3
    service.rebuild(limits=NoPurchases(4))
    assert statuses_of_purchases(service) == [503] * 3
    assert service.get("/api/events/").status_code == 200


def test_comparing_paths_is_the_control(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the text of the path decided, a purchase would escape."""

    def route(_: LoadShedding, path: str, __: str) -> str | None:
        return "purchase" if path.rstrip("/") == CREATE.rstrip("/") else None

    monkeypatch.setattr(LoadShedding, "_find_route", route)
    service.rebuild(limits=NoPurchases(4))
    assert statuses_of_purchases(service) == [503, 503, 200]


def test_a_service_with_room_serves_as_usual(service: Service) -> None:
    """A few requests do not notice the bound."""
    service.rebuild(limits=FOUR)
    event = service.event(price=0)
    answer = service.post(CREATE, {"event_id": event.event_id, "quantity": 1})
    assert answer.status_code == 200
    assert service.get("/api/events/").status_code == 200
