"""Free tickets are sold by an event as it was when it was added: whatever has changed is seen."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, World
from ticketing_core import Event, Issued, Money, Purchase, ToPay
from ticketing_core.errors import (
    EventCancelled,
    EventChanged,
    OverBuyerLimit,
    OverOrderLimit,
    SaleClosed,
    SoldOut,
)
from ticketing_core.event import Edited
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.testing import InMemoryTickets

# The package has a function of this name.
RESERVE = import_module("ticketing_core.use_cases.reserve")


def changed(world: World, event: Event, **terms: Any) -> None:
    """Change the event after it was read."""
    now = world.events.by_id(event.event_id)
    assert now is not None
    new = evolve(now, version=now.version + 1, **terms)
    outcome = world.events.replace(now, new, at=world.clock.now(), why="edited", by="suite")
    assert isinstance(outcome, Edited)


def bought(world: World, event: Event, *, quantity: int = 2, buyer: str = BUYER) -> Purchase:
    """Buy places of the event."""
    return world.office.purchase(event_id=event.event_id, quantity=quantity, buyer=buyer)


def test_the_store_shows_the_event_as_it_was_added(world: World) -> None:
    """So all tests over it sell free tickets by old events; paid ones are read anew."""
    free, paid = world.event(price=0), world.event()
    for event in (free, paid):
        changed(world, event, name="Another name")
    assert world.events.to_sell(free.event_id) == free
    assert world.events.to_sell(paid.event_id) == world.events.by_id(paid.event_id) != paid


def test_a_free_event_that_costs_something_now_has_to_be_paid(world: World) -> None:
    """The gateway gets the price that is asked for now."""
    event = world.event(price=0)
    changed(world, event, price=Money(500, "usd"))
    purchase = bought(world, event)
    assert isinstance(purchase, ToPay)
    assert purchase.ticket.total == Money(1000, "usd")


def test_control_a_sale_that_does_not_look_again_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the price of now is found by asking again."""
    event = world.event(price=0)
    changed(world, event, price=Money(500, "usd"))
    monkeypatch.setattr(RESERVE, "existing_event", lambda *_, **__: event)
    with pytest.raises(EventChanged):
        bought(world, event)


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"cancelled_at": True}, EventCancelled),
        ({"closes_at": True}, SaleClosed),
        ({"max_per_order": 1}, OverOrderLimit),
        ({"max_per_buyer": 1}, OverBuyerLimit),
        ({"capacity": 1}, SoldOut),
    ],
)
def test_a_change_refuses_what_it_has_to(
    world: World, terms: dict[str, Any], error: type[Exception]
) -> None:
    """With the error of now, and nothing is taken."""
    event = world.event(price=0)
    now = world.clock.now()
    changed(world, event, **{name: now if each is True else each for name, each in terms.items()})
    with pytest.raises(error):
        bought(world, event)
    assert world.tickets.of_buyer(BUYER, before=None, limit=9) == []


def test_what_an_old_event_refuses_is_sold_if_it_has_changed(world: World) -> None:
    """Sold out, closed and limited events sell again once they were changed."""
    later = world.clock.now() + timedelta(hours=1)
    event = world.event(price=0, capacity=1, opens_at=later, max_per_order=1)
    changed(world, event, capacity=5, opens_at=None, max_per_order=3)
    assert isinstance(bought(world, event, quantity=3), Issued)


def test_a_repeat_is_not_sent_to_the_checkout_of_a_cancelled_event(world: World) -> None:
    """Though the event is known as it was before it cost anything."""
    event = world.event(price=0)
    changed(world, event, price=Money(500, "usd"))

    def buy() -> Purchase:
        return world.office.purchase(event_id=event.event_id, quantity=2, buyer=BUYER, key="k")

    first = buy()
    assert isinstance(first, ToPay)
    assert buy() == first
    changed(world, event, cancelled_at=world.clock.now())
    with pytest.raises(EventCancelled):
        buy()


class CountingTickets(InMemoryTickets):
    """Counts the holds."""

    holds = 0

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        self.holds += 1
        return super().hold(draft)


def test_a_limit_of_each_buyer_is_decided_once(world: World) -> None:
    """It is never old: the hold reads what the buyer keeps, so a refused buyer costs one hold."""
    event = world.event(price=0, max_per_buyer=2)
    tickets = CountingTickets(world.events)
    office = evolve(world.office, tickets=tickets)
    office.purchase(event_id=event.event_id, quantity=2, buyer=BUYER)
    with pytest.raises(OverBuyerLimit):
        office.purchase(event_id=event.event_id, quantity=1, buyer=BUYER)
    assert tickets.holds == 2
