"""Letting people in while offline, and the sync afterwards."""

import json
from pathlib import Path
from uuid import UUID

import msgspec
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import OTHER_EVENT
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan
from ticketing_service.http.gate_schemas import NotedScan

CHIPS = "#chips"

JOURNAL_FIRST = "    await this.store.note(this.eventId, ticket.ticket_id, (entries) => {"
GREEN_FIRST = """
    const noted = this.store.note.bind(this.store, this.eventId, ticket.ticket_id);
    const soon = (choose) => { choose([]); setTimeout(noted, 1000, choose); };
    await soon((entries) => {"""


def test_a_cut_line(page: Page, context: BrowserContext, site: Site) -> None:
    """The page decides alone: green once, red for the screenshot; and all is synced later."""
    fake = site.service
    sold_before, group, refunded = fake.ticket(), fake.ticket(quantity=4), fake.ticket()
    refunded.status, group.inside = "refunded", 1
    open_gate(page, site)
    context.set_offline(True)
    sold_later = fake.ticket()
    for ticket in (sold_before, sold_later):
        scan(page, ticket.token)
        expect_answer(page, "yes", "Let in", "offline")
        scan(page, ticket.token)
        expect_answer(page, "no", "Already inside", "Main gate")
    scan(page, refunded.token)
    expect_answer(page, "no", "Not valid")
    scan(page, fake.ticket(event_id=OTHER_EVENT).token)
    expect_answer(page, "no", "Other event")
    scan(page, f"{sold_before.token[:-40]}{'A' * 40}")
    expect_answer(page, "no", "Not genuine")
    scan(page, group.token)
    expect(panel(page)).to_contain_text("3 are left")
    page.get_by_role("button", name="3", exact=True).click()
    expect_answer(page, "yes", "Let 3 in", "Nobody left")
    expect(page.locator(CHIPS)).to_contain_text("Offline")
    expect(page.locator(CHIPS)).to_contain_text("3 not synced")
    assert fake.checked == []
    context.set_offline(False)
    expect(page.locator(CHIPS)).to_contain_text("Online")
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert [(each["token"], each["people"]) for each in fake.synced] == [
        (sold_before.token, 1),
        (sold_later.token, 1),
        (group.token, 3),
    ]
    assert (sold_before.inside, group.inside) == (1, 4)
    # The list has them now, and the journal must not count them again.
    scan(page, sold_later.token)
    expect_answer(page, "no", "Already inside", "by alice")


def test_what_the_service_has_said(page: Page, context: BrowserContext, site: Site) -> None:
    """A guest who was turned away does not get in because the gate is offline a moment later."""
    fake = site.service
    refunded, used, group = fake.ticket(), fake.ticket(), fake.ticket(quantity=4)
    open_gate(page, site)
    # The list of this device does not know it.
    refunded.status, used.inside, group.inside = "refunded", 1, 2
    for ticket, words in ((refunded, "Not valid"), (used, "Already inside")):
        scan(page, ticket.token)
        expect_answer(page, "no", words)
    scan(page, group.token)
    page.get_by_role("button", name="1", exact=True).click()
    expect_answer(page, "yes", "1 left")
    context.set_offline(True)
    for ticket, words in ((refunded, "Not valid"), (used, "Already inside")):
        scan(page, ticket.token)
        expect_answer(page, "no", words, "Decided offline.")
    scan(page, group.token)
    expect(panel(page)).to_contain_text("1 is left")
    page.get_by_role("button", name="1", exact=True).click()
    expect_answer(page, "yes", "Nobody left", "Decided offline.")
    page.locator("#recent").get_by_role("button").first.click()
    page.get_by_role("button", name="They are out again").click()
    expect_answer(page, "ready", "1 person out again.")
    scan(page, group.token)
    page.get_by_role("button", name="1", exact=True).click()
    expect_answer(page, "yes", "Nobody left", "Decided offline.")


def test_no_answer_in_time(page: Page, site: Site) -> None:
    """It asks twice with one scan id, decides with the same, and syncs with it."""
    fake = site.service
    ticket = fake.ticket()
    open_gate(page, site)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.post_data or ""))
    fake.answering.clear()
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in", "offline")
    checks = [json.loads(each) for each in asked if "scan_id" in each and "scans" not in each]
    assert len({UUID(each["scan_id"]) for each in checks}) == 1
    assert len(checks) == 2
    fake.answering.set()
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert [each["scan_id"] for each in fake.synced] == [checks[0]["scan_id"]]
    # Both requests arrived after all; nobody is counted twice.
    assert ticket.inside == 1


def test_killed_right_after_green(page: Page, context: BrowserContext, site: Site) -> None:
    """The journal has the entry before the panel is green."""
    assert entries_after_a_kill(page, context, site) == 1


def test_control_green_before_the_journal(page: Page, context: BrowserContext, site: Site) -> None:
    """Control: a page that is green first loses the entry when it is killed."""

    def break_it(route: Route) -> None:
        source = route.fetch().text()
        assert JOURNAL_FIRST in source
        body = source.replace(JOURNAL_FIRST, GREEN_FIRST)
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/gate/scripts/door.js", break_it)
    assert entries_after_a_kill(page, context, site) == 0


def entries_after_a_kill(page: Page, context: BrowserContext, site: Site) -> int:
    """Let somebody in offline, kill the page at once, and count its journal."""
    ticket = site.service.ticket()
    open_gate(page, site)
    context.set_offline(True)
    green = "document.getElementById('answer').classList.contains('yes')"
    killed = (
        f"(function look() {{ {green} ? location.replace('about:blank') : setTimeout(look) }})()"
    )
    page.evaluate(killed)
    with page.expect_navigation(url="about:blank"):
        scan(page, ticket.token)
    context.set_offline(False)
    site.service.answering.clear()
    after = context.new_page()
    after.goto(site.url)
    count = after.evaluate("""async () => {
      const { openStore } = await import("/gate/scripts/store.js");
      return (await (await openStore()).entries()).length;
    }""")
    site.service.answering.set()
    return int(count)


def test_undo_and_export(page: Page, context: BrowserContext, site: Site, tmp_path: Path) -> None:
    """Undo asks first and is sent afterwards; the export has all that has happened."""
    fake = site.service
    ticket, other = fake.ticket(), fake.ticket()
    open_gate(page, site)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    panel(page).get_by_role("button", name="Undo").click()
    page.keyboard.press("Escape")
    assert fake.undone == []
    page.locator("#recent").get_by_role("button").first.click()
    page.get_by_role("button", name="They are out again").click()
    expect(page.locator("#recent")).to_contain_text("out again")
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert [each["token"] for each in fake.undone] == [ticket.token]
    assert ticket.inside == 0
    context.set_offline(True)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in", "offline")
    scan(page, other.token)
    expect_answer(page, "yes", "Let in", "offline")
    page.locator("#recent").get_by_role("button").first.click()
    page.get_by_role("button", name="They are out again").click()
    page.get_by_role("button", name="Menu").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the journal").click()
    saved = tmp_path / "journal.jsonl"
    download.value.save_as(saved)
    lines = [msgspec.json.decode(line, type=NotedScan) for line in saved.read_bytes().splitlines()]
    assert sorted(lines, key=lambda each: each.at) == lines
    told = sorted((each.token, each.undo) for each in lines)
    assert told == sorted(
        [
            (ticket.token, False),
            (ticket.token, True),
            (ticket.token, False),
            (other.token, False),
            (other.token, True),
        ]
    )


def test_logging_out_is_not_quiet(page: Page, context: BrowserContext, site: Site) -> None:
    """With people who are not synced it says so; what they did stays on the device."""
    ticket = site.service.ticket()
    open_gate(page, site)
    context.set_offline(True)
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("dialog")).to_contain_text("1 not synced")
    page.get_by_role("button", name="Stay").click()
    expect(page.locator("#work")).to_be_visible()
    context.set_offline(False)
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
