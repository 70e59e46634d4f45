"""Back from the payment page: what is checked, what is cancelled, and what is asked first."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import VERIFY, a_problem, a_ticket, unpaid
from tests.integration.storefront.texts import ENGLISH

SUCCESS = "/payment/success?session_id=cs_test_4&ticket_id=4"
MISTAKE = (500, a_problem("internal_error", 500, incident="7"))
ODD = (200, {"foo": 1})


@pytest.mark.parametrize(
    ("answers", "said"),
    [([MISTAKE] * 11, ENGLISH["problems"]["internal_error"][0]), ([ODD], "does not know (200)")],
    ids=["a mistake of the service", "an unknown answer"],
)
def test_a_payment_that_cannot_be_checked(
    page: Page, site: Site, answers: list[tuple[int, Any]], said: str
) -> None:
    """The page says that it could not check the payment, and offers to check again."""
    site.service.tickets = {4: a_ticket(4)}
    site.service.instead[VERIFY] = [*answers]
    page.clock.install()
    page.goto(site.url + SUCCESS)
    for left in reversed(range(1, len(answers))):
        expect(page.locator(".notice.busy")).to_contain_text(ENGLISH["keepChecking"])
        # In small steps: the page may not have begun its pause yet.
        while len(site.service.instead[VERIFY]) >= left:
            page.clock.run_for(1_000)
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["cannotCheck"])
    expect(page.locator("main")).to_contain_text(ENGLISH["ifPaid"])
    expect(page.locator("main")).to_contain_text(said)
    page.get_by_role("button", name=ENGLISH["checkAgain"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["paid"])


def test_control_a_refusal(page: Page, site: Site) -> None:
    """Control: if the service says that there is none, there is none."""
    site.service.instead[VERIFY] = [(404, a_problem("ticket_not_found", 404))]
    page.goto(site.url + SUCCESS)
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["noTicketHere"])


def test_the_focus_stays_while_a_payment_is_checked(page: Page, site: Site) -> None:
    """On the way to My tickets by keys."""
    site.service.tickets = {4: unpaid(4)}
    site.service.codes = {4: "payment_processing"}
    page.goto(site.url + SUCCESS)
    away = page.locator("main").get_by_role("link", name=ENGLISH["myTickets"])
    expect(page.locator(".notice.busy")).to_contain_text(ENGLISH["processing"])
    away.focus()
    checked = len(site.service.sent)
    while len(site.service.sent) < checked + 2:
        page.wait_for_timeout(200)
    expect(away).to_be_focused()


def test_a_link_of_the_shop_asks_before_it_cancels(page: Page, site: Site) -> None:
    """Nothing is cancelled before the button is clicked."""
    site.service.tickets = {1: unpaid(1)}
    site.service.codes = {1: "payment_open"}
    page.goto(site.url)
    page.locator("#unpaid").get_by_role("link", name=ENGLISH["cancel"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["cancelAsk"])
    expect(page.locator("main")).to_contain_text("2 places · Summer Night Concert")
    cancelled = ("/api/payments/cancel/", {"ticket_id": "1"})
    assert cancelled not in site.service.sent
    page.get_by_role("button", name=ENGLISH["cancel"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["cancelled"])
    assert cancelled in site.service.sent


def test_control_the_way_back_from_the_payment_cancels(page: Page, site: Site) -> None:
    """Control: a buyer who goes back from the payment page has said so there."""
    site.service.tickets = {1: unpaid(1)}
    page.goto(f"{site.url}/payment/cancel?ticket_id=1")
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH["cancelled"])
