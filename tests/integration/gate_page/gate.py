"""What staff does on the gate page."""

import time

import jwt
from playwright.sync_api import Locator, Page, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT

SECRET = "of the tests, and as long as it has to be"


def staff_token(*, hours: float = 8) -> str:
    """Return an access token; the fake service takes any."""
    return jwt.encode({"sub": "alice", "exp": int(time.time() + hours * 3600)}, SECRET, "HS256")


def open_gate(page: Page, site: Site, *, event_id: int = EVENT) -> None:
    """Open the page with a token in its address, and begin."""
    page.goto(f"{site.url}?event={event_id}#token={staff_token()}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(panel(page)).to_contain_text("Ready")
    # The list is there.
    expect(page.locator("#banners")).not_to_contain_text("no list")


def panel(page: Page) -> Locator:
    """Return the large panel."""
    return page.locator("#answer")


def scan(page: Page, text: str) -> None:
    """Let a scanner type the text, with Enter at the end."""
    page.evaluate(TYPE, text)


TYPE = """(text) => {
  const press = (key, code, shiftKey) => (document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }));
  for (const key of text) {
    const code = /[a-z]/i.test(key) ? `Key${key.toUpperCase()}` : /\\d/.test(key) ? `Digit${key}`
      : key === "." ? "Period" : "Minus";
    press(key, code, /[A-Z_]/.test(key));
  }
  press("Enter", "Enter", false);
}"""
"""A scanner with the layout of its machine. Keys from outside of the page would take seconds."""


def expect_answer(page: Page, kind: str, *words: str) -> None:
    """Check the colour and the words of the panel: yes, mark or no."""
    expect(panel(page)).to_have_class(f"answer {kind}")
    for each in words:
        expect(panel(page)).to_contain_text(each)
