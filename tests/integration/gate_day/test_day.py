"""A day of an event and the day after: every number on every screen is what has happened."""

import json
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen
from playwright.sync_api import Page, expect

from tests.integration.gate_day.conftest import NewDevice
from tests.integration.gate_day.day import (
    Bought,
    Day,
    Numbers,
    buy,
    expect_gate,
    open_gate,
    show,
    take_back,
)
from tests.support.server import access_token

CAPACITY = 10


HISTORY = [
    ("2 let in at North", "gate alice"),
    ("1 let in at North", "gate alice"),
    ("1 at North taken back", "gate alice"),
    ("refund asked for", "organizer olga"),
    ("given back", "organizer olga"),
    ("1 let in at South offline at hh:mm UTC, 1 more than have a right", "gate alice"),
]
SCANS = [
    ("let_in", 2, "North", False),
    ("let_in", 1, "North", False),
    ("undone", -1, "North", False),
    ("let_in", 1, "South", True),
]


@frozen
class Group:
    """Four people on one ticket, and the shop that has sold it."""

    day: Day
    shop: Page
    event_id: int
    bought: Bought

    def expect(self, status: str = "issued", *, admitted: int, kept: int, excess: int = 0) -> None:
        """Expect these numbers everywhere but at the gates."""
        numbers = Numbers(4, status, admitted, excess, kept)
        self.day.expect(numbers, event_id=self.event_id, bought=self.bought, capacity=CAPACITY)
        self.shop.goto(self.day.shop_url)
        left = f"{CAPACITY - kept} places left"
        expect(self.shop.locator(f"[data-event-id='{self.event_id}']")).to_contain_text(left)


def test_a_group_at_two_gates(  # noqa: PLR0915 - one story, in the order in which it happens
    day: Day, new_device: NewDevice, tmp_path: Path
) -> None:
    """Four enter in three scans, one of them offline; one is taken back; then a refund."""
    event_id = day.add_event("Concert", capacity=CAPACITY)
    shop = new_device().new_page()
    bought = buy(shop, day, event_id=event_id, quantity=4, folder=tmp_path)
    ticket, picture = f"Ticket {bought.ticket_id}", bought.picture

    expect_all = Group(day, shop, event_id, bought).expect
    expect_all(admitted=0, kept=4)
    north = open_gate(new_device(), day, event_id=event_id, name="North")
    expect_gate(north, "Ready", "Show a code.", kind="ready", chips=["Online"], recent=[])
    two = f"2 people · ticket {bought.ticket_id}Undo"
    one = f"1 person · ticket {bought.ticket_id}Undo"
    show(north, picture, 2)
    expect_gate(north, "Let 2 in", "2 left", ticket, kind="yes", chips=["Online"], recent=[two])
    expect_all(admitted=2, kept=4)

    # The second gate has the list of now, by which two are inside, and then it is offline.
    phone = new_device()
    south = open_gate(phone, day, event_id=event_id, name="South")
    expect_gate(south, "Ready", "Show a code.", kind="ready", chips=["Online"], recent=[])
    phone.set_offline(True)
    show(south, picture, 1)
    let_in = ("Let 1 in", "1 left", "Decided offline.", ticket)
    unsynced = ["Offline", "1 not synced"]
    expect_gate(south, *let_in, kind="yes", chips=unsynced, recent=[one])
    # The service cannot know of it.
    expect_all(admitted=2, kept=4)

    show(north, picture, 1)
    known_one = ("Let 1 in", "1 left", ticket)
    expect_gate(north, *known_one, kind="yes", chips=["Online"], recent=[one, two])
    expect_all(admitted=3, kept=4)
    with north.expect_response("**/check-in/undo/"):
        take_back(north)
    out = [f"1 person · ticket {bought.ticket_id}out again", two]
    expect_gate(north, chips=["Online"], recent=out)
    expect(north.locator("#answer")).to_contain_text("Ready")
    expect_all(admitted=2, kept=4)

    # Two are inside for the service, three for those who are there.
    assert day.refund(bought.ticket_id) == "refunded"
    expect_all("refunded", admitted=2, kept=2)
    show(north, picture, 1)
    void = ("Not valid", "It was refunded.", ticket)
    expect_gate(north, *void, kind="no", chips=["Online"], recent=out)
    expect_all("refunded", admitted=2, kept=2)

    # The next day: what South has noted has happened, but on a place that is free again.
    with south.expect_response("**/check-in/sync/") as synced:
        phone.set_offline(False)
    [result] = synced.value.json()["results"]
    del result["scan_id"]
    assert result == {"outcome": "recorded", "counted": 1, "excess": 1, "why": "void"}
    expect_gate(south, chips=["Online"], recent=[one])
    expect_all("refunded", admitted=2, excess=1, kept=2)
    assert day.history(bought.ticket_id) == HISTORY
    assert day.scans_over(event_id) == SCANS
    show(south, picture, 1)
    expect_gate(south, *void, kind="no", chips=["Online"], recent=[one])
    expect_all("refunded", admitted=2, excess=1, kept=2)


def test_the_journal_of_a_lost_device(day: Day, new_device: NewDevice, tmp_path: Path) -> None:
    """Another device syncs it, the operator does it again, and then the device is found."""
    event_id = day.add_event("Rehearsal", capacity=CAPACITY)
    bought = buy(new_device().new_page(), day, event_id=event_id, quantity=3, folder=tmp_path)
    ticket, picture = f"Ticket {bought.ticket_id}", bought.picture
    phone = new_device()
    west = open_gate(phone, day, event_id=event_id, name="West")
    phone.set_offline(True)
    show(west, picture, 1)
    answer = ("Let 1 in", "2 left", "Decided offline.", ticket)
    one = f"1 person · ticket {bought.ticket_id}Undo"
    expect_gate(west, *answer, kind="yes", chips=["Offline", "1 not synced"], recent=[one])
    take_back(west)
    out = f"1 person · ticket {bought.ticket_id}out again"
    expect_gate(west, chips=["Offline", "1 not synced"], recent=[out])
    show(west, picture, 3)
    answer = ("Let 3 in", "Nobody left", "Decided offline.", ticket)
    both = [f"3 people · ticket {bought.ticket_id}Undo", out]
    expect_gate(west, *answer, kind="yes", chips=["Offline", "2 not synced"], recent=both)
    journal = tmp_path / "journal.jsonl"
    west.get_by_role("button", name="Menu").click()
    with west.expect_download() as download:
        west.get_by_role("button", name="Export the journal").click()
    download.value.save_as(journal)
    nobody, all_inside = Numbers(3, "issued", 0, 0, 3), Numbers(3, "issued", 3, 0, 3)
    day.expect(nobody, event_id=event_id, bought=bought, capacity=CAPACITY)

    scans = [json.loads(line) for line in journal.read_text().splitlines()]
    body = {"event_id": event_id, "sent_at": datetime.now(UTC).isoformat(), "scans": scans}
    token = access_token("bob", roles=["gate"])
    synced = day.server.post("/api/tickets/check-in/sync/", body, token=token).body["results"]
    told = [(each["outcome"], each["counted"], each["excess"]) for each in synced]
    assert told == [("recorded", 1, 0), ("taken_back", 1, 0), ("recorded", 3, 0)]
    day.expect(all_inside, event_id=event_id, bought=bought, capacity=CAPACITY)
    again = day.command("gate", "sync", str(journal), "--event", str(event_id))["results"]
    assert [each["outcome"] for each in again] == ["known", "taken_back", "known"]
    day.expect(all_inside, event_id=event_id, bought=bought, capacity=CAPACITY)

    with west.expect_response("**/check-in/sync/"):
        phone.set_offline(False)
    expect_gate(west, chips=["Online"], recent=both)
    day.expect(all_inside, event_id=event_id, bought=bought, capacity=CAPACITY)
    assert [by for _, by in day.history(bought.ticket_id)] == ["gate bob"] * 3
