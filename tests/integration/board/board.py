"""What an organizer does on the board."""

import time

import jwt
from playwright.sync_api import Locator, Page, expect

from tests.integration.board.conftest import Site

SECRET = "of the tests, and as long as it has to be"


def organizer_token(*, hours: float = 8) -> str:
    """Return an access token; the fake service takes any."""
    return jwt.encode({"sub": "olga", "exp": int(time.time() + hours * 3600)}, SECRET, "HS256")


def open_board(page: Page, site: Site, route: str = "#/events") -> None:
    """Sign in by the address, and open a view."""
    page.goto(f"{site.url}#token={organizer_token()}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    if route != "#/events":
        page.goto(site.url + route)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Events")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")


def wait(page: Page, *, seconds: int) -> None:
    """Let time pass on the page's installed clock, but none while a call has no answer.

    The page would take a call during which the clock jumps for a slow one, and pause for long.
    """
    for _ in range(seconds):
        page.clock.run_for(1000)
        # Not `wait_for_function`, which the page's policy forbids.
        while page.evaluate("window.unanswered") > 0:
            page.wait_for_timeout(5)


def fact(page: Page, name: str) -> Locator:
    """Return what is beside a name."""
    term = page.locator("dt", has=page.get_by_text(name, exact=True))
    return page.locator("dl > div", has=term).locator("dd")
