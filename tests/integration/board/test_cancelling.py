"""Cancelling an event, and watching until its money is back."""

from playwright.sync_api import Page, expect

from tests.integration.board.board import fact, open_board, wait
from tests.integration.board.conftest import Site
from tests.integration.board.fake_service import NOW, a_ticket, an_event

CANCEL = "#/events/7/cancel"
PATH = "/api/events/7/cancel/"
NAME = "Type the name of the event"
CLOSED = NOW.isoformat()


def test_the_sale_is_closed_first(page: Page, site: Site) -> None:
    """Before that nothing can be typed; the close has the version that was seen."""
    site.service.tickets = {1: a_ticket(1), 2: a_ticket(2)}
    open_board(page, site, CANCEL)
    expect(page.get_by_label(NAME)).to_be_disabled()
    expect(page.get_by_role("button", name="Cancel the event")).to_be_disabled()
    page.get_by_role("button", name="Close the sale").click()
    page.get_by_role("button", name="Go on selling").click()
    assert site.service.sent == []
    page.get_by_role("button", name="Close the sale").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the sale").click()
    expect(page.get_by_text("The sale is closed since")).to_be_visible()
    expect(page.get_by_label(NAME)).to_be_enabled()
    assert site.service.sent == [("POST", "/api/events/7/close/", {"version": 3})]


def test_it_is_cancelled_by_its_name(page: Page, site: Site) -> None:
    """Only the whole name confirms; what is confirmed is the sum that was shown."""
    site.service.event = an_event(closes_at=CLOSED)
    site.service.tickets = {1: a_ticket(1), 2: a_ticket(2)}
    open_board(page, site, CANCEL)
    expect(fact(page, "Valid tickets")).to_have_text("2")
    expect(fact(page, "Goes back to buyers")).to_have_text("€100.00")
    page.get_by_label(NAME).fill("Summer Night")
    page.get_by_label(NAME).press("Enter")
    expect(page.get_by_text("This is not the name of the event.")).to_be_visible()
    assert site.service.sent == []
    page.get_by_label(NAME).fill(" Summer Night  Concert")
    page.get_by_role("button", name="Cancel the event").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled: Summer Night Concert")
    assert site.service.sent == [("POST", PATH, {"version": 3, "refund_total_minor": 10_000})]


def test_somebody_buys_meanwhile(page: Page, site: Site) -> None:
    """The new sum is shown, and has to be confirmed as well."""
    site.service.event = an_event(closes_at=CLOSED)
    site.service.tickets = {1: a_ticket(1)}
    open_board(page, site, CANCEL)
    page.get_by_label(NAME).fill("Summer Night Concert")
    site.service.tickets[2] = a_ticket(2)
    site.service.refuse("POST", PATH, 409, code="stale_version", version=3, detail="Stale.")
    page.get_by_role("button", name="Cancel the event").click()
    expect(page.get_by_role("alert").first).to_contain_text("Look at the new numbers")
    expect(fact(page, "Goes back to buyers")).to_have_text("€100.00")
    expect(page.get_by_label(NAME)).to_be_focused()
    page.get_by_role("button", name="Cancel the event").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    assert [body["refund_total_minor"] for _, _, body in site.service.sent] == [5000, 10_000]


def test_somebody_edits_meanwhile(page: Page, site: Site) -> None:
    """A stale version of the close is said, and the next try has the present one."""
    open_board(page, site, CANCEL)
    site.service.event = an_event(version=4)
    site.service.refuse("POST", "/api/events/7/close/", 409, code="stale_version", version=4)
    for _ in range(2):
        page.get_by_role("button", name="Close the sale").click()
        page.get_by_role("dialog").get_by_role("button", name="Close the sale").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("The sale is closed since")).to_be_visible()
    assert [body["version"] for _, _, body in site.service.sent] == [3, 4]


def test_it_is_watched_until_it_is_done(page: Page, site: Site) -> None:
    """It says what is under way, what waits for a person, and when all is done."""
    page.clock.install()
    cancelled = {"cancelled_at": CLOSED, "closes_at": CLOSED}
    site.service.event = an_event(**cancelled)
    waits = {"status": "refunding", "waits_for_person": True, "refund_problem": "refund_returned"}
    site.service.tickets = {1: a_ticket(1), 2: a_ticket(2, **waits)}
    open_board(page, site, CANCEL)
    state = page.locator("#unwinding")
    expect(state).to_have_text("Tickets are being made void …")
    expect(fact(page, "Tickets still valid")).to_have_text("1")
    expect(fact(page, "Wait for you")).to_have_text("1 refund")
    site.service.event = an_event(**cancelled, unwound_at=CLOSED)
    wait(page, seconds=6)
    expect(state).to_have_text("All tickets are void. Money is on its way back …")
    site.service.tickets = {}
    site.service.sums |= {"owed": 0, "refunded": 20_000}
    wait(page, seconds=30)
    expect(state).to_have_text("Done: all tickets are void, and no money is owed.")
    expect(fact(page, "Refunded")).to_have_text("€200.00")


def test_more_refunds_wait_than_a_page_has(page: Page, site: Site) -> None:
    """Those that were not read are not left out of the count without a word."""
    site.service.event = an_event(closes_at=CLOSED, cancelled_at=CLOSED)
    waiting = [a_ticket(n, status="refunding", waits_for_person=True) for n in range(1, 101)]
    headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/board/")}
    page.route(
        "**/refunds/?*",
        lambda route: route.fulfill(json={"refunds": waiting, "next": 100}, headers=headers),
    )
    open_board(page, site, CANCEL)
    expect(fact(page, "Wait for you")).to_have_text("At least 100 refunds")
