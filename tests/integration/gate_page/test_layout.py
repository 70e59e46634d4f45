"""Answers fit: on small phones, on their side, on tablets, with the longest texts."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan, staff_token

LONGEST = """async () => {
  const { Panel } = await import("/gate/scripts/panel.js");
  const { button } = await import("/gate/scripts/elements.js");
  const answer = {
    outcome: "admitted", people: 10, left: 2, quantity: 12, ticket_id: 1234567,
    offline: true, unchecked: true, partly_refunded: true,
  };
  new Panel().answer(answer, button("Undo", () => {}, "plain"));
}"""

INSIDE = """() => {
  const place = document.getElementById("answer");
  const { top, left, right } = place.getBoundingClientRect();
  const parts = [...place.children].map((each) => each.getBoundingClientRect());
  const bar = document.querySelector(".bar").getBoundingClientRect();
  return parts.every((each) => each.top >= top && each.left >= left && each.right <= right) &&
    top >= bar.bottom - 1 && document.scrollingElement.scrollWidth <= innerWidth;
}"""

TOO_SMALL = """() => [...document.querySelectorAll("button, input, select")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44)
  .map((each) => each.textContent)"""

OLD_STYLE = """() => {
  document.getElementById("answer").style.justifyContent = "center";
}"""

SIZES = [(320, 568), (390, 844), (844, 390), (667, 375), (768, 1024), (1280, 800)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_answers_fit(browser: Browser, site: Site, width: int, height: int) -> None:
    """No text is under the bar or beyond the sides; what is too high begins at the top."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    page.get_by_label("Name of this gate").fill("A gate with a long name " * 2)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")
    page.evaluate(LONGEST)
    assert "10" in panel(page).inner_text()
    assert page.evaluate(INSIDE)
    context.close()


def test_control_a_text_under_the_bar(browser: Browser, site: Site) -> None:
    """Control: a panel that is centred all the same loses its beginning."""
    context = browser.new_context(viewport={"width": 667, "height": 375})
    page = context.new_page()
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")
    page.evaluate(LONGEST)
    page.evaluate(OLD_STYLE)
    assert not page.evaluate(INSIDE)
    context.close()


def test_thumbs_fit(page: Page, site: Site) -> None:
    """Whatever can be pressed is 44 pixels high (WCAG 2.2, 2.5.5)."""
    open_gate(page, site)
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in")
    site.service.status = 401
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in")
    expect(page.get_by_role("button", name="Give a token")).to_be_visible()
    assert page.evaluate(TOO_SMALL) == []
