"""What the page says all the time: it is calm, keeps the focus, and says what is wrong."""

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, OTHER_EVENT
from tests.integration.gate_page.gate import (
    expect_answer,
    open_gate,
    panel,
    scan,
    staff_token,
)

LATER = "(minutes) => { const now = Date.now(); Date.now = () => now + minutes * 60_000; }"

TICKS = """(ticks) => new Promise((resolve) => {
  let changes = 0;
  const watch = new MutationObserver((seen) => { changes += seen.length; });
  watch.observe(document.getElementById("chips"), { childList: true, subtree: true });
  for (let each = 0; each < ticks; each += 1) {
    dispatchEvent(new Event("online"));
  }
  setTimeout(() => resolve(changes));
})"""


def test_it_says_nothing_twice(page: Page, site: Site) -> None:
    """A screen reader hears changes only, and a button keeps the focus of the keyboard."""
    open_gate(page, site)
    expect(page.locator("#chips")).to_contain_text("Online")
    assert page.evaluate(TICKS, 3) == 0
    site.service.status = 401
    scan(page, site.service.ticket().token)
    give = page.get_by_role("button", name="Give a token")
    give.focus()
    # The list is old as well, and its age changes.
    for minutes in (5, 10):
        page.evaluate(LATER, minutes)
        page.evaluate(TICKS, 1)
        expect(page.locator("#banners")).to_contain_text("minutes old")
        expect(give).to_be_focused()


def test_what_was_noted_at_another_event(page: Page, context: BrowserContext, site: Site) -> None:
    """A token that is not good for it does not take this gate offline; the entry stays."""
    fake = site.service
    open_gate(page, site, event_id=OTHER_EVENT)
    context.set_offline(True)
    scan(page, fake.ticket(event_id=OTHER_EVENT).token)
    expect_answer(page, "yes", "offline")
    fake.closed.add(OTHER_EVENT)
    context.set_offline(False)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    open_gate(page, site)
    # Nothing but the sync says meanwhile whether the service is there.
    page.route("**/jwks.json", hold)
    with page.expect_request("**/jwks.json"):
        page.evaluate(TICKS, 1)
    expect(page.locator("#chips")).to_contain_text("Online")
    expect(page.locator("#chips")).to_contain_text("1 not synced")
    expect(page.locator("#banners")).to_be_empty()
    ticket = fake.ticket()
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    expect(panel(page)).not_to_contain_text("offline")
    assert ticket.inside == 1
    for each in held:
        each.abort()


def test_a_gate_without_a_name(page: Page, site: Site) -> None:
    """Blanks are no name: the service would refuse each scan of such a gate."""
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    name = page.get_by_label("Name of this gate")
    name.fill("   ")
    page.get_by_role("button", name="Start", exact=True).click()
    assert name.evaluate("(field) => field.validity.patternMismatch")
    expect(page.locator("#setup")).to_be_visible()
    name.fill("North")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")


def test_undo_is_answered(page: Page, site: Site) -> None:
    """The list of who was let in may be out of sight."""
    open_gate(page, site)
    scan(page, site.service.ticket(quantity=2).token)
    page.get_by_role("button", name="2", exact=True).click()
    expect_answer(page, "yes", "Let 2 in")
    panel(page).get_by_role("button", name="Undo").click()
    dialog = page.get_by_role("dialog", name="Take back 2 people?")
    dialog.get_by_role("button", name="They are out again").click()
    expect_answer(page, "ready", "Ready", "2 people out again.")
