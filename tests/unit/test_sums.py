"""Where the money of a ticket is: what was taken is always the sum of where it went."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_ticket import ticket
from ticketing_core import Money, Sums, Ticket, TicketStatus

S = TicketStatus
WHERE = ("earned", "refunded", "charged_back", "owed", "paid_back_otherwise")
LARGEST = 2**53 - 1

amounts = st.one_of(st.integers(0, 9), st.integers(0, LARGEST))


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Any ticket, whatever happened to its money, also what should be impossible."""
    paid = draw(amounts)
    gone = st.one_of(st.just(0), st.just(paid), amounts)
    return evolve(
        ticket(draw(st.sampled_from(list(S)))),
        total=Money(paid, "usd"),
        admitted=draw(st.integers(0, 3)),
        refunded_minor=draw(gone),
        charged_back_minor=draw(gone),
        paid_back_minor=draw(gone),
        disputed=draw(st.booleans()),
    )


def wrong(sums: Sums) -> str | None:
    """Return what does not add up, or None."""
    shape = asdict(sums)
    where = sum(shape[name] for name in WHERE)
    return None if shape["taken"] == where else f"{shape['taken']} taken, {where} accounted for"


@given(st.lists(tickets(), max_size=5))
def test_what_was_taken_is_the_sum_of_where_it_is(sold: list[Ticket]) -> None:
    """For each ticket and for all together, exactly; and only earnings can be negative."""
    together = Sums()
    for each in sold:
        assert wrong(Sums.of(each)) is None
        together += Sums.of(each)
    assert wrong(together) is None
    assert all(value >= 0 for name, value in asdict(together).items() if name != "earned")


@pytest.mark.parametrize(
    "naive",
    [
        lambda sums: evolve(sums, refunded=sums.refunded + sums.charged_back),
        lambda sums: evolve(sums, earned=max(0, sums.earned)),
        lambda sums: evolve(sums, owed=0),
    ],
    ids=["counts a dispute twice", "hides a loss", "forgets a debt"],
)
def test_control_sums_that_lose_money_are_caught(naive: Callable[[Sums], Sums]) -> None:
    """Control: a debt left out, a loss left out, an amount counted twice."""
    void = evolve(ticket(S.REFUNDING), refunded_minor=500)
    lost = evolve(ticket(S.REFUNDED), refunded_minor=7500, charged_back_minor=7500)
    assert any(wrong(naive(Sums.of(each))) for each in (void, lost))


@pytest.mark.parametrize(
    ("status", "gone", "sums"),
    [
        (S.RESERVED, {}, {"kept": 3}),
        (S.PAYING, {}, {"kept": 3}),
        (S.EXPIRED, {}, {}),
        (S.ISSUED, {}, {"kept": 3, "sold": 3, "taken": 7500, "earned": 7500}),
        (
            S.ISSUED,
            {"refunded_minor": 500, "charged_back_minor": 1000},
            {
                "kept": 3,
                "sold": 3,
                "taken": 7500,
                "earned": 6000,
                "refunded": 500,
                "charged_back": 1000,
            },
        ),
        (S.REFUNDING, {}, {"taken": 7500, "owed": 7500}),
        (S.REFUNDING, {"refunded_minor": 500}, {"taken": 7500, "refunded": 500, "owed": 7000}),
        (S.REFUNDED, {"refunded_minor": 7500}, {"taken": 7500, "refunded": 7500}),
        (S.REFUNDED, {"charged_back_minor": 7500}, {"taken": 7500, "charged_back": 7500}),
        (S.REFUNDED, {"paid_back_minor": 7500}, {"taken": 7500, "paid_back_otherwise": 7500}),
        (
            S.REFUNDED,
            {"refunded_minor": 7500, "charged_back_minor": 7500},
            {"taken": 7500, "refunded": 7500, "charged_back": 7500, "earned": -7500},
        ),
        (S.REFUNDED, {}, {}),
        (S.REFUNDED, {"disputed": True}, {"taken": 7500, "owed": 7500}),
    ],
)
def test_each_status_says_whose_the_money_is(
    status: TicketStatus, gone: dict[str, Any], sums: dict[str, int]
) -> None:
    """Before it is issued nothing was taken; a lost dispute is charged back, never refunded."""
    assert Sums.of(evolve(ticket(status), **gone)) == Sums(**sums)


def test_people_inside_are_counted_after_a_refund() -> None:
    """Those with a right keep their places."""
    void = evolve(ticket(S.REFUNDED), admitted=2, excess=1, refunded_minor=7500)
    sums = Sums.of(void)
    assert (sums.admitted, sums.excess, sums.kept, sums.sold) == (2, 1, 2, 0)
