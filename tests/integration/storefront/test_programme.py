"""The programme: its order, odd hours and names, and what is said when nothing can be bought."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    FREE,
    a_problem,
    an_event,
    instant,
    unpaid,
)

NOTHING = {"amount_minor": 0, "currency": "eur"}
OTHER = "has another version than this page"


def refuse(page: Page, problem: dict[str, Any]) -> None:
    """Let no purchase be made, because of this problem."""

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=problem["status"], json=problem, headers=headers)
        else:
            route.continue_()

    page.route("**/create-payment-intent/", answer)


def test_the_next_event_is_the_first(page: Page, site: Site) -> None:
    """By date, whatever their numbers are; undated, past and cancelled ones are the last."""
    terms: list[dict[str, Any]] = [
        {"cancelled_at": instant(), "starts_at": "2031-01-01T18:00:00Z"},
        {"starts_at": instant(days=-2)},
        {"starts_at": None},
        {"starts_at": "2031-03-01T18:00:00Z"},
        {"starts_at": "2031-02-01T18:00:00Z"},
    ]
    site.service.events = {
        number: an_event(number, ends_at=None, **each) for number, each in enumerate(terms, start=1)
    }
    page.goto(site.url)
    expect(page.locator(".card")).to_have_count(5)
    order = page.locator(".card").evaluate_all("all => all.map((each) => each.dataset.eventId)")
    assert order == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("starts_at", "shown"),
    [
        ("2031-10-26T00:30:00Z", r"2:30\sAM GMT\+2"),
        ("2031-10-26T01:30:00Z", r"2:30\sAM GMT\+1"),
        ("2031-10-26T02:30:00Z", r"3:30\sAM$"),
    ],
)
def test_clocks_that_go_back(page: Page, site: Site, starts_at: str, shown: str) -> None:
    """An hour that is there twice has its zone; the hour after it needs none."""
    site.service.events[CONCERT]["starts_at"] = starts_at
    page.goto(site.url)
    when = page.locator(".facts > div", has_text="When").locator("dd")
    expect(when).to_have_text(re.compile(shown))


@pytest.mark.parametrize(
    "terms",
    [
        {"price": "25.00"},
        {"price": {"amount_minor": 2500, "currency": "euro"}},
        {"starts_at": "soon"},
        {"closes_at": "never"},
        {"name": 5, "venue": ["here"]},
    ],
)
def test_one_odd_event_is_one_odd_event(page: Page, site: Site, terms: dict[str, Any]) -> None:
    """What cannot be read of it is as if it were missing; all others are shown as ever."""
    site.service.events[FREE] = an_event(FREE) | terms
    page.goto(site.url)
    expect(page.locator("#said")).to_contain_text(OTHER)
    expect(page.locator(".card")).to_have_count(2)
    expect(page.locator(f"[data-event-id='{CONCERT}']")).to_contain_text("€1,250.50")
    expect(page.locator(f"[data-event-id='{FREE}']")).to_contain_text("380 places left")
    page.goto(f"{site.url}/events/{FREE}")
    expect(page.locator(".card")).to_contain_text("380 places left")


def test_names_and_currencies_as_they_may_be(page: Page, site: Site) -> None:
    """Control: an empty name and a currency in capitals are none of another version."""
    site.service.events[CONCERT] |= {
        "name": " ",
        "price": {"amount_minor": 1200, "currency": "JPY"},
    }
    page.goto(site.url)
    expect(page.get_by_role("heading", level=2)).to_have_text("Event 1")
    expect(page.locator(".card")).to_contain_text("¥1,200")
    expect(page.locator("#said")).to_be_empty()


def test_free_places_that_are_gone(page: Page, site: Site) -> None:
    """Nobody has to pay for them, so none come back."""
    site.service.events = {
        CONCERT: an_event(places_left=0),
        FREE: an_event(FREE, places_left=0, price=NOTHING),
    }
    page.goto(site.url)
    expect(page.locator(f"[data-event-id='{FREE}'] .state")).to_have_text("Sold out.")
    expect(page.locator(f"[data-event-id='{CONCERT}'] .state")).to_contain_text("come back")


def test_an_event_that_is_gone(page: Page, site: Site) -> None:
    """The service does answer: that there is none."""
    page.goto(f"{site.url}/events/{CONCERT}")
    expect(page.locator(".card")).to_be_visible()
    del site.service.events[CONCERT]
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".stale")).to_have_text("No event has this id. Go back to the events.")


def test_each_form_is_that_of_an_event(page: Page, site: Site) -> None:
    """In a list of all controls, which screen readers have."""
    site.service.events[FREE] = an_event(FREE, name="Open Rehearsal", price=NOTHING)
    page.goto(site.url)
    for role, name in (
        ("button", "Buy Summer Night Concert"),
        ("button", "Get tickets Open Rehearsal"),
        ("combobox", "Quantity Summer Night Concert"),
        ("combobox", "Quantity Open Rehearsal"),
    ):
        expect(page.get_by_role(role, name=name, exact=True)).to_be_visible()  # type: ignore[arg-type]


@pytest.mark.parametrize(("limit", "places"), [(1, "1 place"), (2, "2 places")])
def test_refusals_count(page: Page, site: Site, limit: int, places: str) -> None:
    """One place is in the singular."""
    refuse(page, a_problem("over_order_limit", limit=limit))
    page.goto(site.url)
    page.get_by_role("button", name="Buy").click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text(f"One order can have at most {places}. Choose fewer.")


def test_trying_an_order_again(page: Page, site: Site) -> None:
    """That it is not bought twice is said where something is bought, and nowhere else."""
    site.service.refusal = a_problem("store_unavailable", 503, retryable=True)
    for path in ("/", f"/events/{CONCERT}", "/tickets"):
        page.goto(site.url + path)
        expect(page.get_by_role("alert")).to_contain_text("cannot reach its records")
        expect(page.locator("main")).not_to_contain_text("twice")
    site.service.refusal = None
    page.goto(site.url)
    refuse(page, a_problem("store_unavailable", 503, retryable=True))
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("alert")).to_contain_text("never bought twice")


def test_a_name_that_runs_to_the_left(page: Page, site: Site) -> None:
    """It does not turn the amount behind it around."""
    site.service.events[CONCERT]["name"] = "حفلة موسيقية"
    site.service.tickets = {1: unpaid(1)}
    site.service.codes = {1: "payment_open"}
    page.goto(site.url)
    expect(page.locator("#unpaid")).to_contain_text("\u2068حفلة موسيقية\u2069 (€2,501.00)")


@pytest.mark.parametrize("path", ["/tickets/", "/events", "/events/1/", "/nonsense", "/a/b"])
def test_an_address_of_nothing(page: Page, site: Site, path: str) -> None:
    """The shop says so, with ways to go on; a missing file is none of its pages."""
    answer = page.goto(site.url + path)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_contain_text("There is nothing at this address.")
    expect(page.locator("main").get_by_role("link", name="Events")).to_be_visible()
    assert "<main" not in page.request.get(f"{site.url}/static/none.js").text()


def test_an_address_that_is_no_text(page: Page, site: Site) -> None:
    """It is the address of no event."""
    page.goto(f"{site.url}/events/%E0%A4%A")
    expect(page.get_by_role("alert")).to_contain_text("There is nothing at this address.")
