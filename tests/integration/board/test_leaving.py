"""Leaving a form: what was typed is lost only after a question."""

from playwright.sync_api import Dialog, Locator, Page, expect

from tests.integration.board.board import open_board
from tests.integration.board.conftest import Site

EDIT = "#/events/7/edit"
OVERVIEW = "Summer Night Concert"


def question(page: Page) -> Locator:
    """Return the dialog that asks."""
    return page.get_by_role("dialog", name="Leave without saving?")


def expect_edit(page: Page, site: Site, *, name: str) -> None:
    """Expect the form with what was typed, and its address."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Summer Night Concert")
    expect(page.get_by_label("Name")).to_have_value(name)
    assert page.url == site.url + EDIT


def test_by_a_link(page: Page, site: Site) -> None:
    """The page says what is not saved; staying is the safe answer, and keeps it all."""
    open_board(page, site, EDIT)
    page.get_by_label("Name").fill("Winter Concert")
    for stay in ("Enter", "Escape"):
        page.get_by_role("link", name="Overview").click()
        expect(question(page)).to_contain_text("Not savedName")
        page.keyboard.press(stay)
        expect(question(page)).to_have_count(0)
        expect_edit(page, site, name="Winter Concert")
    page.get_by_role("link", name="Overview").click()
    question(page).get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(OVERVIEW)
    page.get_by_role("link", name="Tickets").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tickets of")


def test_by_back(page: Page, site: Site) -> None:
    """Back leads away only after the question, and once it was asked, as often as one likes."""
    open_board(page, site)
    page.get_by_role("link", name=OVERVIEW).click()
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Name").fill("Winter Concert")
    for _ in range(2):
        page.go_back()
        question(page).get_by_role("button", name="Stay here").click()
        expect_edit(page, site, name="Winter Concert")
    page.go_back()
    question(page).get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(OVERVIEW)


def typed_back(page: Page) -> None:
    """Change the name, and change it back."""
    page.get_by_label("Name").fill("Other")
    page.get_by_label("Name").fill(OVERVIEW)


def forgotten(page: Page) -> None:
    """Change the name, and let the page forget it."""
    page.get_by_label("Name").fill("Other")
    page.get_by_role("button", name="Forget").click()


def saved(page: Page) -> None:
    """Change the places, and save them."""
    page.get_by_label("Places", exact=True).fill("501")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#summary")).to_have_text("Saved.")


def test_nothing_is_asked_when_nothing_is_lost(page: Page, site: Site) -> None:
    """Untouched, typed back, forgotten or saved."""
    open_board(page, site, EDIT)
    for step in (None, typed_back, forgotten, saved):
        if step is not None:
            step(page)
        page.get_by_role("link", name="Overview").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(OVERVIEW)
        page.get_by_role("link", name="Edit").first.click()
        expect(page.get_by_label("Name")).to_have_value(OVERVIEW)


def test_a_new_event(page: Page, site: Site) -> None:
    """It is asked until the event is there."""
    open_board(page, site, "#/new")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_role("link", name="Organizer's board").click()
    expect(question(page)).to_contain_text("Currency")
    page.get_by_role("button", name="Stay here").click()
    page.get_by_label("Name").fill("Rehearsal")
    page.get_by_label("Price of one place").fill("0")
    page.get_by_label("Places", exact=True).fill("40")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rehearsal")


def test_the_tab_asks_too(page: Page, site: Site) -> None:
    """By the browser's own question, and only while something would be lost."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    open_board(page, site, EDIT)
    page.get_by_label("Where").fill("Attic")
    page.close(run_before_unload=True)
    expect(page.get_by_label("Where")).to_have_value("Attic")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Forget").click()
    page.reload()
    expect(page.get_by_label("Where")).to_have_value("Town Hall")
    assert asked == ["beforeunload"]
