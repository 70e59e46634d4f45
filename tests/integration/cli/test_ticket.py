"""`ticketing ticket`: the whole story of a ticket, and finding tickets."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database, hold_long_ago
from tests.integration.cli.sold import Seller
from tests.integration.cli.test_output import CODES, MARKUP
from ticketing_adapters.sql import SqlTickets
from ticketing_core.testing import DisputeStatus, RefundStatus
from ticketing_core.testing.contracts.examples import FREE
from ticketing_service.observing.logs import visible

SHOWN = {
    "ticket_id",
    "ticket_code",
    "event_id",
    "event_name",
    "buyer",
    "quantity",
    "admitted",
    "excess",
    "status",
    "version",
    "created_at",
    "held_until",
    "checkout_id",
    "payment_id",
    "total",
    "amounts",
    "disputed",
    "owed_since",
    "refund_problem",
    "waits_for_person",
    "paid_back_otherwise",
    "history",
    "scans",
    "to_do",
}
"""What scripts may rely on. A name that goes breaks them."""


def test_a_ticket_is_shown_with_its_whole_story(seller: Seller, run: Run) -> None:
    """By id and by code: its money, each change with its reason, and that nothing is to do."""
    ticket = seller.sell(seller.event(), quantity=2)
    assert ticket.checkout is not None
    shown = printed(run("ticket", "show", "1", "--json"))
    assert set(shown) == SHOWN
    assert shown == printed(run("ticket", "show", str(ticket.ticket_code), "--json"))
    assert (shown["status"], shown["payment_id"]) == ("issued", ticket.payment_id)
    assert (shown["amounts"]["taken"], shown["amounts"]["earned"]) == (5000, 5000)
    changes = [(each["status"], each["why"], each["by"]) for each in shown["history"]]
    assert changes == [
        ("reserved", "reserved", "buyer"),
        ("paying", "test", "suite"),
        ("issued", "payment seen", "settler"),
    ]
    told = run("ticket", "show", "1").stdout
    for part in ("50.00 USD", ticket.checkout.checkout_id, "payment seen", "Nothing to do."):
        assert part in told


def test_a_dispute_is_shown_with_what_to_do(seller: Seller, run: Run) -> None:
    """While it is open the bank holds the money; a lost one is charged back, not refunded."""
    ticket = seller.sell(seller.event())
    assert ticket.checkout is not None
    seller.world.dispute(ticket.checkout.checkout_id)
    seller.look(ticket)
    shown = printed(run("ticket", "show", "1", "--json"))
    (to_do,) = shown["to_do"]
    assert shown["disputed"]
    assert "Dashboard" in to_do
    seller.world.decide_dispute(ticket.checkout.checkout_id, DisputeStatus.LOST)
    seller.look(ticket)
    shown = printed(run("ticket", "show", "1", "--json"))
    assert (shown["amounts"]["charged_back"], shown["amounts"]["refunded"]) == (2500, 0)
    assert shown["to_do"] == []


def test_a_refund_that_waits_for_a_person_says_so(seller: Seller, run: Run) -> None:
    """With the commands that end it, in `show` and as a note in `find`."""
    seller.world.refund_as(RefundStatus.FAILED)
    seller.sell(seller.event())
    for _ in range(3):
        run("refund", "1")
        seller.look(seller.office.story(1).ticket)
    shown = printed(run("ticket", "show", "1", "--json"))
    assert shown["waits_for_person"]
    assert "`ticketing refund 1 --again`" in shown["to_do"][0]
    assert shown["amounts"]["owed"] == 2500
    assert "waits for you" in run("ticket", "find").stdout
    run("refund", "1", "--paid-back", "cash")
    shown = printed(run("ticket", "show", "1", "--json"))
    assert (shown["paid_back_otherwise"], shown["amounts"]["paid_back_otherwise"]) == ("cash", 2500)


def test_an_unpaid_ticket_says_what_it_waits_for(migrated: Run, tmp_path: Path) -> None:
    """When its hold is over, settling decides."""
    migrated(*ADD)
    with database(tmp_path) as engine:
        hold_long_ago(SqlTickets(engine))
    (to_do,) = printed(migrated("ticket", "show", "1", "--json"))["to_do"]
    assert to_do.startswith("The hold of ticket 1 is over")
    assert to_do.endswith("`ticketing settle` does it now.")


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("7", 1, "no ticket 7"),
        (str(UUID(int=7, version=4)), 1, "There is no ticket"),
        ("x", 2, "neither the id nor the code"),
        ("0", 2, "0"),
        ("9" * 30, 2, "range"),
        ("²", 2, "neither"),
    ],
)
def test_a_ticket_that_is_not_there_is_named(
    migrated: Run, name: str, code: int, message: str
) -> None:
    """An unknown one fails; what cannot be one is a mistake in the call."""
    result = migrated("ticket", "show", name)
    assert result.exit_code == code
    assert message in result.stderr


def test_tickets_are_found_by_what_a_buyer_can_tell(seller: Seller, run: Run) -> None:
    """The newest first; all conditions have to fit."""
    first = seller.sell(seller.event(), buyer="ann@example.com")
    second = seller.sell(seller.event(price=FREE), buyer="anna@example.com")
    assert first.checkout is not None
    for options, found in (
        ([], [2, 1]),
        (["--buyer", "ann@example.com"], [1]),
        (["--buyer-prefix", "ann"], [2, 1]),
        (["--buyer-prefix", "ann", "--event", "2"], [2]),
        (["--code", str(second.ticket_code)], [2]),
        (["--checkout", first.checkout.checkout_id], [1]),
        (["--payment", str(first.payment_id)], [1]),
        (["--event", "1", "--status", "issued"], [1]),
        (["--status", "refunding"], []),
    ):
        page = printed(run("ticket", "find", *options, "--json"))
        assert [each["ticket_id"] for each in page["tickets"]] == found, options
        assert page["next"] is None
    (one,) = printed(run("ticket", "find", "--event", "1", "--json"))["tickets"]
    assert set(one) == SHOWN - {"event_name", "history", "scans", "to_do"}


def test_what_was_found_is_bounded_and_goes_on(seller: Seller, run: Run) -> None:
    """``next`` is the `--before` of the next page; a table says it on stderr."""
    event = seller.event(price=FREE)
    for _ in range(3):
        seller.sell(event)
    page = printed(run("ticket", "find", "--limit", "2", "--json"))
    assert ([each["ticket_id"] for each in page["tickets"]], page["next"]) == ([3, 2], 2)
    assert "--before 2" in run("ticket", "find", "--limit", "2").stderr
    page = printed(run("ticket", "find", "--limit", "2", "--before", "2", "--json"))
    assert ([each["ticket_id"] for each in page["tickets"]], page["next"]) == ([1], None)
    assert "--before" not in run("ticket", "find", "--limit", "3").stderr
    assert run("ticket", "find", "--limit", "0").exit_code == 2


@pytest.mark.parametrize("buyer", [*MARKUP, f"a{CODES}\nb"])
def test_stored_text_is_text(seller: Seller, run: Run, tmp_path: Path, buyer: str) -> None:
    """Neither markup nor codes of a terminal, even if something else wrote it into the database."""
    seller.sell(seller.event(price=FREE))
    with database(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE tickets SET buyer = :buyer"), {"buyer": buyer})
        connection.execute(text("UPDATE ticket_history SET why = :why"), {"why": buyer})
        connection.execute(text("UPDATE events SET name = :name"), {"name": buyer})
    shown = visible(buyer).replace("\n", r"\n")
    for command in (["show", "1"], ["find"]):
        result = run("ticket", *command)
        assert result.exit_code == 0
        assert shown in result.stdout
        assert visible(result.stdout) == result.stdout
    told = printed(run("ticket", "show", "1", "--json"))
    assert (told["buyer"], told["history"][0]["why"]) == (buyer, buyer)
    assert shown in run("report").stdout
