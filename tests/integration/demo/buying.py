"""What a buyer does on the storefront's list of events."""

from playwright.sync_api import Locator, Page, expect

from tests.integration.cli.processes import call
from tests.integration.demo.running import RunningDemo

CONCERT, REHEARSAL, ROOFTOP = 1, 2, 3

expect.set_options(timeout=15_000)


def card(page: Page, event_id: int) -> Locator:
    """Return the element of an event in the list."""
    return page.locator(f"[data-event-id='{event_id}']")


def places_left(demo: RunningDemo, event_id: int) -> int:
    """Return the number of places left, from the API."""
    return int(call(f"{demo.api_url}/api/events/{event_id}/")[1]["places_left"])


def order(page: Page, demo: RunningDemo, *, event_id: int, quantity: int) -> None:
    """Choose an event and a quantity, and click the button."""
    page.goto(demo.storefront_url)
    card(page, event_id).get_by_label("Quantity").select_option(str(quantity))
    card(page, event_id).get_by_role("button").click()
