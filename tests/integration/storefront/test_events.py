"""The list of events and the page of one: how they are written, and that they stay true."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.integration.storefront.conftest import OpenPage, Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    FREE,
    a_problem,
    an_event,
    instant,
    unpaid,
)


def card(page: Page, event_id: int = CONCERT) -> Locator:
    """Return the element of an event."""
    return page.locator(f"[data-event-id='{event_id}']")


def buy(page: Page) -> Locator:
    """Return the button of the paid event."""
    return card(page).get_by_role("button", name=re.compile(r"^(Buy|Kaufen)\b"))


def test_english(page: Page, site: Site) -> None:
    """Date, place, price and places as a buyer in the United States writes them."""
    page.goto(site.url)
    expect(card(page)).to_contain_text(re.compile(r"Tue, July 1, 2031 at 8:00\sPM"))
    expect(card(page)).to_contain_text("Town Hall, Main Street 1")
    expect(card(page)).to_contain_text("€1,250.50")
    expect(card(page)).to_contain_text("380 places left")


def test_german(opened: OpenPage, site: Site) -> None:
    """The same in German, and in the German of Switzerland."""
    for locale, price in (("de-DE", r"1\.250,50\s€"), ("de-CH", "EUR.1.250.50")):
        page = opened(locale=locale, timezone_id="Europe/Berlin")
        page.goto(site.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("Aktuelle Veranstaltungen")
        expect(card(page)).to_contain_text("Di., 1. Juli 2031")
        expect(card(page)).to_contain_text(re.compile(price))
        expect(card(page)).to_contain_text("Noch 380 Plätze")
        assert page.locator("html").get_attribute("lang") == "de"


def test_any_other_language_is_english(opened: OpenPage, site: Site) -> None:
    """A buyer may choose another one, and the choice is kept."""
    page = opened(locale="fr-FR")
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("What\u2019s on")
    page.get_by_label("Language").select_option("Deutsch")
    expect(page.get_by_role("heading", level=1)).to_have_text("Aktuelle Veranstaltungen")
    page.goto(f"{site.url}/tickets")
    expect(page.get_by_role("heading", level=1)).to_have_text("Meine Tickets")


def test_another_time_zone(opened: OpenPage, site: Site) -> None:
    """The time is that of the event; its zone is named where the buyer's clock differs."""
    page = opened(timezone_id="America/New_York")
    page.goto(site.url)
    expect(card(page)).to_contain_text(re.compile(r"8:00\sPM GMT\+2"))


def test_one_event(page: Page, site: Site) -> None:
    """Its own page has the doors, the end and the time of the sale, and sells."""
    site.service.events[CONCERT] = an_event(opens_at=instant(days=-1), closes_at=instant(hours=2))
    page.goto(site.url)
    page.get_by_role("link", name="Summer Night Concert").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer Night Concert")
    for name in ("Doors open", "Until", "On sale"):
        expect(page.locator("dt", has_text=name)).to_be_visible()
    expect(card(page)).to_contain_text(re.compile("The sale ends in 1 hour 59 minutes"))
    expect(buy(page)).to_be_enabled()


def test_a_new_name_appears_by_itself(page: Page, site: Site) -> None:
    """Also as the title of the page, which tabs and bookmarks show."""
    page.goto(f"{site.url}/events/{CONCERT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer Night Concert")
    site.service.events[CONCERT]["name"] = "Winter Night Concert"
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Winter Night Concert")
    expect(page).to_have_title("Winter Night Concert · Ticket Booth")


def test_a_sale_that_begins(page: Page, site: Site) -> None:
    """The page counts down, and sells at the instant by the clock of the service."""
    # The service's clock is an hour behind that of the browser.
    site.service.ahead = -3600
    site.service.events[CONCERT] = an_event(opens_at=instant(hours=-1, seconds=6))
    page.goto(site.url)
    expect(card(page)).to_contain_text(re.compile("The sale begins in [1-6] seconds?"))
    expect(buy(page)).to_be_hidden()
    expect(buy(page)).to_be_enabled(timeout=9000)


def test_sold_out_closed_and_cancelled_appear_by_themselves(page: Page, site: Site) -> None:
    """And so does a place that comes back. What was chosen stays."""
    page.goto(site.url)
    card(page).get_by_label("Quantity").select_option("4")
    site.service.events[CONCERT]["places_left"] = 6
    # It is renewed every ten seconds, and when the browser is online again.
    expect(card(page)).to_contain_text("6 places left")
    expect(card(page).get_by_label("Quantity")).to_have_value("4")
    for change, text in (
        ({"places_left": 0}, "Sold out."),
        ({"places_left": 1}, "Only 1 place left"),
        ({"closes_at": instant(seconds=-1)}, "The sale is over."),
        ({"cancelled_at": instant()}, "is cancelled"),
    ):
        site.service.events[CONCERT] |= change
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(card(page)).to_contain_text(text)
        expect(buy(page)).to_be_visible(visible=text.startswith("Only"))


def test_a_refusal_is_explained_and_the_list_is_renewed(opened: OpenPage, site: Site) -> None:
    """In the buyer's language, with what to do next; the card shows the new number."""
    page = opened(locale="de-DE")
    page.goto(site.url)
    site.service.events[CONCERT]["places_left"] = 2
    sold_out = a_problem("sold_out", places_left=2)
    page.route(
        "**/create-payment-intent/",
        lambda route: (
            route.fulfill(status=400, json=sold_out, headers={"Access-Control-Allow-Origin": "*"})
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    buy(page).click()
    alert = card(page).get_by_role("alert")
    expect(alert).to_contain_text(
        "So viele Plätze sind nicht mehr frei. Freie Plätze: 2. Wählen Sie"
    )
    expect(card(page)).to_contain_text("Nur noch 2 Plätze")


def test_unpaid_orders_are_offered(page: Page, site: Site) -> None:
    """The newest in full, with its event; the bank at work is not "not paid"."""
    site.service.tickets = {1: unpaid(1), 2: unpaid(2), 3: unpaid(3)}
    site.service.codes = {1: "payment_open", 2: "payment_open", 3: "payment_processing"}
    page.goto(site.url)
    bar = page.locator("#unpaid")
    expect(bar).to_contain_text("2 places at \u2068Summer Night Concert\u2069 (€2,501.00)")
    expect(bar.get_by_role("link", name="Go on with the payment")).to_have_attribute(
        "href", "http://localhost/pay/2"
    )
    expect(bar).to_contain_text("1 more unpaid order")


def test_two_tabs_are_two_buyers(opened: OpenPage, site: Site) -> None:
    """The picker is for one tab."""
    page = opened()
    page.goto(site.url)
    page.get_by_label("Buyer").select_option("Ben")
    expect(page.get_by_label("Buyer")).to_have_value("Ben")
    other = page.context.new_page()
    other.goto(f"{site.url}/tickets")
    expect(other.get_by_label("Buyer")).to_have_value("Ada")
    expect(other.get_by_role("heading", level=1)).to_have_text("My tickets")
    assert site.service.tokens >= {"Bearer of-ada", "Bearer of-ben"}


def test_free_tickets_are_shown_at_once(page: Page, site: Site) -> None:
    """The page becomes that of the ticket, and no more asks what is on sale."""
    site.service.events[FREE] = an_event(FREE, price={"amount_minor": 0, "currency": "eur"})
    page.goto(site.url)
    card(page, FREE).get_by_role("button", name="Get tickets").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have your tickets")
    assert page.url == f"{site.url}/tickets/99"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("What\u2019s on")
