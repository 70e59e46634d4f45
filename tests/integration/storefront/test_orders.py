"""My tickets, a ticket, and what a buyer keeps of it."""

import io
from pathlib import Path

import icalendar
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.integration.storefront.conftest import OpenPage, Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    TOKEN,
    a_ticket,
    an_event,
    unpaid,
)
from tests.support.qr_scanner import scan

VOID = {"refunded": {"amount_minor": 250_100, "currency": "eur"}, "checkout_url": None}

STATES = [
    (a_ticket(1, status="reserved", session_id=None), "Reserved", ["Cancel the order"]),
    (unpaid(2), "Not paid yet", ["Go on with the payment", "Cancel the order"]),
    (unpaid(3), "Payment on its way", []),
    (a_ticket(4), "Valid", ["Show the ticket"]),
    (a_ticket(5, status="cancelled"), "Cancelled", []),
    (a_ticket(6, status="expired"), "Not paid", []),
    (a_ticket(7, status="refunding"), "Refund on its way", []),
    (a_ticket(8, status="refunded", **VOID), "Refunded", []),
]


@pytest.fixture
def with_orders(site: Site) -> Site:
    """Give a shop with an order in each state."""
    site.service.tickets = {ticket["ticket_id"]: ticket for ticket, _, _ in STATES}
    site.service.codes = {2: "payment_open", 3: "payment_processing"}
    return site


def row(page: Page, ticket_id: int) -> Locator:
    """Return the element of an order."""
    return page.locator(f"[data-ticket-id='{ticket_id}']")


def test_every_state(page: Page, with_orders: Site) -> None:
    """Each order by the name of its event, with its state and the next steps, the newest first."""
    page.goto(f"{with_orders.url}/tickets")
    for ticket, state, steps in STATES:
        shown = row(page, ticket["ticket_id"])
        expect(shown.get_by_role("heading")).to_have_text("Summer Night Concert")
        expect(shown.locator(".chip")).to_have_text(state)
        expect(shown).to_contain_text("€2,501.00")
        assert shown.locator(".actions a").all_inner_texts() == steps
    order = page.locator("[data-ticket-id]").evaluate_all("all => all.map(e => e.dataset.ticketId)")
    assert order == ["8", "7", "6", "5", "4", "3", "2", "1"]


@pytest.mark.parametrize(("ticket", "state", "steps"), STATES)
def test_the_page_of_an_order(
    page: Page, with_orders: Site, ticket: dict[str, object], state: str, steps: list[str]
) -> None:
    """It says the same, and shows a QR code of a valid ticket only."""
    page.goto(f"{with_orders.url}/tickets/{ticket['ticket_id']}")
    expect(page.locator(".chip")).to_have_text(state)
    assert page.locator("#qr").is_visible() == (state == "Valid")
    if state != "Valid":
        assert page.locator(".stub .actions a").all_inner_texts() == steps


def test_many_orders(page: Page, site: Site) -> None:
    """Older ones are shown when they are asked for."""
    site.service.tickets = {number: a_ticket(number) for number in range(1, 24)}
    page.goto(f"{site.url}/tickets")
    for shown in (10, 20):
        expect(page.locator("[data-ticket-id]")).to_have_count(shown)
        page.get_by_role("button", name="Show older ones").click()
    expect(page.locator("[data-ticket-id]")).to_have_count(23)
    expect(page.get_by_role("button", name="Show older ones")).to_be_hidden()


def test_money_that_went_back(page: Page, site: Site) -> None:
    """A part that was refunded, a dispute, and people who are inside are said."""
    part = {"amount_minor": 1000, "currency": "eur"}
    site.service.tickets = {1: a_ticket(1, refunded=part, disputed=True, admitted=1)}
    page.goto(f"{site.url}/tickets")
    for text in ("€10.00 of the price was refunded.", "is disputed at", "1 person is inside"):
        expect(row(page, 1)).to_contain_text(text)


def test_the_success_page(page: Page, site: Site) -> None:
    """What, when, where, how many and how much, beside the QR code."""
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/payment/success?session_id=cs_test_4&ticket_id=4")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment successful")
    for text in (
        "Summer Night Concert",
        "Tue, July 1, 2031",
        "Town Hall, Main Street 1",
        "2 places",
        "€2,501.00",
    ):
        expect(page.locator(".stub")).to_contain_text(text)
    assert scan(Image.open(io.BytesIO(page.locator("#qr").screenshot()))) == TOKEN


def test_a_picture(page: Page, site: Site, tmp_path: Path) -> None:
    """It has the QR code, and says of what."""
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/tickets/4")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as picture").click()
    assert download.value.suggested_filename == "ticket-4.png"
    download.value.save_as(tmp_path / "ticket.png")
    picture = Image.open(tmp_path / "ticket.png")
    assert scan(picture) == TOKEN
    above = picture.convert("L").crop((0, 0, picture.width, picture.height - 680))
    assert above.getextrema() == (0, 255), "there is text above the code"


def test_a_calendar_entry(page: Page, site: Site, tmp_path: Path) -> None:
    """Another program reads it, whatever the texts are."""
    name = "Jazz; Blues, \\Soul " + "Ä🎷" * 40
    site.service.events[CONCERT] = an_event(name=name, venue="Hall, 2; left")
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/tickets/4")
    with page.expect_download() as download:
        page.get_by_role("button", name="Add to calendar").click()
    download.value.save_as(tmp_path / "ticket.ics")
    written = (tmp_path / "ticket.ics").read_bytes()
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    [entry] = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert entry["SUMMARY"] == name
    assert entry["LOCATION"] == "Hall, 2; left"
    assert entry.decoded("DTSTART").isoformat() == "2031-07-01T18:00:00+00:00"
    assert entry.decoded("DTEND").isoformat() == "2031-07-01T21:00:00+00:00"


def test_print(page: Page, site: Site) -> None:
    """The ticket is on one page, without what is only for the screen."""
    site.service.tickets = {4: a_ticket(4)}
    page.add_init_script("window.print = () => { window.printed = true; };")
    page.goto(f"{site.url}/tickets/4")
    page.get_by_role("button", name="Print or save as PDF").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#qr")).to_be_visible()
    expect(page.locator(".top")).to_be_hidden()
    expect(page.get_by_role("button", name="Save as picture")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().count(b"/Type /Page\n") == 1


SHARING = """
  window.shared = [];
  navigator.canShare = () => true;
  navigator.share = async ({ files, title, text, url }) => {
    window.shared.push({ title, text, url, files: (files ?? []).map((file) => file.name) });
  };
"""


def test_sharing(opened: OpenPage, site: Site) -> None:
    """A ticket is shared as a picture, and an event by its address."""
    page = opened(timezone_id="Europe/Berlin")
    page.add_init_script(SHARING)
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/tickets/4")
    page.get_by_role("button", name="Share").click()
    page.wait_for_timeout(1000)
    [shared] = page.evaluate("window.shared")
    assert shared["files"] == ["ticket-4.png"]
    assert shared["text"].startswith("Summer Night Concert\nTue, July 1, 2031")
    page.goto(f"{site.url}/events/{CONCERT}")
    page.get_by_role("button", name="Share this event").click()
    page.wait_for_timeout(500)
    [shared] = page.evaluate("window.shared")
    assert shared["url"] == f"{site.url}/events/{CONCERT}"


def test_sharing_where_browsers_cannot(opened: OpenPage, site: Site) -> None:
    """The address of the event is copied, and that is said."""
    page = opened(permissions=["clipboard-write", "clipboard-read"])
    page.goto(f"{site.url}/events/{CONCERT}")
    page.get_by_role("button", name="Share this event").click()
    expect(page.get_by_role("button", name="The address is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site.url}/events/{CONCERT}"
