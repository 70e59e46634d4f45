"""Requests: each has an id, and what they were refused for is counted and told now and then."""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.capacity.rush import LOOK, call, rush
from ticketing_service.capacity.limits import Limits
from ticketing_service.observing.counted import LOG_EVERY_SECONDS, CountedWarnings
from ticketing_service.observing.logs import REQUEST_ID
from ticketing_service.observing.metrics import Metrics
from ticketing_service.observing.requests import CODE, HEADER, ROUTE, ObservedRequests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GIVEN = "0123456789abcdef0123456789abcdef"


def observed(*, metrics: Metrics | None = None, trusts_ids: bool = False) -> ObservedRequests:
    """Return what observes purchases at `/buy/`."""
    return ObservedRequests(metrics=metrics, purchase_route="/buy/", trusts_ids=trusts_ids)


def answered(
    requests: ObservedRequests, *, notes: Mapping[str, str] | None = None, **environ: str
) -> dict[str, str]:
    """Return the headers of an answer by an application that notes this and tells its id."""

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ.update(notes or {})
        start_response("409 Conflict", [("Seen", REQUEST_ID.get() or "")])
        return []

    given: dict[str, str] = {}

    def start_response(_: str, headers: list[tuple[str, str]], *__: object) -> Any:
        given.update(headers)

    list(requests.around(app)({"REQUEST_METHOD": "POST", **environ}, start_response))
    return given


def test_the_log_has_the_number_of_refusals(caplog: pytest.LogCaptureFixture) -> None:
    """One line now and then, for all of them."""
    now = [100.0]
    refused = CountedWarnings(logging.getLogger("refused"), "overloaded", seconds=lambda: now[0])
    requests = observed()
    requests._refused["overloaded"] = refused  # noqa: SLF001 - with another clock
    with rush(limits=Limits(0)) as crowd:
        app = requests.around(crowd.app)
        call(app, LOOK)
        caplog.clear()
        for _ in range(3):
            call(app, LOOK)
        assert caplog.messages == []
        now[0] += LOG_EVERY_SECONDS
        call(app, LOOK)
    assert caplog.messages == ["overloaded: 4, the last one because: 503 at none"]


def test_each_request_has_an_id_of_its_own() -> None:
    """The answer and every line of the log have it; the thread has none afterwards."""
    first, second = (answered(observed()) for _ in range(2))
    assert first["Seen"] == first[HEADER] != second[HEADER]
    assert REQUEST_ID.get() is None


@pytest.mark.parametrize("given", [GIVEN, "7c9d0f5e-8a5b-4c8e-9d39-0f6a1b2c3d4e"])
def test_the_id_of_a_proxy_is_taken(given: str) -> None:
    """The control: without a trusted proxy anybody could choose it."""
    assert answered(observed(trusts_ids=True), HTTP_X_REQUEST_ID=given)[HEADER] == given
    assert answered(observed(), HTTP_X_REQUEST_ID=given)[HEADER] != given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, f"{GIVEN}\n", f"{GIVEN} forged=1", "é" * 9]
)
def test_an_id_that_is_none_is_replaced(given: str) -> None:
    """Nothing that could forge a line gets into the log."""
    assert answered(observed(trusts_ids=True), HTTP_X_REQUEST_ID=given)[HEADER] != given


def counts(metrics: Metrics) -> dict[str, float]:
    """Return the counters that are not zero, with their labels."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


def test_requests_purchases_and_refusals_are_counted() -> None:
    """By route, status, outcome and code. A path that is no route has no label of its own."""
    metrics = Metrics()
    requests = observed(metrics=metrics)
    answered(requests, notes={ROUTE: "/buy/"})
    answered(requests, notes={ROUTE: "/buy/", CODE: "sold_out"})
    answered(requests, notes={CODE: "not_found"}, PATH_INFO="/made-up")
    assert counts(metrics) == {
        "ticketing_requests_total['/buy/', '409']": 2,
        "ticketing_requests_total['409', 'none']": 1,
        "ticketing_purchases_total['accepted']": 1,
        "ticketing_purchases_total['sold_out']": 1,
        "ticketing_refusals_total['sold_out']": 1,
        "ticketing_refusals_total['not_found']": 1,
    }
