"""The page on the device: it outlives its browser, and another version reaches it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.integration.gate_page.conftest import Site
from tests.integration.gate_page.fake_service import EVENT, FakeService, running_fake
from tests.integration.gate_page.gate import (
    expect_answer,
    open_gate,
    panel,
    scan,
    staff_token,
)
from tests.support.browsers import QUIET
from tests.support.ports import free_ports
from ticketing_service.storefront import running_storefront, script_page, storefront_app

NEW_WORDS = "Let us begin"


@contextmanager
def serving(url: str, fake: FakeService) -> Iterator[None]:
    """Serve the page."""
    app = storefront_app(
        url=url, api_url=fake.url, buyers={"Ada": str}, staff_token=str, organizer_token=str
    )
    port = int(url.rpartition(":")[2])
    with running_storefront(host="127.0.0.1", port=port, app=app):
        yield


def kept(page: Page) -> None:
    """Wait until the device has the page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")


def test_another_version_before_the_first_guest(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device with an old version shows the new one when it is opened again, without more ado."""
    [port] = free_ports(1)
    url = f"http://localhost:{port}"
    with running_fake(origin=url) as fake:
        with serving(url, fake):
            page.goto(f"{url}/gate/?event={EVENT}")
            expect(page.get_by_role("heading", level=1)).to_have_text("Let people in")
            kept(page)
        renew_files(tmp_path, monkeypatch)
        with serving(url, fake):
            page.goto(f"{url}/gate/?event={EVENT}")
            expect(page.get_by_role("heading", level=1)).to_have_text(NEW_WORDS)
            names = page.evaluate("caches.keys()")
            assert len(names) == 1, "the old version is gone"


def test_another_version_among_guests(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits while the gate is at work, and comes when the page is opened the next time."""
    [port] = free_ports(1)
    url = f"http://localhost:{port}"
    with running_fake(origin=url) as fake:
        with serving(url, fake):
            open_gate(page, Site(f"{url}/gate/", fake, lambda: None))
            kept(page)
        renew_files(tmp_path, monkeypatch)
        with serving(url, fake):
            page.evaluate(UPDATED)
            scan(page, fake.ticket().token)
            expect_answer(page, "yes", "Let in")
            reopen_until_new(page)


def reopen_until_new(page: Page) -> None:
    """Open the page again; a browser that is busy may mind the old version until the third time."""
    for _ in range(2):
        page.reload()
        with suppress(AssertionError):
            expect(page.get_by_role("heading", level=1)).to_have_text(NEW_WORDS, timeout=5_000)
            return
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(NEW_WORDS)


UPDATED = """async () => {
  const kept = await navigator.serviceWorker.getRegistration();
  const found = await kept.update();
  const installing = found.installing;
  await new Promise((resolve) => found.waiting ? resolve()
    : installing.addEventListener("statechange", resolve));
}"""


def renew_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page be another one from now on."""
    original = script_page._PAGES  # noqa: SLF001 - an update of the service brings other files
    for page in ("board", "gate"):
        shutil.copytree(original / page, folder / page)
    index = folder / "gate" / "index.html"
    index.write_text(index.read_text().replace("Let people in", NEW_WORDS))
    monkeypatch.setattr(script_page, "_PAGES", folder)


def test_a_browser_that_starts_offline(
    playwright: Playwright, chromium_path: str, site: Site, tmp_path: Path
) -> None:
    """The page opens, decides, and knows who it has let in before."""
    ticket = site.service.ticket()

    @contextmanager
    def browser() -> Iterator[BrowserContext]:
        started = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=chromium_path, args=QUIET
        )
        yield started
        started.close()

    with browser() as before:
        page = before.new_page()
        open_gate(page, site)
        kept(page)
        before.set_offline(True)
        scan(page, ticket.token)
        expect_answer(page, "yes", "offline")
    site.stop()
    with browser() as after:
        after.set_offline(True)
        page = after.new_page()
        page.goto(f"{site.url}?event={EVENT}#token={staff_token()}")
        page.get_by_role("button", name="Start", exact=True).click()
        expect(panel(page)).to_contain_text("Ready")
        expect(page.locator("#chips")).to_contain_text("1 not synced")
        expect(page.locator("#recent li")).to_have_count(1)
        scan(page, ticket.token)
        expect_answer(page, "no", "Already inside")
