"""The question how many people of a ticket go in."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan

NUMBERS = "#answer .number"


def test_only_those_who_are_left_are_offered(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """As far as the device knows, by the list, the service's last answer and its journal."""
    group = site.service.ticket(quantity=5)
    group.inside = 1
    open_gate(page, site)
    scan(page, group.token)
    expect(page.locator(NUMBERS)).to_have_text(["1", "2", "3", "4"])
    expect(panel(page)).to_contain_text("is for 5 people, 4 are left")
    page.keyboard.press("1")
    expect_answer(page, "yes", "3 left")
    context.set_offline(True)
    expect(page.locator("#chips")).to_contain_text("Offline")
    scan(page, group.token)
    expect(page.locator(NUMBERS)).to_have_text(["1", "2", "3"])
    page.keyboard.press("2")
    expect_answer(page, "yes", "1 left", "Decided offline.")
    scan(page, group.token)
    expect(page.locator(NUMBERS)).to_have_text(["1"])
    expect(panel(page)).to_contain_text("1 is left")
    page.keyboard.press("1")
    expect_answer(page, "yes", "Nobody left")
    scan(page, group.token)
    expect_answer(page, "no", "Already inside")


def test_nobody_who_is_left_is_asked_for_one(page: Page, site: Site) -> None:
    """A picture that is shown again is red without a question. An old guess costs one scan more."""
    group = site.service.ticket(quantity=3)
    group.inside = 3
    open_gate(page, site)
    scan(page, group.token)
    expect_answer(page, "no", "Already inside")
    group.inside = 1
    scan(page, group.token)
    expect_answer(page, "yes", "Let 1 in", "1 left")


def test_the_service_knows_better(page: Page, site: Site) -> None:
    """People went in elsewhere since the list was made: the page offers those who are left."""
    group = site.service.ticket(quantity=4)
    open_gate(page, site)
    group.inside = 1
    scan(page, group.token)
    page.get_by_role("button", name="4", exact=True).click()
    expect_answer(page, "no", "Only 3 left")
    page.get_by_role("button", name="Let 3 in").click()
    expect_answer(page, "yes", "Let 3 in", "Nobody left")


def test_an_empty_number_lets_nobody_in(page: Page, site: Site) -> None:
    """Neither all, which is what no number means to the service, nor none, nor a part."""
    group = site.service.ticket(quantity=12)
    group.inside = 1
    open_gate(page, site)
    scan(page, group.token)
    field = page.get_by_label("How many go in")
    expect(field).to_have_value("11")
    for text in ("", "12", "0", "1.5", "-1"):
        field.fill(text)
        field.press("Enter")
        # Sooner it would be the second half of a scan.
        page.wait_for_timeout(150)
        field.press("Enter")
        expect(field).to_be_visible()
    assert site.service.checked == []
    field.fill("11")
    field.press("Enter")
    expect_answer(page, "yes", "Let 11 in", "Nobody left")


@pytest.mark.parametrize("place", ["#answer", "#recent"])
def test_a_double_tap_takes_nobody_back(page: Page, site: Site, place: str) -> None:
    """Its second half must not press what appears under the finger."""
    group = site.service.ticket(quantity=4)
    open_gate(page, site)
    scan(page, group.token)
    expect_answer(page, "ask")
    page.keyboard.press("2")
    expect_answer(page, "yes", "Let 2 in")
    page.locator(place).get_by_role("button", name="Undo").first.dblclick()
    dialog = page.get_by_role("dialog", name="Take back 2 people?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="They are out again").click()
    expect_answer(page, "ready", "2 people out again.")
    expect(page.locator("#chips")).not_to_contain_text("not synced")
    assert group.inside == 0
