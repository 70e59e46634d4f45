"""Letting people in online."""

from playwright.sync_api import Page

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT
from tests.integration.gate_page.gate import expect_answer, open_gate, scan


def test_a_ticket_is_green_once(page: Page, site: Site) -> None:
    """The second look at the same code, a screenshot's, is red and says when and where."""
    ticket = site.service.ticket()
    open_gate(page, site)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in", f"Ticket {ticket.ticket_id}")
    scan(page, ticket.token)
    expect_answer(page, "no", "Already inside", "North, by alice")
    first, second = site.service.checked
    assert first["event_id"] == EVENT
    assert first["token"] == ticket.token
    assert first["gate"] == "Main gate"
    assert first["scan_id"] != second["scan_id"]
