"""Which pages of which origins may call from a browser, and what they may send."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.integration.http.services import (
    CREATE,
    FRONTEND,
    OTHER_FRONTENDS,
    SECRET,
    SIGN_GATE_LIST,
    Service,
    TextSvg,
)
from ticketing_core import EventRecords
from ticketing_service.capacity.limits import Limits
from ticketing_service.condition import Condition
from ticketing_service.http import AccessTokens, create_app

ORIGINS = [FRONTEND, *(url.rstrip("/") for url in OTHER_FRONTENDS)]


def preflight(
    service: Service,
    origin: str,
    path: str = CREATE,
    *,
    headers: str = "authorization, content-type, idempotency-key",
) -> TestResponse:
    """Send the preflight of a page of ``origin``."""
    return service.client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": headers,
        },
    )


def test_preflight(service: Service) -> None:
    """The frontend may send tokens, JSON and idempotency keys."""
    answer = preflight(service, FRONTEND)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert set(allowed) == {"authorization", "content-type", "idempotency-key"}
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:5174",
        "https://shop.example",
        "http://www.shop.example",
        "https://www.shop.example/",
        "https://localhost:5173",
        "http://localhost:51730",
        "http://localhost:5173.evil.example",
        "http://evil.example",
        "null",
    ],
)
def test_other_origins(service: Service, origin: str) -> None:
    """Pages of other origins may neither call nor read a response."""
    for answer in (
        preflight(service, origin),
        service.client.get("/api/events/", headers={"Origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers


TRACING = (
    "traceparent tracestate baggage sentry-trace x-b3-traceid x-datadog-trace-id uber-trace-id "
    "x-request-id x-requested-with x-client-version accept-language cache-control"
).split()

OF_PROXIES = (
    "forwarded x-forwarded-for x-forwarded-host x-forwarded-prefix x-real-ip x-original-url "
    "x-rewrite-url x-http-method-override"
).split()


def allowed_headers(answer: TestResponse) -> set[str]:
    """Return the headers that a page may send."""
    listed = answer.headers.get("Access-Control-Allow-Headers", "")
    return set(listed.split(", ")) - {""}


def test_what_libraries_add_is_allowed(service: Service) -> None:
    """Tracing and the like: otherwise one of them blocks every call of a page."""
    headers = ["authorization", *TRACING]
    assert allowed_headers(preflight(service, FRONTEND, headers=",".join(headers))) == set(headers)


def test_control_what_proxies_say_is_not(service: Service) -> None:
    """A page does not speak for the proxy in front of the service; nor is anything but a name."""
    odd = ["x y", "a:b", "<b>", "x" * 65, "\u00fc"]
    answer = preflight(service, FRONTEND, headers=",".join([*OF_PROXIES, *odd, "baggage"]))
    assert allowed_headers(answer) == {"baggage"}


def test_no_header_is_allowed_to_another_origin(service: Service) -> None:
    """Whatever is asked for."""
    answer = preflight(service, "http://evil.example", headers="traceparent")
    assert allowed_headers(answer) == set()


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_every_listed_origin_may_call(service: Service, origin: str) -> None:
    """Each gets its own origin back, and caches keep a copy for each."""
    for answer in (
        preflight(service, origin),
        service.client.get("/api/events/", headers={"Origin": origin}),
        service.client.get("/.well-known/jwks.json", headers={"Origin": origin}),
    ):
        assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
        assert "Origin" in answer.vary


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_every_listed_origin_may_read_a_refusal(service: Service, origin: str) -> None:
    """Under overload as well, where Flask is not asked."""
    service.rebuild(limits=Limits(0))
    answer = service.client.get("/api/events/", headers={"Origin": origin})
    assert answer.status_code == 503
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert "Origin" in answer.vary


def test_control_a_refusal_is_not_for_other_origins(service: Service) -> None:
    """It names the frontend's, with which their browsers refuse it."""
    service.rebuild(limits=Limits(0))
    answer = service.client.get("/api/events/", headers={"Origin": "http://evil.example"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [FRONTEND]


def served_for(frontend_url: str) -> Any:
    """Return a client of a service for this frontend."""
    service = Service()
    return create_app(
        box_office=service.office,
        organizer=service.organizer,
        records=EventRecords(
            events=service.events,
            tickets=service.tickets,
            admissions=service.admissions,
            clock=service.clock,
        ),
        gate=service.gate,
        sign_gate_list=SIGN_GATE_LIST,
        access=AccessTokens(secret=SECRET),
        frontend_url=frontend_url,
        public_keys=dict,
        readiness=Condition,
        qr_svg=TextSvg(),
    ).test_client()


@pytest.mark.parametrize(
    ("frontend_url", "origin"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:443/tickets", "https://shop.example"),
        ("HTTP://Shop.Example:8080", "http://shop.example:8080"),
        ("http://[::1]:5173", "http://[::1]:5173"),
    ],
)
def test_origin_of_the_frontend(frontend_url: str, origin: str) -> None:
    """The origin comes from the frontend's address, as browsers write it."""
    answer = served_for(frontend_url).get("/api/events/", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("frontend_url", ["", "localhost:5173", "ftp://shop.example", "http://"])
def test_no_frontend(frontend_url: str) -> None:
    """Anything but a web address is refused at start."""
    with pytest.raises(ValueError, match="not an http or https address"):
        served_for(frontend_url)


@pytest.mark.parametrize("path", ["/api/events/abc/", "/api/events/1e400/", "/api/of/a/newer/one"])
def test_a_page_may_read_that_nothing_is_there(service: Service, path: str) -> None:
    """Its browser asks before the call, and shows it no answer if that question fails."""
    allowed = preflight(service, FRONTEND, path)
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == FRONTEND
    answer = service.client.get(path, headers={"Origin": FRONTEND})
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND


def test_control_other_origins_may_not(service: Service) -> None:
    """Control. An OPTIONS request that is not a preflight gets the usual 404 of an unknown path."""
    answer = preflight(service, "http://evil.example", "/api/events/abc/")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert service.client.options("/api/events/abc/").status_code == 404
