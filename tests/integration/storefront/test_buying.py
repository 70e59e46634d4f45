"""Buying: once, whatever becomes of the answers, and as many places as there are."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    CREATE,
    FIRST_ORDER,
    FREE,
    a_problem,
    a_ticket,
    an_event,
    instant,
    unpaid,
)
from tests.integration.storefront.texts import ENGLISH

NOTHING = {"amount_minor": 0, "currency": "eur"}
LOST = (502, "<h1>Bad gateway</h1>")
MISTAKE = (500, a_problem("internal_error", 500, incident="7"))
REFUSED = (400, a_problem("sold_out", places_left=0))
OLDER = FIRST_ORDER - 1


def card(page: Page, event_id: int = CONCERT) -> Locator:
    """Return the element of an event."""
    return page.locator(f"[data-event-id='{event_id}']")


def buy(page: Page, event_id: int = CONCERT, quantity: int = 1) -> None:
    """Choose a number of places, and click the button."""
    card(page, event_id).locator("select").select_option(str(quantity))
    card(page, event_id).locator(".order button").click()


@pytest.fixture(autouse=True)
def shop(page: Page, site: Site) -> None:
    """Open a shop with a paid and a free event, and let the payment page say so."""
    site.service.events[FREE] = an_event(FREE, price=NOTHING)
    page.route("**/pay/*", lambda route: route.fulfill(body="Pay here", content_type="text/html"))
    page.goto(site.url)
    expect(card(page).locator(".order")).to_be_visible()


@pytest.mark.parametrize("answer", [LOST, MISTAKE, (200, {}), (200, [])], ids=str)
def test_a_purchase_of_unknown_outcome_is_bought_once(
    page: Page, site: Site, answer: tuple[int, object]
) -> None:
    """The page asks the buyer to check My tickets. The next click leads to the order."""
    site.service.instead[CREATE] = [answer]
    buy(page, FREE)
    expect(card(page, FREE).get_by_role("alert")).to_contain_text(ENGLISH["lookFirst"])
    buy(page, FREE)
    expect(page).to_have_url(f"{site.url}/tickets/{FIRST_ORDER}")
    assert list(site.service.tickets) == [FIRST_ORDER]


def test_control_a_purchase_that_was_refused_is_another_one(page: Page, site: Site) -> None:
    """Control: after a refusal nothing is to be looked for, and the key is another one."""
    site.service.instead[CREATE] = [REFUSED]
    buy(page, FREE)
    expect(card(page, FREE).get_by_role("alert")).to_contain_text("available")
    expect(card(page, FREE).get_by_role("alert")).not_to_contain_text(ENGLISH["lookFirst"])
    buy(page, FREE)
    expect(page).to_have_url(f"{site.url}/tickets/{FIRST_ORDER + 1}")


def test_another_quantity_after_a_lost_answer(page: Page, site: Site) -> None:
    """The earlier order is asked for first, and shown; the next click buys what is chosen."""
    site.service.instead[CREATE] = [LOST]
    buy(page, FREE, 1)
    alert = card(page, FREE).get_by_role("alert")
    expect(alert).to_contain_text(ENGLISH["lookFirst"])
    buy(page, FREE, 2)
    expect(alert).to_contain_text("Your earlier order was made (1 place).")
    assert alert.get_by_role("link").get_attribute("href") == f"/tickets/{FIRST_ORDER}"
    assert [each["quantity"] for each in site.service.tickets.values()] == [1]
    buy(page, FREE, 2)
    expect(page).to_have_url(f"{site.url}/tickets/{FIRST_ORDER + 1}")
    assert [each["quantity"] for each in site.service.tickets.values()] == [1, 2]


def test_another_quantity_after_an_order_that_was_not_made(page: Page, site: Site) -> None:
    """If the earlier one turns out to be refused, the click buys."""
    site.service.instead[CREATE] = [LOST, REFUSED]
    buy(page, FREE, 1)
    expect(card(page, FREE).get_by_role("alert")).to_contain_text(ENGLISH["lookFirst"])
    buy(page, FREE, 2)
    expect(page).to_have_url(f"{site.url}/tickets/{FIRST_ORDER + 1}")


def test_a_lost_order_is_in_the_bar_and_ends_when_it_is_paid(page: Page, site: Site) -> None:
    """Paid by way of the bar, it is done with: the same order again is another one."""
    site.service.instead[CREATE] = [LOST]
    buy(page, CONCERT, 2)
    pay = page.locator("#unpaid").get_by_role("link", name=ENGLISH["pay"])
    expect(pay).to_have_attribute("href", f"http://localhost/pay/{FIRST_ORDER}")
    site.service.tickets[FIRST_ORDER]["status"] = "issued"
    del site.service.codes[FIRST_ORDER]
    page.goto(f"{site.url}/payment/success?session_id=cs&ticket_id={FIRST_ORDER}")
    expect(page.locator("#qr")).to_be_visible()
    page.goto(site.url)
    buy(page, CONCERT, 2)
    expect(page).to_have_url(f"http://localhost/pay/{FIRST_ORDER + 1}")


@pytest.mark.parametrize(("path", "orders"), [("/tickets", 2), ("/", 1)])
def test_who_has_looked_under_my_tickets_buys_anew(
    page: Page, site: Site, path: str, orders: int
) -> None:
    """As the page has told them to. Control: a reload of the events shows them nothing."""
    site.service.instead[CREATE] = [LOST]
    buy(page, FREE)
    expect(card(page, FREE).get_by_role("alert")).to_contain_text(ENGLISH["lookFirst"])
    page.goto(site.url + path)
    expect(page.locator(".card, .order-row").first).to_be_visible()
    page.goto(site.url)
    buy(page, FREE)
    expect(page.locator("#qr")).to_be_visible()
    assert len(site.service.tickets) == orders


@pytest.mark.parametrize(("seen", "orders"), [(OLDER, 2), (FIRST_ORDER, 3)])
def test_an_older_order_of_the_same_kind_is_not_the_lost_one(
    page: Page, site: Site, seen: int, orders: int
) -> None:
    """Who looks at it still gets the lost one. Control: who has seen that one buys anew."""
    older = {"event_id": FREE, "quantity": 1, "created_at": instant(minutes=-5)}
    site.service.tickets[OLDER] = a_ticket(OLDER, **older)
    site.service.instead[CREATE] = [LOST]
    buy(page, FREE)
    expect(card(page, FREE).get_by_role("alert")).to_contain_text(ENGLISH["lookFirst"])
    page.goto(f"{site.url}/tickets/{seen}")
    expect(page.locator("#qr")).to_be_visible()
    page.goto(site.url)
    buy(page, FREE)
    expect(page).to_have_url(f"{site.url}/tickets/{FIRST_ORDER + orders - 2}")
    assert len(site.service.tickets) == orders


@pytest.mark.parametrize("answer", [{"foo": 1}, {"checkout_url": None}, {"checkout_url": ""}])
def test_an_unknown_answer_is_no_success(page: Page, site: Site, answer: object) -> None:
    """The page stays, and says that the service has another version."""
    site.service.instead[CREATE] = [(200, answer)]
    buy(page)
    expect(card(page).get_by_role("alert")).to_contain_text(ENGLISH["lookFirst"])
    expect(page.locator("#said")).to_have_text(ENGLISH["otherVersion"])
    assert page.url == f"{site.url}/"


def test_the_focus_stays_after_a_refusal(page: Page, site: Site) -> None:
    """It is on the button again, which was off meanwhile."""
    site.service.instead[CREATE] = [REFUSED]
    buy(page)
    expect(card(page).get_by_role("alert")).to_be_visible()
    expect(card(page).locator(".order button")).to_be_focused()


def test_a_payment_page_that_does_not_come(page: Page) -> None:
    """If the buyer stops the browser on the way there, a link leads there, and buttons are on."""
    page.unroute_all()
    # With this status, the browser stays where it is.
    page.route("**/pay/*", lambda route: route.fulfill(status=204))
    page.clock.install()
    with page.expect_response("**/pay/*"):
        buy(page)
    expect(card(page).locator(".order button")).to_be_disabled()
    page.clock.run_for(11_000)
    way = card(page).get_by_role("link", name=ENGLISH["goOn"])
    expect(way).to_have_attribute("href", f"http://localhost/pay/{FIRST_ORDER}")
    expect(card(page).locator(".order button")).to_be_enabled()


def test_a_choice_that_is_too_much_now(page: Page, site: Site) -> None:
    """It is kept: the page says so, and takes it up again when there are enough places."""
    card(page).locator("select").select_option("6")
    for left, chosen in ((4, "4"), (9, "6")):
        site.service.events[CONCERT]["places_left"] = left
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(card(page).locator("select")).to_have_value(chosen)
        said = card(page).get_by_text("You can order only 4 places now; you had chosen 6.")
        expect(said).to_be_visible(visible=left == 4)


@pytest.mark.parametrize("terms", [{"max_per_order": 0}, {"places_left": -1}])
def test_no_place_to_order(page: Page, site: Site, terms: dict[str, int]) -> None:
    """There is nothing to click, whatever the service means."""
    site.service.events[CONCERT] |= terms
    page.reload()
    expect(card(page, FREE).locator(".order")).to_be_visible()
    expect(card(page).locator(".order")).to_be_hidden()


def test_a_very_large_order(page: Page, site: Site) -> None:
    """The number is typed, and has to be one that can be ordered."""
    site.service.events[FREE] |= {"max_per_order": 400_000, "places_left": 400_000}
    page.reload()
    number = card(page, FREE).locator("input")
    for wrong in ("0", "400001", "", "2.5"):
        number.fill(wrong)
        card(page, FREE).locator(".order button").click()
        assert page.url == f"{site.url}/"
    number.fill("399999")
    card(page, FREE).locator(".order button").click()
    expect(page.locator("#qr")).to_be_visible()
    assert [order["quantity"] for _, order in site.service.sent if "quantity" in order] == [399_999]


def test_the_bar_ends_with_the_reservation(page: Page, site: Site) -> None:
    """By the service's clock, which is an hour behind that of the browser."""
    site.service.ahead = -3600
    ends = instant(hours=-1, seconds=5)
    site.service.tickets = {1: unpaid(1) | {"expires_at": ends, "server_now": instant(hours=-1)}}
    site.service.codes = {1: "payment_open"}
    page.reload()
    expect(page.locator("#unpaid .notice")).to_be_visible()
    expect(page.locator("#unpaid .notice")).to_have_count(0)
