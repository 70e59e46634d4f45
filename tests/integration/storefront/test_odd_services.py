"""Each page at a service that is away, slow, or of another version: it goes on, and says so."""

import pytest
from playwright.sync_api import Page, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    a_problem,
    a_ticket,
    an_event,
    unpaid,
)

PATHS = [
    "/",
    f"/events/{CONCERT}",
    "/tickets",
    "/tickets/4",
    "/payment/success?session_id=cs_test_4&ticket_id=4",
    "/payment/cancel?ticket_id=4",
]
SLOW = "is taking longer than usual"
OTHER = "has another version than this page"
AWAY = "The shop\u2019s server cannot be reached."


@pytest.fixture(autouse=True)
def with_a_ticket(site: Site) -> None:
    """Let there be a ticket."""
    site.service.tickets = {4: a_ticket(4)}


@pytest.mark.parametrize("path", PATHS)
def test_away(page: Page, site: Site, path: str) -> None:
    """The page says that the service does not answer, and what to do; then it works again."""
    page.route(f"{site.service.url}/**", lambda route: route.abort())
    page.goto(site.url + path)
    expect(page.locator("main")).to_contain_text(AWAY)
    page.unroute_all()
    again = page.get_by_role("button", name="Try again")
    if "success" not in path:
        again.click()
    expect(page.locator("main")).not_to_contain_text(AWAY)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("body", ["<h1>Sign in to the hotel</h1>", "[]", "null", '"text"', ""])
@pytest.mark.parametrize("status", [200, 502])
def test_something_else_answers(page: Page, site: Site, body: str, status: int) -> None:
    """A hotspot or a proxy is not the service."""
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization"}
    page.route(
        f"{site.service.url}/**",
        lambda route: route.fulfill(status=status, body=body, headers=headers),
    )
    page.goto(f"{site.url}/tickets")
    # An empty list is an answer, of another version.
    expected = OTHER if (status, body) == (200, "[]") else AWAY
    expect(page.locator("body")).to_contain_text(expected)


@pytest.mark.parametrize("path", PATHS)
def test_slow(page: Page, site: Site, path: str) -> None:
    """The page says that it waits, and no more once there is the answer."""
    site.service.delay = 4
    page.goto(site.url + path)
    expect(page.locator("#said")).to_contain_text(SLOW)
    site.service.delay = 0
    expect(page.locator("#said")).not_to_contain_text(SLOW, timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".notice.busy")).to_have_count(0)


@pytest.mark.parametrize("path", PATHS)
def test_control_a_good_service(page: Page, site: Site, path: str) -> None:
    """Control: of a service that is there, fast and of this version, nothing of this is said."""
    page.goto(site.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".notice.busy")).to_have_count(0)
    for text in (SLOW, OTHER, AWAY):
        expect(page.locator("body")).not_to_contain_text(text)


EVENT_FIELDS = sorted(set(an_event()) - {"capacity", "version", "unwound_at", "event_id"})
TICKET_FIELDS = sorted(set(a_ticket(1)) - {"server_now", "ticket_id", "event_id", "status"})


@pytest.mark.parametrize("field", EVENT_FIELDS)
def test_an_event_without_a_field(page: Page, site: Site, field: str) -> None:
    """The rest of it is shown, and that something may be missing."""
    del site.service.events[CONCERT][field]
    for path in ("/", f"/events/{CONCERT}", "/tickets/4"):
        page.goto(site.url + path)
        expect(page.locator("#said")).to_contain_text(OTHER)
        expect(page.locator("main")).to_contain_text(
            "Town Hall" if field == "name" else "Summer Night Concert"
        )
        expect(page.locator("main")).not_to_contain_text("went wrong")
        expect(page.locator("body")).not_to_contain_text("undefined")
        expect(page.locator("body")).not_to_contain_text("Invalid Date")


@pytest.mark.parametrize("field", TICKET_FIELDS)
def test_a_ticket_without_a_field(page: Page, site: Site, field: str) -> None:
    """The rest of it is shown, and that something may be missing."""
    site.service.tickets = {3: unpaid(3), 4: a_ticket(4)}
    site.service.codes = {3: "payment_open"}
    for ticket in site.service.tickets.values():
        del ticket[field]
    for path in ("/tickets", "/tickets/3", PATHS[4], "/"):
        page.goto(site.url + path)
        expect(page.locator("#said")).to_contain_text(OTHER)
        expect(page.locator("main")).to_contain_text("Summer Night Concert")
        expect(page.locator("main")).not_to_contain_text("went wrong")
        expect(page.locator("body")).not_to_contain_text("undefined")


def test_a_ticket_of_an_unknown_state(page: Page, site: Site) -> None:
    """It is named, with what to do; other tickets are shown as ever."""
    site.service.tickets[5] = a_ticket(5, status="paused")
    page.goto(f"{site.url}/tickets")
    shown = page.locator("[data-ticket-id='5']")
    expect(shown).to_contain_text("State “paused”")
    expect(shown).to_contain_text("ask the organizer about ticket 5")
    expect(page.locator("[data-ticket-id='4'] .chip")).to_have_text("Valid")
    expect(page.locator("#said")).to_contain_text(OTHER)


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_code(page: Page, site: Site, path: str) -> None:
    """The code is named, beside the detail of the service and what to do."""
    site.service.refusal = a_problem("teapot")
    page.goto(site.url + path)
    expect(page.get_by_role("alert")).to_contain_text(
        "an answer that this page does not know (teapot). Reload the page."
    )
    expect(page.get_by_role("alert")).to_contain_text("The detail of teapot.")
    expect(page.locator("#said")).to_contain_text(OTHER)


@pytest.mark.parametrize("path", PATHS)
def test_control_a_known_code(page: Page, site: Site, path: str) -> None:
    """Control: a known one is told in the words of this page, and nothing else is."""
    site.service.refusal = a_problem("not_ready")
    page.goto(site.url + path)
    expect(page.get_by_role("alert")).to_have_text(
        "The shop cannot sell at the moment. Try again in a few minutes."
    )
    expect(page.locator("#said")).to_be_empty()


def test_a_list_that_gets_old(page: Page, site: Site) -> None:
    """If the service goes away later, the page keeps what it has, and says how old it is."""
    page.goto(site.url)
    expect(page.locator(".card")).to_be_visible()
    site.service.refusal = a_problem("store_unavailable", 503, retryable=True)
    expect(page.locator(".stale")).to_contain_text("does not answer")
    expect(page.locator(".card")).to_be_visible()
    site.service.refusal = None
    expect(page.locator(".stale")).to_be_empty(timeout=30_000)


def test_a_ticket_whose_details_are_gone(page: Page, site: Site) -> None:
    """After a payment the QR code is shown even if nothing else of the ticket can be."""
    page.route("**/api/tickets/**", lambda route: route.abort())
    page.goto(site.url + PATHS[4])
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment successful")
    expect(page.locator("#qr")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(AWAY)
