"""The board on small phones, in both colour schemes, with any texts, and without a mouse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.board.board import fact, open_board, organizer_token
from tests.integration.board.conftest import Site
from tests.integration.board.fake_service import NOW, SUMS, a_ticket, an_event

AUDIT = Path(__file__).with_name("audit.js").read_text()

MARKUP = "<img src=x onerror=globalThis.hacked=1><script>globalThis.hacked=1</script>"
ARABIC, CHINESE, HINDI = "حفلة موسيقية في الصيف " * 4, "夏夜音樂會" * 15, "गर्मी की रात का संगीत " * 4
TEXTS = [MARKUP + "W" * 120, ARABIC, CHINESE, HINDI]

ROUTES = [
    "#/events",
    "#/new",
    "#/events/7",
    "#/events/7/tickets",
    "#/events/7/refunds",
    "#/events/7/disputes",
    "#/events/7/edit",
    "#/events/7/history",
    "#/events/7/cancel",
    "#/tickets/1",
    "#/tickets/2",
]


def fill(site: Site, text: str) -> None:
    """Let everything that others may choose be this text."""
    owed = {"status": "refunding", "owed_minor": 5000, "owed_since": "2026-11-20T10:00:00Z"}
    site.service.event = an_event(name=text, venue=text, starts_at=NOW.isoformat())
    site.service.tickets = {
        1: a_ticket(1, buyer=text, disputed=True, excess=3),
        2: a_ticket(2, buyer=text, **owed, refund_problem=text, waits_for_person=True),
    }


@pytest.fixture(params=[(360, "light"), (360, "dark"), (320, "light"), (1280, "dark")])
def any_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page on a phone or a desktop, in light or dark."""
    width: int
    scheme: Literal["light", "dark"]
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def open_views(page: Page, site: Site) -> Iterator[str]:
    """Open one view after the other."""
    page.goto(f"{site.url}#token={organizer_token()}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    for route in ROUTES:
        page.evaluate(
            "(route) => { document.querySelector('h1').remove(); location.hash = route; }", route
        )
        # The first of them is there already.
        if route == ROUTES[0]:
            page.reload()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
        yield route


def test_every_view(any_page: Page, site: Site) -> None:
    """Whatever is shown has a name, a contrast of 4.5, a size for thumbs, and fits."""
    fill(site, "Summer Night Concert")
    any_page.goto(site.url)
    found = {"signing in": any_page.evaluate(AUDIT)}
    for route in open_views(any_page, site):
        found[route] = any_page.evaluate(AUDIT)
    assert {route: problems for route, problems in found.items() if problems} == {}


@pytest.mark.parametrize("text", TEXTS)
def test_any_text(browser: Browser, site: Site, text: str) -> None:
    """Texts of others are never markup, and never make the page wider than a phone."""
    fill(site, text)
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    for route in open_views(page, site):
        widths = page.evaluate("() => [document.scrollingElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], route
        if route != "#/new":
            assert text.strip() in page.locator("body").inner_text() + page.evaluate(VALUES)
    assert page.evaluate("globalThis.hacked") is None
    page.get_by_role("button", name="Try again …").click()
    assert page.evaluate("() => document.querySelector('dialog[open]').scrollWidth <= innerWidth")
    context.close()


LINES = """() => [...document.querySelectorAll('.tiles dd')].map((each) => {
  const range = document.createRange();
  range.selectNodeContents(each);
  return range.getClientRects().length;
})"""


def test_amounts_stay_whole(any_page: Page, site: Site) -> None:
    """Of an amount on two lines the first would be read as another one."""
    site.service.event = an_event(price={"amount_minor": 25_000, "currency": "kwd"})
    site.service.sums = dict.fromkeys(SUMS, 1_234_567_890)
    any_page.goto(f"{site.url}?event=7#token={organizer_token()}")
    expect(fact(any_page, "Taken")).to_have_text("KWD\u00a01,234,567.890")
    assert any_page.evaluate(LINES) == [1] * 11
    assert any_page.evaluate(AUDIT) == []


VALUES = "() => [...document.querySelectorAll('input')].map((each) => each.value).join('\\n')"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("() => { document.querySelector('h1').style.color = '#bbb'; }", "contrast"),
        ("() => { document.querySelector('label').remove(); }", "no label"),
        ("() => { document.querySelector('main').style.width = '900px'; }", "wider"),
        ("() => { document.querySelector('#sign-out').style.minHeight = '20px'; }", "too small"),
        ("() => { document.querySelector('nav a').textContent = ''; }", "no name"),
        ("() => { document.querySelector('caption').remove(); }", "a table without headers"),
    ],
)
def test_control_the_audit(browser: Browser, site: Site, broken: str, said: str) -> None:
    """Control: the audit finds each of these."""
    fill(site, "Summer Night Concert")
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    open_board(page, site, "#/events/7/tickets")
    assert page.evaluate(AUDIT) == []
    page.evaluate(broken)
    assert any(each.startswith(said) for each in page.evaluate(AUDIT))
    context.close()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => [...(document.activeElement.labels ?? [])].map((each) => each.textContent)"
            ".join('') || document.activeElement.textContent"
        )
        if str(focused).startswith(name):
            return
    pytest.fail(f"no Tab leads to {name}")


def test_a_refund_by_keyboard(page: Page, site: Site) -> None:
    """From the event to the refund by keys alone; Escape and the first Enter change nothing."""
    fill(site, "Concert")
    site.service.tickets = {1: a_ticket(1)}
    open_board(page, site)
    for name in ("Concert", "Tickets", "Ticket 1"):
        tab_to(page, name)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_be_focused()
        expect(page.locator("h1")).to_contain_text(name.partition(" ")[0])
    tab_to(page, "Refund …")
    keep = page.get_by_role("button", name="Keep the ticket")
    ask = page.locator("#refund:focus:not([aria-disabled])")
    for no in ("Escape", "Enter"):
        page.keyboard.press("Enter")
        expect(keep).to_be_focused()
        page.keyboard.press(no)
        expect(ask).to_be_visible()
    assert site.service.sent == []
    page.keyboard.press("Enter")
    expect(keep).to_be_focused()
    tab_to(page, "Refund it")
    page.keyboard.press("Enter")
    expect(page.locator(".state")).to_contain_text("Refunded")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#said")).to_have_text("The ticket is void, and its money is given back")


def test_a_cancellation_by_keyboard(page: Page, site: Site) -> None:
    """From the list to a cancelled event by keys alone."""
    fill(site, "Concert")
    site.service.tickets = {1: a_ticket(1)}
    open_board(page, site)
    for name in ("Concert", "Cancel"):
        tab_to(page, name)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(name)
    tab_to(page, "Close the sale")
    page.keyboard.press("Enter")
    tab_to(page, "Close the sale")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("The sale is closed.")
    tab_to(page, "Type the name")
    page.keyboard.type("Concert")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Cancelled: Concert")
    expect(page.locator("h1")).to_be_focused()
    assert site.service.event["cancelled_at"] is not None


def test_skipping(page: Page, site: Site) -> None:
    """What is first for the keyboard skips what is the same on every page, and is seen then."""
    open_board(page, site, "#/events/7")
    skip = page.get_by_role("link", name="Skip to the content")
    first = page.evaluate("() => document.querySelector('a, button, input').textContent")
    assert first == "Skip to the content"
    expect(skip).not_to_be_in_viewport()
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url.endswith("#/events/7")
