"""The money of a payment after the sale is where it belongs, in every life that it can have."""

import pytest
from attrs import evolve

from tests.unit.broken_gateways import (
    CountsNoWaitingRefunds,
    ForgetsWhatWasLost,
    HidesWaitingRefunds,
    KeepsTheDisputeFlag,
    ReportsTooEarly,
)
from tests.unit.money_life import first_wrong
from ticketing_core import Sums, TicketStatus
from ticketing_core.testing import FakeGateway

ISSUED, EXPIRED = TicketStatus.ISSUED, TicketStatus.EXPIRED


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("gateway", "start"), [(FakeGateway, EXPIRED), (CountsNoWaitingRefunds, ISSUED)]
)
def test_money_is_where_it_belongs(gateway: type[FakeGateway], start: TicketStatus) -> None:
    """Of a ticket that was sold, and of one that was given up.

    Whether or not the provider itself prevents a second refund of what waits makes no difference.
    """
    assert first_wrong(gateway, start) is None


@pytest.mark.parametrize(
    ("gateway", "start", "found"),
    [
        (KeepsTheDisputeFlag, ISSUED, "owed, and neither made nor left to a person"),
        (ForgetsWhatWasLost, ISSUED, "issued without money"),
        (ForgetsWhatWasLost, EXPIRED, "owed, and neither made nor left to a person"),
        (ReportsTooEarly, ISSUED, "reported before it is final"),
        (HidesWaitingRefunds, ISSUED, "paid back twice"),
    ],
)
def test_control_a_naive_gateway_is_caught(
    gateway: type[FakeGateway], start: TicketStatus, found: str
) -> None:
    """Control: the same walk over gateways that report the money wrongly."""
    way = first_wrong(gateway, start)
    assert way is not None
    assert way.startswith(found)


def test_control_a_report_that_forgets_held_money_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Control: a refund fails while the bank holds the money, and a report says it is gone."""
    of = Sums.of
    monkeypatch.setattr(Sums, "of", lambda sold: of(evolve(sold, disputed=False)))
    way = first_wrong(FakeGateway, EXPIRED)
    assert way is not None
    assert way.startswith("reported as (0, 0, 0, 0) instead of (2, 0, 0, 2)")
