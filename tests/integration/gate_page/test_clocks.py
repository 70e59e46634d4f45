"""A device whose clock is wrong, or is set while guests come."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan

SET = "(hours) => { const now = Date.now; Date.now = () => now() + hours * 3_600_000; }"
YEAR = 24 * 365

STEADY = "now = steadyClock()"


def let_two_in_after(page: Page, context: BrowserContext, site: Site, *, hours: float) -> str:
    """Set the clock while offline, let in the two who are left, and show the code again.

    Return what the page says then.
    """
    group = site.service.ticket(quantity=4)
    group.inside = 2
    open_gate(page, site)
    context.set_offline(True)
    expect(page.locator("#chips")).to_contain_text("Offline")
    page.evaluate(SET, hours)
    for expected in ("How many go in?", re.compile(r"How many go in\?|Already inside")):
        scan(page, group.token)
        expect(panel(page)).to_contain_text(expected)
        if "How many" in panel(page).inner_text():
            page.keyboard.press("2")
        expect(panel(page)).to_contain_text("Decided offline.")
    return panel(page).inner_text()


@pytest.mark.parametrize("hours", [-YEAR, -1, 1, YEAR])
def test_the_clock_is_set(page: Page, context: BrowserContext, site: Site, hours: float) -> None:
    """People are counted as before, and all of them are synced with about the right time."""
    assert "Already inside" in let_two_in_after(page, context, site, hours=hours)
    context.set_offline(False)
    expect(page.locator("#chips")).to_contain_text("Online")
    expect(page.locator("#chips")).not_to_contain_text("not synced")
    assert [each["people"] for each in site.service.synced] == [2]


def test_control_by_the_devices_clock(page: Page, context: BrowserContext, site: Site) -> None:
    """Control: noted "before" the list, those who went in seem to be among those on it."""

    def break_it(route: Route) -> None:
        source = route.fetch().text()
        assert STEADY in source
        body = source.replace(STEADY, "now = () => Date.now()")
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/gate/scripts/door.js", break_it)
    assert "Let 2 in" in let_two_in_after(page, context, site, hours=-1)


def test_the_list_is_renewed_all_the_same(page: Page, site: Site) -> None:
    """A clock that was set back does not keep the page from asking for a list."""
    page.clock.install()
    open_gate(page, site)
    page.evaluate(SET, -YEAR)
    with page.expect_request("**/gate-list/"):
        page.clock.run_for(60_000)
    ticket = site.service.ticket()
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
