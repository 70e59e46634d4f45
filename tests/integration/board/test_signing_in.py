"""Whose token it is, and where it stays."""

import re

from playwright.sync_api import Page, expect

from tests.integration.board.board import fact, open_board, organizer_token
from tests.integration.board.conftest import Site
from tests.integration.board.fake_service import a_ticket

KEPT = "() => [Object.values(sessionStorage), Object.values(localStorage), document.cookie]"


def test_by_hand(page: Page, site: Site) -> None:
    """A pasted token is for this tab alone, and signing out forgets it."""
    token = organizer_token()
    page.goto(site.url)
    page.get_by_label("Access token").fill(f" {token}\n")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    # With its day: the token may be good until tomorrow.
    expect(page.locator("#access")).to_have_text(
        re.compile(r"Access until \d+ \w+ \d{4}, \d\d:\d\d$")
    )
    assert page.evaluate(KEPT) == [[token], [], ""]
    assert site.service.tokens == {token}
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.evaluate(KEPT) == [[], [], ""]


def test_by_the_address(page: Page, site: Site) -> None:
    """The token leaves the address at once, and the event that it names is shown."""
    page.goto(f"{site.url}?event=7#token={organizer_token()}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer Night Concert")
    assert page.url == f"{site.url}?event=7#/events/7"


def test_it_ends_meanwhile(page: Page, site: Site) -> None:
    """The page asks for another token, and then does what it was told with it."""
    site.service.tickets = {1: a_ticket(1)}
    open_board(page, site, "#/tickets/1")
    new = organizer_token(hours=2)
    site.service.good_tokens = {new}
    page.get_by_role("button", name="Refund …").click()
    page.get_by_role("button", name="Refund it").click()
    again = page.get_by_role("dialog", name="Sign in again")
    expect(again).to_contain_text("The access token has expired.")
    again.get_by_label("Access token").fill(new)
    again.get_by_role("button", name="Sign in").click()
    expect(page.locator(".state")).to_contain_text("Refunded")
    assert [path for _, path, _ in site.service.sent] == ["/api/payments/refund/"]
    expect(fact(page, "Refunded")).to_have_text("€50.00")


def test_nobody_gives_another_one(page: Page, site: Site) -> None:
    """Escape closes the dialog, and the page says why it shows nothing."""
    open_board(page, site)
    site.service.good_tokens = set()
    page.goto(f"{site.url}#/events/7/history")
    expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alert")).to_have_text("The access token has expired.")
    site.service.good_tokens = None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("table")).to_contain_text("capacity")


def test_who_presses_a_button_is_asked_again(page: Page, site: Site) -> None:
    """The dialog was closed before, and the numbers that stay fresh ask no more."""
    open_board(page, site, "#/events/7")
    new = organizer_token(hours=2)
    site.service.good_tokens = {new}
    again = page.get_by_role("dialog", name="Sign in again")
    file = page.get_by_role("button", name="Save the report (CSV)")
    for _ in range(2):
        file.click()
        expect(again).to_be_visible()
        page.keyboard.press("Escape")
        expect(file).to_contain_text("The access token has expired.")
    file.click()
    again.get_by_label("Access token").fill(new)
    with page.expect_download():
        again.get_by_role("button", name="Sign in").click()
