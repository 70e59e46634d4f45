"""Stripe's own payment page, filled in by a headless Chromium.

The page has no contract, and nothing here has met it yet: that needs a key. If it has changed, only
this module has to follow.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Playwright

PAGE_MILLISECONDS = 60_000
"""For the page to load or to be sent, over a slow line."""


@contextmanager
def page_at_stripe(playwright: Playwright, chromium_path: str, *, frontend: str) -> Iterator[Page]:
    """Open a page of a new profile. The shop to which it leads back need not exist."""
    # Without the sandbox of Chromium, which does not run as root.
    browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
    try:
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(PAGE_MILLISECONDS)
        page.route(f"{frontend}/**", lambda route: route.fulfill(body="Back in the shop."))
        yield page
    finally:
        browser.close()


def fill_in(page: Page, url: str, *, number: str) -> None:
    """Pay by card: fill in what the page asks for, and send it."""
    page.goto(url)
    card, by_card = page.locator("#cardNumber"), page.get_by_test_id("card-accordion-item-button")
    card.or_(by_card).first.wait_for()
    if by_card.is_visible():
        # The account offers other methods as well.
        by_card.click()
    card.fill(number)
    page.locator("#cardExpiry").fill("12 / 34")
    page.locator("#cardCvc").fill("123")
    for selector, text in (
        ("#email", "buyer@example.com"),
        ("#billingName", "Test Buyer"),
        ("#billingPostalCode", "12345"),
    ):
        # Depends on the account, the country, and what the session has filled in.
        field = page.locator(selector)
        if field.is_visible() and field.is_editable():
            field.fill(text)
    save = page.locator("#enableStripePass")
    if save.is_visible():
        # To save the card, the page would ask for a telephone number.
        save.uncheck()
    page.get_by_test_id("hosted-payment-submit-button").click()
