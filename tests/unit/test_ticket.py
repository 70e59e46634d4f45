"""The ticket: one method for each transition of the table, and no other transitions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ticketing_core import (
    TRANSITIONS,
    Checkout,
    IdempotencyKey,
    IllegalTransition,
    Money,
    Ticket,
    TicketStatus,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CHECKOUT = Checkout(checkout_id="co_1", url="https://pay.example/1", ends_at=NOW)

TRANSITION_TO: dict[TicketStatus, Callable[[Ticket], Ticket]] = {
    TicketStatus.PAYING: lambda ticket: ticket.paying(CHECKOUT, until=NOW),
    TicketStatus.ISSUED: Ticket.issued,
    TicketStatus.CANCELLED: Ticket.cancelled,
    TicketStatus.EXPIRED: Ticket.expired,
    TicketStatus.REFUNDING: lambda ticket: ticket.refunding(at=NOW),
    TicketStatus.REFUNDED: Ticket.refunded,
}


def ticket(status: TicketStatus = TicketStatus.RESERVED) -> Ticket:
    """Return a ticket for three in ``status``."""
    return Ticket(
        ticket_id=31,
        ticket_code=UUID(int=31, version=4),
        event_id=15,
        buyer="42",
        quantity=3,
        total=Money(7500, "usd"),
        status=status,
        created_at=NOW,
        held_until=NOW + timedelta(minutes=2),
        key=IdempotencyKey(value="key", fingerprint="15:3"),
    )


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("to", TRANSITION_TO)
def test_only_transitions_of_the_table_are_made(status: TicketStatus, to: TicketStatus) -> None:
    """They increase the version by one. All others raise an error."""
    before = ticket(status)
    if to in TRANSITIONS[status]:
        after = TRANSITION_TO[to](before)
        assert (after.status, after.version) == (to, before.version + 1)
    else:
        with pytest.raises(IllegalTransition):
            TRANSITION_TO[to](before)


@pytest.mark.parametrize(
    ("status", "admitted", "places"),
    [
        (TicketStatus.RESERVED, 0, 3),
        (TicketStatus.PAYING, 0, 3),
        (TicketStatus.ISSUED, 2, 3),
        (TicketStatus.CANCELLED, 0, 0),
        (TicketStatus.EXPIRED, 0, 0),
        (TicketStatus.REFUNDING, 2, 2),
        (TicketStatus.REFUNDED, 2, 2),
    ],
)
def test_the_status_decides_which_places_are_kept(
    status: TicketStatus, admitted: int, places: int
) -> None:
    """People who are inside keep their places whatever happens to the ticket."""
    assert evolve(ticket(status), admitted=admitted).places == places


def test_a_key_is_freed_only_if_nothing_was_payable() -> None:
    """A reservation that ends frees its key. An order that could be paid keeps it."""
    assert ticket().cancelled().key is None
    assert ticket().expired().key is None
    paying = ticket().paying(CHECKOUT, until=NOW)
    assert paying.cancelled().key == paying.expired().key == paying.key


def test_a_refund_gets_a_new_key_after_a_definite_failure_only() -> None:
    """A refusal or a returned refund is a failure; a repeated call is not."""
    owed = ticket(TicketStatus.ISSUED).refunding(at=NOW)
    refused = owed.refund_refused("insufficient_funds")
    sent_back = owed.refunded().refunding(at=NOW)
    assert owed.refund_key == f"{owed.ticket_code}:refund:0"
    assert refused.refund_key == sent_back.refund_key == f"{owed.ticket_code}:refund:1"
    assert refused.refund_problem == "insufficient_funds"
    assert refused.refunded().refund_problem is None


@given(st.text(max_size=300))
def test_a_buyer_is_text_that_every_store_can_hold(buyer: str) -> None:
    """Not empty, at most 200 characters, no NUL, nothing that UTF-8 cannot encode."""
    storable = 1 <= len(buyer) <= 200 and "\0" not in buyer
    if storable and not any("\ud800" <= character <= "\udfff" for character in buyer):
        assert evolve(ticket(), buyer=buyer).buyer == buyer
    else:
        with pytest.raises(ValueError, match=r"buyer|Length"):
            evolve(ticket(), buyer=buyer)
