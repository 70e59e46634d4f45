"""Without a payment account: free tickets sell, and paid ones are refused first of all."""

from datetime import UTC, datetime

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, World
from ticketing_adapters.no_payments import NoPayments
from ticketing_core import Issued, TicketStatus
from ticketing_core.errors import GatewayUnavailable, PaymentsNotConfigured
from ticketing_core.use_cases.reconcile import Difference, Finding


def test_only_free_tickets_are_sold() -> None:
    """A paid one is refused and takes no places."""
    world = World()
    office = evolve(world.office, gateway=NoPayments())
    paid, free = world.event(), world.event(price=0)
    with pytest.raises(PaymentsNotConfigured):
        office.purchase(event_id=paid.event_id, quantity=1, buyer=BUYER)
    assert world.kept(paid) == 0
    assert isinstance(office.purchase(event_id=free.event_id, quantity=1, buyer=BUYER), Issued)


def test_what_another_gateway_opened_is_left_alone() -> None:
    """After the key is removed from the settings, nothing is closed, expired or refunded.

    The comparison reports such a ticket as not compared.
    """
    world = World()
    bought = world.paid(world.event())
    office = evolve(world.office, gateway=NoPayments())
    with pytest.raises(GatewayUnavailable):
        office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    world.clock.advance(office.hold)
    assert office.settle_due(limit=9, by="settler").left == 1
    reported = list(office.reconcile(since=datetime(2020, 1, 1, tzinfo=UTC)))
    (finding,) = [one for one in reported if isinstance(one, Finding)]
    assert (finding.difference, finding.healed) == (Difference.NOT_COMPARED, False)
    assert world.now(bought.ticket).status is TicketStatus.PAYING
