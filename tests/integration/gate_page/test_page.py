"""The page itself: access, status, keyboard, contrast, size, and opening it offline."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, OTHER_EVENT
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan, staff_token
from ticketing_service import storefront

GATE = Path(storefront.__file__).with_name("gate")

LARGEST = 150_000
"""Bytes before the libraries, which are loaded where they are needed: seconds on a poor line."""

AA = 4.5
"""The least contrast of texts (WCAG 2.2, 1.4.3)."""

CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = numbers(colour).slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return numbers(backgroundColor)[3] === 0 ? ground(element.parentElement) : backgroundColor;
  };
  const texts = [...document.querySelectorAll("body *")].filter((each) =>
    each.checkVisibility() && [...each.childNodes].some((node) => node.nodeType === 3 &&
      node.textContent.trim() !== ""));
  return texts.map((each) => {
    const [one, other] = [getComputedStyle(each).color, ground(each)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [contrast, each.textContent.slice(0, 40)];
  });
}"""


def check_contrast(page: Page) -> None:
    """Check every text that is visible."""
    found = page.evaluate(CONTRASTS)
    assert len(found) > 5
    assert [text for contrast, text in found if contrast < AA] == []


def test_the_token_leaves_the_address(page: Page, site: Site) -> None:
    """It is kept for the tab alone, and the page shows until when it is valid."""
    token = staff_token()
    page.goto(f"{site.url}?event={EVENT}#token={token}")
    expect(page.get_by_label("Event")).to_have_value(str(EVENT))
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#chips")).to_contain_text("Access until")
    expect(page.locator(".where")).to_contain_text("Summer Night Concert")
    assert token not in page.url
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in")
    kept = page.evaluate("""async () => {
      const { openStore } = await import("/gate/scripts/store.js");
      return JSON.stringify([await (await openStore()).entries(), { ...localStorage }]);
    }""")
    assert token not in kept
    assert "scan_id" in kept, "control: the journal is in it"


def test_the_event_whose_doors_are_nearest_is_chosen(page: Page, site: Site) -> None:
    """The newest one may be next year's. Each has its date, and cancelled ones are not there."""
    now = datetime.now(UTC)
    days = {"Next year": 365, "Tonight": 0.1, "Last week": -7, "Cancelled": 0.01, "Some day": None}
    told = [
        {
            "event_id": number,
            "name": name,
            "doors_at": None,
            "starts_at": None if away is None else (now + timedelta(days=away)).isoformat(),
            "cancelled_at": now.isoformat() if name == "Cancelled" else None,
        }
        for number, (name, away) in enumerate(days.items(), start=1)
    ]
    page.route("**/api/events/", lambda route: route.fulfill(json={"events": told}))
    page.goto(f"{site.url}#token={staff_token()}")
    chosen = page.get_by_label("Event")
    expect(chosen).to_have_value("2")
    shown = chosen.locator("option").evaluate_all("all => all.map(each => each.label)")
    assert [each.partition(",")[0] for each in shown] == [
        *("Tonight", "Last week", "Next year", "Some day"),
    ]
    assert [str((now + timedelta(days=365)).year) in each for each in shown][2]
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".where")).to_contain_text("Tonight")
    expect(page.locator(".where")).not_to_contain_text(",")


def test_a_pasted_token_and_a_chosen_event(page: Page, site: Site) -> None:
    """Without anything in the address both are asked for."""
    page.goto(site.url)
    page.get_by_label("Access token").fill(staff_token(hours=0.1))
    page.get_by_label("Event").select_option("Open Rehearsal")
    page.get_by_label("Name of this gate").fill("North")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes")
    [body] = site.service.checked
    assert (body["event_id"], body["gate"]) == (OTHER_EVENT, "North")


def test_an_access_token_that_has_ended(page: Page, site: Site) -> None:
    """The page says so, lets nobody wait, takes another token, and syncs then."""
    open_gate(page, site)
    site.service.status = 401
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in", "offline")
    expect(page.locator("#banners")).to_contain_text("The access token has expired.")
    expect(page.locator("#chips")).to_contain_text("1 not synced")
    check_contrast(page)
    site.service.status = 200
    page.get_by_role("button", name="Give a token").click()
    page.get_by_role("textbox", name="Access token").fill(staff_token())
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#banners")).to_be_empty()
    expect(page.locator("#chips")).not_to_contain_text("not synced")


def test_an_old_list(page: Page, context: BrowserContext, site: Site) -> None:
    """Its age is shown; past its end the page still lets people in, but not in green."""
    open_gate(page, site)
    context.set_offline(True)
    later = "(hours) => { const now = Date.now(); Date.now = () => now + hours * 3600_000; }"
    page.evaluate(later, 3)
    scan(page, site.service.ticket().token)
    expect_answer(page, "yes", "Let in")
    expect(page.locator("#banners")).to_contain_text("The list is 3 hours old.")
    page.evaluate(later, 25)
    scan(page, site.service.ticket().token)
    expect_answer(page, "mark", "Let in", "There is no recent list")
    check_contrast(page)


def test_by_keyboard_alone(page: Page, site: Site) -> None:
    """Enter begins; a digit or Enter says how many go in; digits inside of a scan do not."""
    group, other = site.service.ticket(quantity=4), site.service.ticket(quantity=3)
    page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
    expect(page.get_by_label("Name of this gate")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Ready")
    scan(page, group.token)
    expect(panel(page)).to_contain_text("How many go in?")
    page.keyboard.press("2")
    expect_answer(page, "yes", "Let 2 in", "2 left")
    scan(page, group.token)
    expect(panel(page)).to_contain_text("How many go in?")
    # The next guest is scanned instead of an answer.
    scan(page, other.token)
    expect(panel(page)).to_contain_text(f"Ticket {other.ticket_id} is for 3")
    # Sooner it would be the second Enter of the scanner.
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
    expect_answer(page, "yes", "Let 3 in", "Nobody left")
    assert [each["admit"] for each in site.service.checked] == [2, 3]


def test_contrast_and_words(page: Page, site: Site) -> None:
    """Every text has enough contrast in every state, and names what is to be done."""
    fake = site.service
    page.goto(f"{site.url}?event={EVENT}")
    expect(page.get_by_label("Access token")).to_be_visible()
    check_contrast(page)
    open_gate(page, site)
    check_contrast(page)
    void, disputed, refunded = fake.ticket(), fake.ticket(), fake.ticket()
    void.status = "refunded"
    scan(page, void.token)
    expect_answer(page, "no", "Not valid", "It was refunded.")
    check_contrast(page)
    for ticket, mark, words in (
        (disputed, "disputed", "The payment is disputed."),
        (refunded, "partly_refunded", "Partly refunded."),
    ):
        fake.marks = {mark: True}
        scan(page, ticket.token)
        expect_answer(page, "mark", "Let in", words)
        check_contrast(page)
    scan(page, fake.ticket(quantity=12).token)
    expect(page.get_by_label("How many go in")).to_have_value("12")
    check_contrast(page)
    page.get_by_role("button", name="Menu").click()
    check_contrast(page)


def test_control_contrast_is_measured(page: Page, site: Site) -> None:
    """Control: grey on grey is found."""
    page.goto(site.url)
    expect(page.get_by_label("Access token")).to_be_visible()
    page.evaluate("document.querySelector('.hint').style.color = '#444'")
    with pytest.raises(AssertionError, match="This device"):
        check_contrast(page)


def test_it_opens_without_a_line(page: Page, context: BrowserContext, site: Site) -> None:
    """Once opened, it needs neither server: it opens, reads pictures of codes, and decides."""
    open_gate(page, site)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    ticket = site.service.ticket()
    site.service.answering.clear()
    site.stop()
    context.set_offline(True)
    again = context.new_page()
    again.goto(f"{site.url}?event={EVENT}")
    expect(again.get_by_label("Event")).to_have_value(str(EVENT))
    again.get_by_role("button", name="Start", exact=True).click()
    expect(again.locator("#banners")).to_contain_text("Without an access token")
    scan(again, ticket.token)
    expect_answer(again, "yes", "Let in", "offline")


def test_it_is_small_and_short() -> None:
    """It loads fast on a poor line, and its files can be read at once."""
    ours = [path for path in GATE.rglob("*") if path.is_file() and "vendor" not in path.parts]
    assert sum(path.stat().st_size for path in ours) < LARGEST
    scripts = [path for path in ours if path.suffix in {".js", ".css", ".html"}]
    assert len(scripts) > 20
    assert {path.name for path in scripts if len(path.read_text().splitlines()) > 300} == set()
