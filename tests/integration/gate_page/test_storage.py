"""A device whose storage is full, or is deleted meanwhile."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan

FULL = """() => {
  globalThis.put = IDBObjectStore.prototype.put;
  const full = new DOMException("No room.", "QuotaExceededError");
  IDBObjectStore.prototype.put = () => { throw full; };
}"""
ROOM = "() => { IDBObjectStore.prototype.put = globalThis.put; }"


def test_a_full_device_can_take_back(page: Page, site: Site) -> None:
    """Who was counted goes in, and can be taken back; what could not be noted is not claimed."""
    ticket = site.service.ticket()
    open_gate(page, site)
    page.evaluate(FULL)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    panel(page).get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="They are out again").click()
    expect_answer(page, "no", "Not taken back", "No room.")
    assert ticket.inside == 1
    page.evaluate(ROOM)
    page.locator("#recent").get_by_role("button").first.click()
    page.get_by_role("button", name="They are out again").click()
    expect_answer(page, "ready", "1 person out again.")
    expect(page.locator("#recent")).to_contain_text("out again")
    expect(page.locator("#chips")).not_to_contain_text("not synced")
    assert ticket.inside == 0


def test_a_full_device_lets_nobody_in_offline(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """Not in green without the journal, and not for ever: it says why, and goes on with room."""
    ticket = site.service.ticket()
    open_gate(page, site)
    context.set_offline(True)
    expect(page.locator("#chips")).to_contain_text("Offline")
    page.evaluate(FULL)
    scan(page, ticket.token)
    expect_answer(page, "no", "Not checked", "No room.")
    page.evaluate(ROOM)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")


def test_a_journal_that_was_deleted(page: Page, context: BrowserContext, site: Site) -> None:
    """Somebody clears the browser's data: the gate goes on, with an empty journal."""
    first, second = site.service.ticket(), site.service.ticket(quantity=2)
    open_gate(page, site)
    chromium = context.new_cdp_session(page)
    origin = site.url.removesuffix("/gate/")
    cleared = {"origin": origin, "storageTypes": "indexeddb"}
    chromium.send("Storage.clearDataForOrigin", cleared)
    scan(page, second.token)
    expect_answer(page, "ask")
    page.keyboard.press("1")
    expect_answer(page, "yes", "Let 1 in")
    context.set_offline(True)
    expect(page.locator("#chips")).to_contain_text("Offline")
    scan(page, first.token)
    expect_answer(page, "yes", "Let in", "Decided offline.")
    scan(page, first.token)
    expect_answer(page, "no", "Already inside", "Decided offline.")
    expect(page.locator("#chips")).to_contain_text("1 not synced")
