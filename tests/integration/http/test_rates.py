"""One buyer's calls are bounded for each payment route, and nobody else notices."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from throttled import utils

from tests.integration.http.services import CANCEL, CREATE, VERIFY, Service, problem
from ticketing_core.payment import CheckoutState
from ticketing_core.testing import FakeGateway
from ticketing_service.capacity import rates
from ticketing_service.capacity.rates import AT_ONCE, CALL, PER_SECOND, Rates, unlimited

NOTHING = {"event_id": 999, "quantity": 1, "ticket_id": 999, "session_id": "cs_1"}
"""A body for each of the routes, which finds nothing."""


class Time:
    """The time of `throttled`, which passes only as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1000.0
        monkeypatch.setattr(utils, "now_mono_f", lambda: self.seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Let time stand still."""
    return Time(monkeypatch)


class CountedGateway(FakeGateway):
    """Counts the looks at each buyer's checkouts."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.looks = Counter[str]()

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        self.looks[checkout_id] += 1
        return super().look_up(checkout_id)


def bounded(within_rate: Callable[[str, int], bool]) -> Service:
    """Return a service with bounded rates."""
    service = Service()
    service.rebuild(within_rate=within_rate)
    return service


@pytest.mark.parametrize("path", [CREATE, VERIFY, CANCEL])
def test_too_many_calls_are_refused(time: Time, path: str) -> None:
    """With how long to wait, after which one is served again. The control serves all."""
    service, unbounded = bounded(Rates().allow), Service()
    for _ in range(AT_ONCE):
        problem(service.post(path, NOTHING), 404)
        problem(unbounded.post(path, NOTHING), 404)
    problem(unbounded.post(path, NOTHING), 404)
    answer = service.post(path, NOTHING)
    body = problem(answer, 429)
    assert (body["code"], body["retryable"]) == ("too_many_requests", True)
    time.seconds += int(answer.headers["Retry-After"])
    problem(service.post(path, NOTHING), 404)


@pytest.mark.parametrize("path", ["", "1/", "1/qr.png", "1/qr.svg"])
def test_looks_are_refused_later(time: Time, path: str) -> None:
    """A page shows many QR codes, and a loop has an end. The control serves all."""
    service, unbounded = bounded(Rates().allow), Service()
    path = f"/api/tickets/{path}"
    status = 404 if path.endswith(("1/", "png", "svg")) else 200
    many = CALL * AT_ONCE
    # A tenth of a second is no exact number, so it may be one less.
    assert {service.get(path).status_code for _ in range(many - 1)} == {status}
    assert 429 in {service.get(path).status_code for _ in range(2)}
    assert {unbounded.get(path).status_code for _ in range(many + 1)} == {status}
    time.seconds += 1
    assert service.get(path).status_code == status


def test_nothing_has_changed_after_a_refusal(time: Time) -> None:
    """A refused purchase takes no places, and its key can be used again."""
    service = bounded(Rates().allow)
    event = service.event(price=0, capacity=50)
    order = {"event_id": event.event_id, "quantity": 1}
    for _ in range(AT_ONCE):
        assert service.post(CREATE, order).status_code == 200
    before = service.everything()
    key = {"Idempotency-Key": "k"}
    problem(service.post(CREATE, order, headers=key), 429)
    assert service.everything() == before
    time.seconds += 1
    assert service.post(CREATE, order, headers=key).status_code == 200


def test_the_token_comes_first_and_the_body_after(time: Time) -> None:
    """Calls without a token do not count, and those with a bad body do."""
    del time
    service = bounded(Rates().allow)
    for _ in range(AT_ONCE + 1):
        problem(service.post(VERIFY, NOTHING, buyer=None), 401)
    for _ in range(AT_ONCE):
        problem(service.post(VERIFY, {}), 400)
    problem(service.post(VERIFY, {}), 429)
    problem(service.post(VERIFY, NOTHING, buyer=None), 401)


def _looping(within_rate: Callable[[str, int], bool]) -> tuple[int, int, int]:
    """Let one account loop verify over its open orders, then another come back from its own.

    Returns:
        The looks that the loop has cost, the status of the other's answer, and of a purchase by the
        looping account.
    """
    service = Service()
    gateway = CountedGateway(clock=service.clock)
    service.gateway = gateway
    service.rebuild(within_rate=within_rate, gateway=gateway)
    event = service.event(capacity=50)
    own = [service.bought(event, quantity=1) for _ in range(5)]
    for _ in range(20):
        for each in own:
            service.verify(each)
    loop = sum(gateway.looks.values())
    other = service.bought(event, buyer="43")
    service.pay(other)
    body = {"session_id": other["session_id"], "ticket_id": other["ticket_id"]}
    answer = service.post(VERIFY, body, buyer="43")
    again = service.post(CREATE, {"event_id": event.event_id, "quantity": 1})
    return loop, answer.status_code, again.status_code


def test_an_account_that_loops_verify_leaves_the_others_untouched(time: Time) -> None:
    """It costs the provider a few calls. Others are served, and so are its own other calls."""
    del time
    assert _looping(Rates().allow) == (AT_ONCE, 200, 200)


def test_control_without_bounds_the_loop_takes_the_providers_calls(time: Time) -> None:
    """And with one bound for all buyers, the loop has used it up for everybody."""
    del time
    assert _looping(unlimited) == (100, 200, 200)
    of_all = Rates()

    def as_one(name: str, cost: int) -> bool:
        return "verify" not in name or of_all.allow("verify", cost)

    assert _looping(as_one) == (AT_ONCE, 429, 200)


def test_what_a_buyer_of_a_rush_does_is_allowed(time: Time) -> None:
    """For ten minutes four tabs ask every two seconds, and in the first ten come reloads besides.

    Control: six tabs are too many in the end.
    """
    few, many = Rates(), Rates()
    reloads = iter(range(10))
    refused = 0
    for _ in range(300):
        calls = 4 + (next(reloads, None) is not None)
        assert all(few.allow("verify 42", CALL) for _ in range(calls))
        refused += not all(many.allow("verify 42", CALL) for _ in range(6))
        time.seconds += 2
    assert refused


def test_a_loop_gets_the_rate_and_no_more(time: Time) -> None:
    """Refused calls do not count: the account is not locked out either."""
    allowed, seconds = Rates(), 100
    served = 0
    for _ in range(seconds * 10):
        served += allowed.allow("verify 42", CALL)
        time.seconds += 0.1
    assert PER_SECOND * (seconds - 1) <= served <= AT_ONCE + PER_SECOND * seconds


def test_threads_share_one_count(time: Time) -> None:
    """Of many calls at one moment exactly as many are served as are allowed."""
    del time
    counted = Rates()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(counted.allow, ["verify 42"] * 400, [CALL] * 400)) == AT_ONCE


def test_a_million_buyers_do_not_fill_the_memory(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was quiet for longest is forgotten. Control: with room for all, nobody is."""
    del time

    def is_known_after(others: int) -> bool:
        counted = Rates()
        for _ in range(AT_ONCE):
            counted.allow("verify 42", CALL)
        for number in range(others):
            counted.allow(f"verify buyer-{number}", CALL)
        return not counted.allow("verify 42", CALL)

    monkeypatch.setattr(rates, "MOST_REMEMBERED", 100)
    assert is_known_after(99)
    assert not is_known_after(100)
