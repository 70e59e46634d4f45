"""What a buyer keeps of a ticket, whatever its texts are and whatever the browser refuses."""

from pathlib import Path

import icalendar
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.integration.storefront.conftest import Site
from tests.integration.storefront.fake_shop import CONCERT, TOKEN, a_ticket
from tests.support.qr_scanner import scan

MARGIN = 40
LINE = 34


def saved(page: Page, site: Site, target: Path, name: str) -> Image.Image:
    """Save the picture of a ticket for an event of this name."""
    site.service.events[CONCERT]["name"] = name
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/tickets/4")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as picture").click()
    download.value.save_as(target)
    return Image.open(target).convert("L")


def text_of(line: Image.Image) -> tuple[int, int, int, int] | None:
    """Return where there is ink."""
    return ImageChops.invert(line).getbbox()


def test_a_word_that_is_longer_than_a_line(page: Page, site: Site, tmp_path: Path) -> None:
    """It is broken: no line is blank, and none goes beyond the margin."""
    picture = saved(page, site, tmp_path / "ticket.png", "W" * 60)
    assert scan(picture) == TOKEN
    for number in range(3):
        top = MARGIN + LINE * number
        ink = text_of(picture.crop((0, top, picture.width, top + LINE)))
        assert ink is not None
        assert ink[0] >= MARGIN - 2
        assert ink[2] <= picture.width - MARGIN + 2


def test_a_name_that_runs_to_the_left(page: Page, site: Site, tmp_path: Path) -> None:
    """It ends at the left: a sign at its end is drawn there."""
    first = (0, MARGIN, 720, MARGIN + LINE)
    plain = text_of(saved(page, site, tmp_path / "plain.png", "مرحبا").crop(first))
    ended = saved(page, site, tmp_path / "ended.png", "مرحبا!!!!").crop(first)
    ink = text_of(ended)
    assert plain is not None
    assert ink is not None
    # Both sides are equally wide and centered: only the gaps between the signs show their place.
    columns = [text_of(ended.crop((x, 0, x + 1, LINE))) is not None for x in range(ink[0], ink[2])]
    signs = columns[: (ink[2] - ink[0]) - (plain[2] - plain[0])]
    assert signs.count(False) >= 3


def test_a_calendar_entry_leads_to_the_code(page: Page, site: Site, tmp_path: Path) -> None:
    """It has none of its own, and says where it is; a name is one line."""
    site.service.events[CONCERT]["name"] = "Two\r\nlines\rand more"
    site.service.tickets = {4: a_ticket(4)}
    page.goto(f"{site.url}/tickets/4")
    with page.expect_download() as download:
        page.get_by_role("button", name="Add to calendar").click()
    download.value.save_as(tmp_path / "ticket.ics")
    written = (tmp_path / "ticket.ics").read_bytes()
    assert b"\r" not in written.replace(b"\r\n", b"")
    [entry] = icalendar.Calendar.from_ical(written).walk("VEVENT")
    assert entry["SUMMARY"] == "Two\nlines\nand more"
    assert entry["DESCRIPTION"] == (
        "Ticket 4. Its QR code is at the address below. It admits everybody on the ticket.\n"
        f"{site.url}/tickets/4"
    )


def test_sharing_that_is_refused(page: Page, site: Site) -> None:
    """The page says so; a buyer who has closed the dialog knows."""
    page.add_init_script("""
      navigator.canShare = () => true;
      navigator.share = async () => { throw new DOMException('', window.name || 'AbortError'); };
    """)
    site.service.tickets = {4: a_ticket(4)}
    for path, name in ((f"/events/{CONCERT}", "Share this event"), ("/tickets/4", "Share")):
        page.goto(site.url + path)
        page.evaluate("window.name = ''")
        page.get_by_role("button", name=name).click()
        page.wait_for_timeout(1000)
        expect(page.get_by_role("button", name=name)).to_be_visible()
        page.evaluate("window.name = 'NotAllowedError'")
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name="Sharing did not work.")).to_be_visible()
