"""`ticketing refund`: one ticket, many, and all of an event."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.integration.cli.commands import Run
from tests.integration.cli.sold import Seller
from ticketing_core import TicketStatus
from ticketing_core.testing import RefundStatus
from ticketing_core.testing.contracts.examples import FREE
from ticketing_service.cli import main


def objects(result: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on stdout, one after the other."""
    found, rest, decoder = [], result.stdout.strip(), json.JSONDecoder()
    while rest:
        one, end = decoder.raw_decode(rest)
        found.append(one)
        rest = rest[end:].lstrip()
    return found


def statuses(seller: Seller) -> list[str]:
    """Return the status of each ticket, the oldest first."""
    found = (seller.office.tickets.by_id(number) for number in range(1, 9))
    return [ticket.status.value for ticket in found if ticket is not None]


def test_one_ticket_is_refunded(seller: Seller, run: Run) -> None:
    """Its JSON is one object; a repeat says the same."""
    seller.sell(seller.event())
    for _ in range(2):
        result = run("refund", "1", "--json")
        assert result.exit_code == 0
        (one,) = objects(result)
        assert one == {
            "ticket_id": 1,
            "status": "refunded",
            "refund_problem": None,
            "refunded_minor": 2500,
            "charged_back_minor": 0,
            "paid_back_otherwise": None,
        }


def test_each_of_many_has_its_outcome(seller: Seller, run: Run) -> None:
    """One that is unknown, and one whose refund waits, do not stop the others; the exit code is 1.

    The same twice is refunded once.
    """
    event = seller.event()
    seller.sell(event)
    seller.sell(seller.event(price=FREE))
    result = run("refund", "1", "99", "2", "1")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "Ticket 1 is refunded: 25.00 USD.",
        "Ticket 99: There is no ticket 99.",
        "Ticket 2 is refunded: 0.00 USD.",
    ]
    assert "Not refunded yet: 1 of 3 tickets." in result.stderr
    seller.world.refund_as(RefundStatus.REQUIRES_ACTION)
    seller.sell(event)
    result = run("refund", "3", "99", "1", "--json")
    assert result.exit_code == 1
    waiting, unknown, done = objects(result)
    assert waiting["status"] == "refunding"
    assert unknown["code"] == "ticket_not_found"
    assert done["status"] == "refunded"


def test_many_that_are_all_refunded_exit_with_zero(seller: Seller, run: Run) -> None:
    """Nothing is left."""
    event = seller.event()
    for _ in range(2):
        seller.sell(event)
    assert run("refund", "1", "2").exit_code == 0


def test_a_lost_dispute_is_never_called_a_refund(seller: Seller, run: Run) -> None:
    """The bank has taken the money."""
    ticket = seller.sell(seller.event())
    lost = ticket.marked(charged_back_minor=2500).refunding(at=ticket.created_at).refunded()
    seller.office.tickets.replace(ticket, lost, at=ticket.created_at, why="test", by="suite")
    said = run("refund", "1").stdout
    assert "is void, and nothing is owed: 25.00 USD charged back" in said
    assert "refunded" not in said


def test_all_of_an_event_are_refunded_after_a_question(seller: Seller) -> None:
    """It has the count and the sum; without a yes nothing happens."""
    event, other = seller.event(), seller.event()
    for each in (event, event, other):
        seller.sell(each)
    command = ["refund", "--event", "1", "--all-issued"]
    refused = CliRunner().invoke(main, command, input="n\n")
    assert refused.exit_code == 1
    assert "Void 2 tickets of event 1, Concert, and refund 50.00 USD?" in refused.stderr
    assert statuses(seller) == ["issued"] * 3
    nobody = CliRunner().invoke(main, command, input="")
    assert nobody.exit_code == 1
    assert statuses(seller) == ["issued"] * 3
    agreed = CliRunner().invoke(main, [*command, "--json"], input="y\n")
    assert agreed.exit_code == 0
    assert [one["ticket_id"] for one in objects(agreed)] == [2, 1]
    assert statuses(seller) == ["refunded", "refunded", "issued"]


def test_the_question_has_what_will_be_refunded(seller: Seller) -> None:
    """What one buyer was given too much is not taken from another."""
    event = seller.event()
    ticket, _ = seller.sell(event), seller.sell(event)
    twice = ticket.marked(refunded_minor=2500, charged_back_minor=2500)
    seller.office.tickets.replace(ticket, twice, at=ticket.created_at, why="test", by="suite")
    asked = CliRunner().invoke(main, ["refund", "--event", "1", "--all-issued"], input="n\n")
    assert "Void 2 tickets of event 1, Concert, and refund 25.00 USD?" in asked.stderr


def test_a_script_needs_no_question(seller: Seller, run: Run) -> None:
    """With `--yes`. Only what is issued is refunded, and nothing is left for a second run."""
    event = seller.event(price=FREE)
    for _ in range(3):
        seller.sell(event)
    run("refund", "1")
    result = run("refund", "--event", "1", "--all-issued", "--yes", "--json")
    assert [one["ticket_id"] for one in objects(result)] == [3, 2]
    again = run("refund", "--event", "1", "--all-issued")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "No ticket of event 1, Concert, is issued.\n"
    assert set(statuses(seller)) == {TicketStatus.REFUNDED.value}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--event", "1"],
        ["--all-issued"],
        ["1", "--event", "1", "--all-issued"],
        ["1", "--again", "--paid-back", "cash"],
        ["--event", "1", "--all-issued", "--yes", "--paid-back", "cash"],
        ["1", "x"],
        ["1", "--paid-back", ""],
    ],
)
def test_a_call_that_could_mean_two_things_is_refused(migrated: Run, arguments: list[str]) -> None:
    """Nothing is refunded by mistake."""
    assert migrated("refund", *arguments).exit_code == 2


def test_an_unknown_event_is_refused(migrated: Run) -> None:
    """Before any question."""
    result = migrated("refund", "--event", "7", "--all-issued")
    assert result.exit_code == 1
    assert "event 7" in result.stderr
