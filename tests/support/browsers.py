"""Starts the Chromium of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
"""Runs Chromium as root, without its background traffic."""


@contextmanager
def running_browser(chromium_path: str, *, keeps_pages: bool = False) -> Iterator[Browser]:
    """Run a headless browser without a camera.

    Args:
        chromium_path: The program.
        keeps_pages: Whether "Back" shows a page as it was left (the back/forward cache). Every
            browser does, but Playwright turns it off, and Chromium's engine alone has none.
    """
    without = ["--disable-back-forward-cache"] if keeps_pages else None
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, args=QUIET, ignore_default_args=without
        )
        yield chromium
        chromium.close()
