"""`ticketing refund`: what it prints, and when a refund needs a person."""

import pytest

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.sold import Seller
from ticketing_core.testing import RefundStatus
from ticketing_core.testing.contracts.examples import FREE


def test_a_ticket_is_refunded(seller: Seller, run: Run) -> None:
    """A repeat says the same; a free ticket is void, and has nothing to refund."""
    seller.sell(seller.event())
    for _ in range(2):
        assert printed(run("refund", "1", "--json")) == {
            "ticket_id": 1,
            "status": "refunded",
            "refund_problem": None,
            "refunded_minor": 2500,
            "charged_back_minor": 0,
            "paid_back_otherwise": None,
        }
    seller.sell(seller.event(price=FREE))
    assert run("refund", "2").stdout == "Ticket 2 is refunded: 0.00 USD.\n"


def test_a_refund_that_waits_exits_with_one(seller: Seller, run: Run) -> None:
    """It says what to do; another way to pay back ends it."""
    ticket = seller.sell(seller.event())
    seller.world.refund_as(RefundStatus.FAILED)
    waiting = run("refund", "1")
    assert waiting.exit_code == 1
    assert waiting.stdout.startswith("Ticket 1 is void, and its refund ")
    seller.look(ticket)
    ended = run("refund", "1", "--paid-back", "bank transfer", "--json")
    assert printed(ended)["paid_back_otherwise"] == "bank transfer"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--again", "--paid-back", "x"], "--again and --paid-back exclude each other."),
        (["--paid-back", ""], "must have 1 to"),
        (["--paid-back", "\0"], "must be text in UTF-8."),
    ],
)
def test_bad_options_are_refused(seller: Seller, run: Run, options: list[str], told: str) -> None:
    """And nothing has changed."""
    ticket = seller.sell(seller.event())
    refused = run("refund", "1", *options)
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert seller.office.tickets.by_id(1) == ticket
