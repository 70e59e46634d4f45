"""From buying to the organizer's board in a real browser, with the real service."""

from playwright.sync_api import Page, expect

from tests.integration.demo.buying import REHEARSAL, order
from tests.integration.demo.running import RunningDemo


def test_the_printed_address_of_the_board(page: Page, demo: RunningDemo) -> None:
    """It opens the board with a token of its own, and what was just bought can be refunded."""
    order(page, demo, event_id=REHEARSAL, quantity=3)
    expect(page.locator("#qr")).to_be_visible()
    page.goto(demo.board_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    assert page.url == f"{demo.storefront_url}/board/"
    page.get_by_role("link", name="Open Rehearsal").click()
    expect(page.locator("#tile-places-sold")).to_have_text("3")
    page.get_by_role("link", name="Tickets").click()
    # The first ticket is that of the sample event that is sold out.
    page.get_by_role("link", name="Ticket 2").click()
    page.get_by_role("button", name="Refund …").click()
    page.get_by_role("button", name="Refund it").click()
    expect(page.locator(".state")).to_contain_text("Refunded")


def test_the_services_own_board(page: Page, demo: RunningDemo) -> None:
    """It is the same page, without a shop."""
    page.goto(demo.board_url)
    token = page.evaluate("sessionStorage.getItem('board_access_token')")
    page.goto(f"{demo.api_url}/board#token={token}")
    expect(page.get_by_role("link", name="Summer Night Concert")).to_be_visible()
    assert page.url == f"{demo.api_url}/board/"
