"""Small windows, high contrast, large letters: what every view has to bear."""

import pytest
from playwright.sync_api import Page, expect

from tests.integration.storefront.conftest import OpenPage, Site
from tests.integration.storefront.fake_shop import a_ticket, an_event, unpaid

COVERED = """() => {
  const { top } = document.querySelector('#bar').getBoundingClientRect();
  const { bottom } = document.activeElement.getBoundingClientRect();
  const ofThePage = document.activeElement.closest('.top, main') !== null;
  return ofThePage && bottom > top + 1 && top < innerHeight;
}"""
"""A script that returns whether what has the focus is under the bar."""


@pytest.fixture
def with_debts(site: Site) -> Site:
    """Give a shop with several events, to a buyer of several unpaid orders."""
    site.service.events = {number: an_event(number) for number in range(1, 6)}
    site.service.tickets = {number: unpaid(number) for number in range(1, 6)}
    site.service.codes = dict.fromkeys(range(1, 6), "payment_open")
    return site


@pytest.mark.parametrize("height", [256, 568, 740])
def test_the_bar_leaves_room(opened: OpenPage, with_debts: Site, height: int) -> None:
    """It never covers what has the focus, nor most of the page, and holds all that is said."""
    page = opened(viewport={"width": 320, "height": height})
    page.goto(with_debts.url)
    expect(page.locator("#unpaid .notice")).to_contain_text("4 more unpaid orders")
    covered = []
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate(COVERED):
            covered.append(page.evaluate("document.activeElement.outerHTML"))
    assert covered == []
    page.evaluate("scrollTo(0, 0)")
    bar = page.locator("#bar").bounding_box()
    assert bar is not None
    assert bar["y"] >= height / 2


def test_high_contrast(page: Page, site: Site) -> None:
    """What to click first, and which page this is, are seen without colours of our own."""
    site.service.tickets = {4: a_ticket(4)}
    page.emulate_media(forced_colors="active")
    page.goto(f"{site.url}/tickets/4")
    style = "each => getComputedStyle(each).backgroundColor"
    main = page.get_by_role("button", name="Save as picture").evaluate(style)
    assert main != page.get_by_role("button", name="Add to calendar").evaluate(style)
    page.goto(site.url)
    expect(page.locator(".art").first).to_be_hidden()
    border = "each => getComputedStyle(each).borderBottomStyle"
    pages = page.get_by_role("navigation").get_by_role("link")
    assert [pages.nth(each).evaluate(border) for each in (0, 1)] == ["solid", "none"]


def test_letters_are_as_large_as_the_browser_says(page: Page, site: Site) -> None:
    """A buyer may have chosen larger ones."""
    page.goto(site.url)
    expect(page.locator(".card")).to_be_visible()
    page.evaluate("document.documentElement.style.setProperty('font-size', '24px')")
    size = "each => getComputedStyle(each).fontSize"
    assert page.locator(".state").first.evaluate(size) == "24px"
    assert page.locator(".order label").first.evaluate(size) == "21px"
