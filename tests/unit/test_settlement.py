"""The rule of settling: what a ticket becomes for each status and each state of its checkout."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from tests.unit.test_ticket import CHECKOUT, NOW, ticket
from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    Missing,
    Open,
    Paid,
    Processing,
    Unknown,
    Waiting,
)
from ticketing_core.settlement import MISSING_GRACE, next_step

S = TicketStatus
ALL = 7500
PART = 2500
PAID = Paid(ticket_code=ticket().ticket_code, payment_id="pay_1", total=Money(ALL, "usd"))
STATES: list[CheckoutState] = [
    Open(CHECKOUT),
    Processing(),
    PAID,
    Closed(),
    Missing(),
    Unknown("lost"),
]

MOVES = {
    (S.RESERVED, Paid): S.PAYING,
    (S.PAYING, Paid): S.ISSUED,
    (S.PAYING, Closed): S.EXPIRED,
    (S.ISSUED, Paid): S.ISSUED,
    (S.ISSUED, Closed): S.REFUNDED,
    (S.CANCELLED, Paid): S.REFUNDING,
    (S.EXPIRED, Paid): S.REFUNDING,
    (S.REFUNDING, Paid): S.REFUNDING,
    (S.REFUNDING, Closed): S.REFUNDED,
    (S.REFUNDED, Paid): S.REFUNDING,
}


def settled(before: Ticket, seen: CheckoutState) -> Ticket | None:
    """Return the next ticket, or None if nothing changes."""
    step = next_step(before, seen, checkout=CHECKOUT, now=NOW)
    return step.ticket if step else None


def settled_for_good(before: Ticket, seen: CheckoutState) -> Ticket:
    """Return the ticket after all steps."""
    after = before
    while (step := settled(after, seen)) is not None:
        after = step
    return after


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("seen", STATES, ids=lambda seen: type(seen).__name__)
def test_each_status_moves_only_where_the_gateway_proves_it(
    status: TicketStatus, seen: CheckoutState
) -> None:
    """All pairs that are not listed change nothing, and no answer never does."""
    after = settled(ticket(status), seen)
    assert (after.status if after else None) == MOVES.get((status, type(seen)))


@pytest.mark.parametrize(
    "seen",
    [
        evolve(PAID, total=Money(1, "usd")),
        evolve(PAID, total=Money(ALL, "eur")),
        evolve(PAID, ticket_code=UUID(int=1)),
    ],
    ids=["amount", "currency", "reference"],
)
def test_a_wrong_payment_is_owed_to_the_buyer(seen: Paid) -> None:
    """A wrong amount or currency, or the payment of another ticket, issues nothing."""
    after = settled(ticket(S.PAYING), seen)
    assert after is not None
    assert (after.status, after.owed_since) == (S.REFUNDING, NOW)


def test_a_missing_checkout_expires_only_long_after_its_end() -> None:
    """Until an hour after its end it may still be found."""
    end = CHECKOUT.ends_at + MISSING_GRACE
    early = end - timedelta(microseconds=1)
    assert next_step(ticket(S.PAYING), Missing(), checkout=CHECKOUT, now=early) is None
    step = next_step(ticket(S.PAYING), Missing(), checkout=CHECKOUT, now=end)
    assert step is not None
    assert step.ticket.status is S.EXPIRED


GONE: dict[str, dict[str, Any]] = {
    "all ours": {},
    "inquiry": {"disputed": True},
    "part refunded": {"refunded_minor": PART},
    "part held": {"held_minor": PART, "disputed": True},
    "part lost": {"lost_minor": PART},
    "part refunded, the rest held": {"refunded_minor": PART, "held_minor": ALL - PART},
    "part lost, the rest held": {"lost_minor": PART, "held_minor": ALL - PART},
    "all held": {"held_minor": ALL, "disputed": True},
    "all refunded": {"refunded_minor": ALL},
    "all lost": {"lost_minor": ALL},
    "all lost, appealed": {"lost_minor": ALL, "disputed": True},
    "part refunded, the rest lost": {"refunded_minor": PART, "lost_minor": ALL - PART},
    "all refunded, then disputed": {"refunded_minor": ALL, "disputed": True},
    "needs the buyer": {"waiting": Waiting("requires_action")},
    "all lost, and a refund needs the buyer": {
        "lost_minor": ALL,
        "waiting": Waiting("requires_action"),
    },
}

BECOMES = {
    # PAYING: after both steps. Money that is only held still bought the ticket.
    S.PAYING: {
        "all refunded": S.REFUNDED,
        "all lost": S.REFUNDED,
        "all lost, appealed": S.REFUNDED,
        "part refunded, the rest lost": S.REFUNDED,
        "all refunded, then disputed": S.REFUNDED,
        "all lost, and a refund needs the buyer": S.REFUNDING,
        "*": S.ISSUED,
    },
    # ISSUED: valid as long as something is ours, or may be ours again.
    S.ISSUED: {
        "all refunded": S.REFUNDED,
        "all lost": S.REFUNDED,
        "all lost, appealed": S.REFUNDED,
        "part refunded, the rest lost": S.REFUNDED,
        "all refunded, then disputed": S.REFUNDED,
        "all lost, and a refund needs the buyer": S.REFUNDING,
        "*": S.ISSUED,
    },
    # REFUNDING: until nothing is ours, held, or on its way back.
    S.REFUNDING: {
        "all refunded": S.REFUNDED,
        "all lost": S.REFUNDED,
        "all lost, appealed": S.REFUNDED,
        "part refunded, the rest lost": S.REFUNDED,
        "all refunded, then disputed": S.REFUNDED,
        "*": S.REFUNDING,
    },
    # REFUNDED: owed again if something is ours, or a refund is not final after all.
    S.REFUNDED: {
        "all ours": S.REFUNDING,
        "inquiry": S.REFUNDING,
        "part refunded": S.REFUNDING,
        "part held": S.REFUNDING,
        "part lost": S.REFUNDING,
        "needs the buyer": S.REFUNDING,
        "all lost, and a refund needs the buyer": S.REFUNDING,
        "*": S.REFUNDED,
    },
}
GIVEN_UP = {
    "all refunded": None,
    "all lost": None,
    "all lost, appealed": None,
    "part refunded, the rest lost": None,
    "all refunded, then disputed": None,
    "all lost, and a refund needs the buyer": None,
    "*": S.REFUNDING,
}


@pytest.mark.parametrize("money", GONE)
@pytest.mark.parametrize("status", [*BECOMES, S.CANCELLED, S.EXPIRED])
def test_the_amounts_decide_what_a_paid_ticket_becomes(status: TicketStatus, money: str) -> None:
    """Each status with each division of the money; another look then changes nothing."""
    seen = evolve(PAID, **GONE[money])
    after = settled_for_good(ticket(status), seen)
    table = BECOMES.get(status, GIVEN_UP)
    assert after.status is (table.get(money, table["*"]) or status)
    if after.status is not S.REFUNDED or status is not S.REFUNDED:
        assert after.charged_back_minor == seen.lost_minor
        assert after.refunded_minor == seen.refunded_minor
    assert (after.disputed, after.payment_id) == (seen.disputed, "pay_1")
    assert settled(after, seen) is None


@pytest.mark.parametrize("status", [S.ISSUED, S.REFUNDING, S.REFUNDED])
def test_a_dispute_mark_goes_when_no_dispute_is_open(status: TicketStatus) -> None:
    """The winner does not matter, and the status does not follow the mark."""
    gone: dict[str, Any] = {"refunded_minor": ALL} if status is S.REFUNDED else {}
    disputed = settled_for_good(ticket(status), evolve(PAID, disputed=True, **gone))
    assert (disputed.status, disputed.disputed) == (status, True)
    decided = settled_for_good(disputed, evolve(PAID, disputed=False, **gone))
    assert (decided.status, decided.disputed) == (status, False)
