"""What the gate of one event hears of another, which may be another organizer's."""

import pytest

from tests.integration.http.gates import CHECK_IN, Door, door
from tests.integration.http.services import Service

MONEY = ("quantity", "disputed", "partly_refunded")


@pytest.fixture
def gate(service: Service) -> Door:
    """The gate of an event whose tickets are free."""
    return door(service)


def test_another_organizers_money_is_not_told(gate: Door) -> None:
    """Ids can be counted through: of a ticket of another event staff hears only where it is good.

    The control: at its own gate the same ticket shows all of it.
    """
    other = door(gate.service, price=2500)
    ticket = other.bought(3)
    tickets = gate.service.tickets
    marked = ticket.marked(disputed=True, refunded_minor=100)
    tickets.replace(ticket, marked, at=other.now(), why="test", by="test")
    shown = [
        [each.post(CHECK_IN, {"ticket_id": ticket.ticket_id}).get_json()[name] for name in MONEY]
        for each in (gate, other)
    ]
    assert shown == [[0, False, False], [3, True, True]]
