"""From buying to the gate in a real browser, with the real service."""

from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from tests.integration.demo.buying import CONCERT, REHEARSAL, order
from tests.integration.demo.running import RunningDemo


def test_a_bought_ticket_gets_in_once(page: Page, demo: RunningDemo, tmp_path: Path) -> None:
    """The screen leads from the ticket to the gate, and the second look at the code is red."""
    order(page, demo, event_id=REHEARSAL, quantity=3)
    expect(page.locator("#qr")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as picture").click()
    picture = tmp_path / "ticket.png"
    download.value.save_as(picture)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the gate").click()
    gate = opened.value
    answer = gate.locator("#answer")
    expect(gate.get_by_label("Event")).to_have_value(str(REHEARSAL))
    gate.get_by_role("button", name="Start", exact=True).click()
    expect(answer).to_contain_text("Ready")
    expect(gate.locator("#banners")).to_be_empty()
    for people, kind, words in (
        ("2", "yes", "1 left"),
        ("1", "yes", "Nobody left"),
        (None, "no", "Already inside"),
    ):
        gate.locator("#picture").set_input_files(picture)
        if people is not None:
            gate.get_by_role("button", name=people, exact=True).click()
        expect(answer).to_have_class(f"answer {kind}")
        expect(answer).to_contain_text(words)
    expect(answer).to_contain_text("Main gate, by alice")
    # Offline, the page reads the real list and the real keys.
    page.context.set_offline(True)
    gate.locator("#picture").set_input_files(picture)
    expect(answer).to_contain_text("Decided offline.")
    expect(answer).to_contain_text("Already inside")
    gate.get_by_role("button", name="Undo").first.click()
    gate.get_by_role("button", name="They are out again").click()
    expect(gate.locator("#chips")).to_contain_text("1 not synced")
    page.context.set_offline(False)
    expect(gate.locator("#chips")).not_to_contain_text("not synced")
    gate.locator("#picture").set_input_files(picture)
    gate.get_by_role("button", name="1", exact=True).click()
    expect(answer).to_have_class("answer yes")


def test_the_printed_address_of_the_gate(page: Page, demo: RunningDemo) -> None:
    """It opens the gate with a token of its own, which is not in the address afterwards."""
    page.goto(demo.gate_url)
    use_the_gate(page)
    assert page.url == f"{demo.storefront_url}/gate/"


def test_the_services_own_gate(page: Page, demo: RunningDemo) -> None:
    """It is the same page, without a shop."""
    link = requests.get(demo.gate_url, allow_redirects=False, timeout=10).headers["Location"]
    page.goto(f"{demo.api_url}/gate#{link.partition('#')[2]}")
    use_the_gate(page)
    assert page.url == f"{demo.api_url}/gate/"


def use_the_gate(page: Page) -> None:
    """Begin, and type the number of a ticket that does not exist."""
    page.get_by_label("Event").select_option(str(CONCERT))
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#chips")).to_contain_text("Access until")
    # Typed numbers are for staff: without a ticket there is nothing to let in.
    page.get_by_label("Ticket number or code").fill("999999")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="It is their order").click()
    expect(page.locator("#answer")).to_contain_text("Not on record")
