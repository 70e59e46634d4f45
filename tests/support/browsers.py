"""Starts the Chromium of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
"""Runs Chromium as root, without its background traffic."""


@contextmanager
def running_browser(chromium_path: str) -> Iterator[Browser]:
    """Run a headless browser without a camera."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield chromium
        chromium.close()
