"""Tickets: search and pages, a ticket's story, refunds, disputes and files."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.integration.board.board import fact, open_board
from tests.integration.board.conftest import Site
from tests.integration.board.fake_service import a_ticket
from ticketing_core.ticket import LONGEST_BUYER

TICKETS = "#/events/7/tickets"
REFUND = "/api/payments/refund/"


def stock(site: Site) -> None:
    """Sell five tickets."""
    owed = {"status": "refunding", "owed_minor": 5000, "owed_since": "2026-11-20T10:00:00Z"}
    site.service.tickets = {
        1: a_ticket(1, admitted=1),
        2: a_ticket(2, **owed, refund_problem="refund_returned", waits_for_person=True),
        3: a_ticket(3, disputed=True),
        4: a_ticket(4, status="expired"),
        5: a_ticket(5, buyer="olaf & sons=1"),
    }


def rows(page: Page) -> list[str]:
    """Return the first cells of the table."""
    return page.get_by_role("rowheader").all_inner_texts()


def test_pages(page: Page, site: Site) -> None:
    """All tickets are found page by page, and Back leads to the page before."""
    stock(site)
    open_board(page, site, TICKETS)
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 5 olaf & sons=1")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 3 buyer-3")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Disputed")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("rowheader")).to_have_text(["Ticket 1 buyer-1"])
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 3 buyer-3")
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 5 olaf & sons=1")


def test_search(page: Page, site: Site) -> None:
    """A text and a status are asked for, also on the next page and for the file."""
    stock(site)
    open_board(page, site, TICKETS)
    page.get_by_label("Search").fill("olaf & sons=1")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_role("rowheader")).to_have_text(["Ticket 5 olaf & sons=1"])
    page.get_by_label("Search").fill("buyer")
    page.get_by_label("Status").select_option("Valid")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader")).to_have_text(["Ticket 3 buyer-3", "Ticket 1 buyer-1"])
    asked = site.service.queries[-1]
    assert asked == {"limit": "50", "status": "issued", "q": "buyer"}
    page.get_by_label("Search").fill("nobody")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("No ticket has this id.")).to_be_visible()
    expect(page.get_by_label("Status")).to_have_value("issued")


def test_files(page: Page, site: Site, tmp_path: Path) -> None:
    """Lists are saved as files, by the token but without it in an address."""
    stock(site)
    open_board(page, site, f"{TICKETS}?status=issued")
    with (
        page.expect_download() as download,
        page.expect_request("**/tickets.csv?status=issued") as request,
    ):
        page.get_by_role("button", name="Save the list (CSV)").click()
    assert request.value.headers["authorization"].startswith("Bearer ")
    assert download.value.suggested_filename == "event-7-tickets.csv"
    download.value.save_as(tmp_path / "tickets.csv")
    assert (tmp_path / "tickets.csv").read_text() == "ticket_id,buyer\n1,buyer-1\n"
    page.get_by_role("link", name="Overview").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the report (CSV)").click()
    assert download.value.suggested_filename == "event-7-report.csv"


def test_searching_again(page: Page, site: Site) -> None:
    """The same search shows what has been sold since."""
    stock(site)
    open_board(page, site, TICKETS)
    search = page.get_by_role("button", name="Search")
    search.click()
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 5 olaf & sons=1")
    site.service.tickets[6] = a_ticket(6)
    search.click()
    expect(page.get_by_role("rowheader").first).to_have_text("Ticket 6 buyer-6")


def test_a_page_after_an_erased_buyer(page: Page, site: Site) -> None:
    """The list begins anew, and says so, where the service has lost its place in it."""
    stock(site)
    open_board(page, site, f"{TICKETS}?q=buyer")
    site.service.refuse(
        "GET", "/api/events/7/tickets/", 404, code="ticket_not_found", detail="There is none."
    )
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_text("The list has changed meanwhile.")).to_be_visible()
    assert {"q", "limit"} == site.service.queries[-1].keys()


def test_a_text_that_nobody_can_have(page: Page, site: Site) -> None:
    """The field takes no more than the service."""
    open_board(page, site, TICKETS)
    expect(page.get_by_label("Search")).to_have_attribute("maxlength", str(LONGEST_BUYER))


def test_a_story(page: Page, site: Site) -> None:
    """A ticket shows what it is, what happened to it, and who went in."""
    stock(site)
    open_board(page, site, TICKETS + "?q=1")
    page.get_by_role("link", name="Ticket 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ticket 1 of buyer-1")
    expect(page.locator(".state")).to_have_text("Valid 1 of 2 inside")
    expect(fact(page, "Code")).to_have_text("6e40a178-0000-4000-8000-000000000001")
    changes = page.get_by_role("table", name="All changes").get_by_role("row")
    expect(changes.nth(1)).to_have_text("Sat, 28 Nov 2026, 20:30:00 CETValidpaidx")
    scans = page.get_by_role("table", name="Scans at the gates").get_by_role("row")
    expect(scans.nth(1)).to_contain_text("Let in1 personNorthaloffline")


def test_a_refund(page: Page, site: Site) -> None:
    """The dialog says whose ticket it is, how many people, and the sum; then it is refunded."""
    stock(site)
    open_board(page, site, "#/tickets/1")
    page.get_by_role("button", name="Refund …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Refund ticket 1?")
    for words in ("buyer-1", "2, 1 of them inside", "€50.00"):
        expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name="Keep the ticket").click()
    assert site.service.sent == []
    page.get_by_role("button", name="Refund …").click()
    dialog.get_by_role("button", name="Refund it").click()
    expect(page.locator(".state")).to_contain_text("Refunded")
    expect(page.get_by_role("button", name="Refund …")).to_have_count(0)
    assert site.service.sent == [("POST", REFUND, {"ticket_id": 1})]


def test_a_refund_that_is_refused(page: Page, site: Site) -> None:
    """What the service says is shown, and the ticket stays as it is."""
    stock(site)
    open_board(page, site, "#/tickets/1")
    site.service.refuse("POST", REFUND, 400, code="disputed", detail="The bank decides.")
    page.get_by_role("button", name="Refund …").click()
    page.get_by_role("button", name="Refund it").click()
    expect(page.get_by_role("alert")).to_have_text("The bank decides.")
    expect(page.get_by_role("button", name="Refund …")).to_be_enabled()


def test_refunds_that_wait(page: Page, site: Site) -> None:
    """The list says why, and the ticket offers both ways out."""
    stock(site)
    open_board(page, site, "#/events/7/refunds")
    row = page.get_by_role("row").nth(1)
    for words in ("€50.00", "20 Nov 2026", "The bank has sent the refund back", "Waits for you"):
        expect(row).to_contain_text(words)
    row.get_by_role("link", name="Ticket 2").click()
    page.get_by_role("button", name="Try again …").click()
    page.get_by_role("button", name="Leave it").click()
    page.get_by_label("How the buyer got the money").fill("cash at the door")
    page.get_by_role("button", name="It is paid back otherwise").click()
    expect(page.get_by_role("dialog")).to_contain_text("cash at the door")
    page.get_by_role("button", name="It is paid back", exact=True).click()
    expect(page.locator(".state")).to_contain_text("Refunded")
    body = {"ticket_id": 2, "paid_back": "cash at the door"}
    assert site.service.sent == [("POST", REFUND, body)]


def test_disputes(page: Page, site: Site, tmp_path: Path) -> None:
    """A disputed ticket is listed with its evidence as a file."""
    stock(site)
    open_board(page, site, "#/events/7/disputes")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the evidence of ticket 3").click()
    download.value.save_as(tmp_path / "evidence")
    assert (tmp_path / "evidence").read_text() == (
        "payment_id\npay_1\n\nproduct_description\nAdmission\n"
    )


def test_the_history_of_the_event(page: Page, site: Site) -> None:
    """The newest versions first, page by page."""
    open_board(page, site, "#/events/7/history")
    expect(page.get_by_role("rowheader")).to_have_text(["Version 2"])
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("rowheader")).to_have_text(["Version 1"])
    expect(page.get_by_role("row").nth(1)).to_contain_text("addedorganizer olga")
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)


def test_more_events(page: Page, site: Site) -> None:
    """The list goes on, and the focus goes to what is new."""
    open_board(page, site)
    more = page.get_by_role("button", name="More events")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="The oldest")).to_be_focused()
    expect(more).to_be_hidden()
