"""A page whose scripts do not start, and a browser that keeps nothing for it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.integration.storefront.conftest import OpenPage, Site
from tests.integration.storefront.fake_shop import CREATE, FIRST_ORDER, FREE, an_event
from tests.integration.storefront.texts import ENGLISH

FAILED = "The shop could not be loaded."


@pytest.fixture
def failing(browser: Browser) -> Iterator[Page]:
    """Give a page whose scripts may fail."""
    context = browser.new_context(locale="en-US")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    "file", ["main.js", "texts.js", "storage.js", "texts/en.json"], ids=lambda each: each[-9:]
)
@pytest.mark.parametrize("answer", [{"status": 404}, {"body": "<h1>Hotel</h1>"}, None], ids=str)
def test_a_file_that_does_not_load(
    failing: Page, site: Site, file: str, answer: dict[str, object] | None
) -> None:
    """The page says so, and a link loads it again."""
    failing.route(
        f"**/static/{file}",
        lambda route: route.abort() if answer is None else route.fulfill(**answer),
    )
    failing.goto(f"{site.url}/tickets")
    expect(failing.get_by_role("alert")).to_contain_text(FAILED)
    expect(failing.get_by_text("Ticket Booth …")).to_be_hidden()
    failing.unroute_all()
    failing.get_by_role("link", name="Reload").click()
    expect(failing.get_by_role("heading", level=1)).to_have_text(ENGLISH["myTickets"])
    expect(failing.get_by_text(FAILED)).to_have_count(0)


def test_a_file_that_does_not_come(page: Page, site: Site) -> None:
    """The page waits for ten seconds. If it comes later, the shop appears."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/static/texts/en.json", hold)
    page.goto(f"{site.url}/tickets")
    expect(page.get_by_text("Ticket Booth …")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(FAILED)
    held[0].continue_()
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["myTickets"])
    expect(page.get_by_text(FAILED)).to_have_count(0)


def test_without_javascript(opened: OpenPage, site: Site) -> None:
    """The page says what is missing, and not that it is loading."""
    page = opened(java_script_enabled=False)
    page.goto(site.url)
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.get_by_text("Ticket Booth …")).to_be_hidden()


BLOCKED = """
  for (const name of %s) {
    Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
  }
"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"


@pytest.mark.parametrize(
    "broken",
    [
        BLOCKED % "['localStorage', 'sessionStorage']",
        BLOCKED % "['localStorage']",
        BLOCKED % "['sessionStorage']",
        FULL,
    ],
    ids=["blocked", "no localStorage", "no sessionStorage", "full"],
)
def test_a_browser_that_keeps_nothing(page: Page, site: Site, broken: str) -> None:
    """The shop works: the language, the buyer, and one order for a purchase that is repeated."""
    site.service.events[FREE] = an_event(FREE, price={"amount_minor": 0, "currency": "eur"})
    page.add_init_script(broken)
    page.goto(site.url)
    page.get_by_label("Buyer").select_option("Ben")
    expect(page.get_by_label("Buyer")).to_have_value("Ben")
    page.get_by_label("Language").select_option("Deutsch")
    expect(page.locator("nav")).to_contain_text("Veranstaltungen")
    site.service.instead[CREATE] = [(502, "Bad gateway")]
    order = page.locator(f"[data-event-id='{FREE}'] .order")
    order.get_by_role("button").click()
    expect(order.get_by_role("alert")).to_be_visible()
    page.reload()
    order.get_by_role("button").click()
    expect(page.locator("#qr")).to_be_visible()
    assert list(site.service.tickets) == [FIRST_ORDER]
    assert "Bearer of-ben" in site.service.tokens
