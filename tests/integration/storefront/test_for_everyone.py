"""The pages on phones and desktops, light and dark, in both languages, and without a mouse.

A picture of each view is left in `.screenshots/`, to be looked at.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.integration.storefront.conftest import OpenPage, Site
from tests.integration.storefront.fake_shop import (
    CONCERT,
    FREE,
    SMALL,
    a_ticket,
    an_event,
    instant,
    unpaid,
)

PICTURES = Path(__file__).parents[3] / ".screenshots"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
AUDIT = """async () => {
  const { violations } = await axe.run();
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`);
}"""
FIRST_VIEW_BYTES = 100_000

VIEWS = {
    "events": "/",
    "event": f"/events/{CONCERT}",
    "my-tickets": "/tickets",
    "ticket": "/tickets/4",
    "unpaid": "/tickets/2",
    "success": "/payment/success?session_id=cs_test_4&ticket_id=4",
    "cancel": "/payment/cancel?ticket_id=2",
    "cancel-question": "/payment/cancel?ticket_id=2&ask=",
    "error": "/tickets/999",
}
SHAPES = [
    (language, scheme, width)
    for language in ("en-US", "de-DE")
    for scheme in ("light", "dark")
    for width in (390, 1280)
]

WIDER = """() => {
  const { clientWidth } = document.documentElement;
  return [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > clientWidth + 1)
    .map((each) => each.outerHTML.slice(0, 80));
}"""
"""A script that returns what is partly beyond the right edge of the screen."""

LAYOUT_SHIFT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0));
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(0), 500);
})"""


@pytest.fixture
def season(site: Site) -> Site:
    """Give a shop with events in several states of sale, and orders in several of theirs."""
    site.service.events = {
        CONCERT: an_event(closes_at=instant(hours=3)),
        FREE: an_event(
            FREE, name="Open Rehearsal", price={"amount_minor": 0, "currency": "eur"}, places_left=3
        ),
        SMALL: an_event(SMALL, name="Rooftop Session", places_left=0),
        4: an_event(4, name="Midwinter Jazz", opens_at=instant(minutes=3)),
        5: an_event(5, name="Harbour Stroll", cancelled_at=instant()),
    }
    site.service.tickets = {
        1: a_ticket(1, status="refunded", event_id=5),
        2: unpaid(2, event_id=SMALL),
        3: unpaid(3),
        4: a_ticket(4),
    }
    site.service.codes = {2: "payment_open", 3: "payment_processing"}
    return site


def views(page: Page, site: Site) -> Iterator[str]:
    """Open one view after the other, until it is complete."""
    for name, path in VIEWS.items():
        page.goto(site.url + path)
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".notice.busy")).to_have_count(0)
        if name in ("events", "event"):
            expect(page.locator("#unpaid .notice")).to_be_visible()
        yield name


@pytest.mark.parametrize(("language", "scheme", "width"), SHAPES)
def test_every_view(opened: OpenPage, season: Site, language: str, scheme: str, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the screen, and nothing jumps."""
    page = opened(
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 844 if width < 1000 else 900},
        timezone_id="Europe/Berlin",
    )
    PICTURES.mkdir(exist_ok=True)
    found: dict[str, Any] = {}
    for name in views(page, season):
        page.screenshot(path=PICTURES / f"{name}-{language[:2]}-{scheme}-{width}.png")
        wide = page.evaluate(WIDER)
        shift = page.evaluate(LAYOUT_SHIFT)
        page.evaluate(AXE)
        found[name] = (page.evaluate(AUDIT), wide, round(shift, 3))
    assert found == dict.fromkeys(VIEWS, ([], [], 0))


def test_control_of_axe_and_of_jumps(opened: OpenPage, season: Site) -> None:
    """Control: a text that is too light, a picture without words, and a jump are found."""
    page = opened(viewport={"width": 390, "height": 844})
    page.goto(f"{season.url}/tickets/4")
    expect(page.locator("#qr")).to_be_visible()
    page.evaluate("""() => {
      document.querySelector('h1').style.color = '#ccc';
      document.querySelector('#qr').removeAttribute('alt');
      const block = document.createElement('div');
      block.style.height = '200px';
      document.querySelector('main').prepend(block);
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate(LAYOUT_SHIFT) > 0.01
    page.evaluate(AXE)
    problems = page.evaluate(AUDIT)
    assert {each.partition(":")[0] for each in problems} >= {
        "serious color-contrast",
        "critical image-alt",
    }


@pytest.mark.parametrize("path", VIEWS.values())
def test_the_first_view_is_small(opened: OpenPage, season: Site, path: str) -> None:
    """All that a browser loads for it is under 100 kB, and comes from the shop and its API."""
    page = opened(locale="de-DE")
    sizes: dict[str, int] = {}

    def weigh(response: Any) -> None:
        if urlsplit(response.url).scheme in ("http", "https"):
            sizes[response.url] = len(response.body()) if response.status == 200 else 0

    page.on("requestfinished", lambda request: weigh(request.response()))
    page.goto(season.url + path)
    expect(page.locator(".notice.busy")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < FIRST_VIEW_BYTES, sizes
    origins = {url.split("/api/")[0] for url in sizes if "/api/" in url}
    assert origins <= {season.service.url}
    assert all(url.startswith((season.url, season.service.url)) for url in sizes)
    assert len(sizes) > 8
    assert not any(url.endswith("/keep.js") for url in sizes), "it is loaded when it is asked for"


TEXTS = [
    "<img src=x onerror=globalThis.hacked=1>" + "W" * 120,
    "حفلة موسيقية في الصيف " * 4,
    "夏夜音樂會" * 15,
]


@pytest.mark.parametrize("text", TEXTS, ids=["markup", "arabic", "chinese"])
def test_any_text(opened: OpenPage, season: Site, text: str) -> None:
    """Names are never markup, and never make a page wider than a phone."""
    page = opened(viewport={"width": 360, "height": 740})
    for event in season.service.events.values():
        event |= {"name": text, "venue": text}
    for name in views(page, season):
        assert page.evaluate(WIDER) == [], name
    assert page.evaluate("globalThis.hacked") is None


def test_by_keyboard(opened: OpenPage, season: Site) -> None:
    """From the address to a ticket by keys alone; the title has the focus at the end."""
    page = opened(viewport={"width": 390, "height": 844})
    page.goto(season.url)
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Get tickets":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#qr")).to_be_visible()
    expect(page.locator("h1")).to_be_focused()


@pytest.mark.parametrize("width", [700, 1000, 1080])
def test_the_header_has_two_rows_on_a_tablet(opened: OpenPage, site: Site, width: int) -> None:
    """It is no higher than what the page keeps free for it: the badge needs no row of its own."""
    page = opened(viewport={"width": width, "height": 800}, locale="de-DE")
    page.goto(site.url)
    expect(page.get_by_role("link", name="Meine Tickets")).to_be_visible()
    header = page.locator("header").bounding_box()
    assert header is not None
    assert header["height"] <= 126
