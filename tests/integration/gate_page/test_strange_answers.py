"""Something between the page and the service answers in its place: a hotspot's page, a proxy."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.gate import expect_answer, open_gate, scan

API = "**/{api,.well-known}/**"

PORTAL = "<!doctype html><title>Welcome</title><p>Accept our terms to go online."

STRANGE: dict[str, dict[str, Any]] = {
    "a hotspot's page": {"status": 200, "body": PORTAL, "content_type": "text/html"},
    "not found": {"status": 404, "body": PORTAL, "content_type": "text/html"},
    "a proxy asks who it is": {"status": 407, "body": PORTAL, "content_type": "text/html"},
    "forbidden by a proxy": {"status": 403, "body": PORTAL, "content_type": "text/html"},
    "a redirect": {"status": 302, "headers": {"Location": "/gate/"}},
    "a list": {"status": 200, "json": []},
    "an outcome that is none": {"status": 200, "json": {"outcome": {"admitted": 1}}},
    "an error in JSON": {"status": 404, "json": {"error": "not found"}},
    "an error that is null": {"status": 400, "json": None},
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_answers_are_none(page: Page, site: Site, what: str) -> None:
    """The page decides by itself, forgets no key for it, and is online again after it."""
    first, second = site.service.ticket(), site.service.ticket()
    open_gate(page, site)
    answer = STRANGE[what]
    headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/gate/")}
    strange = answer | {"headers": headers | answer.get("headers", {})}
    seen: list[str] = []

    def answer_strangely(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.continue_()
        else:
            seen.append(route.request.url)
            route.fulfill(**strange)

    page.route(API, answer_strangely)
    scan(page, first.token)
    expect_answer(page, "yes", "Let in", "Decided offline.")
    expect(page.locator("#chips")).to_contain_text("Offline")
    expect(page.locator("#chips")).to_contain_text("1 not synced")
    # It has asked for the keys as well, or has tried to sync.
    with page.expect_request(API):
        pass
    scan(page, second.token)
    expect_answer(page, "yes", "Let in", "Decided offline.", f"Ticket {second.ticket_id}")
    page.unroute(API)
    expect(page.locator("#chips")).to_contain_text("Online")
    expect(page.locator("#chips")).not_to_contain_text("not synced")
    assert (first.inside, second.inside) == (1, 1)


@pytest.mark.parametrize("keys", [{}, {"keys": [None]}])
def test_strange_keys_are_none(page: Page, site: Site, keys: object) -> None:
    """The page keeps the keys that it has."""
    ticket = site.service.ticket()
    open_gate(page, site)
    headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/gate/")}
    page.route("**/.well-known/jwks.json", lambda route: route.fulfill(json=keys, headers=headers))
    page.route("**/api/tickets/check-in/", lambda route: route.abort())
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in", "Decided offline.")
    with page.expect_response("**/.well-known/jwks.json"):
        pass
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in", "Decided offline.", "Ticket 101")
