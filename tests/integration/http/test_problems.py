"""What all routes have in common: one form of errors, no leaks, no redirects, headers, CORS."""

import json
import logging
import re
import subprocess
import sys

import pytest

from tests.integration.http.services import (
    CANCEL,
    CREATE,
    FRONTEND,
    PUBLIC_KEYS,
    VERIFY,
    Service,
    problem,
    token,
)
from tests.integration.http.stores import BrokenStore
from tests.integration.http.test_openapi import COMMITTED
from ticketing_core import errors
from ticketing_service.http import ERRORS
from ticketing_service.http.problems import status_of
from ticketing_service.http.service_errors import ServiceError

CALLS = [CREATE, VERIFY, CANCEL]


@pytest.mark.parametrize(
    ("branch", "status"),
    [
        (errors.NotFound, 404),
        (errors.NotYourTicket, 403),
        (errors.NotYourEvent, 403),
        (errors.PurchaseRefused, 400),
        (errors.PaymentNotCompleted, 400),
        (errors.AlreadyPaid, 400),
        (errors.AlreadyProcessed, 400),
        (errors.OrderClosed, 400),
        (errors.NotIssued, 400),
        (errors.IdempotencyKeyReused, 422),
        (errors.Unavailable, 503),
        (errors.PurchaseInProgress, 503),
    ],
)
def test_status_of_the_core_errors(branch: type[errors.TicketingError], status: int) -> None:
    """Each branch of the core's errors has the status in the contract."""
    assert {status_of(ERRORS[leaf.code]) for leaf in errors.leaves(branch)} == {status}


def test_every_core_error_is_listed() -> None:
    """The list has every code of this version: no error of the core is missing from it."""
    assert {leaf.code for leaf in errors.leaves()} <= set(ERRORS)


def test_every_code_is_the_name_of_one_class() -> None:
    """A code of the published document is the snake case of exactly one error class."""
    document = json.loads(COMMITTED.read_text(encoding="utf-8"))
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    classes = [*errors.leaves(), *ServiceError.__subclasses__()]
    names = [re.sub(r"(?<=.)([A-Z])", r"_\1", each.__name__).lower() for each in classes]
    assert sorted(codes) == sorted(names)


def test_abstract_errors_have_no_code() -> None:
    """A code names one fact. `errors.NotFound` stands for several; the service's own is one."""
    for abstract in (errors.NotFound, errors.PurchaseRefused, errors.Unavailable):
        assert not hasattr(abstract, "code")
    assert ERRORS["not_found"].__module__ == ServiceError.__module__


DETAILS = """
from ticketing_service.http.service_errors import (ServiceError)

class Mute(ServiceError):
    '''Only a docstring says what it means.'''

for error in ServiceError.__subclasses__():
    if error.__init__ is ServiceError.__init__:
        print(error.__name__, error().detail, sep=": ")
"""


def test_callers_get_a_text_without_docstrings_too() -> None:
    """Under ``python -OO`` each error has the same text; the control, without a text, has none."""
    shown = subprocess.run(
        [sys.executable, "-OO", "-c", DETAILS], capture_output=True, text=True, check=True
    )
    details = dict(line.split(": ") for line in shown.stdout.splitlines())
    assert details.pop("Mute") == ""
    assert len(details) == len(ServiceError.__subclasses__()) - 2
    assert all(text.endswith(".") for text in details.values())


def test_unknown_address(service: Service) -> None:
    """An unknown address is a 404 in the common form."""
    for path in ("/", "/api/", "/api/payments/", "/api//events/", "/nothing/at/all"):
        assert problem(service.get(path), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CREATE, {"POST", "OPTIONS"}),
        ("DELETE", CANCEL, {"POST", "OPTIONS"}),
        ("PUT", "/api/events/", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_wrong_method(service: Service, method: str, path: str, allowed: set[str]) -> None:
    """A wrong method is a 405 that lists the allowed ones."""
    answer = service.client.open(path, method=method)
    assert problem(answer, 405)["code"] == "method_not_allowed"
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [*CALLS, "/api/events/", "/api/tickets/", "/healthz"])
def test_last_slash_does_not_matter(service: Service, path: str) -> None:
    """With and without the last slash the response is the same; nothing is redirected."""
    other = path[:-1] if path.endswith("/") else f"{path}/"
    method = "POST" if path in CALLS else "GET"
    answers = [service.client.open(each, method=method, json={}) for each in (path, other)]
    assert answers[0].status_code == answers[1].status_code != 404
    assert answers[0].data == answers[1].data
    preflight = service.client.options(
        other, headers={"Origin": FRONTEND, "Access-Control-Request-Method": method}
    )
    assert preflight.status_code == 200


def test_bug_is_logged_and_not_leaked(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """A bug is a 500 with an incident id that finds the traceback in the log; nothing leaks."""
    service.rebuild(tickets=BrokenStore(), events=BrokenStore())
    with caplog.at_level(logging.ERROR):
        answer = service.post(CREATE, {"event_id": 1, "quantity": 1})
    body = problem(answer, 500)
    assert body["code"] == "internal_error"
    assert "hunter2" not in answer.get_data(as_text=True)
    (record,) = [record for record in caplog.records if body["incident"] in record.getMessage()]
    assert record.exc_info is not None
    assert "hunter2" in str(record.exc_info[1])
    assert token() not in caplog.text


def test_a_bug_outside_of_a_view_is_a_500_too(
    service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one in routing, which Flask hands on in a wrapping of its own."""

    def broken(_: object, __: str) -> int:
        raise KeyError("secret")

    monkeypatch.setattr("ticketing_service.http.app._Id.to_python", broken)
    body = problem(service.client.get("/api/tickets/1/"), 500)
    assert body["code"] == "internal_error"
    assert any(body["incident"] in message for message in caplog.messages)
    assert "secret" not in str(body)


def test_incidents_differ(service: Service) -> None:
    """Two incidents have two ids."""
    service.rebuild(events=BrokenStore())
    incidents = {service.get("/api/events/").get_json(force=True)["incident"] for _ in range(2)}
    assert len(incidents) == 2


def test_key_set(service: Service) -> None:
    """The public keys are a JSON Web Key Set that any library reads and that may be cached."""
    answer = service.get("/.well-known/jwks.json", buyer=None)
    assert answer.get_json() == {"keys": [{"kid": "k1", "use": "sig", **PUBLIC_KEYS["k1"]}]}
    assert answer.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("origin", [None, FRONTEND, "http://evil.example"])
def test_key_set_is_cached_by_origin(service: Service, origin: str | None) -> None:
    """A copy without CORS headers, made for another caller, never reaches the frontend's pages."""
    headers = {} if origin is None else {"Origin": origin}
    answer = service.client.get("/.well-known/jwks.json", headers=headers)
    assert "Origin" in answer.vary


@pytest.mark.parametrize("path", ["/api/tickets/", "/api/events/", "/nothing", CREATE])
def test_headers(service: Service, path: str) -> None:
    """No response is cached by a proxy, sniffed by a browser, or shown in a frame."""
    headers = service.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", CREATE, 401),
        ("GET", CREATE, 405),
        ("GET", "/nothing", 404),
        ("GET", "/api/events/?limit=0", 400),
        ("GET", "/api/events/1/", 500),
        ("GET", "/readyz", 503),
    ],
)
def test_frontend_can_read_problems(service: Service, method: str, path: str, status: int) -> None:
    """Problems have the CORS headers too, or a page would see only a network error."""
    service.rebuild(events=BrokenStore())
    service.not_ready.append("No.")
    answer = service.client.open(path, method=method, headers={"Origin": FRONTEND})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
