"""The live numbers and plots, also while the service does not answer."""

import re

from playwright.sync_api import Page, expect

from tests.integration.board.board import fact, open_board, wait
from tests.integration.board.conftest import Site

OVERVIEW = "#/events/7"


def test_all_numbers(page: Page, site: Site) -> None:
    """Each number of the report is shown, amounts in the currency of the event."""
    open_board(page, site, OVERVIEW)
    for name, value in (
        ("Places left", "380"),
        ("Places kept", "120"),
        ("Places sold", "110"),
        ("People inside", "41"),
        ("Inside without a right", "1"),
        ("Taken", "€2,750.00"),
        ("Earned", "€2,500.00"),
        ("Refunded", "€150.00"),
        ("Charged back", "€50.00"),
        ("Owed to buyers", "€50.00"),
        ("Paid back otherwise", "€0.00"),
    ):
        expect(fact(page, name)).to_have_text(value)


def test_plots_have_words_and_tables(page: Page, site: Site) -> None:
    """A plot says its sums to those who do not see it, and has all of its numbers in a table."""
    open_board(page, site, OVERVIEW)
    plot = page.get_by_role("figure", name="Sold in each of the last 48 hours")
    sums = site.service.report()["hours"]
    whole = sum(each["sold"] for each in sums)
    label = plot.get_by_role("img").get_attribute("aria-label")
    assert label is not None
    assert label.startswith(f"Sold in each of the last 48 hours. Places sold: {whole} in all")
    plot.get_by_text("Show the numbers").click()
    rows = plot.get_by_role("row")
    expect(rows).to_have_count(49)
    expect(rows.nth(48)).to_contain_text("Sat, 28 Nov 2026, 20:00 CET")
    heights = plot.locator("rect").evaluate_all(
        "(all) => all.map((one) => one.height.baseVal.value)"
    )
    most = max(each["sold"] for each in sums)
    for height, each in zip(heights, sums, strict=True):
        assert abs(height / max(heights) - each["sold"] / most) < 0.01


def test_people_by_gate(page: Page, site: Site) -> None:
    """Gates are compared by bars, in words and in a table, with new numbers as they come."""
    page.clock.install()
    open_board(page, site, OVERVIEW)
    title = "Inside, by the gate where people went in"
    plot = page.get_by_role("figure", name=title)
    picture = plot.get_by_role("img")
    expect(picture).to_have_attribute(
        "aria-label", f"{title}. People: 41 in all, at most 30 (North)."
    )
    expect(picture.get_by_text("Terrace b…", exact=True)).to_be_visible()
    plot.get_by_text("Show the numbers").click()
    rows = plot.get_by_role("row")
    expect(rows).to_have_text(["GatePeople", "North30", "Terrace by the lake11"])
    site.service.gates = [{"gate": "South", "people": 60}, *site.service.gates]
    wait(page, seconds=6)
    expect(rows).to_have_text(["GatePeople", "South60", "North30", "Terrace by the lake11"])
    heights = plot.locator("rect").evaluate_all(
        "(all) => all.map((one) => one.height.baseVal.value)"
    )
    assert [round(60 * each / heights[0]) for each in heights] == [60, 30, 11]
    site.service.gates = []
    wait(page, seconds=30)
    expect(plot).to_contain_text("Nothing yet.")


def test_they_stay_fresh(page: Page, site: Site) -> None:
    """New numbers come by themselves, and those who read or type meanwhile are not disturbed."""
    page.clock.install()
    open_board(page, site, OVERVIEW)
    summary = page.get_by_text("Show the numbers").first
    summary.focus()
    site.service.sums["sold"] = 111
    wait(page, seconds=6)
    expect(fact(page, "Places sold")).to_have_text("111")
    expect(summary).to_be_focused()


def test_nothing_is_asked_unseen(page: Page, site: Site) -> None:
    """A page that nobody sees asks nothing; as soon as it is seen, it asks."""
    page.clock.install()
    open_board(page, site, OVERVIEW)
    hide(page, "true")
    page.clock.run_for(60_000)
    calls = site.service.report_calls
    page.clock.run_for(600_000)
    assert site.service.report_calls == calls
    site.service.sums["sold"] = 112
    hide(page, "false")
    page.clock.run_for(10)
    expect(fact(page, "Places sold")).to_have_text("112")


def hide(page: Page, hidden: str) -> None:
    """Hide the page from its scripts, or show it."""
    page.evaluate(f"""() => {{
      Object.defineProperty(document, "hidden", {{ value: {hidden}, configurable: true }});
      document.dispatchEvent(new Event("visibilitychange"));
    }}""")


def test_their_age(page: Page, site: Site) -> None:
    """Without answers the numbers stay, with their age; the page asks less and less often."""
    page.clock.install()
    open_board(page, site, OVERVIEW)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/report/", lambda route: route.abort())
    wait(page, seconds=60)
    banner = page.locator(".banner.mark")
    expect(banner).to_contain_text("The service does not answer.")
    expect(banner).to_contain_text("These numbers are")
    expect(fact(page, "Places sold")).to_have_text("110")
    asked.clear()
    wait(page, seconds=300)
    expect(banner).to_contain_text(re.compile("[56] minutes"))
    assert 1 <= len([url for url in asked if url.endswith("/report/")]) <= 7
    page.unroute("**/report/")
    wait(page, seconds=120)
    expect(banner).to_be_hidden()


def test_nothing_is_there(page: Page, site: Site) -> None:
    """A view without an answer says so, and tries again when told."""
    open_board(page, site)
    page.route("**/api/events/7/**", lambda route: route.abort())
    page.get_by_role("link", name="Summer Night Concert").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
    page.unroute("**/api/events/7/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer Night Concert")


def test_why_it_is_refused(page: Page, site: Site) -> None:
    """A refusal is said in the service's words."""
    site.service.refuse("GET", "/api/events/7/report/", 403, code="role_missing", detail="No role.")
    page.goto(f"{site.url}#token=x")
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    page.get_by_role("link", name="Summer Night Concert").click()
    expect(page.get_by_role("alert")).to_have_text("No role.")


def test_a_token_that_ends_is_asked_for_once(page: Page, site: Site) -> None:
    """Who closes the dialog goes on reading: the numbers say why they are old, and ask no more."""
    page.clock.install()
    open_board(page, site, OVERVIEW)
    site.service.good_tokens = set()
    wait(page, seconds=6)
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    banner = page.locator(".banner.mark")
    expect(banner).to_contain_text("The access token has expired. These numbers are")
    with page.expect_response("**/report/") as refused:
        wait(page, seconds=120)
    assert refused.value.status == 401
    expect(banner).to_contain_text("2 minutes")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Tickets").click()
    expect(dialog).to_be_visible()
