"""A season on the board: an event is sold, moved and opened, and another one is cancelled.

A program that gets messages alone follows it.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.integration.board.organizing import (
    Season,
    create,
    expect_facts,
    running_season,
    show,
)
from tests.integration.board.reader import expect_all_told, subscribed

SOLD_OF = """
    SELECT coalesce(sum(quantity) FILTER (WHERE status = 'issued'), 0), sum(admitted),
        sum(total_minor), sum(refunded_minor)
    FROM tickets WHERE event_id = {}
"""
EVENT = """
    SELECT kept, capacity, venue, version, cancelled_at, unwound_at FROM events WHERE event_id = {}
"""


def move(page: Page, *, places: int, venue: str) -> None:
    """Move the event to another hall."""
    show(page, "Edit")
    page.get_by_label("Places", exact=True).fill(str(places))
    page.get_by_label("Where").fill(venue)
    page.get_by_role("button", name="Save").click()


def refund(page: Page, ticket_id: int) -> None:
    """Find a ticket of the event, and refund it."""
    show(page, "Tickets")
    page.get_by_label("Search").fill(str(ticket_id))
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    page.get_by_role("link", name=f"Ticket {ticket_id}").click()
    page.get_by_role("button", name="Refund …").click()
    expect(page.get_by_role("dialog")).to_contain_text("€50.00")
    page.get_by_role("button", name="Refund it").click()
    expect(page.locator(".state")).to_contain_text("Refunded")


def cancel(page: Page, *, name: str, total: str) -> None:
    """Close the sale of the event, cancel it, and watch until all money is back."""
    show(page, "Cancel")
    page.get_by_role("button", name="Close the sale").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the sale").click()
    expect(page.get_by_text("The sale is closed since")).to_be_visible()
    expect_facts(page, {"Valid tickets": "200", "Goes back to buyers": total})
    page.get_by_label("Type the name of the event").fill(name)
    page.get_by_role("button", name="Cancel the event").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cancelled: {name}")
    done = "Done: all tickets are void, and no money is owed."
    expect(page.locator("#unwinding")).to_have_text(done, timeout=60_000)
    expect_facts(page, {"Tickets still valid": "0", "Refunded": total, "Owed to buyers": "€0.00"})


def expect_agreement(page: Page, season: Season, event_id: int) -> None:
    """Check that the screen shows what the database has."""
    [(sold, admitted, taken, refunded)] = season.stored(SOLD_OF.format(event_id))
    [(kept, capacity, *_)] = season.stored(EVENT.format(event_id))
    show(page, "Overview")
    expect_facts(
        page,
        {
            "Places left": str(capacity - kept),
            "Places kept": str(kept),
            "Places sold": str(sold),
            "People inside": str(admitted),
            "Taken": f"€{taken / 100:,.2f}",
            "Refunded": f"€{refunded / 100:,.2f}",
            "Earned": f"€{(taken - refunded) / 100:,.2f}",
            "Owed to buyers": "€0.00",
        },
    )


def test_a_season(page: Page, tmp_path: Path) -> None:
    """All of it from the board; at the end database, provider, screen and subscriber agree."""
    with running_season(tmp_path) as season, subscribed(season) as reader:
        page.goto(season.organizer_url)
        concert = create(page, name="Concert", places=20, price="25")
        festival = create(page, name="Festival", places=300, price="10.00")
        tickets = season.sell(concert, tickets=6, quantity=2)
        season.sell(festival, tickets=200)

        page.get_by_role("link", name="Organizer's board").click()
        page.get_by_role("link", name="Concert").click()
        expect_facts(page, {"Places sold": "12", "Places left": "8", "Taken": "€300.00"})
        move(page, places=10, venue="Small Hall")
        expect(page.locator("#problem-capacity")).to_contain_text("Tickets keep 12 places")
        page.get_by_role("button", name="Forget what I typed").click()
        refund(page, tickets[0])
        page.get_by_role("link", name="Concert").click()
        move(page, places=10, venue="Small Hall")
        expect(page.locator("#summary")).to_have_text("Saved.")

        for ticket_id, gate in (
            (tickets[1], "North"),
            (tickets[2], "North"),
            (tickets[3], "South"),
        ):
            season.let_in(concert, ticket_id, people=2 if gate == "North" else 1, gate=gate)
        show(page, "Overview")
        expect_facts(page, {"People inside": "5", "Places left": "0", "Refunded": "€50.00"})

        page.get_by_role("link", name="Organizer's board").click()
        page.get_by_role("link", name="Festival").click()
        expect_facts(page, {"Places sold": "200", "Taken": "€2,000.00"})
        cancel(page, name="Festival", total="€2,000.00")

        expect_agreement(page, season, festival)
        [(kept, _, _, _, cancelled_at, unwound_at)] = season.stored(EVENT.format(festival))
        assert (kept, cancelled_at is None, unwound_at is None) == (0, False, False)
        show(page, "History")
        expect(page.get_by_role("table")).to_contain_text("cancelled")
        expect(page.get_by_role("table")).to_contain_text("unwound")
        page.get_by_role("link", name="Organizer's board").click()
        page.get_by_role("link", name="Concert").click()
        expect_agreement(page, season, concert)
        [(kept, capacity, venue, version, *_)] = season.stored(EVENT.format(concert))
        assert (kept, capacity, venue, version) == (10, 10, "Small Hall", 2)
        orders = season.stored("SELECT checkout_id FROM tickets WHERE checkout_id IS NOT NULL")
        refunds = [season.sandbox.sandbox.refunds(checkout_id) for (checkout_id,) in orders]
        # A call without an answer in time is repeated; a refund is made once.
        assert sorted(map(len, refunds)) == [0] * 5 + [1] * 201
        expect_all_told(season, reader, subjects=2 + 6 + 200)
