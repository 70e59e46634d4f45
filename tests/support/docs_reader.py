"""Reads the page at ``/docs`` in a real browser, as a frontend developer does."""

import json
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen
from playwright.sync_api import TimeoutError as TookTooLong

from tests.support.browsers import running_browser

_PATIENCE_MS = 60_000

_DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
ROUTES = set(json.loads(_DOCUMENT.read_text(encoding="utf-8"))["paths"])
"""What the page has to list."""

_MAY_BREAK = "\u200b"
"""Invisible, where the page lets long paths break."""


@frozen(kw_only=True)
class Seen:
    """What the page has shown, and what it has asked for.

    Attributes:
        paths: The routes that it lists; empty if it stays blank.
        errors: What the browser complains about.
        requested: The addresses of its requests.
        tried: The address, without its query, and the status of the call that was tried out.
    """

    paths: Sequence[str]
    errors: Sequence[str]
    requested: Sequence[str]
    tried: tuple[str, int] | None


def read_docs(chromium_path: str, address: str, *, patience_ms: int = _PATIENCE_MS) -> Seen:
    """Open the page, unfold a route, and try the list of events out."""
    requested: list[str] = []
    errors: list[str] = []
    paths: list[str] = []
    tried = None
    with running_browser(chromium_path) as browser:
        page = browser.new_page()
        page.set_default_timeout(patience_ms)
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        try:
            shown = page.locator(".opblock-summary-path")
            shown.get_by_text("/api/payments/create-payment-intent/").wait_for()
            paths = [text.replace(_MAY_BREAK, "") for text in shown.all_inner_texts()]
            page.get_by_text("/api/payments/verify/").click()
            page.locator(".responses-table").get_by_text("order_cancelled").first.wait_for()
            listing = page.locator("#operations-Events-list_events")
            listing.locator(".opblock-summary-path").click()
            listing.get_by_role("button", name="Try it out").click()
            with page.expect_response(lambda answer: "/api/events/" in answer.url) as answered:
                listing.get_by_role("button", name="Execute").click()
            tried = (answered.value.url.partition("?")[0], answered.value.status)
        except TookTooLong as error:
            errors.append(str(error))
    return Seen(paths=paths, errors=errors, requested=requested, tried=tried)
