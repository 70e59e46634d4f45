"""The clock of the stand-in for Stripe, which a visitor of the demo sets forward by a click."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.cli.processes import call, wait_until
from tests.integration.demo.buying import CONCERT, REHEARSAL, order, places_left
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


def test_an_hour_later_open_orders_are_expired(page: Page, demo: RunningDemo) -> None:
    """Their places are on sale again, and the clock's way back changes nothing about that."""
    before = places_left(demo, CONCERT)
    token = demo.access_token
    _, bought = call(
        f"{demo.api_url}/api/payments/create-payment-intent/",
        token=token,
        body={"event_id": CONCERT, "quantity": 1},
    )
    ticket = f"{demo.api_url}/api/tickets/{bought['ticket_id']}/"
    assert call(ticket, token=token)[1]["status"] == "paying"
    page.goto(demo.sandbox_url)
    page.get_by_role("button", name="+ 1 hour").click()
    wait_until(lambda: call(ticket, token=token)[1]["status"] == "expired", what="it expires")
    page.get_by_role("button", name="Back to now").click()
    assert call(ticket, token=token)[1]["status"] == "expired"
    assert places_left(demo, CONCERT) == before


def test_a_phone_shows_whole_events(page: Page, demo: RunningDemo) -> None:
    """No part of what was sent is out of view, such as how to send it once more."""
    order(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    page.get_by_role("link", name="Back").click()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(demo.sandbox_url)
    resend = page.get_by_role("button", name="Resend").first
    box = resend.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    sheets = page.locator(".sheet").evaluate_all(
        "all => all.map(s => s.scrollWidth - s.clientWidth)"
    )
    assert sheets == [0, 0]
