"""What strangers can do: with a code under the scanner, or with a device that was lost."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, FIRST, FakeTicket
from tests.integration.gate_page.gate import expect_answer, open_gate, scan
from tests.integration.http.gates import RUBBISH
from ticketing_adapters.qrcode_image import QrcodePng

IN_CODES = {
    **{name: RUBBISH[name] for name in ("an address", "a wireless network", "a business card")},
    "a script": "<img src=x onerror=globalThis.hacked=1><script>hacked=1</script>",
    "an address of a script": "javascript:globalThis.hacked=1",
    "the number of a ticket": str(FIRST),
    "a code of a ticket": "0b8bb2f6-3f34-4a6c-9c6c-7f1ad3b2a111",
}
"""What people show, as far as it fits into a picture."""

NUMBER = 123456
"""Of a ticket. Fewer digits from a keyboard are a person's."""

ONLY_TOKENS = "this.#takeShown(shown?.token ? shown : null)"

KEPT = """async () => {
  const { openStore } = await import("/gate/scripts/store.js");
  const store = await openStore();
  const opened = indexedDB.open("ticketing-gate");
  await new Promise((resolve) => { opened.onsuccess = resolve; });
  const list = (await store.kept("list 7")).jws.split(".")[1];
  return {
    databases: (await indexedDB.databases()).map(({ name }) => name),
    stores: [...opened.result.objectStoreNames],
    entries: await store.entries(),
    list: JSON.parse(atob(list.replaceAll("-", "+").replaceAll("_", "/"))),
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    cookies: document.cookie,
  };
}"""

ENTRY = {
    "scan_id", "event_id", "ticket_id", "token", "people", "gate", "at", "offline", "answered_at",
    "outcome", "undo", "pending",
}  # fmt: skip


def picture(text: str) -> FilePayload:
    """Return a picture of a code."""
    return {"name": "code.png", "mimeType": "image/png", "buffer": QrcodePng().encode(text)}


@pytest.mark.parametrize("what", IN_CODES)
def test_anything_in_a_code_is_answered(page: Page, site: Site, what: str) -> None:
    """In red, as text: nothing is opened, nothing runs, and the service is not asked."""
    site.service.ticket()
    open_gate(page, site)
    address = page.url
    page.locator("#picture").set_input_files(picture(IN_CODES[what]))
    expect_answer(page, "no", "Not a ticket")
    assert page.url == address
    assert len(page.context.pages) == 1
    assert page.evaluate("globalThis.hacked") is None
    assert site.service.checked == []


def test_a_scanned_number_is_no_ticket(page: Page, site: Site) -> None:
    """Numbers are easily guessed. A person may type one, and is asked whether it is theirs."""
    fake = site.service
    fake.tickets[NUMBER] = FakeTicket(NUMBER, "its token", 1)
    open_gate(page, site)
    field = page.get_by_label("Ticket number or code")
    field.fill(str(NUMBER))
    field.press("Enter")
    # A scanner may have typed it, and may press Enter twice.
    expect(page.locator("dialog")).to_contain_text(f"Ticket {NUMBER}?")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).not_to_be_visible()
    assert fake.checked == []
    field.fill(str(NUMBER))
    field.press("Enter")
    page.get_by_role("button", name="It is their order").click()
    expect_answer(page, "yes", "Let in")
    field.blur()
    scan(page, str(NUMBER))
    expect_answer(page, "no", "Not a ticket")


def test_control_a_page_that_takes_numbers_lets_strangers_in(page: Page, site: Site) -> None:
    """Control: who takes numbers from pictures lets in anybody who can count."""

    def break_it(route: Route) -> None:
        source = route.fetch().text()
        assert ONLY_TOKENS in source
        body = source.replace(ONLY_TOKENS, "this.#inTurn(() => this.#ask(shown))")
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/gate/scripts/desk.js", break_it)
    site.service.ticket()
    open_gate(page, site)
    page.locator("#picture").set_input_files(picture(str(FIRST)))
    expect_answer(page, "yes", "Let in")


def test_what_a_lost_device_knows(page: Page, context: BrowserContext, site: Site) -> None:
    """Tickets that were scanned here, and no names: neither of guests nor of staff.

    The access token is gone with the tab.
    """
    fake = site.service
    open_gate(page, site)
    scan(page, fake.ticket().token)
    expect_answer(page, "yes", "Let in")
    scan(page, fake.ticket(quantity=1).token)
    expect_answer(page, "yes", "Let in")
    context.set_offline(True)
    scan(page, fake.ticket().token)
    expect_answer(page, "yes", "Let in", "offline")
    kept: dict[str, Any] = page.evaluate(KEPT)
    assert kept["databases"] == ["ticketing-gate"]
    assert sorted(kept["stores"]) == ["journal", "kept"]
    assert len(kept["entries"]) == 3
    assert {name for entry in kept["entries"] for name in entry} <= ENTRY
    claims = {"sub", "iat", "exp", "ttl", "status_list", "first", "e", "inside"}
    assert set(kept["list"]) == claims
    assert kept["local"] == ["gate_name"]
    assert kept["session"] == ["gate_access_token"]
    assert kept["cookies"] == ""
    assert "alice" not in json.dumps(kept)
    context.set_offline(False)
    page.close()
    found = context.new_page()
    found.goto(f"{site.url}?event={EVENT}")
    expect(found.get_by_label("Access token")).to_have_value("")
    assert found.evaluate("sessionStorage.length") == 0
