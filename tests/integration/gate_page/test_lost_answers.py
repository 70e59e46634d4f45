"""A request without an answer may have counted people. If the page refuses them, it undoes that."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import FakeTicket
from tests.integration.gate_page.gate import expect_answer, open_gate, panel, scan

CHIPS = "#chips"
CHECK_IN = "**/api/tickets/check-in/"
NOTED = "if (scan.unanswered && !SURE.includes(answer?.outcome))"


def loses_answers(page: Page, site: Site) -> Callable[[], None]:
    """Let the service hear all scans, and the page no answers. Return what ends it."""

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            body = json.loads(route.request.post_data or "")
            site.service.checked.append(body)
            site.service.answer(body)
        route.abort()

    page.route(CHECK_IN, lose)
    return lambda: page.unroute(CHECK_IN)


def refunded(ticket: FakeTicket) -> None:
    """The list calls it void; it was given back since."""
    ticket.status = "refunded"


def used(ticket: FakeTicket) -> None:
    """The list has its person inside; they were taken back since."""
    ticket.inside = 1


def refuse_after_a_lost_answer(
    page: Page, site: Site, before: Callable[[FakeTicket], None], words: str
) -> FakeTicket:
    """Let the service count a guest, and lose the answer, so that the page refuses them."""
    ticket = site.service.ticket()
    before(ticket)
    open_gate(page, site)
    ticket.status, ticket.inside = "issued", 0
    answers_again = loses_answers(page, site)
    scan(page, ticket.token)
    expect_answer(page, "no", words, "Decided offline.")
    assert ticket.inside == 1
    answers_again()
    return ticket


@pytest.mark.parametrize(("before", "words"), [(refunded, "Not valid"), (used, "Already inside")])
def test_a_no_takes_back_what_was_counted(
    page: Page, site: Site, before: Callable[[FakeTicket], None], words: str
) -> None:
    """The guest stands outside; as soon as the service can be asked, they are not inside there."""
    ticket = refuse_after_a_lost_answer(page, site, before, words)
    expect(page.locator("#recent li")).to_have_count(0)
    expect(page.locator(CHIPS)).to_contain_text("Online")
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert ticket.inside == 0
    [scan_id] = {each["scan_id"] for each in site.service.checked}
    assert [each["scan_id"] for each in site.service.undone] == [scan_id]
    scan(page, ticket.token)
    expect_answer(page, "yes", "Let in")
    expect(page.locator("#recent li")).to_have_count(1)


def test_control_a_page_that_says_nothing(page: Page, site: Site) -> None:
    """Control: the guest is turned away, and is inside for the service."""

    def break_it(route: Route) -> None:
        source = route.fetch().text()
        assert NOTED in source
        body = source.replace(NOTED, "if (false)")
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/gate/scripts/door.js", break_it)
    ticket = refuse_after_a_lost_answer(page, site, refunded, "Not valid")
    expect(page.locator(CHIPS)).to_contain_text("Online")
    assert ticket.inside == 1


def test_a_late_copy(page: Page, site: Site) -> None:
    """A request that arrives after the no lets nobody in."""
    ticket = site.service.ticket()
    refunded(ticket)
    open_gate(page, site)
    site.service.answering.clear()
    ticket.status = "issued"
    scan(page, ticket.token)
    expect_answer(page, "no", "Not valid")
    expect(page.locator(CHIPS)).to_contain_text("1 not synced")
    site.service.answering.set()
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert ticket.inside == 0


def test_what_was_typed(page: Page, site: Site) -> None:
    """Offline the page cannot check a number; the service may have let them in by it."""
    ticket = site.service.ticket()
    open_gate(page, site)
    answers_again = loses_answers(page, site)
    field = page.get_by_label("Ticket number or code")
    field.fill(str(ticket.ticket_id))
    field.press("Enter")
    page.get_by_role("button", name="It is their order").click()
    expect_answer(page, "no", "Not checked", "This device is offline")
    assert ticket.inside == 1
    answers_again()
    expect(page.locator(CHIPS)).to_contain_text("Online")
    assert ticket.inside == 0


def test_it_waits_on_the_disk(page: Page, context: BrowserContext, site: Site) -> None:
    """What is to be taken back survives the page; nobody else is counted meanwhile."""
    ticket = refuse_after_a_lost_answer(page, site, refunded, "Not valid")
    page.close()
    again = context.new_page()
    open_gate(again, site)
    expect(again.locator(CHIPS)).not_to_contain_text("not synced")
    assert ticket.inside == 0
    expect(panel(again)).to_contain_text("Ready")
    expect(again.locator("#recent li")).to_have_count(0)


def test_an_answer_that_was_heard_needs_nothing(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """A page that did not send the scan reports nobody to the service."""
    ticket = site.service.ticket()
    refunded(ticket)
    open_gate(page, site)
    scan(page, ticket.token)
    expect_answer(page, "no", "Not valid")
    context.set_offline(True)
    expect(page.locator(CHIPS)).to_contain_text("Offline")
    scan(page, ticket.token)
    expect_answer(page, "no", "Not valid", "Decided offline.")
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")


@pytest.mark.parametrize("code", ["invalid_input", "scan_id_reused"])
def test_what_the_service_never_takes_back(page: Page, site: Site, code: str) -> None:
    """It keeps nothing else from being sent, nor the list from being renewed."""
    headers = {"Access-Control-Allow-Origin": site.url.removesuffix("/gate/")}
    status = 400 if code == "invalid_input" else 422
    problem = {"code": code, "detail": "It cannot be."}
    refuse_after_a_lost_answer(page, site, refunded, "Not valid")
    page.route(
        "**/api/tickets/check-in/undo/",
        lambda route: route.fulfill(status=status, json=problem, headers=headers),
    )
    other = site.service.ticket()
    scan(page, other.token)
    expect_answer(page, "yes", "Let in")
    expect(page.locator(CHIPS)).to_contain_text("Online")
    expect(page.locator(CHIPS)).not_to_contain_text("not synced")
    assert other.inside == 1
