"""`ticketing buyer erase`: what it asks, prints and leaves."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.databases import database
from ticketing_adapters.sql import SqlEvents, SqlTickets
from ticketing_core import Ticket
from ticketing_core.testing.contracts.examples import FREE, draft, held, paying, stored_event
from ticketing_service.cli import main


@frozen
class Shop:
    """The database that the commands use."""

    folder: Path

    def sell(self, *, buyer: str = "ann", unpaid: bool = False) -> Ticket:
        """Store a ticket, which is free unless it is unpaid."""
        with database(self.folder) as engine:
            events, tickets = SqlEvents(engine), SqlTickets(engine)
            event = stored_event(events) if unpaid else stored_event(events, price=FREE)
            ticket = held(tickets, draft(event, buyer=buyer))
            return paying(tickets, ticket) if unpaid else ticket

    def buyers(self) -> Sequence[str]:
        """Return the buyers of all tickets, the newest first."""
        with database(self.folder) as engine:
            tickets = SqlTickets(engine)
            return [ticket.buyer for ticket in map(tickets.by_id, range(9, 0, -1)) if ticket]


@pytest.fixture
def shop(migrated: Run, tmp_path: Path) -> Shop:
    """Give a shop that has sold two tickets to one buyer, and one to another."""
    del migrated
    shop = Shop(tmp_path)
    for buyer in ("ann", "bob", "ann"):
        shop.sell(buyer=buyer)
    return shop


def test_it_asks_and_erases(run: Run, shop: Shop) -> None:
    """The question names the buyer; without a yes nothing is done."""
    question = "Erase ann, who has 2 tickets, for good?"

    def answer(text: str) -> Result:
        return CliRunner().invoke(main, ["buyer", "erase", "ann"], input=text)

    for refused in map(answer, ("", "n\n")):
        assert refused.exit_code == 1
        assert question in refused.stderr
        assert shop.buyers() == ["ann", "bob", "ann"]
    result = answer("y\n")
    assert result.exit_code == 0
    first, second, third = shop.buyers()
    assert (first[:7], second) == ("erased:", "bob")
    assert first == third
    assert result.stdout == f"They are {first} now, on 2 tickets.\n"
    assert printed(run("ticket", "find", "--buyer", "ann", "--json"))["tickets"] == []


def test_as_json_and_again(run: Run, shop: Shop) -> None:
    """A repeat finds nothing left, and is no error."""
    erased = printed(run("buyer", "erase", "ann", "--yes", "--json"))
    assert erased == {"name": shop.buyers()[0], "tickets": 2}
    again = run("buyer", "erase", "ann", "--yes", "--json")
    assert printed(again) == {"name": None, "tickets": 0}
    assert "no tickets" in run("buyer", "erase", "\0ann", "--yes").stdout


def test_an_open_order_is_named(run: Run, shop: Shop) -> None:
    """It exits with 1 and changes nothing."""
    ticket = shop.sell(unpaid=True)
    result = run("buyer", "erase", "ann", "--yes")
    assert result.exit_code == 1
    assert result.stderr.endswith(f": {ticket.ticket_id}.\n")
    assert shop.buyers().count("ann") == 3


def test_the_history_tells(run: Run, shop: Shop) -> None:
    """Each ticket has a line of it, by the operator, and its code is as before."""
    ticket = shop.sell()
    run("buyer", "erase", "ann", "--yes")
    shown = printed(run("ticket", "show", str(ticket.ticket_id), "--json"))
    last = shown["history"][-1]
    assert (last["why"], last["by"], last["version"]) == ("buyer erased", "operator", 2)
    assert shown["ticket_code"] == str(ticket.ticket_code)
