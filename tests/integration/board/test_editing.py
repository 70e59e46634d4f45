"""Creating and editing events: what is sent, and where each refusal is shown."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.board.board import open_board
from tests.integration.board.conftest import Site
from tests.integration.board.fake_service import an_event

EDIT = "#/events/7/edit"
PATH = "/api/events/7/"


def save(page: Page) -> None:
    """Press Save."""
    page.get_by_role("button", name="Save").click()


def problem(page: Page, name: str) -> Locator:
    """Return what is said to be wrong with a field."""
    return page.locator(f"#problem-{name}")


def summary(page: Page) -> Locator:
    """Return what is said about the whole form."""
    return page.locator("#summary")


def test_a_new_event(page: Page, site: Site) -> None:
    """All of it is sent as the service reads it, and the event is shown."""
    open_board(page, site)
    page.get_by_role("link", name="New event").click()
    page.get_by_label("Name").fill("Rehearsal")
    page.get_by_label("Where").fill("Attic")
    page.get_by_label("Price of one place").fill("1500")
    page.get_by_label("Currency").fill("JPY")
    page.get_by_label("Places", exact=True).fill("40")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_label("Begins (optional)").fill("2027-01-02T19:30")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rehearsal")
    [(method, path, body)] = site.service.sent
    assert (method, path) == ("POST", "/api/events/")
    none = dict.fromkeys(("ends_at", "doors_at", "opens_at", "closes_at", "max_per_buyer"))
    assert body == none | {
        "name": "Rehearsal",
        "venue": "Attic",
        "price": {"amount_minor": 1500, "currency": "jpy"},
        "capacity": 40,
        "time_zone": "Asia/Tokyo",
        "starts_at": "2027-01-02T10:30:00.000Z",
        "max_per_order": 10,
    }


def test_what_was_not_typed_well(page: Page, site: Site) -> None:
    """Each field says what it needs, the first of them has the focus, and nothing is sent."""
    open_board(page, site, "#/new")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_label("Price of one place").fill("25,00")
    page.get_by_label("Places", exact=True).fill("many")
    page.get_by_label("Time zone").fill("Mars/Crater")
    page.get_by_role("button", name="Put it on sale").click()
    expect(problem(page, "name")).to_have_text("This is needed.")
    expect(problem(page, "price")).to_contain_text("25.00")
    expect(problem(page, "capacity")).to_have_text("Write a whole number from 1 on.")
    expect(problem(page, "time_zone")).to_contain_text("knows no such time zone")
    expect(page.get_by_label("Name")).to_be_focused()
    assert page.get_by_label("Places", exact=True).get_attribute("aria-invalid") == "true"
    assert site.service.sent == []


def test_only_what_changes_is_sent(page: Page, site: Site) -> None:
    """What was not touched stays as it is, down to the second."""
    site.service.event = an_event(closes_at="2026-11-28T18:00:30.123456Z", venue="Hall")
    open_board(page, site, EDIT)
    expect(page.get_by_label("Sale closes (optional)")).to_have_value("2026-11-28T19:00")
    page.get_by_label("Where").fill("")
    page.get_by_label("Price of one place").fill("30")
    save(page)
    expect(summary(page)).to_have_text("Saved.")
    price = {"amount_minor": 3000, "currency": "eur"}
    assert site.service.sent == [("PATCH", PATH, {"version": 3, "venue": None, "price": price})]
    save(page)
    expect(summary(page)).to_have_text("Nothing was changed.")
    assert len(site.service.sent) == 1


def test_another_zone_moves_the_times(page: Page, site: Site) -> None:
    """The times stay as they are written, so each of them is another instant."""
    site.service.event = an_event(starts_at="2027-01-02T19:00:00Z")
    open_board(page, site, EDIT)
    page.get_by_label("Time zone").fill("Europe/London")
    save(page)
    expect(summary(page)).to_have_text("Saved.")
    [(_, _, body)] = site.service.sent
    assert body == {
        "version": 3,
        "time_zone": "Europe/London",
        "starts_at": "2027-01-02T20:00:00.000Z",
    }


def test_a_time_that_does_not_exist(page: Page, site: Site) -> None:
    """It is refused at its field."""
    open_board(page, site, EDIT)
    page.get_by_label("Begins (optional)").fill("2027-03-28T02:30")
    save(page)
    expect(problem(page, "starts_at")).to_contain_text("does not exist in Europe/Berlin")
    assert site.service.sent == []


def test_a_time_that_is_twice(page: Page, site: Site) -> None:
    """One of both is chosen, the one that is stored is chosen already, and either can be sent."""
    site.service.event = an_event(starts_at="2026-10-25T01:30:00Z")
    open_board(page, site, EDIT)
    which = page.get_by_label("Begins: which of both")
    expect(which).to_have_value("2026-10-25T01:30:00.000Z")
    expect(which.locator("option")).to_have_text(
        [
            "The earlier one (UTC+02:00)",
            "The later one (UTC+01:00)",
        ]
    )
    save(page)
    expect(summary(page)).to_have_text("Nothing was changed.")
    which.select_option("The earlier one (UTC+02:00)")
    save(page)
    expect(summary(page)).to_have_text("Saved.")
    assert site.service.sent[0][2] == {"version": 3, "starts_at": "2026-10-25T00:30:00.000Z"}
    page.get_by_label("Begins (optional)").fill("2026-10-26T02:30")
    expect(which).to_be_hidden()


BELOW = {"code": "capacity_below_kept", "kept": 120, "detail": "Too few."}
ORDER = {"field": "ends_at", "detail": "must be later than starts_at"}
ZONE = {"field": "time_zone", "detail": "must be a time zone of the IANA database"}


@pytest.mark.parametrize(
    ("refusal", "name", "said"),
    [
        (BELOW, "capacity", "Tickets keep 120 places, so it cannot be less."),
        (
            {"code": "invalid_input", "errors": [ORDER]},
            "ends_at",
            "It must be later than starts_at.",
        ),
        ({"code": "invalid_input", "errors": [ZONE]}, "time_zone", "It must be a time zone"),
        ({"code": "total_too_small", "detail": "At least 0.50."}, "price", "At least 0.50."),
        ({"code": "payments_not_configured", "detail": "No key."}, "price", "No key."),
    ],
)
def test_refusals_are_at_their_fields(
    page: Page, site: Site, refusal: dict[str, Any], name: str, said: str
) -> None:
    """What the service refuses is said where it can be changed, and what was typed stays."""
    open_board(page, site, EDIT)
    site.service.refuse("PATCH", PATH, 400, **refusal)
    page.get_by_label("Places", exact=True).fill("100")
    save(page)
    expect(problem(page, name)).to_contain_text(said)
    expect(page.locator(f"#field-{name}")).to_be_focused()
    expect(page.get_by_label("Places", exact=True)).to_have_value("100")


def test_an_unexpected_refusal(page: Page, site: Site) -> None:
    """A refusal without a field is said at the form."""
    open_board(page, site, EDIT)
    site.service.refuse("PATCH", PATH, 403, code="not_your_event", detail="Not yours.")
    page.get_by_label("Places", exact=True).fill("100")
    save(page)
    expect(summary(page)).to_have_text("Not yours.")


def test_somebody_else_was_faster(page: Page, site: Site) -> None:
    """What they have changed is shown, what was typed stays, and the next try has their version."""
    open_board(page, site, EDIT)
    page.get_by_label("Places", exact=True).fill("450")
    page.get_by_label("Where").fill("Old Hall")
    site.service.event = an_event(version=4, capacity=400, name="Winter Concert")
    site.service.refuse("PATCH", PATH, 409, code="stale_version", version=4, detail="Stale.")
    save(page)
    expect(summary(page)).to_contain_text("Places: 500 is now 400.")
    expect(summary(page)).to_contain_text("Name: Summer Night Concert is now Winter Concert.")
    expect(page.locator("#note-capacity")).to_have_text("Somebody else has made it 400.")
    expect(page.get_by_label("Places", exact=True)).to_have_value("450")
    expect(page.get_by_label("Where")).to_have_value("Old Hall")
    expect(page.get_by_label("Name")).to_have_value("Winter Concert")
    save(page)
    expect(summary(page)).to_have_text("Saved.")
    assert site.service.sent[-1][2] == {"version": 4, "capacity": 450, "venue": "Old Hall"}


def test_the_old_value_on_top_of_theirs(page: Page, site: Site) -> None:
    """What is compared is what the service has now, so the value of before is a change."""
    open_board(page, site, EDIT)
    page.get_by_label("Name").fill("Autumn Concert")
    site.service.event = an_event(version=4, name="Winter Concert")
    site.service.refuse("PATCH", PATH, 409, code="stale_version", version=4, detail="Stale.")
    save(page)
    expect(summary(page)).to_contain_text("Summer Night Concert is now Winter Concert.")
    page.get_by_label("Name").fill("Summer Night Concert")
    save(page)
    expect(summary(page)).to_have_text("Saved.")
    assert site.service.sent[-1][2] == {"version": 4, "name": "Summer Night Concert"}


def test_an_event_that_may_be_there(page: Page, site: Site) -> None:
    """Without an answer nobody knows: the page says to look before the next try."""
    open_board(page, site, "#/new")
    page.get_by_label("Name").fill("Rehearsal")
    page.get_by_label("Price of one place").fill("0")
    page.get_by_label("Currency").fill("EUR")
    page.get_by_label("Places", exact=True).fill("40")
    page.route("**/api/events/", lambda route: route.abort())
    page.get_by_role("button", name="Put it on sale").click()
    expect(summary(page)).to_contain_text("Look in the list of events whether it is there")
    expect(page.get_by_label("Name")).to_have_value("Rehearsal")
