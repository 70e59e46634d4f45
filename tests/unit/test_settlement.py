"""The rule of settling, for each status and each state of the checkout."""

from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve

from tests.unit.test_ticket import CHECKOUT, NOW, ticket
from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    Missing,
    Open,
    Paid,
    Processing,
    Unknown,
)
from ticketing_core.settlement import MISSING_GRACE, next_step

S = TicketStatus
PAID = Paid(ticket_code=ticket().ticket_code, captured=Money(7500, "usd"), refunded=Money(0, "usd"))
STATES: list[CheckoutState] = [
    Open(CHECKOUT),
    Processing(),
    PAID,
    Closed(),
    GivenBack(),
    Missing(),
    Unknown("lost"),
]

MOVES = {
    (S.RESERVED, Paid): S.PAYING,
    (S.PAYING, Paid): S.ISSUED,
    (S.PAYING, Closed): S.EXPIRED,
    (S.PAYING, GivenBack): S.EXPIRED,
    (S.ISSUED, Closed): S.REFUNDED,
    (S.ISSUED, GivenBack): S.REFUNDED,
    (S.CANCELLED, Paid): S.REFUNDING,
    (S.EXPIRED, Paid): S.REFUNDING,
    (S.REFUNDING, Closed): S.REFUNDED,
    (S.REFUNDING, GivenBack): S.REFUNDED,
    (S.REFUNDED, Paid): S.REFUNDING,
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("seen", STATES, ids=lambda seen: type(seen).__name__)
def test_each_status_moves_only_where_the_gateway_proves_it(
    status: TicketStatus, seen: CheckoutState
) -> None:
    """All pairs that are not listed change nothing, and no answer never does."""
    step = next_step(ticket(status), seen, checkout=CHECKOUT, now=NOW)
    expected = MOVES.get((status, type(seen)))
    assert (step.ticket.status if step else None) == expected


@pytest.mark.parametrize(
    "seen",
    [
        evolve(PAID, captured=Money(1, "usd")),
        evolve(PAID, captured=Money(7500, "eur"), refunded=Money(0, "eur")),
        evolve(PAID, ticket_code=UUID(int=1)),
    ],
    ids=["amount", "currency", "reference"],
)
def test_a_wrong_payment_is_owed_to_the_buyer(seen: Paid) -> None:
    """A wrong amount or currency, or the payment of another ticket, issues nothing."""
    step = next_step(ticket(S.PAYING), seen, checkout=CHECKOUT, now=NOW)
    assert step is not None
    assert step.ticket.status is S.REFUNDING


def test_a_partial_refund_before_issue_still_issues() -> None:
    """The amount that the buyer paid decides, not what is left of it."""
    seen = evolve(PAID, captured=Money(5000, "usd"), refunded=Money(2500, "usd"))
    step = next_step(ticket(S.PAYING), seen, checkout=CHECKOUT, now=NOW)
    assert step is not None
    assert step.ticket.status is S.ISSUED


def test_a_missing_checkout_expires_only_long_after_its_end() -> None:
    """Until an hour after its end it may still be found."""
    end = CHECKOUT.ends_at + MISSING_GRACE
    early = end - timedelta(microseconds=1)
    assert next_step(ticket(S.PAYING), Missing(), checkout=CHECKOUT, now=early) is None
    step = next_step(ticket(S.PAYING), Missing(), checkout=CHECKOUT, now=end)
    assert step is not None
    assert step.ticket.status is S.EXPIRED


@pytest.mark.parametrize("status", [S.ISSUED, S.CANCELLED, S.REFUNDING, S.REFUNDED])
def test_a_dispute_is_marked_once_and_never_refunded(status: TicketStatus) -> None:
    """The bank decides about the money; a refund on top would pay the buyer twice."""
    disputed = evolve(PAID, disputed=True)
    step = next_step(ticket(status), disputed, checkout=CHECKOUT, now=NOW)
    assert step is not None
    marked: Ticket = step.ticket
    assert (marked.status, marked.disputed) == (status, True)
    assert next_step(marked, disputed, checkout=CHECKOUT, now=NOW) is None
