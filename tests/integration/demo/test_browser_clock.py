"""The clock of the stand-in for Stripe, which a visitor of the demo sets forward by a click."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.demo.buying import CONCERT, REHEARSAL, order
from tests.integration.demo.running import RunningDemo


@pytest.mark.parametrize("click", ["+ 10 minutes", "+ 1 hour", "+ 1 day", "Back to now"])
def test_after_a_click_on_the_clock_the_demo_still_sells(
    page: Page, demo: RunningDemo, click: str
) -> None:
    """Each click comes on top of those before. A sale afterwards ends at its QR code."""
    page.goto(demo.sandbox_url)
    page.get_by_role("button", name=click).click()
    order(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name=re.compile("Book|Pay")).click()
    page.wait_for_url("**/payment/success?**")
    expect(page.locator("#qr")).to_be_visible()
    order(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.locator("#qr")).to_be_visible()
