"""The rule of settling for owed refunds: when one is made, of what, and when a person decides."""

import pytest
from attrs import evolve

from tests.unit.test_settlement import ALL, GONE, PAID, PART, S, settled, settled_for_good
from tests.unit.test_ticket import ticket
from ticketing_core import TicketStatus
from ticketing_core.payment import Waiting
from ticketing_core.settlement import REFUND_RETURNED, may_refund, owed, recorded, refunded
from ticketing_core.ticket import APPEAL_WON


@pytest.mark.parametrize("money", GONE)
def test_a_refund_is_made_only_of_what_is_ours_and_decided(money: str) -> None:
    """Nothing while the bank decides, or while another refund is not final."""
    seen = evolve(PAID, **GONE[money])
    allowed = {"all ours", "inquiry", "part refunded", "part lost"}
    assert may_refund(ticket(S.REFUNDING), seen) is (money in allowed)


@pytest.mark.parametrize("status", [status for status in S if status is not S.REFUNDING])
def test_only_a_refunding_ticket_is_refunded(status: TicketStatus) -> None:
    """The debt is stored before the gateway is called."""
    assert not may_refund(ticket(status), PAID)


def test_a_refund_that_needs_somebody_shows_why_the_money_is_still_owed() -> None:
    """The ticket has the gateway's reason, and none is made meanwhile."""
    waits = evolve(PAID, waiting=Waiting("requires_action"))
    after = settled_for_good(ticket(S.REFUNDING), waits)
    assert (after.status, after.refund_problem) == (S.REFUNDING, "requires_action")
    assert not after.waits_for_person


def test_each_failed_refund_is_counted_once_and_the_second_one_waits_for_a_person() -> None:
    """Across REFUNDED and back; each needs a new key."""
    first = settled_for_good(ticket(S.REFUNDING), evolve(PAID, failed_refunds=1))
    assert (first.refund_failures, first.refund_attempt) == (1, 1)
    assert first.refund_problem == REFUND_RETURNED
    assert may_refund(first, evolve(PAID, failed_refunds=1))
    done = refunded(first, evolve(PAID, failed_refunds=1))
    assert (done.status, done.refund_problem, done.refunded_minor) == (S.REFUNDED, None, ALL)
    second = settled_for_good(done, evolve(PAID, failed_refunds=2))
    assert (second.status, second.refund_failures, second.refund_attempt) == (S.REFUNDING, 2, 2)
    assert (second.waits_for_person, second.refund_problem) == (True, REFUND_RETURNED)
    assert not may_refund(second, evolve(PAID, failed_refunds=2))
    again = second.refund_again()
    assert (again.refund_failures, again.refund_problem, again.refund_attempt) == (0, None, 3)
    assert may_refund(again, evolve(PAID, failed_refunds=2))
    assert settled(again, evolve(PAID, failed_refunds=2)) is None


@pytest.mark.parametrize("status", [S.PAYING, S.ISSUED, S.REFUNDING, S.REFUNDED])
def test_each_refund_that_has_failed_takes_a_key(status: TicketStatus) -> None:
    """Also two of a ticket that a restore has made younger, so the store has seen neither."""
    stored = evolve(ticket(status), refund_attempt=1)
    after = settled_for_good(stored, evolve(PAID, failed_refunds=2))
    assert after.refund_attempt == 3


def test_money_found_after_two_failed_refunds_waits_for_a_person_and_says_so() -> None:
    """The seller has tried by hand, and the ticket was given up."""
    found = settled_for_good(ticket(S.EXPIRED), evolve(PAID, failed_refunds=2))
    assert (found.waits_for_person, found.refund_problem) == (True, REFUND_RETURNED)


def test_a_refund_that_shows_uses_its_key_up() -> None:
    """Otherwise a repeated call would report it again, in place of the refund that is still owed.

    The answer to a refund of a part was lost, and then a dispute about the rest was won.
    """
    owing = recorded(ticket(S.REFUNDING), evolve(PAID, lost_minor=PART))
    after = settled_for_good(owing, evolve(PAID, refunded_minor=ALL - PART))
    assert (after.status, after.refund_key) == (S.REFUNDING, f"{owing.ticket_code}:refund:1")


@pytest.mark.parametrize("status", [S.REFUNDED, S.CANCELLED, S.EXPIRED])
def test_money_of_an_appeal_is_never_refunded_without_a_person(status: TicketStatus) -> None:
    """The ticket is void, the buyer had the money, and the bank says that it is the seller's."""
    lost = settled_for_good(ticket(status), evolve(PAID, lost_minor=ALL))
    assert (lost.status, lost.charged_back_minor) == (status, ALL)
    appealed = settled_for_good(lost, evolve(PAID, lost_minor=ALL, disputed=True))
    assert (appealed.status, appealed.disputed) == (status, True)
    won = settled_for_good(appealed, PAID)
    assert (won.status, won.refund_problem) == (S.REFUNDING, APPEAL_WON)
    assert won.waits_for_person
    assert not may_refund(won, PAID)
    # A refund by hand that fails does not change that.
    for seen in (
        evolve(PAID, waiting=Waiting("requires_action")),
        evolve(PAID, failed_refunds=1),
    ):
        won = settled_for_good(won, seen)
        assert not may_refund(won, PAID)
    assert may_refund(won.refund_again(), evolve(PAID, failed_refunds=1))


def test_a_dispute_that_is_won_while_a_refund_is_owed_is_refunded() -> None:
    """The organizer wanted it, and the buyer has nothing."""
    held = settled_for_good(ticket(S.REFUNDING), evolve(PAID, held_minor=ALL, disputed=True))
    assert held.status is S.REFUNDING
    assert may_refund(settled_for_good(held, PAID), PAID)


def test_what_was_paid_back_otherwise_is_never_owed_again() -> None:
    """More than that is, and only the difference."""
    seen = evolve(PAID, lost_minor=PART)
    paid = ticket(S.REFUNDING).paid_back(amount_minor=ALL - PART, how="bank transfer")
    before = settled_for_good(paid, seen)
    assert before.status is S.REFUNDED
    assert settled(before, seen) is None
    won = settled_for_good(before, PAID)
    assert (won.status, owed(won, PAID).ours.amount_minor) == (S.REFUNDING, PART)
    again = won.refund_again()
    assert may_refund(again, PAID)
    assert refunded(again, PAID).refunded_minor == PART
    assert settled_for_good(again, evolve(PAID, refunded_minor=PART)).status is S.REFUNDED
