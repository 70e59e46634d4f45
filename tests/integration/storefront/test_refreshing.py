"""Open tickets and My tickets stay true by themselves, and wait for no slow payment provider."""

from playwright.sync_api import Locator, Page, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import CONCERT, a_ticket, instant, unpaid

NOTHING = {"amount_minor": 0, "currency": "eur"}


def look_again(page: Page) -> None:
    """Let the page believe that the buyer has just come back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def chip(page: Page, ticket_id: int) -> Locator:
    """Return the state of an order in the list."""
    return page.locator(f"[data-ticket-id='{ticket_id}'] .chip")


def test_a_slow_provider_keeps_no_ticket_waiting(page: Page, site: Site) -> None:
    """Valid tickets are shown; what the provider says later is shown then."""
    site.service.tickets = {3: unpaid(3), 4: a_ticket(4)}
    waiting = []
    page.route(
        "**/api/payments/verify/",
        lambda route: (
            waiting.append(route) if route.request.method == "POST" else route.continue_()
        ),
    )
    for path, shown in (("/tickets", chip(page, 3)), ("/tickets/3", page.locator(".chip"))):
        site.service.codes = {3: "payment_processing"}
        page.goto(site.url + path)
        expect(shown).to_have_text("Not paid yet", timeout=12_000)
        for route in waiting:
            route.continue_()
        expect(shown).to_have_text("Payment on its way", timeout=12_000)
        waiting.clear()


def test_an_open_ticket_follows(page: Page, site: Site) -> None:
    """It becomes valid, and says a new date, that the event is cancelled, and the refund."""
    site.service.tickets = {3: unpaid(3)}
    site.service.codes = {3: "payment_open"}
    page.goto(f"{site.url}/tickets/3")
    expect(page.locator(".chip")).to_have_text("Not paid yet")
    site.service.tickets[3] = a_ticket(3)
    look_again(page)
    expect(page.locator("#qr")).to_be_visible()
    site.service.events[CONCERT]["starts_at"] = "2031-07-02T18:00:00Z"
    look_again(page)
    expect(page.locator(".stub")).to_contain_text("July 2, 2031")
    site.service.events[CONCERT]["cancelled_at"] = instant()
    look_again(page)
    expect(page.locator(".stub")).to_contain_text("This event is cancelled.")
    expect(page.locator(".stub")).not_to_contain_text("at the gate")
    site.service.tickets[3] |= {"status": "refunding"}
    look_again(page)
    expect(page.locator(".chip")).to_have_text("Refund on its way")


def test_it_asks_by_itself(page: Page, site: Site) -> None:
    """Every ten seconds while an order is not paid, and every minute otherwise."""
    site.service.tickets = {3: unpaid(3), 4: a_ticket(4)}
    site.service.codes = {3: "payment_open"}
    page.clock.install()
    page.goto(f"{site.url}/tickets")
    expect(chip(page, 3)).to_have_text("Not paid yet")
    site.service.tickets[3] = a_ticket(3, status="expired")
    page.clock.run_for(11_000)
    expect(chip(page, 3)).to_have_text("Not paid")
    site.service.tickets[4] = a_ticket(4, status="refunding")
    page.clock.run_for(11_000)
    page.wait_for_timeout(500)
    expect(chip(page, 4)).to_have_text("Valid")
    page.clock.run_for(50_000)
    expect(chip(page, 4)).to_have_text("Refund on its way")


def test_the_focus_stays(page: Page, site: Site) -> None:
    """A list that changes does not take it away; nor does one that stays as it is."""
    site.service.tickets = {number: a_ticket(number) for number in (3, 4)}
    page.goto(f"{site.url}/tickets")
    link = page.locator("[data-ticket-id='3']").get_by_role("link", name="Show the ticket")
    link.focus()
    site.service.tickets[4] = a_ticket(4, status="refunding")
    look_again(page)
    expect(chip(page, 4)).to_have_text("Refund on its way")
    expect(link).to_be_focused()


def test_more_orders_stay(page: Page, site: Site) -> None:
    """Older ones that were asked for are renewed, too."""
    site.service.tickets = {number: a_ticket(number) for number in range(1, 13)}
    page.goto(f"{site.url}/tickets")
    page.get_by_role("button", name="Show older ones").click()
    expect(page.locator("[data-ticket-id='2'] h2 a")).to_be_focused()
    site.service.tickets[1] = a_ticket(1, status="refunding")
    look_again(page)
    expect(chip(page, 1)).to_have_text("Refund on its way")
    expect(page.locator("[data-ticket-id]")).to_have_count(12)


def test_a_cancelled_free_event(page: Page, site: Site) -> None:
    """Nobody has paid, so nothing is said to be returned."""
    site.service.events[CONCERT]["cancelled_at"] = instant()
    site.service.tickets = {
        4: a_ticket(4, status="refunded", total=NOTHING),
        5: a_ticket(5, status="refunded"),
    }
    page.goto(f"{site.url}/tickets")
    expect(chip(page, 4)).to_have_text("No longer valid")
    expect(chip(page, 5)).to_have_text("Refunded")
    for each in page.locator("[data-ticket-id]").all():
        expect(each).to_contain_text("This event is cancelled.")
