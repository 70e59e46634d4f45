"""What a buyer, the staff, the organizer and the operator do and see in a day of an event."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from attrs import frozen
from playwright.sync_api import BrowserContext, Page, expect

from tests.integration.cli.processes import wait_until
from tests.support.server import TICKETING, Server, access_token
from ticketing_service.composition.gate import OfflineGate, offline_gate

ORGANIZER = access_token("olga", roles=["organizer"])

expect.set_options(timeout=15_000)


@frozen
class Numbers:
    """What every screen has to say of an event in which one ticket was bought.

    Attributes:
        quantity: People on the ticket.
        kept: Places that it keeps.
    """

    quantity: int
    status: str
    admitted: int
    excess: int
    kept: int


@frozen
class Bought:
    """A ticket, as the buyer has it.

    Attributes:
        picture: The file with its QR code.
    """

    ticket_id: int
    session_id: str
    picture: Path


@frozen
class Day:
    """The service, the shop and the commands."""

    server: Server
    shop_url: str

    def command(self, *arguments: str) -> Any:
        """Run a command of the operator, and return its JSON."""
        ended = subprocess.run(
            [*TICKETING, *arguments, "--json"],
            env=self.server.environment,
            cwd=self.server.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(ended.stdout)

    def get(self, path: str) -> Any:
        """Return what the organizer gets."""
        answer = self.server.get(path, token=ORGANIZER)
        assert answer.status == 200, answer.content
        return answer.body

    def add_event(self, name: str, *, capacity: int) -> int:
        """Put an event on sale; return its id."""
        terms = ("--price", "25.00", "--capacity", str(capacity))
        return int(self.command("event", "add", "--name", name, *terms)["event_id"])

    def gate_list(self, event_id: int) -> OfflineGate:
        """Return the list that gates get now."""
        keys = self.server.get("/.well-known/jwks.json").content.decode()
        path = f"/api/events/{event_id}/gate-list/"
        # Another device each time: one that asks so often would have to wait.
        token = access_token(f"device {uuid4()}", roles=["gate"])
        return offline_gate(keys, self.server.get(path, token=token).content.decode())

    def wait_for_list(self, event_id: int, *, void: list[int], inside: dict[int, int]) -> None:
        """Wait until the gate list says this; the service keeps one for ten seconds."""

        def says() -> bool:
            found = self.gate_list(event_id).newest.gate_list
            return (list(found.void), dict(found.inside)) == (void, inside)

        wait_until(says, what=f"a gate list with void {void} and inside {inside}")

    def refund(self, ticket_id: int) -> str:
        """Refund a ticket, as the organizer; return its status."""
        answer = self.server.post(
            "/api/payments/refund/", {"ticket_id": ticket_id}, token=ORGANIZER
        )
        assert answer.status == 200, answer.content
        return str(answer.body["status"])

    def verified(self, bought: Bought) -> tuple[int, object]:
        """Return what the buyer's page gets: the status, and the ticket or the problem."""
        body = {"session_id": bought.session_id, "ticket_id": bought.ticket_id}
        answer = self.server.post("/api/payments/verify/", body, token=access_token())
        return answer.status, answer.body.get("ticket_id", answer.body.get("code"))

    def expect(self, numbers: Numbers, *, event_id: int, bought: Bought, capacity: int) -> None:
        """Check the numbers that the organizer, the operator, the buyer and the gates see."""
        ticket_id = bought.ticket_id
        inside = numbers.admitted + numbers.excess
        report = self.get(f"/api/events/{event_id}/admissions/")
        del report["server_now"]
        assert sum(each["people"] for each in report.pop("gates")) == inside
        assert report == {
            "event_id": event_id,
            "inside": inside,
            "admitted": numbers.admitted,
            "excess": numbers.excess,
            "kept": numbers.kept,
            "capacity": capacity,
        }
        over = self.get(f"/api/events/{event_id}/admissions/?only=excess")
        told = [
            (each["ticket_id"], each["quantity"], each["admitted"], each["excess"], each["status"])
            for each in over["tickets"]
        ]
        row = ticket_id, numbers.quantity, numbers.admitted, numbers.excess, numbers.status
        assert told == ([row] if numbers.excess else [])
        assert over["strays"] == []
        event = self.get(f"/api/events/{event_id}/")
        assert event["places_left"] == capacity - numbers.kept
        shown = self.command("ticket", "show", str(ticket_id))
        assert (shown["quantity"], shown["admitted"], shown["excess"], shown["status"]) == row[1:]
        assert sum(each["people"] for each in shown["scans"]) == inside
        assert self.verified(bought) == (
            (200, ticket_id) if numbers.status == "issued" else (400, "refunded")
        )
        mine = self.server.get(f"/api/tickets/{ticket_id}/", token=access_token()).body
        assert (mine["quantity"], mine["admitted"], mine["status"]) == (
            numbers.quantity,
            numbers.admitted,
            numbers.status,
        )
        void = [] if numbers.status == "issued" else [ticket_id]
        self.wait_for_list(event_id, void=void, inside={ticket_id: inside} if inside else {})

    def scans_over(self, event_id: int) -> list[tuple[str, int, str, bool]]:
        """Return the scans of the only ticket with too many inside, as the organizer sees them."""
        [ticket] = self.get(f"/api/events/{event_id}/admissions/?only=excess")["tickets"]
        return [
            (each["kind"], each["people"], each["gate"], each["offline"])
            for each in ticket["scans"]
        ]

    def history(self, ticket_id: int) -> list[tuple[str, str]]:
        """Return what happened to the ticket since it was issued: why, and who did it."""
        shown = self.command("ticket", "show", str(ticket_id))["history"]
        return [(re.sub(r"\d\d:\d\d", "hh:mm", each["why"]), each["by"]) for each in shown[3:]]


def buy(page: Page, day: Day, *, event_id: int, quantity: int, folder: Path) -> Bought:
    """Buy in the shop, by card."""
    page.goto(day.shop_url)
    card = page.locator(f"[data-event-id='{event_id}']")
    card.get_by_label("Quantity").select_option(str(quantity))
    card.get_by_role("button").click()
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name=re.compile("Book|Pay")).click()
    page.wait_for_url("**/payment/success?**")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as picture").click()
    picture = folder / download.value.suggested_filename
    download.value.save_as(picture)
    query = parse_qs(urlsplit(page.url).query)
    return Bought(int(query["ticket_id"][0]), query["session_id"][0], picture)


def open_gate(device: BrowserContext, day: Day, *, event_id: int, name: str) -> Page:
    """Open the gate page on a device, and begin."""
    page = device.new_page()
    page.goto(f"{day.shop_url}/staff?event={event_id}")
    expect(page.get_by_label("Event")).to_have_value(str(event_id))
    page.get_by_label("Name of this gate").fill(name)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("Ready")
    expect(page.locator("#banners")).to_be_empty()
    return page


def show(gate: Page, picture: Path, people: int) -> None:
    """Let the gate read the picture, and say how many go in."""
    gate.locator("#picture").set_input_files(picture)
    gate.get_by_role("button", name=str(people), exact=True).click()


def take_back(gate: Page) -> None:
    """Take the newest entry of the gate back."""
    gate.locator("#recent").get_by_role("button", name="Undo").first.click()
    gate.get_by_role("button", name="They are out again").click()


def expect_gate(
    gate: Page, *answer: str, kind: str | None = None, chips: list[str], recent: list[str]
) -> None:
    """Check everything that the gate shows: its answer, what is not synced, who went in."""
    if kind is not None:
        expect(gate.locator("#answer")).to_have_class(f"answer {kind}")
        told = gate.locator("#answer p:not([aria-hidden])")
        expect(told).to_have_text([re.compile(each) for each in answer])
    access = re.compile("^Access until")
    expect(gate.locator("#chips .chip")).to_have_text([*chips, access])
    rows = [re.compile(rf"\d\d:\d\d.* · {each}$") for each in recent]
    expect(gate.locator("#recent li")).to_have_text(rows)
