"""Texts that others choose: names of events and gates, of staff, and what the service says."""

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan, staff_token
from ticketing_service.http.gate_schemas import CheckInRequest

MARKUP = "<img src=x onerror=globalThis.hacked=1><script>globalThis.hacked=1</script>"
LONG = MARKUP + "W" * 300
WIDTH = "() => [document.scrollingElement.scrollWidth, innerWidth]"

# Half as wide as the smallest phones: so a page is laid out at 200 %.
SIZES = [(195, 422), (160, 284), (320, 568), (422, 195), (1280, 800)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_they_are_texts_and_fit(browser: Browser, site: Site, width: int, height: int) -> None:
    """None is markup, and none makes the page wider than the screen."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/gate/")}
    answers: list[tuple[int, object]] = []

    def wide() -> None:
        whole, screen = page.evaluate(WIDTH)
        assert whole <= screen

    def tell_event(route: Route) -> None:
        route.fulfill(json={"event_id": EVENT, "name": LONG}, headers=headers)

    def answer(route: Route) -> None:
        status, body = answers[0]
        route.fulfill(status=status, json=body, headers=headers)

    page.route(f"**/api/events/{EVENT}/", tell_event)
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    expect(page.get_by_label("Event")).to_have_value(str(EVENT))
    wide()
    page.get_by_label("Name of this gate").fill(MARKUP[:60])
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")
    wide()
    ticket = site.service.ticket(quantity=9)
    page.route("**/api/tickets/check-in/", answer)
    last = {"at": "2026-11-28T19:14:00Z", "gate": LONG, "by": LONG}
    said = {"scan_id": "x", "ticket_id": 1, "quantity": 9, "left": 0}
    for each in (
        (200, said | {"outcome": "already_admitted", "last": last}),
        (200, said | {"outcome": "wrong_event", "event_name": LONG}),
        (200, said | {"outcome": LONG}),
        (403, {"code": "role_missing", "detail": LONG}),
    ):
        answers[:] = [each]
        scan(page, ticket.token)
        expect(panel(page)).to_contain_text("How many go in?")
        wide()
        page.keyboard.press("9")
        expect(panel(page)).not_to_contain_text("How many go in?")
        expect(panel(page)).not_to_contain_text("Checking")
        wide()
    expect(page.locator("#banners")).to_contain_text("WWW")
    page.get_by_role("button", name="Menu").click()
    wide()
    assert page.evaluate("globalThis.hacked") is None
    context.close()


def test_a_name_that_the_service_takes(page: Page, site: Site) -> None:
    """Whatever was pasted as the name of the gate: it is on one line, and people get in."""
    ticket = site.service.ticket()
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    expect(page.get_by_label("Event")).to_have_value(str(EVENT))
    name = page.get_by_label("Name of this gate")
    name.evaluate("(field) => { field.value = '\\u0085North\\t\\u2028gate\\u0007 '; }")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#chips")).to_contain_text("Access until")
    expect(page.locator("#banners")).not_to_contain_text("no list")
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    [body] = site.service.checked
    assert msgspec.convert(body, CheckInRequest).gate == "North gate"


def test_a_name_without_a_letter_is_asked_for(page: Page, site: Site) -> None:
    """A name needs at least one character that can be seen."""
    open_gate(page, site)
    page.goto(f"{site.url}?event={EVENT}")
    expect(page.get_by_label("Event")).to_have_value(str(EVENT))
    name = page.get_by_label("Name of this gate")
    name.evaluate("(field) => { field.value = '\\u0085\\u0007'; }")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(name).to_have_value("")
    expect(page.locator("#work")).not_to_be_visible()
